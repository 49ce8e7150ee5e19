"""No test leaves this machine, sees a developer's keys, or rolls dice of its own."""

import gc
import ipaddress
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings as hypothesis_settings

from settings import Settings

_attempts: list[str] = []


def _is_here(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(str(name).partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback or address.is_unspecified


def _host_asked_for(event: str, arguments: tuple[object, ...]) -> str | bytes | None:
    """The host of a look-up, a connection or a datagram; None for Unix sockets."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    return host if isinstance(host, str | bytes) else None


def _refuse_to_leave(event: str, arguments: tuple[object, ...]) -> None:
    if event not in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        return
    host = _host_asked_for(event, arguments)
    if not _is_here(host):
        _attempts.append(f"{event} {host!r}")
        raise PermissionError(f"a test may not leave this machine: {host!r}")


# Below every library that uses Python's sockets, asyncio's own among them; code in C or Rust that
# opens sockets itself (uvloop, Temporal's core) is not seen here.
sys.addaudithook(_refuse_to_leave)

for _name, _field in Settings.model_fields.items():
    os.environ.pop((_field.alias or _name).upper(), None)

# Looking through all that tests have loaded, after every 700 objects, took a tenth of their time.
gc.set_threshold(50_000, 20, 20)

hypothesis_settings.register_profile("steady", derandomize=True, deadline=None, database=None)
hypothesis_settings.register_profile("thorough", max_examples=2000, deadline=None)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--sandbox",
        choices=("all", "some", "none"),
        default="some",
        help="which workflow stories run in Temporal's sandbox, which production does without: it"
        " takes six times as long; some: the first of each file, and what replays histories",
    )


@pytest.fixture(autouse=True)
def attempts_to_leave() -> Iterator[list[str]]:
    """Fails the test that tried, even where the code under test caught the refusal."""
    yield _attempts
    attempts = list(_attempts)
    _attempts.clear()
    assert attempts == [], "this test tried to leave the machine"


# Behind each of these is a Temporal server or a simulator, whichever folder it is in.
_SERVERS = {
    "temporal",
    "dev_server",
    "stories",
    "bank",
    "simulators",
    "simulated",
    "justifi",
    "street",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not _SERVERS.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.served)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    if config.getoption("dist") != "loadgroup":  # another one was asked for
        return None
    from tests.sharing import ByHouse

    return ByHouse(config, log)
