"""What is looked at in a call before any server has read it, and how a model is told of it."""

import json

from mcp.types import JSONRPCRequest, JSONRPCResponse
from pydantic import ValidationError

from domain.codes import Code
from domain.payment_data import payment_data_in
from domain.published_numbers import STORES_TEST_CARDS, without_test_card
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


def body_without_test_card(body: bytes) -> bytes:
    """A call that stores a published test card, without that card; every other body as it is."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return body
    called = sent.get("params") if isinstance(sent, dict) else None
    if not isinstance(called, dict) or called.get("name") != STORES_TEST_CARDS:
        return body
    arguments = called.get("arguments")
    if sent.get("method") != "tools/call" or not isinstance(arguments, dict):
        return body
    read = {**sent, "params": {**called, "arguments": without_test_card(arguments)}}
    return json.dumps(read, ensure_ascii=False).encode("utf-8", "replace")
