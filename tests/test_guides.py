"""The guides name files and lead to pages that are there, and use what they have made before."""

import re
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
PAGES = [HOUSE / "README.md", HOUSE / "CONTRIBUTING.md", *sorted((HOUSE / "docs").rglob("*.md"))]
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_FILE = re.compile(r"`((?:[a-z_]+/)+[a-z_0-9]+\.(?:py|md|html))`")
_SHELL = re.compile(r"^( *)```sh\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_NAMED = re.compile(r"(?<!\\)\$\{?([a-z_]+)|^ *([a-z_]+)=", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_or_leads_to_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    linked = {page.parent / target for target in _LINK.findall(text) if "://" not in target}
    named = {HOUSE / name for name in _FILE.findall(text)}
    assert sorted(str(path) for path in linked | named if not path.exists()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_types_uses_only_what_it_has_typed_before(page: Path) -> None:
    """In capitals is what the environment gives; the journeys type the guides themselves."""
    made: set[str] = set()
    for block in _SHELL.finditer(page.read_text("utf-8")):
        for used, made_here in _NAMED.findall(block[2]):
            assert not used or used in made, f"{page.name} uses ${used} before it is made"
            made.add(made_here)
