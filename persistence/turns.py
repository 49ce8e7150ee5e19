"""Turns of calls under a limit, one after another for all workers, by the database's clock."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from sqlalchemy import BigInteger, ColumnElement, bindparam, case, literal_column, not_
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from persistence.database import Database
from persistence.rows.turns import IntegrationTurnRow
from persistence.statements import insert_into, table_of

_SECOND = 1_000_000  # microseconds
_TURNS = table_of(IntegrationTurnRow)
# On PostgreSQL not the transaction's moment: it is from before the wait for the row.
_NOW = {
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
}


@dataclass(frozen=True)
class TurnRecords:
    """Turns follow each other evenly: no second has more of them than the limit, not the first.

    One that is taken and not used is lost, and nothing else.
    """

    database: Database

    async def take(
        self, integration_id: str, calls_per_second: int, within: timedelta
    ) -> timedelta | None:
        """How long until the turn; None where the next free one is further away than ``within``."""
        asked = {
            "integration_id": integration_id,
            "pause": -(-_SECOND // calls_per_second),
            "within": within // timedelta(microseconds=1),
        }
        async with self.database.transaction() as session:
            taking = _taking(session.get_bind().dialect.name)
            wait = (await session.exec(taking, params=asked)).scalar_one_or_none()
        return None if wait is None else _for(wait)

    async def until_free(self, integration_id: str) -> timedelta:
        """How long until the turns that are taken are over."""
        async with self.database.reading() as session:
            left = _left(session.get_bind().dialect.name)
            wait = (await session.exec(left, params={"of": integration_id})).one()
        return _for(wait)


def _for(wait: int) -> timedelta:
    return timedelta(microseconds=max(wait, 0))


@cache
def _taking(dialect: str) -> ReturningInsert[tuple[int]]:
    """One statement, so that no two workers take the same turn.

    A turn more than a second past ``within`` was never given: the clock was set back since.
    """
    pause, within = bindparam("pause", type_=BigInteger), bindparam("within", type_=BigInteger)
    now, ahead = _now(dialect), _TURNS.c.next_turn - _now(dialect)
    turn = case((ahead.between(0, within), _TURNS.c.next_turn), else_=now)
    return (
        insert_into(IntegrationTurnRow, dialect)
        .values(next_turn=now + pause)
        .on_conflict_do_update(
            index_elements=[_TURNS.c.integration_id],
            set_={"next_turn": turn + pause},
            where=not_(ahead.between(within + 1, within + _SECOND)),
        )
        .returning(_TURNS.c.next_turn - pause - now)
    )


@cache
def _left(dialect: str) -> SelectOfScalar[int]:
    row = IntegrationTurnRow
    return select(col(row.next_turn) - _now(dialect)).where(
        col(row.integration_id) == bindparam("of")
    )


def _now(dialect: str) -> ColumnElement[int]:
    return literal_column(_NOW[dialect], BigInteger)
