"""Tells a model of a card number found before any server has read its call."""

from mcp.types import JSONRPCRequest, JSONRPCResponse
from pydantic import ValidationError

from domain.cards import carries_card_number
from mcp_server.calls import card_number_refused


def answer_to_card_number(body: bytes) -> str | None:
    """A tool's failure as JSON. None for what is no tool call, or has the number for its id."""
    try:
        request = JSONRPCRequest.model_validate_json(body)
    except ValidationError:
        return None
    if request.method != "tools/call" or carries_card_number(str(request.id)):
        return None
    result = card_number_refused().model_dump(mode="json", by_alias=True, exclude_none=True)
    return JSONRPCResponse(jsonrpc="2.0", id=request.id, result=result).model_dump_json()
