"""Brings a database to the newest tables. Several processes may do it at once: one acts."""

from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlmodel import func, select

from persistence.database import Database

_SCRIPTS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 7_290_156_204  # any number, as long as nothing else here uses it


async def migrate(url: str) -> None:
    """Raises ``Unavailable`` when the database is away."""
    _make_room(url)
    database = Database(url)
    try:
        async with database.transaction() as session:  # on SQLite it holds the file's write lock
            if session.get_bind().dialect.name == "postgresql":
                await session.exec(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
            await session.run_sync(lambda plain: _upgrade(plain.connection()))
    finally:
        await database.close()


def _make_room(url: str) -> None:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)


def _upgrade(connection: Connection) -> None:
    from alembic import command  # it costs a tenth of a second, and only this needs it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
