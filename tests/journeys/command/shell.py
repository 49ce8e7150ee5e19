"""The command as a shell has it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

CHECKOUT = Path(__file__).parents[3]
PORTS = ("TEMPORAL_PORT", "TEMPORAL_UI_PORT", "API_PORT", "SIMULATORS_PORT")


class Announcement(BaseModel):
    api: str
    mcp: str
    temporal_ui: str
    temporal: str
    simulators: str
    api_key: str


@dataclass(frozen=True)
class Shell:
    """In a directory of its own, where no .env lies, on free ports."""

    home: Path

    def environment(self, **more: str) -> dict[str, str]:
        anywhere = dict.fromkeys(PORTS, "0")
        house = {"PAYBIND_HOME": str(self.home), "PYTHONPATH": str(CHECKOUT)}
        return {**os.environ, **house, **anywhere, **more}

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (sys.executable, "-m", "cli", *words),
            cwd=self.home.parent,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @contextmanager
    def up(self) -> Iterator[tuple[subprocess.Popen[str], Announcement]]:
        with subprocess.Popen(
            (sys.executable, "-m", "cli", "up"),
            cwd=self.home.parent,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as root:
            try:
                assert root.stdout is not None
                yield root, Announcement.model_validate_json(root.stdout.readline())
            finally:
                root.terminate()
