"""How an integration does: its circuit opens after failures in a row, and closes by itself."""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.model import Model

FAILURES_TO_OPEN = 5
COOL_DOWN = timedelta(seconds=30)


class Circuit(StrEnum):
    """``half_open``: one call is let through to see; its outcome closes or opens it."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Health(Model):
    """``failures`` counts those in a row; ``probe_at`` is when one call is let through."""

    integration_id: str
    failures: int = 0
    opened_at: datetime | None = None
    probe_at: datetime | None = None
    last_failure: str | None = None
    last_failure_at: datetime | None = None
    last_success_at: datetime | None = None
    paused_at: datetime | None = None
    paused_by: str | None = None
    pause_reason: str | None = None

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    def circuit(self, at: datetime) -> Circuit:
        if self.probe_at is None:
            return Circuit.CLOSED
        return Circuit.OPEN if at < self.probe_at else Circuit.HALF_OPEN

    def stops_calls(self, at: datetime) -> bool:
        return self.is_paused or self.circuit(at) is Circuit.OPEN

    def failed(self, what: str, at: datetime) -> "Health":
        failures = self.failures + 1
        opens = failures >= FAILURES_TO_OPEN
        return self.model_copy(
            update={
                "failures": failures,
                "last_failure": what,
                "last_failure_at": at,
                "opened_at": (self.opened_at or at) if opens else None,
                "probe_at": at + COOL_DOWN if opens else None,
            }
        )

    def succeeded(self, at: datetime) -> "Health":
        return self.model_copy(
            update={"failures": 0, "opened_at": None, "probe_at": None, "last_success_at": at}
        )
