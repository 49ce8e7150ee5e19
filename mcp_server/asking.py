"""Asking the human behind the client, in both protocol eras.

Until 2025-11-25 a question is pushed in the middle of a call. From 2026-07-28 the call ends with
the question, and the client repeats it with the answer and with a sealed state that we made: what
must stay the same over the rounds travels in that state. A client that can do neither is not asked,
nor is an older one over HTTP: its reply would need a session.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum, auto

import anyio
from mcp.server.elicitation import AcceptedElicitation, render_elicitation_schema
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from mcp.types import (
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    ElicitResult,
    InputRequiredResult,
)
from mcp.types.version import is_version_at_least
from pydantic import BaseModel, Field

LOGGER = logging.getLogger("paybind.mcp")
ROUNDS_SINCE = "2026-07-28"
# As long as a sealed state lives; nobody's answer by then is a no.
FORM_WITHIN = timedelta(minutes=10)
# The purchase is open already: a client that lets its user think holds up nothing but the answer.
URL_WITHIN = timedelta(seconds=45)


class Reply(Enum):
    YES = auto()
    NO = auto()
    NOBODY_ASKED = auto()


class Agreement(BaseModel):
    approve: bool = Field(title="I agree", description="Tick to agree; leave empty to refuse.")


async def agreement(
    context: Context, question: str, state: str
) -> tuple[Reply, str] | InputRequiredResult:
    """The human's word, with the state of the round that asked: this one's, or an earlier one's."""
    if not _can_fill_forms(context):
        return Reply.NOBODY_ASKED, state
    if not _has_rounds(context):
        return await _pushed_agreement(context, question), state
    reply = (context.input_responses or {}).get("agreement")
    if context.request_state is None or not isinstance(reply, ElicitResult):
        form = ElicitRequestFormParams(
            message=question, requested_schema=render_elicitation_schema(Agreement)
        )
        return InputRequiredResult(
            input_requests={"agreement": ElicitRequest(params=form)},
            request_state=context.request_state or state,
        )
    agreed = reply.action == "accept" and _is_yes(reply.content)
    return Reply.YES if agreed else Reply.NO, context.request_state


async def offer_url(
    context: Context, message: str, url: str, elicitation_id: str
) -> InputRequiredResult | None:
    """Let the client open a page for its user. Whatever comes of it, the caller goes on."""
    capabilities = context.client_capabilities
    if capabilities is None or not capabilities.elicitation or not capabilities.elicitation.url:
        return None
    if not _has_rounds(context):
        await _push_url(context, message, url, elicitation_id)
        return None
    if context.request_state is not None:  # the second round: it was offered
        return None
    page = ElicitRequestURLParams(message=message, url=url)
    return InputRequiredResult(
        input_requests={"checkout": ElicitRequest(params=page)}, request_state=elicitation_id
    )


def _has_rounds(context: Context) -> bool:
    version = context.protocol_version
    return version is not None and is_version_at_least(version, ROUNDS_SINCE)


def _can_fill_forms(context: Context) -> bool:
    """A bare ``elicitation: {}`` means forms: it is older than the choice between the two."""
    capabilities = context.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    if elicitation is None or (elicitation.url is not None and elicitation.form is None):
        return False
    return _has_rounds(context) or context.session.can_send_request


async def _pushed_agreement(context: Context, question: str) -> Reply:
    with anyio.move_on_after(FORM_WITHIN.total_seconds()):
        try:
            reply = await context.elicit(question, Agreement)
        except ValueError:  # the form came back unreadable
            return Reply.NO
        return (
            Reply.YES if isinstance(reply, AcceptedElicitation) and reply.data.approve else Reply.NO
        )
    return Reply.NO


async def _push_url(context: Context, message: str, url: str, elicitation_id: str) -> None:
    if not context.session.can_send_request:
        return
    with anyio.move_on_after(URL_WITHIN.total_seconds()):
        try:
            await context.elicit_url(message, url, elicitation_id)
        except MCPError as refused:
            LOGGER.info("the client did not open the checkout: %s", refused.error.code)


def _is_yes(content: Mapping[str, object] | None) -> bool:
    return content is not None and content.get("approve") is True
