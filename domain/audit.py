"""The audit log: who changed or used what. Each entry carries the hash of the one before it."""

import hashlib
import json
from datetime import UTC, datetime

from domain.connections import JsonObject
from domain.model import Model

BEGINNING = "0" * 64  # stands before a tenant's first entry


class Asked(Model):
    """Something asked for, by whose key and where from; None where nobody is known."""

    requested_by: str | None = None
    address: str | None = None


class AuditEvent(Model):
    """Something to be written down. ``before`` and ``after`` never hold a secret.

    ``actor`` is an API key's id, or the id of the purchase or execution that acted.
    ``action`` is noun and past participle, such as ``integration.updated``.
    """

    tenant_id: str
    actor: str
    address: str | None = None
    action: str
    subject: str
    before: JsonObject | None = None
    after: JsonObject | None = None


class AuditEntry(AuditEvent):
    """One written down; ``number`` counts a tenant's entries without a gap."""

    number: int
    at: datetime
    previous_hash: str
    hash: str

    @classmethod
    def following(
        cls, previous_hash: str, number: int, event: AuditEvent, at: datetime
    ) -> "AuditEntry":
        entry = cls(
            **dict(event), number=number, at=at, previous_hash=previous_hash, hash=BEGINNING
        )
        return entry.model_copy(update={"hash": entry.computed_hash()})

    @property
    def is_as_written(self) -> bool:
        try:
            return self.computed_hash() == self.hash
        except (ValueError, RecursionError):  # what cannot even be written down was never so
            return False

    def computed_hash(self) -> str:
        """SHA-256 over everything but itself, as JSON with its names in order."""
        entry = self.model_copy(update={"at": self.at.astimezone(UTC)})
        contents = entry.model_dump(mode="json", exclude={"hash"}, warnings=False)
        text = json.dumps(contents, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
