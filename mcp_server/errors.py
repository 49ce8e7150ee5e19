"""The one mapping from what went wrong to what an agent reads."""

from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, TextContent
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from domain.errors import Code, Invalid, PaybindError, ProviderRefusal, Unavailable
from domain.model import Model
from domain.refused_fields import code_of_field
from mcp_server.advice import next_step, words_of
from mcp_server.plain_text import plain, plain_or_none


class ToolFailure(Model):
    """``retry_after`` in seconds."""

    code: Code
    message: str
    user_message: str
    can_retry: bool
    suggested_action: str
    requires_user_action: bool
    purchase_id: str | None = None
    provider_code: str | None = None
    retry_after: int | None = None

    def result(self) -> CallToolResult:
        text = self.model_dump_json(exclude_none=True)
        return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)


def failure_of(error: PaybindError) -> ToolFailure:
    return ToolFailure(
        code=error.code,
        message=plain(words_of(error), 500),
        user_message=error.advice.user_message,
        can_retry=error.advice.can_retry,
        suggested_action=next_step(error),
        requires_user_action=error.advice.requires_user_action,
        purchase_id=error.purchase_id,
        provider_code=plain_or_none(error.provider_code)
        if isinstance(error, ProviderRefusal)
        else None,
        retry_after=error.retry_after if isinstance(error, Unavailable) else None,
    )


def expected_error(raised: Exception) -> PaybindError | None:
    """The error in our own words, or None for a fault that nobody expected.

    The SDK wraps whatever a tool raises; the original is its cause.
    """
    cause = raised.__cause__ if isinstance(raised, ToolError) else raised
    if isinstance(cause, PaybindError):
        return cause
    if isinstance(raised, ToolError) and type(raised) is ToolError:
        if isinstance(cause, ValidationError):
            return _refused_arguments(cause)
        return Invalid(Code.INVALID_REQUEST, str(raised))
    return None


def _refused_arguments(error: ValidationError) -> Invalid:
    """Names the arguments and the rules, never the values."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    named = "; ".join(f"{_name(each)}: {each['msg']}" for each in details[:5])
    return Invalid(code_of_field(_name(details[0]), details[0]["type"]), named)


def _name(detail: ErrorDetails) -> str:
    return plain(str(detail["loc"][0]) if detail["loc"] else "arguments", 60)
