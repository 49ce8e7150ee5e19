"""The idempotency_keys table: a request under its key, and its answer once there is one."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from persistence.columns import UtcDateTime


class IdempotencyRow(SQLModel, table=True):
    """Without ``finished_at`` it is being worked on; with it and no ``status`` it was abandoned."""

    __tablename__ = "idempotency_keys"

    tenant_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    route: str
    body_hash: str
    status: int | None = None
    body: str | None = Field(default=None, sa_type=Text, repr=False)
    media_type: str | None = None
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
