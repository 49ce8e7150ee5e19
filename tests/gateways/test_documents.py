"""What is kept stays as it was, wherever it is kept."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from domain.identifiers import new_id
from gateways.fsspec_documents import FsspecDocuments

LOCATION = "policies/POL-2026-000123.pdf"


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(params=["folder", "file-url", "object-store"])
def documents(request: pytest.FixtureRequest, tmp_path: Path) -> FsspecDocuments:
    urls = {
        "folder": str(tmp_path / "kept"),
        "file-url": f"file://{tmp_path}/kept",
        "object-store": f"memory://{new_id('evt')}",
    }
    return FsspecDocuments(urls[request.param])


async def test_what_was_put_is_got_back(documents: FsspecDocuments) -> None:
    await documents.put(LOCATION, b"%PDF one")
    assert await documents.get(LOCATION) == b"%PDF one"


async def test_putting_the_same_again_changes_nothing(documents: FsspecDocuments) -> None:
    await documents.put(LOCATION, b"%PDF one")
    await documents.put(LOCATION, b"%PDF one")
    assert await documents.get(LOCATION) == b"%PDF one"


async def test_another_content_never_takes_a_kept_ones_place(documents: FsspecDocuments) -> None:
    await documents.put(LOCATION, b"%PDF one")
    with pytest.raises(FileExistsError):
        await documents.put(LOCATION, b"%PDF two")
    assert await documents.get(LOCATION) == b"%PDF one"


async def test_what_was_never_put_is_not_found(documents: FsspecDocuments) -> None:
    with pytest.raises(FileNotFoundError):
        await documents.get(LOCATION)


@pytest.mark.parametrize(
    "location",
    [
        "",
        "/etc/passwd",
        "../secret",
        "a/../../b",
        "a/./b",
        "a//b",
        ".hidden",
        "a\\b",
        "a\0b",
        "a\n",
    ],
)
async def test_no_name_leads_out_of_the_store(documents: FsspecDocuments, location: str) -> None:
    with pytest.raises(ValueError, match="not a name inside the document store"):
        await documents.put(location, b"x")
    with pytest.raises(ValueError, match="not a name inside the document store"):
        await documents.get(location)


async def test_a_folder_holds_whole_documents_and_no_drafts(tmp_path: Path) -> None:
    documents = FsspecDocuments(str(tmp_path))
    content = bytes(1_000_000)
    await asyncio.gather(*(documents.put(LOCATION, content) for _ in range(8)))
    assert files_in(tmp_path) == ["POL-2026-000123.pdf"]
    assert await documents.get(LOCATION) == content


async def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / LOCATION).mkdir()  # no document can take a folder's place
    with pytest.raises(OSError, match="Is a directory"):
        await FsspecDocuments(str(tmp_path)).put(LOCATION, b"x")
    assert files_in(tmp_path) == []


def test_a_folder_needs_no_fsspec() -> None:
    look = "import sys; from gateways import fsspec_documents; print('fsspec' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
