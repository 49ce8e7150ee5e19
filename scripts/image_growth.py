"""What the image's packages have grown by since a commit, as they are installed here:

``git show COMMIT:requirements-production.lock | .venv/bin/python scripts/image_growth.py``

Compiled code is counted. Of a package in another version than then, all of it is.
"""

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import cache_from_source
from pathlib import Path

LOCK = Path(__file__).parents[1] / "requirements-production.lock"


def pins(lock: str) -> set[tuple[str, str]]:
    return set(re.findall(r"^([\w.-]+)==([^ ]+)", lock, re.MULTILINE))


def size(name: str) -> int:
    """In bytes. What only other systems or versions of Python need is not installed here."""
    try:
        files = distribution(name).files or []
    except PackageNotFoundError:
        return 0
    places = {Path(str(file.locate())) for file in files}
    places |= {Path(cache_from_source(str(each))) for each in places if each.suffix == ".py"}
    return sum(each.stat().st_size for each in places if each.is_file())


if __name__ == "__main__":
    new = pins(LOCK.read_text("utf-8")) - pins(sys.stdin.read())
    sizes = {name: size(name) for name, _ in new}
    for name, measured in [*sorted(sizes.items()), ("in all", sum(sizes.values()))]:
        print(f"{measured / 1e6:8.2f} MB  {name}")  # noqa: T201
