"""How alembic reaches the database: on the connection it is given, or by DATABASE_URL."""

import asyncio
import os
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection
from sqlmodel import AutoString

from persistence.columns import UtcDateTime
from persistence.database import Database
from persistence.rows.every import TABLES


def _async_url() -> str:
    url = os.environ.get("DATABASE_URL") or "sqlite:///.paybind/paybind.db"
    for plain, driven in (
        ("postgresql://", "postgresql+asyncpg://"),
        ("postgres://", "postgresql+asyncpg://"),
    ):
        if url.startswith(plain):
            return driven + url.removeprefix(plain)
    return url


def _render(kind: str, value: object, _: AutogenContext) -> str | Literal[False]:
    """Plain SQLAlchemy types in migrations: they must outlive our own classes."""
    if kind == "type" and isinstance(value, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(value, AutoString):
        return "sa.String()"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=TABLES,
        render_item=_render,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run_alone() -> None:
    database = Database(_async_url())
    async with database.transaction() as session:
        await session.run_sync(lambda plain: _run(plain.connection()))
    await database.close()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    asyncio.run(_run_alone())
