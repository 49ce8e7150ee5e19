"""A provider that comes as a package of its own: installed, found by its code, and used."""

import importlib
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from domain.connections import JsonObject
from gateways.faults import GatewayFault, Misconfigured, RefusedByProvider, Unreachable
from gateways.integrations import Ask, GatewayProvider
from gateways.providers import installed_providers

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "acme-gateway"
TOKEN = "acme_test_1234"

AcmeAt = Callable[[str], GatewayProvider]  # by its address


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AcmeAt]:
    """The example of the guide, installed as a user installs it, into a place of its own."""
    place = tmp_path_factory.mktemp("installed")
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--offline"),
            *("--no-build-isolation", "--target", str(place), _copied(tmp_path_factory)),
        ],
        check=True,
        timeout=100,
    )
    sys.path.append(str(place))
    importlib.invalidate_caches()
    yield lambda url: installed_providers({"acme": url})["acme"]
    sys.path.remove(str(place))


def _copied(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Building leaves traces beside the sources."""
    copy = tmp_path_factory.mktemp("sources")
    for file in EXAMPLE.iterdir():
        if file.is_file():
            (copy / file.name).write_bytes(file.read_bytes())
    return str(copy)


@asynccontextmanager
async def ledger(status: int = 200) -> AsyncIterator[str]:
    async def balance(request: web.Request) -> web.Response:
        is_theirs = request.headers["Authorization"] == f"Bearer {TOKEN}"
        return web.json_response({"cents": 4200}, status=status if is_theirs else 401)

    app = web.Application()
    app.router.add_get("/balance", balance)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}"
    await runner.cleanup()


def _ask(parameters: JsonObject | None = None) -> Ask:
    return Ask(execution_id="exe_1", parameters=parameters or {}, idempotency_key="exe_1:1")


async def test_an_installed_package_adds_a_provider(acme: AcmeAt) -> None:
    async with ledger() as url:
        gateway = acme(url).connect({"token": TOKEN})
        await gateway.probe()
        done = await gateway.abilities["RETRIEVE_BALANCE"](_ask())
        await gateway.close()

    assert done.result == {"available": [{"amount": 4200, "currency": "SGD"}], "pending": []}


@pytest.mark.parametrize(
    ("token", "status", "fault"),
    [("acme_test_other", 200, Misconfigured), (TOKEN, 404, RefusedByProvider)],
)
async def test_it_fails_in_the_ways_that_are_known_here(
    acme: AcmeAt, token: str, status: int, fault: type[GatewayFault]
) -> None:
    async with ledger(status) as url:
        gateway = acme(url).connect({"token": token})
        with pytest.raises(fault):
            await gateway.probe()
        await gateway.close()


async def test_a_ledger_that_is_away_was_sent_nothing(acme: AcmeAt) -> None:
    async with ledger() as url:
        gone = url
    gateway = acme(gone).connect({"token": TOKEN})
    with pytest.raises(Unreachable):
        await gateway.probe()
    await gateway.close()


def test_the_providers_of_the_house_are_found_the_same_way() -> None:
    assert {"stripe", "sendgrid", "internal"} <= installed_providers({}).keys()


def test_two_packages_that_claim_one_provider_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "rival-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rival\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[paybind.gateways]\nstripe = rival:Provider\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(ValueError, match="two installed packages offer a gateway for stripe"):
        installed_providers({})


def test_a_provider_that_shares_is_told_of_the_redis_and_no_other_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "generous-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: generous\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[paybind.gateways]\ngenerous = generous:Provider\n")
    (tmp_path / "generous.py").write_text(
        "class Provider(str):\n    def sharing(self, redis_url): return f'{self} by {redis_url}'\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    bases = {"generous": "here"}

    shared, alone = installed_providers(bases, "redis://there"), installed_providers(bases)

    assert (str(shared["generous"]), str(alone["generous"])) == ("here by redis://there", "here")
    assert shared["stripe"] == alone["stripe"]
