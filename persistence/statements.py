"""Statements that both databases know but SQLAlchemy spells apart, and a lock by row."""

from functools import cache
from typing import TypeVar, cast

import sqlalchemy
from sqlalchemy import Insert, Table, bindparam, func, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from domain.errors import Code, NotFound
from persistence.rows.purchases import PurchaseRow

Row = TypeVar("Row", bound=SQLModel)
Upsert = sqlite.Insert | postgresql.Insert


async def insert_if_absent(session: AsyncSession, row: SQLModel) -> bool:
    """False when a unique rule of the table refused the row: then nothing was written."""
    statement = _inserting(type(row), session.get_bind().dialect.name)
    return (await session.exec(statement, params=row.model_dump(exclude_none=True))).rowcount == 1


@cache
def _inserting(table: type[SQLModel], dialect: str) -> Insert:
    return insert_into(table, dialect).on_conflict_do_nothing()


def insert_into(table: type[SQLModel], dialect: str) -> Upsert:
    """An insert that can tell what to do on a conflict, past any rows that are loaded."""
    into = table_of(table)
    return postgresql.insert(into) if dialect == "postgresql" else sqlite.insert(into)


def table_of(row: type[SQLModel]) -> Table:
    return cast(Table, inspect(row).local_table)


def plain(table: type[Row]) -> SelectOfScalar[Row]:
    """Selects rows for reading only: the table's columns by their names, and no objects.

    Objects that could be changed cost three times as much. Conditions name ``table_of``'s columns.
    """
    return cast("SelectOfScalar[Row]", sqlalchemy.select(*table_of(table).c))


async def locked(session: AsyncSession, table: type[Row], key: str | tuple[str, ...]) -> Row | None:
    """The row, kept from other writers until the transaction ends."""
    keys = key if isinstance(key, tuple) else (key,)
    values = {f"key_{n}": value for n, value in enumerate(keys)}
    return (await session.exec(_locking(table), params=values)).first()


@cache
def _locking(table: type[Row]) -> SelectOfScalar[Row]:
    """Built once for a table: building a statement costs as much as running it."""
    keys = inspect(table).primary_key
    return (
        select(table)
        .where(*(column == bindparam(f"key_{n}") for n, column in enumerate(keys)))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def line_up(session: AsyncSession, queue: str) -> None:
    """Others of the same queue wait until this transaction ends. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        await session.exec(select(func.pg_advisory_xact_lock(func.hashtextextended(queue, 7))))


async def locked_purchase(session: AsyncSession, purchase_id: str) -> PurchaseRow:
    """Whoever writes several rows of a purchase locks it first: so nobody waits in a circle."""
    row = await locked(session, PurchaseRow, purchase_id)
    if row is None:
        raise NotFound(Code.PURCHASE_NOT_FOUND, f"no purchase {purchase_id}")
    return row
