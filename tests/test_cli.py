"""What a command says, in one line and by its exit status, when it cannot do what it is asked."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
CHECKOUT = Path(__file__).parents[1]
NOBODY = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}


def refusal_of(where: Path, *words: str, **environment: str) -> str:
    """The one line, without our name before it, of a command in a directory without anything."""
    said = subprocess.run(
        (sys.executable, "-m", "cli", *words),
        cwd=where,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert said.returncode == 2, said.stderr
    assert said.stdout == ""
    [line] = said.stderr.splitlines()
    assert line.startswith("paybind: ")
    return line.removeprefix("paybind: ")


@pytest.mark.parametrize(
    "words", [("verify",), ("events", "replay", "evt_1"), ("worker",), ("api",)]
)
@pytest.mark.parametrize("address", ["127.0.0.1:1", "no address"])
def test_without_temporal_a_command_says_where_to_find_it(
    tmp_path: Path, words: tuple[str, ...], address: str
) -> None:
    assert refusal_of(tmp_path, *words, TEMPORAL_ADDRESS=address, API_PORT="0") == (
        "Temporal cannot be reached; start it by `paybind up`, or set TEMPORAL_ADDRESS"
    )


def test_without_tables_a_key_is_not_made_and_the_migration_named(tmp_path: Path) -> None:
    assert "the database lacks our tables: run `paybind migrate`" in refusal_of(
        tmp_path, "keys", "create", "till"
    )


def test_without_a_database_a_key_is_not_made(tmp_path: Path) -> None:
    away = "postgresql://paybind:secret-word@127.0.0.1:1/paybind"
    assert refusal_of(tmp_path, "keys", "create", "till", DATABASE_URL=away).startswith(
        "unavailable: the database does not answer."
    )


def test_an_address_of_no_known_database_is_not_repeated(tmp_path: Path) -> None:
    said = refusal_of(tmp_path, "keys", "create", "till", DATABASE_URL="mysql://u:secret-word@db/x")
    assert said == "Value error, DATABASE_URL must begin with sqlite:/// or postgresql://"


def test_a_scope_that_does_not_exist_is_named_beside_those_that_do(tmp_path: Path) -> None:
    said = refusal_of(tmp_path, "keys", "create", "till", "--scope", "nonsense", "--scope", "read")
    assert said == "no scope is called nonsense; there are read, write, refund, admin"


def test_the_api_says_that_its_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal_of(tmp_path, "api", API_PORT=str(port), **NOBODY)

    assert said == f"port {port} is taken; set another, or 0 for any"


def test_the_api_says_that_its_address_is_not_here(tmp_path: Path) -> None:
    said = refusal_of(tmp_path, "api", API_HOST="192.0.2.7", API_PORT="0", **NOBODY)
    assert said == "port 0 cannot be used on 192.0.2.7; set another, or 0 for any"


def test_a_setting_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert "max_amounts_minor" in refusal_of(tmp_path, "verify", MAX_AMOUNTS_MINOR="{nonsense")
