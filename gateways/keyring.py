"""Sealing bytes with AES-256-GCM under named keys: the first seals, every one opens (rotation)."""

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


@dataclass(frozen=True)
class Keyring:
    """``keys`` by key id, 32 bytes each; ``active`` is the id that seals."""

    keys: Mapping[str, bytes] = field(repr=False)
    active: str

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """From ``id:base64,id:base64``; the first is active. An error never shows a key."""
        keys: dict[str, bytes] = {}
        for part in text.split(","):
            key_id, colon, encoded = part.strip().partition(":")
            key = base64.b64decode(encoded, validate=True) if colon else b""
            if not key_id or len(key) != 32:
                raise ValueError("PAYBIND_ENCRYPTION_KEYS is a list of id:base64-of-32-bytes")
            keys[key_id] = key
        return cls(keys, next(iter(keys)))

    @classmethod
    def generate(cls, key_id: str) -> str:
        """A new key in the form that ``parse`` reads."""
        return f"{key_id}:{base64.b64encode(os.urandom(32)).decode()}"

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """``context`` is bound to the ciphertext: under another one it does not open."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._ciphers[self.active].encrypt(nonce, plain, context)

    def open(self, key_id: str, sealed: bytes, context: bytes) -> bytes:
        """Raises KeyError for an unknown key and InvalidTag for what was altered."""
        nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        cipher = self._ciphers[key_id]
        if len(nonce) < NONCE_BYTES:  # the library would blame its caller
            raise InvalidTag
        return cipher.decrypt(nonce, ciphertext, context)

    @cached_property
    def _ciphers(self) -> Mapping[str, AESGCM]:
        """To set a key up takes about as long as to seal with it."""
        return {key_id: AESGCM(key) for key_id, key in self.keys.items()}

    @property
    def marks(self) -> frozenset[str]:
        """What tells each key apart from others, those of its own name too, and gives none away."""
        return frozenset(self._mark(key_id) for key_id in self.keys)

    @property
    def active_mark(self) -> str:
        return self._mark(self.active)

    def _mark(self, key_id: str) -> str:
        return f"{key_id}:{hashlib.sha256(self.keys[key_id]).hexdigest()[:8]}"

    def signing_secrets(self) -> tuple[str, ...]:
        """Secrets for signed addresses, one per key, the active one last (itsdangerous' order)."""
        ordered = [key_id for key_id in self.keys if key_id != self.active] + [self.active]
        return tuple(base64.b64encode(self.keys[key_id]).decode() for key_id in ordered)
