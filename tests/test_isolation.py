"""The guards of conftest.py hold."""

import asyncio
import socket
from contextlib import closing

import pytest

from settings import Settings

ELSEWHERE = "192.0.2.1"  # RFC 5737: reserved for documentation, nobody answers


def test_a_connection_to_another_machine_is_refused_and_remembered(
    attempts_to_leave: list[str],
) -> None:
    with closing(socket.socket()) as outward, pytest.raises(PermissionError):
        outward.connect((ELSEWHERE, 443))

    assert attempts_to_leave.pop() == f"socket.connect {ELSEWHERE!r}"


async def test_asyncio_is_refused_too(attempts_to_leave: list[str]) -> None:
    with pytest.raises(PermissionError):
        await asyncio.open_connection(ELSEWHERE, 443)

    assert attempts_to_leave.pop() == f"socket.connect {ELSEWHERE!r}"


def test_the_name_of_another_machine_is_not_even_looked_up(attempts_to_leave: list[str]) -> None:
    with pytest.raises(PermissionError):
        socket.create_connection(("api.provider.example", 443))

    assert attempts_to_leave.pop() == "socket.getaddrinfo 'api.provider.example'"


def test_loopback_stays_open() -> None:
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as server,
        closing(socket.create_connection(server.getsockname())) as connection,
    ):
        assert connection.getpeername() == server.getsockname()


def test_no_test_sees_the_keys_of_whoever_runs_it() -> None:
    assert Settings(_env_file=None) == Settings.model_construct()
