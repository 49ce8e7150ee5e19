"""The gate of every tool call: no payment data, failures in one shape, one audit line."""

import json
import logging
import traceback
from collections.abc import Mapping

from mcp.server.mcpserver import Context, MCPServer
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, InputRequiredResult, TextContent

from domain.errors import Code, Invalid, PaybindError, Unavailable
from domain.payment_data import NAMES, payment_data_in
from domain.published_numbers import STORES_TEST_CARDS, without_test_card
from domain.strict_json import FLAWS
from mcp_server import audit
from mcp_server.audit import Arguments, Call
from mcp_server.callers import Callers
from mcp_server.errors import expected_error, failure_of
from mcp_server.tracing import Tracing

LOGGER = logging.getLogger("paybind.mcp")
QUESTION_ASKED = "asked"  # the outcome of a round that ends in a question to the human

Result = CallToolResult | InputRequiredResult


class PaybindServer(MCPServer[object]):
    """``callers`` says who calls, ``tracing`` is told of it; set them before the first call.

    ``takes_test_cards``: the published ones of a provider are let through to the one tool that
    stores them, and to no other.
    """

    callers: Callers
    tracing: Tracing
    takes_test_cards: bool = False

    async def call_tool(
        self, name: str, arguments: Arguments, context: Context[object] | None = None
    ) -> Result:
        if found := _refused_in(name, self._as_guarded(name, arguments)):
            return refused_unread(found)
        call = Call(name, arguments)
        try:
            return await self.tracing.traced(call, lambda: self._answer(call, context))
        finally:
            audit.write(call.line)

    async def _answer(self, call: Call, context: Context[object] | None) -> Result:
        try:
            call.caller = await self.callers.current()
            return _told(call, await super().call_tool(call.tool, call.arguments, context))
        except MCPError:
            call.outcome = "protocol_error"
            raise
        except Exception as raised:
            return _failed(call, expected_error(raised) or _masked(call, raised))

    def _as_guarded(self, name: str, arguments: Arguments) -> Mapping[str, object]:
        if self.takes_test_cards and name == STORES_TEST_CARDS:
            return without_test_card(arguments)
        return arguments


def _refused_in(name: str, arguments: Mapping[str, object]) -> Code | None:
    """The SDK has read the call: of two members of one name the first is gone by now."""
    try:
        sent = json.dumps([name, arguments], ensure_ascii=False, default=str, allow_nan=False)
    except ValueError:
        return Code.INVALID_NUMBER
    return payment_data_in(sent)


def refused_unread(found: Code) -> CallToolResult:
    """Of the call nothing is written down, not even a digest: cards are few."""
    call = Call("refused", {})
    what = FLAWS.get(found) or f"an argument carries a {NAMES.get(found)}"
    refusal = _failed(call, Invalid(found, what))
    audit.write(call.line)
    return refusal


def _told(call: Call, result: Result) -> Result:
    """The answer, with its message in front of the JSON for clients that show text alone."""
    if isinstance(result, InputRequiredResult):
        call.outcome = QUESTION_ASKED
        return result
    answer = result.structured_content
    if not isinstance(answer, Mapping):
        return result
    call.purchase_id = answer.get("payment_intent_id")
    sentence = TextContent(type="text", text=str(answer.get("message")))
    data = TextContent(type="text", text=json.dumps(answer, ensure_ascii=False))
    return result.model_copy(update={"content": [sentence, data]})


def _failed(call: Call, error: PaybindError) -> CallToolResult:
    call.outcome, call.purchase_id = error.code, error.purchase_id
    return failure_of(error).result()


def _masked(call: Call, raised: BaseException) -> PaybindError:
    """What nobody expected: its place in the code is logged, its words may quote an argument."""
    cause = raised.__cause__ or raised
    place = "".join(traceback.format_tb(cause.__traceback__))
    LOGGER.error("%s failed: %s\n%s", call.tool, type(cause).__qualname__, place)
    return Unavailable("an unexpected fault on our side; it is logged")
