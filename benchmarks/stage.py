"""Everything that is measured, started: the installation, its providers, and both bare sides."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from pydantic import SecretStr
from temporalio.client import Client

from benchmarks.cpu import Meter, process_of
from benchmarks.shop import Shop
from connections import connect_temporal
from installation import Installation, installation
from processes import Child, Tree, python, tree
from settings import Settings

WEBHOOK_SECRET = "whsec_of_a_provider_on_this_machine"  # nosec B105 - no secret: it never leaves this machine
ANSWER_WITHIN = 120
UNUSED_FOR = 3  # seconds; less than the API keeps an idle connection open


@dataclass(frozen=True)
class Stage:
    shop: Shop
    meter: Meter
    skeletons: Client
    bare_webhook: str
    running: Installation


@asynccontextmanager
async def stage(home: Path, told: Callable[[str], None]) -> AsyncIterator[Stage]:
    async with tree(told) as beside:
        providers = await _start(beside, home, "providers", {}, "-m", "benchmarks.providers")
        url = providers.announced["providers"]
        async with installation(_settings(home, url), told) as running:
            settings = running.settings
            skeleton = await _start(
                beside, home, "skeleton", {}, "-m", "benchmarks.skeleton", settings.temporal
            )
            bare = await _start(
                beside, home, "bare_webhook", _reaching(settings), "-m", "benchmarks.bare_webhook"
            )
            async with aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN),
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=UNUSED_FOR),
            ) as http:
                yield Stage(
                    shop=Shop(running, http, await connect_temporal(settings), url),
                    meter=_meter(running, skeleton),
                    skeletons=await Client.connect(settings.temporal),
                    bare_webhook=bare.announced["webhook"],
                    running=running,
                )


def _settings(home: Path, providers: str) -> Settings:
    """An installation of its own, whatever the environment says."""
    return Settings(_env_file=None).model_copy(
        update={
            "paybind_mode": "test",
            "paybind_home": home,
            "public_url": None,
            "temporal_address": None,
            "temporal_port": 0,
            "temporal_ui_port": 0,
            "database_url": None,
            "paybind_documents_url": None,
            "api_port": 0,
            "simulators_port": 0,
            "stripe_secret_key": SecretStr("sk_test_bench"),
            "stripe_webhook_secret": SecretStr(WEBHOOK_SECRET),
            "stripe_api_base": providers,
            "sendgrid_api_key": SecretStr("SG.bench"),
            "sendgrid_api_base": providers,
            "justifi_client_id": "test_bench",
            "justifi_client_secret": SecretStr("test_bench"),
            "justifi_base_url": f"{providers}/justifi",
            "paybind_mcp_toolsets": "purchases,justifi",
        }
    )


def _reaching(settings: Settings) -> dict[str, str]:
    return {
        "TEMPORAL_ADDRESS": settings.temporal,
        "PAYBIND_HOME": str(settings.paybind_home.absolute()),
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }


def _meter(running: Installation, skeleton: Child) -> Meter:
    return Meter(
        temporal=process_of(running.child("temporal")),
        api=process_of(running.child("api")),
        worker=process_of(running.child("worker")),
        skeleton=process_of(skeleton),
    )


async def _start(
    beside: Tree, home: Path, name: str, environment: dict[str, str], *arguments: str
) -> Child:
    return await beside.add(Child(name, python(*arguments), environment, home / "logs" / name))
