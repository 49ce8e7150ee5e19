"""The integration_health table: what the last calls taught, and whether somebody paused it."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from domain.health import Health
from persistence.columns import UtcDateTime


class IntegrationHealthRow(SQLModel, table=True):
    """Written when a call fails, when the first one succeeds again, and by pause and resume."""

    __tablename__ = "integration_health"

    integration_id: str = Field(primary_key=True, foreign_key="integrations.integration_id")
    failures: int = 0  # one after another
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    probe_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_failure: str | None = None
    last_failure_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_success_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paused_by: str | None = None
    pause_reason: str | None = None


def health_of(row: IntegrationHealthRow) -> Health:
    return Health(
        integration_id=row.integration_id,
        failures=row.failures,
        opened_at=row.opened_at,
        probe_at=row.probe_at,
        last_failure=row.last_failure,
        last_failure_at=row.last_failure_at,
        last_success_at=row.last_success_at,
        paused_at=row.paused_at,
        paused_by=row.paused_by,
        pause_reason=row.pause_reason,
    )
