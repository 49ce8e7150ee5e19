"""The gate of every tool call: no payment data, failures in one shape, one audit line."""

import json
import logging
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mcp.server.mcpserver import Context, MCPServer
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, InputRequiredResult, TextContent

from domain.errors import Code, Invalid, PaybindError, Unavailable
from domain.payment_data import NAMES, payment_data_in
from domain.published_numbers import STORES_TEST_CARDS, without_test_card
from domain.strict_json import FLAWS
from domain.tenants import Caller
from mcp_server import audit
from mcp_server.callers import Callers
from mcp_server.errors import expected_error, failure_of

LOGGER = logging.getLogger("paybind.mcp")
QUESTION_ASKED = "asked"  # the outcome of a round that ends in a question to the human

Arguments = dict[str, object]
Result = CallToolResult | InputRequiredResult


@dataclass
class Call:
    """One call, and what there is to say about it afterwards."""

    tool: str
    arguments: Arguments
    began: float = field(default_factory=time.perf_counter)
    caller: Caller | None = None
    outcome: str = "ok"
    purchase_id: str | None = None

    @property
    def line(self) -> audit.AuditLine:
        return audit.AuditLine(
            at=datetime.now(UTC),
            tool=self.tool if self.tool.isidentifier() else audit.MASK,
            key_id=self.caller.key_id if self.caller else None,
            tenant_id=self.caller.tenant_id if self.caller else None,
            arguments_sha256=audit.digest(self.arguments) if self.arguments else None,
            arguments=audit.redacted(self.arguments),
            outcome=self.outcome,
            purchase_id=self.purchase_id,
            duration_ms=round((time.perf_counter() - self.began) * 1000, 1),
        )


class PaybindServer(MCPServer[object]):
    """``callers`` says who calls; set it before the first call.

    ``takes_test_cards``: the published ones of a provider are let through to the one tool that
    stores them, and to no other.
    """

    callers: Callers
    takes_test_cards: bool = False

    async def call_tool(
        self, name: str, arguments: Arguments, context: Context[object] | None = None
    ) -> Result:
        if found := _refused_in(name, self._as_guarded(name, arguments)):
            return refused_unread(found)
        call = Call(name, arguments)
        try:
            call.caller = await self.callers.current()
            return _told(call, await super().call_tool(name, arguments, context))
        except MCPError:
            call.outcome = "protocol_error"
            raise
        except Exception as raised:
            return _failed(call, expected_error(raised) or _masked(call, raised))
        finally:
            audit.write(call.line)

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
