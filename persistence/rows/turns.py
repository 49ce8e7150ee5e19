"""The integration_turns table: when the next call of an integration with a limit is due."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class IntegrationTurnRow(SQLModel, table=True):
    """A row for each integration that was ever called under a limit."""

    __tablename__ = "integration_turns"

    integration_id: str = Field(primary_key=True, foreign_key="integrations.integration_id")
    next_turn: int = Field(sa_type=BigInteger)  # microseconds since 1970, by the database's clock
