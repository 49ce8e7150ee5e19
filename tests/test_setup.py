"""What a machine is told that lacks what Paybind needs of its system."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
ORDINARY = ("bash", "awk", "cat", "cksum", "dirname", "grep", "mktemp", "rm", "sed", "tr")
VENV = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
PANGO = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")
# A Python as Debian has it, without ensurepip; it finds no library, and makes no environment.
BARE_PYTHON = f"""
case "$1 $2" in *ensurepip* | "- "* | "-m "*) exit 1 ;; esac
exec {sys.executable} "$@"
"""


@dataclass(frozen=True)
class Machine:
    """A checkout, and the only programs there are. PostgreSQL's are looked for elsewhere too."""

    checkout: Path
    programs: Path

    def has(self, program: str, script: str) -> None:
        path = self.programs / program
        path.write_text(f"#!{shutil.which('bash')}\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def set_up(self, purpose: str) -> str:
        """The words of a setup that came to nothing."""
        ended = subprocess.run(
            ("bash", "scripts/setup.sh", purpose),
            cwd=self.checkout,
            env={"PATH": str(self.programs), "TMPDIR": str(self.checkout)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 1, ended.stdout
        return ended.stdout + ended.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path / "checkout", tmp_path / "programs")
    machine.checkout.mkdir()
    machine.programs.mkdir()
    shutil.copytree(CHECKOUT / "scripts", machine.checkout / "scripts")
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, machine.checkout)
    for name in ORDINARY:
        found = shutil.which(name)
        assert found is not None
        (machine.programs / name).symlink_to(found)
    machine.has("python3", BARE_PYTHON)
    machine.has("initdb", "")
    return machine


def test_whoever_is_not_root_is_told_of_everything_at_once(machine: Machine) -> None:
    machine.has("id", "echo 1000")
    machine.has("apt-get", "echo installing >&2")

    assert machine.set_up("test") == (
        "Missing for virtual environments, printing PDFs, tests in a browser. "
        f"Please install: sudo apt-get install -y {VENV} {' '.join(PANGO)} chromium\n"
    )


@pytest.mark.parametrize(("purpose", "packages"), [("check", (VENV,)), ("run", (VENV, *PANGO))])
def test_only_what_a_purpose_needs_is_asked_for(
    machine: Machine, purpose: str, packages: tuple[str, ...]
) -> None:
    machine.has("id", "echo 1000")
    machine.has("apt-get", "echo installing >&2")

    assert machine.set_up(purpose).endswith(f"apt-get install -y {' '.join(packages)}\n")


def test_where_there_is_no_apt_get_the_packages_are_named_as_debians(machine: Machine) -> None:
    machine.has("id", "echo 0")

    said = machine.set_up("run")

    assert f"Please install what Debian calls: {VENV} {' '.join(PANGO)}" in said


def test_root_has_everything_installed_in_one_go(machine: Machine) -> None:
    machine.has("id", "echo 0")
    machine.has("apt-get", f"echo $* >>{machine.checkout}/asked")

    said = machine.set_up("test")  # the stub installs nothing: no environment can be made

    asked = (machine.checkout / "asked").read_text("utf-8").splitlines()
    assert asked == [
        f"install -y --no-install-recommends {VENV} {' '.join(PANGO)} chromium",
    ]
    assert "Debian packages for virtual environments, printing PDFs, tests in a browser" in said
