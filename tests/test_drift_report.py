"""The weekly comparison on GitHub: what it makes of each answer, and of whatever others publish."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import pytest
from ruamel.yaml import YAML

pytestmark = pytest.mark.slow
HOUSE = Path(__file__).parents[1]
PAYBIND = '#!/bin/sh\ncat said.txt\nexit "$(cat status.txt)"\n'
# One issue, kept in a file; what it was asked to do is told in another.
GH = """#!/bin/sh
echo "$2" >>asked.txt
case $2 in
    list) [ ! -f issue.md ] || echo 7 ;;
    view) cat issue.md ;;
    create) cat "$6" >issue.md ;;
    comment) cat "$5" >>issue.md ;;
esac
"""


class Step(TypedDict, total=False):
    id: str
    run: str


def steps() -> dict[str, str]:
    with (HOUSE / ".github/workflows/spec-drift.yml").open(encoding="utf-8") as file:
        read: dict[str, dict[str, dict[str, list[Step]]]] = YAML(typ="safe").load(file)
    return {step["id"]: step["run"] for step in read["jobs"]["compare"]["steps"] if "id" in step}


@dataclass(frozen=True)
class Runner:
    """GitHub's, in a checkout whose `paybind` says what it is told to say."""

    checkout: Path

    def run(self, step: str) -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": f"{self.checkout / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "GITHUB_OUTPUT": str(self.checkout / "output.txt"),
            "PROVIDER": "justifi",
            "TITLE": "Spec drift: justifi",
            "RUN_URL": "https://github.example/runs/1",
        }
        command = ["bash", "-e", "-c", steps()[step]]
        return subprocess.run(command, cwd=self.checkout, env=env, capture_output=True, text=True)

    def compare(self, said: str, status: int) -> subprocess.CompletedProcess[str]:
        (self.checkout / "said.txt").write_text(said, "utf-8")
        (self.checkout / "status.txt").write_text(str(status), "utf-8")
        return self.run("drift")

    def report(self, drift: str) -> str:
        """The issue as it stands then."""
        (self.checkout / "drift.txt").write_text(drift, "utf-8", newline="")
        ran = self.run("report")
        assert ran.returncode == 0, ran.stderr
        return (self.checkout / "issue.md").read_text("utf-8")

    @property
    def output(self) -> str:
        return (self.checkout / "output.txt").read_text("utf-8")

    @property
    def asked(self) -> list[str]:
        return (self.checkout / "asked.txt").read_text("utf-8").split()


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    (tmp_path / "scripts").symlink_to(HOUSE / "scripts")
    for name, program in {".venv/bin/paybind": PAYBIND, "bin/gh": GH}.items():
        place = tmp_path / name
        place.parent.mkdir(parents=True)
        place.write_text(program, "utf-8")
        place.chmod(0o755)
    return Runner(tmp_path)


@pytest.mark.parametrize(("said", "status"), [("", 0), ("GET /payouts is gone\n", 1)])
def test_no_change_and_drift_both_pass_and_are_told_apart(
    runner: Runner, said: str, status: int
) -> None:
    assert runner.compare(said, status).returncode == 0
    assert runner.output == f"status={status}\n"


@pytest.mark.parametrize("status", [1, 2, 127])
def test_what_says_nothing_or_could_not_read_fails_the_job(runner: Runner, status: int) -> None:
    assert runner.compare("", status).returncode == 1


def test_a_published_word_is_no_command_to_the_runner(runner: Runner) -> None:
    said = "::add-mask::a\n##[error]b"
    told = runner.compare(said, 1).stdout.splitlines()

    stop, token = told[0].rsplit("::", 1)
    assert stop == "::stop-commands"
    assert told == [f"::stop-commands::{token}", *said.splitlines(), f"::{token}::"]


def test_one_issue_is_open_and_hears_of_each_drift_once(runner: Runner) -> None:
    opened = runner.report("GET /payouts is gone\n")
    assert runner.report("GET /payouts is gone\n") == opened
    commented = runner.report("GET /payouts is new\n")

    assert runner.asked == ["list", "create", "list", "view", "list", "view", "comment"]
    assert commented.startswith(opened)
    assert "    GET /payouts is new\n" in commented.removeprefix(opened)


def test_whatever_is_published_stays_a_quotation(runner: Runner) -> None:
    issue = runner.report("a ```\n```\n@everyone ${{ secrets.X }}\r# b\r\r\u001b[31mc\n")

    first, *quoted, run = [line for line in issue.splitlines() if line]
    assert (first.count("`"), run) == (0, "https://github.example/runs/1")
    assert quoted == ["    a ```", "    ```", "    @everyone ${{ secrets.X }}# b[31mc"]


@pytest.mark.parametrize("length", [99, 99_000])
def test_a_long_drift_is_cut_between_lines_where_they_are_short(
    runner: Runner, length: int
) -> None:
    line = length * "é"
    issue = runner.report((200_000 // length) * f"{line}\n")

    *_, last, rest, run = [each for each in issue.splitlines() if each]
    assert len(issue) < 65_536
    assert rest == "The rest is in the log of the run."
    assert run == "https://github.example/runs/1"
    assert last.strip() == line or length > 60_000
