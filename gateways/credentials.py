"""The port to the vault: credentials are sealed for one place, and opened for it alone."""

from typing import Protocol

from domain.integrations import Credentials, Sealed, SecretPlace


class UnreadableCredentials(Exception):
    """The key is lost, or the sealed bytes belong to another place. The message names the key."""


class CredentialVault(Protocol):
    @property
    def active_key_id(self) -> str:
        """The key that seals; whatever another one sealed is due to be sealed again."""
        ...

    def seal(self, credentials: Credentials, place: SecretPlace) -> Sealed: ...

    def open(self, sealed: Sealed, place: SecretPlace) -> Credentials:
        """Raises ``UnreadableCredentials``; nothing is destroyed by it."""
        ...
