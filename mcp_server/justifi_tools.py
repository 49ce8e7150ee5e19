"""All tools of JustiFi together."""

from dataclasses import dataclass
from typing import Self

from mcp_server.justifi import JustifiTools
from mcp_server.justifi_changes import JustifiChanges
from mcp_server.justifi_desk import JustifiDesk
from mcp_server.justifi_funds import JustifiFunds
from mcp_server.justifi_methods import JustifiMethods
from mcp_server.justifi_refunds import RoutedRefunds
from mcp_server.justifi_webhooks import JustifiWebhookTools
from mcp_server.refunds import RefundTools


@dataclass(frozen=True)
class JustifiSet:
    reads: JustifiTools
    funds: JustifiFunds
    methods: JustifiMethods
    changes: JustifiChanges
    refunds: RoutedRefunds
    webhooks: JustifiWebhookTools

    @classmethod
    def over(cls, desk: JustifiDesk, purchases: RefundTools, api_base: str) -> Self:
        changes = JustifiChanges(desk)
        return cls(
            reads=JustifiTools(desk),
            funds=JustifiFunds(desk),
            methods=JustifiMethods(desk),
            changes=changes,
            refunds=RoutedRefunds(purchases, changes),
            webhooks=JustifiWebhookTools(desk, api_base),
        )
