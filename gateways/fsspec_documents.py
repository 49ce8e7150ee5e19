"""Documents kept in a folder, or anywhere fsspec reaches; what lies there never changes."""

import asyncio
import os
import re
import tempfile
from pathlib import Path
from typing import Protocol

_LOCATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


class FsspecDocuments:
    """``url`` is a path, or a URL such as ``s3://bucket/policies`` or ``memory://policies``.

    A location that could leave the store raises ``ValueError``, one that is not there
    ``FileNotFoundError``, and one that holds something else already ``FileExistsError``.
    """

    def __init__(self, url: str) -> None:
        is_remote = "://" in url and not url.startswith("file://")
        self._place: _Place = _Remote(url) if is_remote else _Folder(url.removeprefix("file://"))

    async def put(self, location: str, content: bytes) -> None:
        await asyncio.to_thread(self._keep, _checked(location), content)

    async def get(self, location: str) -> bytes:
        content = await asyncio.to_thread(self._place.read, _checked(location))
        if content is None:
            raise FileNotFoundError(f"no document {location}")
        return content

    def _keep(self, location: str, content: bytes) -> None:
        kept = self._place.read(location)
        if kept is None:
            self._place.write(location, content)
        elif kept != content:
            raise FileExistsError(f"document {location} exists with another content")


class _Place(Protocol):
    def read(self, location: str) -> bytes | None: ...

    def write(self, location: str, content: bytes) -> None: ...


class _Folder:
    """A reader sees the whole document or none: it is moved into place once it is on the disk."""

    def __init__(self, path: str) -> None:
        self._root = Path(path).absolute()

    def read(self, location: str) -> bytes | None:
        try:
            return (self._root / location).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, location: str, content: bytes) -> None:
        target = self._root / location
        target.parent.mkdir(parents=True, exist_ok=True)
        draft, name = tempfile.mkstemp(dir=target.parent, prefix=".draft-")
        try:
            with os.fdopen(draft, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)


class _Remote:
    """An object store shows an object only once it is complete."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def read(self, location: str) -> bytes | None:
        import fsspec  # slow to import, and not needed for a folder

        filesystem, path = fsspec.url_to_fs(f"{self._url}/{location}")
        try:
            return bytes(filesystem.cat_file(path))
        except FileNotFoundError:
            return None

    def write(self, location: str, content: bytes) -> None:
        import fsspec

        filesystem, path = fsspec.url_to_fs(f"{self._url}/{location}")
        filesystem.makedirs(filesystem._parent(path), exist_ok=True)
        filesystem.pipe_file(path, content)


def _checked(location: str) -> str:
    if not _LOCATION.fullmatch(location):
        raise ValueError(f"{location!r} is not a name inside the document store")
    return location


def _sync_folder(folder: Path) -> None:
    """Without it a power cut may forget the name although the content was synced."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
