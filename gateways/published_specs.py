"""A provider's published document, from its address or from a file, JSON or YAML."""

import json
from pathlib import Path

from gateways.spec_facts import UnreadableSpec

LARGEST = 32 * 1024 * 1024  # bytes
PATIENCE_SECONDS = 60.0


def published_spec(where: str) -> object:
    """Raises ``UnreadableSpec`` unless all of it came, and could be read."""
    return _read(_downloaded(where) if where.startswith(("http://", "https://")) else _kept(where))


def _downloaded(url: str) -> bytes:
    import httpx2

    content = bytearray()
    try:
        with httpx2.stream("GET", url, follow_redirects=True, timeout=PATIENCE_SECONDS) as answer:
            if answer.status_code != 200:
                raise UnreadableSpec(f"{url} answered {answer.status_code}")
            for part in answer.iter_bytes():
                content += part
                _require_size(len(content))
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise UnreadableSpec(f"{url} could not be read ({type(error).__name__})") from None
    return bytes(content)


def _kept(path: str) -> bytes:
    try:
        _require_size(Path(path).stat().st_size)
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise UnreadableSpec(f"{path} could not be read ({type(error).__name__})") from None


def _require_size(size: int) -> None:
    if size > LARGEST:
        raise UnreadableSpec(f"it is larger than {LARGEST} bytes")


def _read(content: bytes) -> object:
    import yaml

    try:
        if content.lstrip().startswith(b"{"):
            read: object = json.loads(content)
        elif content.endswith(b"\n"):
            read = yaml.safe_load(content)
        else:  # YAML has no end of its own, but whatever writes it ends its last line
            raise UnreadableSpec("it breaks off")
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise UnreadableSpec(f"it is neither JSON nor YAML ({type(error).__name__})") from None
    return read
