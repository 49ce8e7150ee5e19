"""Payloads are encrypted before they leave for Temporal: histories hold nothing to read."""

from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from domain.errors import Code, Unavailable
from gateways.keyring import Keyring

ENCODING = b"binary/encrypted"


class EncryptionCodec(PayloadCodec):
    """AES-256-GCM with the key's id beside the ciphertext, so that keys can be rotated."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._sealed(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._opened(payload) for payload in payloads]

    def _sealed(self, payload: Payload) -> Payload:
        key_id = self._keyring.active.encode()
        return Payload(
            metadata={"encoding": ENCODING, "key-id": key_id},
            data=self._keyring.seal(payload.SerializeToString(), key_id),
        )

    def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key_id = payload.metadata["key-id"]
        try:
            opened = self._keyring.open(key_id.decode(), payload.data, key_id)
        except (InvalidTag, KeyError):
            raise _unreadable(key_id.decode()) from None
        return Payload.FromString(opened)


def _unreadable(key_id: str) -> Unavailable:
    return Unavailable(
        f"Temporal holds what was sealed under a key {key_id} that this process does not have",
        code=Code.ENCRYPTION_KEYS_DIFFER,
    )
