"""Telling a client that waits that its call is being worked on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from mcp.server.mcpserver import Context

EVERY = 1.0  # seconds


@asynccontextmanager
async def progress_told(context: Context, what: str) -> AsyncIterator[None]:
    """At once and every second. A client that did not ask for progress hears nothing."""
    await context.report_progress(0, message=what)
    telling = asyncio.create_task(_go_on_telling(context, what))
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


async def _go_on_telling(context: Context, what: str) -> None:
    for second in count(1):
        await asyncio.sleep(EVERY)
        await context.report_progress(second, message=what)
