"""Tool calls as LangSmith sees them: which tool, how it ended, and what the audit tells of it.

OpenTelemetry needs nothing here: the MCP SDK makes a span of every call, with the tool's name in it
and nothing of its arguments.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import SecretStr

from mcp_server import audit

Result = TypeVar("Result")
FLUSH_SECONDS = 5.0


@dataclass(frozen=True)
class LangSmith:
    """Where calls are traced to. ``endpoint`` and ``project`` None: LangSmith's defaults."""

    api_key: SecretStr
    endpoint: str | None
    project: str | None


class Tracing(Protocol):
    async def traced(self, call: audit.Call, answer: Callable[[], Awaitable[Result]]) -> Result:
        """What ``answer`` returns or raises, unchanged."""
        ...


class Untraced:
    async def traced(
        self,
        call: audit.Call,  # noqa: ARG002
        answer: Callable[[], Awaitable[Result]],
    ) -> Result:
        return await answer()


class LangSmithTracing:
    """One run per call, sent by a thread of the client's: LangSmith can neither slow nor fail one.

    The client lets out what the audit tells and masks the rest, of our runs and of any below them.
    """

    def __init__(self, wanted: LangSmith) -> None:
        from langsmith import Client

        logging.getLogger("langsmith.client").addFilter(_without_its_words)
        self._project = wanted.project
        self._client: Client = Client(
            api_url=wanted.endpoint,
            api_key=wanted.api_key.get_secret_value(),
            hide_inputs=_arguments,
            hide_outputs=_outcome,
        )

    async def traced(self, call: audit.Call, answer: Callable[[], Awaitable[Result]]) -> Result:
        from langsmith import traceable, tracing_context

        ended: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

        @traceable(
            name=call.line.tool, run_type="tool", client=self._client, project_name=self._project
        )
        async def run(arguments: audit.Arguments) -> Mapping[str, object]:  # noqa: ARG001
            try:
                ended.set_result(await answer())
            except Exception as raised:  # the words of an error may quote an argument
                ended.set_exception(raised)
            return {"outcome": call.outcome, "payment_intent_id": call.purchase_id}

        with tracing_context(enabled=True, client=self._client):
            await run(call.arguments)
        return ended.result()

    async def close(self) -> None:
        """Send what is left."""
        await asyncio.to_thread(self._client.flush, FLUSH_SECONDS)


@asynccontextmanager
async def tracing_to(wanted: LangSmith | None) -> AsyncIterator[Tracing]:
    """Raises ValueError where LangSmith is wanted and its package is not there."""
    if wanted is None:
        yield Untraced()
        return
    try:
        tracing = LangSmithTracing(wanted)
    except ImportError:
        raise ValueError(
            "LANGSMITH_TRACING needs the package langsmith: pip install 'paybind[langsmith]'"
        ) from None
    try:
        yield tracing
    finally:
        await tracing.close()


def _arguments(inputs: Mapping[str, object]) -> dict[str, object]:
    arguments = inputs.get("arguments")
    return dict(audit.redacted(arguments)) if isinstance(arguments, Mapping) else {}


def _outcome(outputs: Mapping[str, object]) -> dict[str, object]:
    return {name: outputs.get(name) for name in ("outcome", "payment_intent_id")}


def _without_its_words(record: logging.LogRecord) -> bool:
    """The client's own warnings begin with the API key and end with what was not sent."""
    record.msg, record.args = (
        "LangSmith's client complains: what was traced may be missing there",
        (),
    )
    record.exc_info = None
    return True
