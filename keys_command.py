"""`paybind keys`: API keys of tenants, and the key that integrations' credentials lie under."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from endings import give_up

if TYPE_CHECKING:
    from domain.key_rotation import Rotation

keys = typer.Typer(no_args_is_help=True, help="API keys of tenants, and the encryption key.")


@keys.command("create")
def create_key(
    name: str,
    tenant: Annotated[str, typer.Option()] = "default",
    scope: Annotated[
        list[str] | None,
        typer.Option(help="read, write, refund, admin; write and refund want read beside them"),
    ] = None,
) -> None:
    """Make an API key and show it once."""
    from domain.tenants import Scope

    wanted = scope or [Scope.READ, Scope.WRITE]
    unknown = sorted(set(wanted) - set(Scope))
    if unknown:
        give_up(f"no scope is called {', '.join(unknown)}; there are {', '.join(Scope)}")
    asyncio.run(_create_key(name, tenant, wanted))


@keys.command("rotate")
def rotate_keys() -> None:
    """Seal every integration's credentials anew under the first of PAYBIND_ENCRYPTION_KEYS.

    Interrupted, it goes on by itself; called again, it joins the rotation under way.
    """
    rotation = asyncio.run(_rotate())
    typer.echo(
        f"{rotation.resealed} integrations sealed anew under the key {rotation.key_id}, "
        f"{rotation.fresh} were under it, {rotation.unreadable} cannot be opened"
    )
    for each in rotation.named:
        typer.echo(f"{each.integration_id} ({each.tenant_id}): {each.reason}", err=True)
    if rotation.unreadable > len(rotation.named):
        typer.echo(f"and {rotation.unreadable - len(rotation.named)} more", err=True)
    if rotation.left:
        typer.echo(
            f"{rotation.left} were sealed under another key meanwhile: restart every process "
            "with the new key first, and rotate again",
            err=True,
        )
    if rotation.unreadable or rotation.left:
        raise typer.Exit(1)


async def _rotate() -> "Rotation":
    from connections import connect_temporal, keyring, require_keys_of_workers
    from installed import settings_of_command
    from services.key_rotation import KeyRotationService

    settings = settings_of_command()
    await require_keys_of_workers(settings)
    client = await connect_temporal(settings)
    return await KeyRotationService(client).rotate(keyring(settings).active)


async def _create_key(name: str, tenant: str, scopes: list[str]) -> None:
    from connections import connect_database
    from domain.tenants import Scope
    from installed import settings_of_command
    from persistence.keys import KeyRecords
    from services.api_keys import ApiKeyService

    settings = settings_of_command()
    database = connect_database(settings)
    try:
        service = ApiKeyService(KeyRecords(database), settings.livemode)
        wanted = frozenset(Scope(scope) for scope in scopes)
        key, secret = await service.issue(tenant, name, wanted)
    finally:
        await database.close()
    typer.echo(json.dumps({"key_id": key.key_id, "api_key": secret}))
