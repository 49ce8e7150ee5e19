"""Tells a model what was found in its call before any server has read it."""

from mcp.types import JSONRPCRequest, JSONRPCResponse
from pydantic import ValidationError

from domain.codes import Code
from domain.payment_data import payment_data_in
from mcp_server.calls import refused_unread


def answer_to_refused_body(body: bytes, found: Code) -> str | None:
    """A tool's failure as JSON. None for what is no tool call, or has payment data for its id."""
    try:
        request = JSONRPCRequest.model_validate_json(body)
    except ValidationError:
        return None
    if request.method != "tools/call" or payment_data_in(str(request.id)):
        return None
    result = refused_unread(found).model_dump(mode="json", by_alias=True, exclude_none=True)
    return JSONRPCResponse(jsonrpc="2.0", id=request.id, result=result).model_dump_json()
