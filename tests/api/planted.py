"""Secrets that nothing else looks like, and the search for them wherever anything is kept."""

import base64
import json
import logging
import sqlite3
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowHistory
from temporalio.converter import PayloadCodec

from logs import JsonLines

MARK = "Qv7PlantedSecretZx9"
_numbers = count(1)


def planted(prefix: str) -> str:
    """A secret such as ``sk_test_…``. The mark ends before its last four, which may be shown."""
    return f"{prefix}{MARK}{next(_numbers):06}"


def traces_in(content: bytes) -> list[bytes]:
    """What surrounds each place where the mark stands, in clear or in a common disguise."""
    return [
        content[max(0, at - 40) : at + 40]
        for disguise in _disguises()
        if (at := content.find(disguise)) >= 0
    ]


def _disguises() -> Iterator[bytes]:
    mark = MARK.encode()
    yield mark
    yield mark[::-1]
    yield mark.hex().encode()
    yield MARK.encode("utf-16-le")
    for shift in range(3):  # base64 spells it three ways, as it lies against groups of three bytes
        encoded = base64.b64encode(b"\0" * shift + mark).decode()
        yield encoded[4 if shift else 0 : -4].encode()


def contents_of(database: Path) -> bytes:
    """Every table as text and as bytes, and the files with what was overwritten in them."""
    connection = sqlite3.connect(database)
    try:
        dump = "\n".join(connection.iterdump()).encode()
        cells = b"\n".join(
            cell if isinstance(cell, bytes) else str(cell).encode()
            for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
            for row in connection.execute(f'SELECT * FROM "{table}"')
            for cell in row
        )
    finally:
        connection.close()
    files = sorted(database.parent.glob(f"{database.name}*"))
    return b"\n".join([dump, cells, *(file.read_bytes() for file in files)])


def logged(records: list[logging.LogRecord]) -> bytes:
    """As production writes them, and as plain text with every traceback."""
    lines = [form.format(each) for form in (JsonLines(), logging.Formatter()) for each in records]
    return "\n".join(lines).encode()


async def told_in(history: WorkflowHistory, codec: PayloadCodec) -> bytes:
    """The history as it is kept, and every payload in it in clear."""
    kept = json.dumps(history.to_json_dict())
    sealed = list(_payloads(history.to_json_dict()))
    opened = await codec.decode(sealed)
    return b"\n".join([kept.encode(), *(each.data for each in opened)])


def _payloads(value: object) -> Iterator[Payload]:
    if isinstance(value, list):
        for each in value:
            yield from _payloads(each)
    if isinstance(value, dict):
        metadata = value.get("metadata")
        if isinstance(metadata, dict) and "encoding" in metadata:
            read = {name: base64.b64decode(text) for name, text in metadata.items()}
            yield Payload(metadata=read, data=base64.b64decode(value.get("data", "")))
        for within in value.values():
            yield from _payloads(within)
