"""What the children of one tree are started with."""

import os
import subprocess
import sys
from pathlib import Path

from installation import Installation, environment_of
from processes import Child, Tree
from settings import Settings

ASKED = "from settings import Settings; s = Settings(); print(s.database_url, s.max_amounts_minor)"


def test_children_read_the_trees_settings_and_nothing_of_the_shell_or_a_file(
    tmp_path: Path,
) -> None:
    (tmp_path / ".env").write_text("PAYBIND_DOCUMENTS_URL=s3://elsewhere\n", "utf-8")
    settings = Settings(_env_file=None, paybind_home=tmp_path, max_amounts_minor={"JPY": 900})
    shell = {**os.environ, "DATABASE_URL": "postgresql://shell/db", "PYTHONPATH": os.getcwd()}
    seen = subprocess.run(
        [sys.executable, "-c", ASKED.replace("s.database_url", "s.paybind_documents_url")],
        env={**shell, **environment_of(settings)},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    database = subprocess.run(
        [sys.executable, "-c", ASKED],
        env={**shell, **environment_of(settings)},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert (seen.stdout, database.stdout) == ("None {'JPY': 900}\n", "None {'JPY': 900}\n")


def test_the_simulators_are_where_they_say_whoever_has_keys(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, stripe_api_base="https://stripe.test")
    tree = Tree(lambda _: None)
    assert Installation(settings, "key", tree).announcement["simulators"] is None

    here = "http://127.0.0.1:8086"
    tree.children.append(Child("simulators", (), {}, tmp_path, announced={"simulators": here}))

    assert Installation(settings, "key", tree).announcement["simulators"] == here
