"""`paybind spec-drift`: whether what we rely on at a provider is still what it publishes."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from endings import give_up

if TYPE_CHECKING:
    from gateways.spec_facts import Facts

LOCKS = Path(__file__).parent / "gateways" / "facts"


class Provider(StrEnum):
    JUSTIFI = "justifi"
    STRIPE = "stripe"


def spec_drift(
    provider: Annotated[Provider, typer.Option()] = Provider.JUSTIFI,
    against: Annotated[
        str | None,
        typer.Option(
            help="JustiFi's published OpenAPI document, as a URL or a file; Stripe is compared "
            "with the installed SDK."
        ),
    ] = None,
    lock: Annotated[
        Path | None, typer.Option(help="The facts to compare with, else those of this version.")
    ] = None,
    write: Annotated[bool, typer.Option(help="Lock what is found, after telling.")] = False,
) -> None:
    """Compare endpoints, parameters, enums and fields we rely on with what a provider publishes.

    Exits with 0 where they are the same, 1 where they differ, 2 where it could not be read.
    """
    from gateways.spec_facts import UnreadableSpec

    place = lock or LOCKS / f"{provider}.lock.json"
    try:
        of, found = _found(provider, against)
        changes = _changes(place, found, may_lack=write)
        if write:
            _keep(place, of, found)
    except (UnreadableSpec, OSError) as unreadable:
        give_up(f"the facts of {provider} could not be compared: {unreadable}")
    for change in changes:
        typer.echo(change)
    number = "1 change" if len(changes) == 1 else f"{len(changes)} changes"
    typer.echo(f"{number} at {provider}, {of}", err=True)
    if changes and not write:
        raise typer.Exit(1)


def _found(provider: Provider, against: str | None) -> tuple[str, "Facts"]:
    if provider is Provider.STRIPE:
        return _of_stripe(against)
    from gateways.justifi_facts import PUBLISHED_AT, justifi_facts
    from gateways.published_specs import published_spec

    where = against or PUBLISHED_AT
    facts = justifi_facts(published_spec(where))
    is_address = where.startswith(("http://", "https://"))
    today = f"as published on {datetime.now(UTC).date()}"
    return today if is_address else f"as in {Path(where).name}", facts


def _of_stripe(against: str | None) -> tuple[str, "Facts"]:
    from importlib.metadata import version

    from gateways.spec_facts import UnreadableSpec
    from gateways.stripe_facts import stripe_facts

    if against is not None:
        raise UnreadableSpec("Stripe is compared with the installed SDK, not with a document")
    return f"SDK {version('stripe')}", stripe_facts()


def _changes(place: Path, found: "Facts", *, may_lack: bool) -> list[str]:
    from gateways.spec_facts import Lock, drift

    if may_lack and not place.exists():
        return []
    return list(drift(Lock.read(place.read_text("utf-8")).facts, found))


def _keep(place: Path, of: str, found: "Facts") -> None:
    from gateways.spec_facts import Lock

    facts = {subject: dict(facts) for subject, facts in found.items()}
    place.write_text(Lock(of=of, facts=facts).write(), "utf-8")
