"""Builds the MCP server of one installation over its services."""

from collections.abc import Sequence
from dataclasses import dataclass

from mcp.server.auth.provider import TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.request_state import RequestStateSecurity
from pydantic import AnyHttpUrl

from mcp_server.answering import Answering
from mcp_server.callers import Callers
from mcp_server.calls import PaybindServer
from mcp_server.instructions import instructions_for
from mcp_server.integrations import IntegrationTools
from mcp_server.justifi_desk import JustifiDesk
from mcp_server.justifi_tools import JustifiSet
from mcp_server.links import LinkTools
from mcp_server.payment_card import payment_card
from mcp_server.purchases import PurchaseTools
from mcp_server.refunds import RefundTools
from mcp_server.toolsets import Desk, Selection, tools_of
from mcp_server.tracing import LangSmith, Tracing, Untraced
from services.catalogue import Services

NAME, TITLE, VERSION = "paybind", "Paybind", "0.1.0"


@dataclass(frozen=True)
class Door:
    """What an installation decides about its MCP server.

    ``state_secrets`` seal the state of calls that ask a human, the first one seals: processes that
    share them may answer each other's rounds. ``takes_test_cards``: a provider's published ones,
    by the one tool that stores them.
    """

    selection: Selection
    api_base: str
    widget_base: str | None
    state_secrets: Sequence[str]
    takes_test_cards: bool = False
    langsmith: LangSmith | None = None


def build_server(
    services: Services,
    callers: Callers,
    door: Door,
    verifier: TokenVerifier | None = None,
    tracing: Tracing | None = None,
) -> PaybindServer:
    """With a ``verifier`` the server speaks HTTP and wants a bearer key."""
    answering = Answering(services.policies, services.urls, door.widget_base)
    refunds = RefundTools(services, callers, door.api_base)
    desk = Desk(
        purchases=PurchaseTools(services, callers, answering),
        links=LinkTools(services, callers),
        refunds=refunds,
        integrations=IntegrationTools(services, callers, door.selection.read_only),
        justifi=JustifiSet.over(JustifiDesk(services, callers), refunds, door.api_base),
    )
    server = PaybindServer(
        NAME,
        title=TITLE,
        version=VERSION,
        instructions=instructions_for(door.selection.toolsets),
        tools=tools_of(desk, door.selection),
        extensions=[payment_card()],
        request_state_security=RequestStateSecurity(keys=door.state_secrets),
        token_verifier=verifier,
        auth=_bearer(door.api_base) if verifier else None,
        log_level="WARNING",
        subscriptions=False,
    )
    server.callers, server.tracing = callers, tracing or Untraced()
    server.takes_test_cards = door.takes_test_cards
    return server


def _bearer(api_base: str) -> AuthSettings:
    """Keys are issued by us: there is no authorisation server whose metadata could be shown."""
    return AuthSettings(issuer_url=AnyHttpUrl(api_base), resource_server_url=None)
