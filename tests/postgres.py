"""A PostgreSQL server of the tests' own, and a fresh copy of one prepared database per test."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_SERVER = (
    "-F", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
    "-c", "max_connections=100",
)  # fmt: skip
_START_SECONDS = 30


def binaries() -> Path | None:
    """The newest server on this machine, if there is one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return found[0].parent if found else None


@contextlib.contextmanager
def postgres(bin_dir: Path) -> Iterator[str]:
    """A running server; yields its URL up to the database's name, without the driver."""
    home = Path(tempfile.mkdtemp(prefix="pgtest-", dir=_fastest_place()))
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None  # it refuses to run as root
    if account:
        os.chown(home, account.pw_uid, account.pw_gid)
    try:
        _run(bin_dir, home, account, "initdb", "-D", "data", "-U", "postgres", "-A", "trust",
             "-E", "UTF8", "--no-locale", "-N")  # fmt: skip
        with _serving(bin_dir, home, account) as port:
            yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def _serving(bin_dir: Path, home: Path, account: pwd.struct_passwd | None) -> Iterator[int]:
    port = _free_port()
    server = _start(
        bin_dir, home, account,
        "postgres", "-D", "data", "-k", str(home), "-h", "127.0.0.1", "-p", str(port), *_SERVER,
    )  # fmt: skip
    try:
        _await_ready(server, bin_dir, port)
        yield port
    finally:
        server.send_signal(2)  # fast shutdown: it waits for no client
        server.wait(10)


def _await_ready(server: subprocess.Popen[bytes], bin_dir: Path, port: int) -> None:
    asks = [str(bin_dir / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    deadline = time.monotonic() + _START_SECONDS
    while subprocess.run(asks, check=False).returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("PostgreSQL did not start")
        time.sleep(0.05)


def _run(bin_dir: Path, home: Path, account: pwd.struct_passwd | None, *command: str) -> None:
    if _start(bin_dir, home, account, *command).wait(_START_SECONDS) != 0:
        raise RuntimeError(f"{command[0]} failed")


def _start(
    bin_dir: Path, home: Path, account: pwd.struct_passwd | None, *command: str
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [bin_dir / command[0], *command[1:]],
        cwd=home,
        env={**os.environ, "HOME": str(home), "TZ": "UTC"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )


def _fastest_place() -> str | None:
    return "/dev/shm" if os.path.isdir("/dev/shm") else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
