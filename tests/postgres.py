"""A PostgreSQL server of the tests' own, and a fresh copy of one prepared database per test."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass
class Server:
    """``url`` goes up to the database's name, without the driver; the port stays over a restart."""

    bin_dir: Path
    home: Path
    account: pwd.struct_passwd | None
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = _start(
            self.bin_dir, self.home, self.account,
            "postgres", "-D", "data", "-k", str(self.home), "-h", "127.0.0.1",
            "-p", str(self.port), *_SERVER,
        )  # fmt: skip
        _await_ready(self.process, self.bin_dir, self.port)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)  # fast shutdown: it waits for no client
            self.process.wait(10)


@contextlib.contextmanager
def postgres(bin_dir: Path) -> Iterator[str]:
    """A running server; yields its URL up to the database's name, without the driver."""
    with postgres_server(bin_dir) as server:
        yield server.url


@contextlib.contextmanager
def postgres_server(bin_dir: Path) -> Iterator[Server]:
    """A running server that can be stopped and started again."""
    home = Path(tempfile.mkdtemp(prefix="pgtest-", dir=_fastest_place()))
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None  # it refuses to run as root
    if account:
        os.chown(home, account.pw_uid, account.pw_gid)
    server = Server(bin_dir, home, account, _free_port())
    try:
        _run(bin_dir, home, account, "initdb", "-D", "data", "-U", "postgres", "-A", "trust",
             "-E", "UTF8", "--no-locale", "-N")  # fmt: skip
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


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
