"""The ports to the printer of policies and to the place where documents are kept."""

from typing import Protocol

from domain.policies import PolicySheet


class UnprintableSheet(Exception):
    """The sheet itself cannot be printed, however often it is tried: a person must look."""


class PolicyPrinter(Protocol):
    async def print_policy(self, sheet: PolicySheet) -> bytes:
        """The PDF. Equal sheets give equal bytes. Raises ``UnprintableSheet``."""
        ...


class DocumentStore(Protocol):
    async def put(self, location: str, content: bytes) -> None:
        """Keep a document under a name; putting the same again changes nothing."""
        ...

    async def get(self, location: str) -> bytes: ...
