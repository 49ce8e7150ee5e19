"""`paybind up`, `down` and `verify` as a shell sees them."""

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import psutil  # type: ignore[import-untyped]
import pytest
import pytest_asyncio

from tests.journeys.command.shell import Announcement, Shell
from tests.journeys.house import Sold, quote_of, wish
from tests.journeys.providers import GOOD_CARD, Providers
from tests.journeys.waiting import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
]


@dataclass(frozen=True)
class Left:
    """What the first `paybind up` left behind when it was told to stop."""

    shell: Shell
    announced: Announcement
    purchase_id: str
    policy_number: str
    exit_status: int
    more_on_stdout: str
    still_alive: list[psutil.Process]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    shell = Shell(tmp_path_factory.mktemp("command") / "home")
    with shell.up() as (root, announced):
        purchase_id, number = await bought(announced)
        everyone = psutil.Process(root.pid).children(recursive=True)
        assert {"temporal", "python"} <= {each.name().rstrip("0123456789.") for each in everyone}
        root.send_signal(signal.SIGTERM)
        more, _ = root.communicate(timeout=60)
        _, alive = psutil.wait_procs(everyone, timeout=5)
    return Left(shell, announced, purchase_id, number, root.returncode, more, alive)


async def bought(announced: Announcement) -> tuple[str, str]:
    """The ids of a purchase and of its policy, once that is delivered."""
    sold = Sold("quote-of-the-shell", "shell@example.com")
    key = {"Authorization": f"Bearer {announced.api_key}"}
    async with (
        httpx.AsyncClient(base_url=announced.api, headers=key, timeout=30) as http,
        httpx.AsyncClient(base_url=announced.simulators) as simulators,
    ):
        await http.post("/quotes", json=quote_of(sold))
        started = (await http.post("/purchases", json=wish(sold))).json()
        await Providers(simulators).pay(started["session_id"], GOOD_CARD)

        async def purchase() -> dict[str, object]:
            seen = (await http.get(f"/purchases/{started['purchase_id']}")).json()
            assert isinstance(seen, dict)
            return seen

        delivered = await until(purchase, lambda seen: seen["policy_status"] == "delivered")
    policy = delivered["policy"]
    assert isinstance(policy, dict)
    return started["purchase_id"], policy["number"]


def test_sigterm_stops_every_process_of_the_tree(left: Left) -> None:
    assert left.still_alive == []
    assert left.exit_status == 0
    assert left.more_on_stdout == ""


def test_what_it_wrote_only_its_owner_may_read(left: Left) -> None:
    written = {"paybind.db", "temporal.db", "simulators.db", "api_key", "encryption_keys", "worker"}
    everything = [left.shell.home, *left.shell.home.rglob("*")]

    assert written <= {path.name for path in everything}
    assert any(path.suffix == ".pdf" for path in everything)
    assert [path for path in everything if path.stat().st_mode & 0o077] == []


@pytest.fixture(scope="module")
def again(left: Left) -> Iterator[Announcement]:
    """Started once more, and left running behind the shell."""
    started = left.shell.run("up", "--detach-after", "0")
    assert started.returncode == 0, started.stderr
    yield Announcement.model_validate_json(started.stdout)
    left.shell.run("down")


def test_a_second_start_keeps_the_key_and_the_data(left: Left, again: Announcement) -> None:
    key = {"Authorization": f"Bearer {left.announced.api_key}"}

    kept = httpx.get(f"{again.api}/purchases/{left.purchase_id}", headers=key)

    assert again.api_key == left.announced.api_key
    assert kept.json()["policy"]["number"] == left.policy_number


def test_a_second_one_in_the_same_home_is_refused_in_one_line(
    left: Left, again: Announcement
) -> None:
    for words in (("up",), ("up", "--detach-after", "0")):
        refused = left.shell.run(*words)
        assert refused.returncode == 2
        assert refused.stderr.startswith(f"paybind: already running in {left.shell.home} (process ")
        assert len(refused.stderr.splitlines()) == 1
    assert httpx.get(f"{again.api}/healthz").status_code == 200


@pytest.mark.usefixtures("again")
def test_verify_names_what_does_not_hold(left: Left) -> None:
    def verify() -> subprocess.CompletedProcess[str]:
        return left.shell.run("verify", "--json")  # it finds the running installation

    # Given that all is well
    sound = verify()
    assert sound.returncode == 0, sound.stderr
    verdict = json.loads(sound.stdout)
    assert verdict["findings"] == []
    assert verdict["charges"] == verdict["policies"] == verdict["delivered_messages"] == 1
    assert verdict["provider_payments"] == 1

    # When somebody writes on the policy
    [document] = left.shell.home.glob(f"documents/**/{left.policy_number}-*.pdf")
    as_printed = document.read_bytes()
    document.write_bytes(as_printed + b"and a million more")
    altered = verify()
    document.write_bytes(as_printed)

    # Then it is named
    assert altered.returncode == 1
    assert f"document_altered: {left.policy_number} ({left.purchase_id})" in altered.stderr
    assert verify().returncode == 0


def test_a_stored_event_is_replayed_by_our_id_and_by_the_providers(
    left: Left, again: Announcement
) -> None:
    key = {"Authorization": f"Bearer {left.announced.api_key}"}
    listed = httpx.get(f"{again.api}/webhook-events", headers=key).json()["items"]
    event = next(each for each in listed if each["type"] == "checkout.session.completed")

    for any_id in (event["event_id"], event["provider_event_id"]):
        replayed = left.shell.run("events", "replay", any_id)
        assert replayed.stdout == (
            f"{event['event_id']} (checkout.session.completed): handed_over\n"
        ), replayed.stderr

    unknown = left.shell.run("events", "replay", "evt_of_nobody")
    assert unknown.returncode != 0
    assert unknown.stderr.startswith("paybind: event_not_found: no event evt_of_nobody")


def test_down_stops_what_was_left_running(left: Left, again: Announcement) -> None:
    root = psutil.Process(int((left.shell.home / "up.pid").read_text("utf-8")))
    everyone = [root, *root.children(recursive=True)]

    assert left.shell.run("down").stdout == "stopped\n"

    _, alive = psutil.wait_procs(everyone, timeout=5)
    assert alive == []
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{again.api}/healthz")
    assert left.shell.run("down").stdout == "nothing was running\n"
    in_vain = left.shell.run("verify", TEMPORAL_ADDRESS=again.temporal)
    assert in_vain.returncode == 2
    assert in_vain.stderr.startswith("paybind: Temporal cannot be reached; start it by")
    assert len(in_vain.stderr.splitlines()) == 1


def test_a_taken_port_is_said_in_one_line(left: Left) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = left.shell.run("up", API_PORT=str(port))

    assert refused.returncode == 2
    assert refused.stderr.splitlines() == [
        f"paybind: port {port} is taken; set another, or 0 for any"
    ]
