"""`paybind audit`: the proof that the audit log is as it was written."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from domain.audit_verification import AuditVerdict

audit = typer.Typer(no_args_is_help=True, help="The audit log.")


@audit.callback()
def _group() -> None:
    """Keeps `verify` a command of its own while it is the only one."""


@audit.command()
def verify(
    expect: Annotated[
        list[str] | None,
        typer.Option(help="TENANT=NUMBER:HASH as printed before: shows that no tail was cut off."),
    ] = None,
) -> None:
    """Prove that no entry of the audit log was altered, removed or replaced.

    Prints each tenant's newest entry, to be noted where those who can write the database cannot.
    """
    verdict = asyncio.run(_verify(expect or []))
    typer.echo(f"{verdict.entries} entries of {len(verdict.heads)} tenants")
    for head in verdict.heads:
        typer.echo(str(head))
    for each in verdict.findings:
        detail = f" ({each.detail})" if each.detail else ""
        typer.echo(f"{each.fault}: {each.tenant_id} {each.number}{detail}", err=True)
    if verdict.findings:
        raise typer.Exit(1)


async def _verify(expect: list[str]) -> "AuditVerdict":
    from connections import connect_database
    from domain.audit_verification import Head
    from installed import settings_of_command
    from persistence.audit import AuditRecords
    from services.audit_verification import AuditVerification

    noted = [Head.parse(each) for each in expect]
    database = connect_database(settings_of_command())
    try:
        return await AuditVerification(AuditRecords(database)).verify(noted)
    finally:
        await database.close()
