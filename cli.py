"""The `paybind` command. Each command imports only what it runs on."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from audit_command import audit
from endings import give_up, said_in_one_line
from keys_command import keys
from payouts_command import balances, payouts
from spec_drift_command import spec_drift

if TYPE_CHECKING:
    from domain.verification import Verdict

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Paybind: a durable path from a quote to a paid, issued and delivered policy.",
)
events = typer.Typer(no_args_is_help=True, help="Webhook events as they were received.")
app.add_typer(events, name="events")
app.add_typer(keys, name="keys")
app.add_typer(audit, name="audit")
app.add_typer(payouts, name="payouts")
app.add_typer(balances, name="balances")
app.command("spec-drift")(spec_drift)


def main() -> None:
    """What the script `paybind` calls: one command, told on stderr where it fails, and then out.

    What it and its children write, their owner alone may read.
    """
    from processes import end_with

    os.umask(0o077)
    end_with(_run)


def _run() -> None:
    with said_in_one_line():
        app()


@app.command()
def up(
    detach_after: Annotated[
        float | None,
        typer.Option(
            help="Give the shell back this many seconds after all is ready, and leave it running."
        ),
    ] = None,
) -> None:
    """Start everything on this machine and say where it listens; Ctrl-C stops all of it."""
    if detach_after is not None:
        from detaching import start_detached

        raise typer.Exit(start_detached(timedelta(seconds=detach_after)))
    asyncio.run(_up())


@app.command()
def down() -> None:
    """Stop what `paybind up --detach-after` left running."""
    from detaching import stop_detached
    from settings import Settings

    _say("stopped" if stop_detached(Settings()) else "nothing was running")


@app.command()
def demo(
    as_json: Annotated[bool, typer.Option("--json", help="Print the story's facts.")] = False,
    failover: Annotated[
        bool, typer.Option(help="Pause the primary processor, and buy with its backup.")
    ] = False,
    justifi: Annotated[
        bool, typer.Option(help="Buy on JustiFi, and follow the money to the bank.")
    ] = False,
) -> None:
    """Buy one policy, from an agent's tool call to the PDF in the mailbox, and prove it."""
    if failover:
        _failover_demo(as_json)
        return
    if justifi:
        _justifi_demo(as_json)
        return
    from demo import run_demo

    facts = asyncio.run(run_demo(_progress))
    if as_json:
        _say(facts.model_dump_json(indent=2))
    else:
        _say(f"Done in {facts.seconds} s. The policy: {facts.policy_pdf}")


def _failover_demo(as_json: bool) -> None:
    from failover_demo import run_failover_demo

    facts = asyncio.run(run_failover_demo(_progress))
    if as_json:
        _say(facts.model_dump_json(indent=2))
    else:
        _say(f"Done in {facts.seconds} s. {facts.purchase_id} was paid by the backup, once.")


def _justifi_demo(as_json: bool) -> None:
    from justifi_demo import run_justifi_demo

    facts = asyncio.run(run_justifi_demo(_progress))
    if as_json:
        _say(facts.model_dump_json(indent=2))
    else:
        _say(f"Done in {facts.seconds} s. {facts.payout.payout_id} is {facts.payout.status}.")


@app.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict.")] = False,
    since: Annotated[
        datetime | None,
        typer.Option(help="Compare with the provider's payments from then, UTC; else of a day."),
    ] = None,
) -> None:
    """Prove that each paid purchase has one charge, one policy and one delivered message."""
    verdict = asyncio.run(_verify(since.replace(tzinfo=UTC) if since else None))
    if as_json:
        _say(verdict.model_dump_json(indent=2))
    else:
        _say(
            f"{verdict.paid_purchases} paid purchases: {verdict.charges} charges, "
            f"{verdict.policies} policies, {verdict.delivered_messages} delivered messages, "
            f"{verdict.refunds} refunds, {verdict.in_review} in review; "
            f"{verdict.provider_payments} payments at the provider "
            f"since {verdict.compared_since:%Y-%m-%d %H:%M} UTC"
        )
    for finding in verdict.findings:
        purchases = ", ".join(finding.purchase_ids) or "no purchase known"
        detail = f": {finding.detail}" if finding.detail else ""
        _progress(f"{finding.irregularity}: {finding.subject} ({purchases}){detail}")
    if verdict.findings:
        raise typer.Exit(1)


@app.command()
def worker(
    queue: Annotated[
        list[str] | None, typer.Option(help="purchases, documents, or both by default.")
    ] = None,
) -> None:
    """Run a Temporal worker until it is told to stop."""
    import uvloop

    from logs import log_as_json
    from settings import Settings
    from worker import QUEUES, run_worker

    queues = tuple(queue or QUEUES)
    unknown = set(queues) - set(QUEUES)
    if unknown:
        give_up(f"no queue is called {', '.join(sorted(unknown))}; there are {', '.join(QUEUES)}")
    log_as_json()
    uvloop.run(run_worker(Settings(), queues, lambda: _say(json.dumps({"worker": queues}))))


@app.command()
def api() -> None:
    """Serve the HTTP API, the pages, and MCP at /mcp."""
    from api.main import main as serve

    serve()


@app.command()
def mcp(
    http: Annotated[bool, typer.Option(help="Streamable HTTP instead of stdio.")] = False,
    port: Annotated[int, typer.Option(help="With --http.")] = 8087,
) -> None:
    """Serve the MCP tools, over stdio unless told otherwise."""
    from mcp_server.server import main as serve

    serve(["--http", "--port", str(port)] if http else [])


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def simulators(context: typer.Context) -> None:
    """Stand-ins for Stripe, JustiFi and SendGrid; options as in `python -m simulators --help`."""
    from simulators.__main__ import main as serve

    serve(context.args)


@app.command()
def migrate() -> None:
    """Bring the database, and Temporal's search attributes, to what this version needs."""
    asyncio.run(_migrate())
    _say("the database is up to date")


@app.command()
def bench(
    quick: Annotated[bool, typer.Option(help="Small sizes: does it run, not how fast.")] = False,
) -> None:
    """Measure cost and speed beside the least that this machine could do; JSON on stdout."""
    from benchmarks.main import run

    _say(run(quick, _progress).model_dump_json(indent=2))


@events.command("replay")
def replay_event(event_id: str) -> None:
    """Hand a stored event over once more, by our id or the provider's; twice changes nothing."""
    asyncio.run(_replay(event_id))


async def _up() -> None:
    from installation import installation
    from processes import told_to_stop
    from settings import Settings

    async with installation(Settings(), _progress) as running:
        for name, address in running.announcement.items():
            _progress(f"{name:12} {address or '-'}")
        _say(json.dumps(running.announcement))
        await told_to_stop()
        _progress("stopping")


async def _migrate() -> None:
    from connections import register_search_attributes
    from persistence.migrate import migrate as migrate_database
    from settings import Settings

    settings = Settings()
    await migrate_database(settings.database)
    if settings.temporal_address is not None:
        await register_search_attributes(settings)


async def _verify(since: datetime | None) -> "Verdict":
    from composition import open_verification
    from installed import settings_of_command

    async with open_verification(settings_of_command()) as verification:
        return await verification.verify(since)


async def _replay(event_id: str) -> None:
    from composition import open_services
    from connections import require_keys_of_workers
    from domain.tenants import PLATFORM_TENANT, Caller, Scope
    from installed import settings_of_command

    operator = Caller(
        tenant_id=PLATFORM_TENANT, key_id="command line", scopes=frozenset({Scope.ADMIN})
    )
    settings = settings_of_command()
    await require_keys_of_workers(settings)
    async with open_services(settings) as services:
        event = await services.webhooks.replay(operator, event_id)
    _say(f"{event.event_id} ({event.type}): {event.outcome}")


def _say(line: str) -> None:
    """For scripts: stdout."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _progress(line: str) -> None:
    """For people: stderr."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
