"""`paybind payouts` and `paybind balances`: accounts that pay out, watched and told of in files."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from domain.payouts import PayoutAccount
    from domain.tenants import Caller

payouts = typer.Typer(no_args_is_help=True, help="Accounts that pay out, followed to the end.")
balances = typer.Typer(no_args_is_help=True, help="Daily balances of the accounts that pay out.")


@payouts.command("watch")
def watch_payouts(
    integration: Annotated[
        str | None, typer.Option(help="One integration's account; else every account.")
    ] = None,
) -> None:
    """Look at payouts now, and follow each to its end. What is watched already looks now."""
    accounts = asyncio.run(_watch(integration))
    for account in accounts:
        typer.echo(f"{account.name} ({account.tenant_id}) is watched")
    if not accounts:
        typer.echo("there is no account that tells of payouts", err=True)


@payouts.command("schedule")
def schedule_round() -> None:
    """Every day: watch every account, and take its balance. `paybind up` does it by itself."""
    asyncio.run(_schedule())
    typer.echo("every day at 01:05 UTC")


@balances.command("export")
def export_balances(
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"])] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"])] = None,
    tenant: Annotated[str, typer.Option()] = "default",
) -> None:
    """The balance of each day as CSV on stdout; without days those of the last month."""
    until = last or datetime.now(UTC)
    since = first or until - timedelta(days=30)
    typer.echo(asyncio.run(_exported(since, until, tenant)), nl=False)


async def _watch(integration: str | None) -> "tuple[PayoutAccount, ...]":
    from composition import open_services
    from connections import require_keys_of_workers
    from installed import settings_of_command

    settings = settings_of_command()
    await require_keys_of_workers(settings)
    async with open_services(settings) as services:
        if integration is None:
            return await services.payouts.watch_all(_operator())
        return (await services.payouts.watch_any(_operator(), integration),)


async def _schedule() -> None:
    from connections import connect_temporal
    from installed import settings_of_command
    from services.payout_runs import PayoutRuns

    client = await connect_temporal(settings_of_command())
    await PayoutRuns(client).schedule_round()


async def _exported(first: datetime, last: datetime, tenant: str) -> str:
    from connections import connect_database
    from installed import settings_of_command
    from persistence.balances import BalanceRecords
    from services.balances import BalanceService, as_csv

    database = connect_database(settings_of_command())
    asker = _operator().model_copy(update={"tenant_id": tenant})
    try:
        service = BalanceService(BalanceRecords(database))
        return as_csv(await service.snapshots(asker, first.date(), last.date()))
    finally:
        await database.close()


def _operator() -> "Caller":
    from domain.tenants import PLATFORM_TENANT, Caller, Scope

    return Caller(tenant_id=PLATFORM_TENANT, key_id="command line", scopes=frozenset({Scope.ADMIN}))
