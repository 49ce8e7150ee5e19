"""Credentials under the keyring: AES-256-GCM, bound to tenant, integration, provider and key."""

import json
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag

from domain.integrations import Credentials, Sealed, SecretPlace
from gateways.credentials import UnreadableCredentials
from gateways.keyring import Keyring


@dataclass(frozen=True)
class KeyringVault:
    keyring: Keyring

    @property
    def active_key_id(self) -> str:
        return self.keyring.active

    def seal(self, credentials: Credentials, place: SecretPlace) -> Sealed:
        plain = json.dumps(dict(credentials), sort_keys=True).encode()
        key_id = self.keyring.active
        return Sealed(key_id=key_id, ciphertext=self.keyring.seal(plain, _bound_to(place, key_id)))

    def open(self, sealed: Sealed, place: SecretPlace) -> Credentials:
        bound = _bound_to(place, sealed.key_id)
        try:
            plain = self.keyring.open(sealed.key_id, sealed.ciphertext, bound)
        except KeyError:
            raise UnreadableCredentials(
                f"the encryption key {sealed.key_id} is not in PAYBIND_ENCRYPTION_KEYS"
            ) from None
        except InvalidTag:
            raise UnreadableCredentials(
                f"they were not sealed for this row, or altered (key {sealed.key_id})"
            ) from None
        opened: dict[str, str] = json.loads(plain)
        return opened


def _bound_to(place: SecretPlace, key_id: str) -> bytes:
    """The associated data: the same bytes in another row, or under another key's name, are void."""
    parts = (place.tenant_id, place.integration_id, place.connection_code, key_id)
    return json.dumps(["paybind integration credentials", *parts]).encode()
