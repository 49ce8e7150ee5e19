"""Which tools a server offers: whole sets by name, and in read-only mode nothing that changes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mcp.server.mcpserver.tools import Tool
from mcp.types import ToolAnnotations

from mcp_server.integrations import IntegrationTools
from mcp_server.justifi_tools import JustifiSet
from mcp_server.links import LinkTools
from mcp_server.payment_card import TOOL_META
from mcp_server.purchases import PurchaseTools
from mcp_server.refunds import RefundTools

TOOLSETS = ("purchases", "integrations", "justifi")


@dataclass(frozen=True)
class Desk:
    """The functions behind the tools."""

    purchases: PurchaseTools
    links: LinkTools
    refunds: RefundTools
    integrations: IntegrationTools
    justifi: JustifiSet


@dataclass(frozen=True)
class Selection:
    """``currency`` is what tools assume where none is given."""

    toolsets: frozenset[str]
    read_only: bool
    currency: str

    @classmethod
    def parse(cls, toolsets: str, read_only: bool, currency: str) -> "Selection":
        """From a comma-separated list. Raises ValueError for a name that is not a tool set."""
        names = frozenset(name.strip() for name in toolsets.split(",") if name.strip())
        if unknown := names - set(TOOLSETS):
            raise ValueError(
                f"PAYBIND_MCP_TOOLSETS: no tool set is called {', '.join(sorted(unknown))}; "
                f"there is {', '.join(TOOLSETS)}"
            )
        return cls(names, read_only, currency.upper())


def tools_of(desk: Desk, selection: Selection) -> list[Tool]:
    sets = {
        "purchases": lambda: _purchases(desk, selection.currency),
        "integrations": lambda: _integrations(desk.integrations),
        "justifi": lambda: _justifi(desk.justifi),
    }
    chosen = (tool for name in TOOLSETS if name in selection.toolsets for tool in sets[name]())
    tools = {tool.name: tool for tool in chosen}  # the later one takes what the earlier takes, too
    return [
        tool
        for tool in tools.values()
        if not selection.read_only or (tool.annotations and tool.annotations.read_only_hint)
    ]


def _purchases(desk: Desk, currency: str) -> Sequence[Tool]:
    start = _tool(desk.purchases.initiate_purchase, "Start a purchase", _changes(), shown=True)
    _assume(start, "currency", currency)
    return (
        start,
        _tool(desk.purchases.check_payment_status, "Payment status", _reads(), shown=True),
        _tool(desk.purchases.complete_purchase, "Get the policy", _reads()),
        _tool(desk.purchases.cancel_payment, "Cancel a payment", _destroys()),
        _tool(desk.links.save_quote_for_later, "Save a quote for later", _changes()),
        _tool(desk.links.send_payment_link, "E-mail a payment link", _changes(idempotent=False)),
        _tool(desk.links.get_payment_link, "Find a payment link", _changes()),
        _tool(desk.refunds.refund_payment, "Refund a payment", _destroys(idempotent=False)),
    )


def _integrations(desk: IntegrationTools) -> Sequence[Tool]:
    """In read-only mode what is executed only reads: the tool itself sees to it."""
    executes = _reads() if desk.read_only else _destroys(idempotent=False)
    return (
        _tool(desk.list_integrations, "List integrations", _reads()),
        _tool(desk.list_capabilities, "What an integration can do", _reads()),
        _tool(desk.execute_capability, "Have an integration do something", executes),
    )


def _justifi(desk: JustifiSet) -> Sequence[Tool]:
    changes, reads, funds = desk.changes, desk.reads, desk.funds
    return (
        _tool(desk.methods.create_payment_method, "Store a payment method", _changes()),
        _tool(reads.retrieve_payment_method, "Payment method", _looks()),
        _tool(reads.list_payment_methods, "Payment methods", _looks()),
        _tool(changes.create_payment, "Charge a payment method", _destroys(idempotent=False)),
        _tool(reads.retrieve_payment, "Payment", _looks()),
        _tool(reads.list_payments, "Payments", _looks()),
        _tool(changes.capture_payment, "Capture a payment", _destroys()),
        _tool(changes.void_payment, "Void a payment", _destroys()),
        _tool(desk.refunds.refund_payment, "Refund a payment", _destroys(idempotent=False)),
        _tool(reads.list_refunds, "Refunds of a payment", _looks()),
        _tool(reads.list_payment_refunds, "Refunds and their sum", _looks()),
        _tool(funds.retrieve_balance, "Balance", _looks()),
        _tool(funds.list_balance_transactions, "Balance transactions", _looks()),
        _tool(funds.retrieve_payout, "Payout", _looks()),
        _tool(funds.list_payouts, "Payouts", _looks()),
        _tool(funds.get_payout_report, "Report of a payout", _looks()),
        _tool(funds.watch_payouts, "Watch payouts", _changes()),
        _tool(desk.webhooks.list_webhook_endpoints, "Webhook endpoints", _reads()),
    )


def _tool(
    function: Callable[..., object], title: str, annotations: ToolAnnotations, shown: bool = False
) -> Tool:
    """``shown``: hosts that can, show the payment card beside the answer."""
    tool = Tool.from_function(
        function, title=title, annotations=annotations, meta=TOOL_META if shown else None
    )
    # An argument that nobody knows is a mistake to point out, not to swallow.
    tool.fn_metadata.arg_model.model_config["extra"] = "forbid"
    _rebuild(tool)
    return tool


def _assume(tool: Tool, argument: str, value: str) -> None:
    tool.fn_metadata.arg_model.model_fields[argument].default = value
    _rebuild(tool)


def _rebuild(tool: Tool) -> None:
    tool.fn_metadata.arg_model.model_rebuild(force=True)
    tool.parameters = tool.fn_metadata.arg_model.model_json_schema(by_alias=True)
    for argument in tool.parameters["properties"].values():
        value = argument.get("anyOf", [{}])[0]  # an optional one hides its words in here
        for word in ("description", "examples"):
            if word in value:
                argument[word] = value.pop(word)


def _reads() -> ToolAnnotations:
    return ToolAnnotations(
        read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )


def _looks() -> ToolAnnotations:
    """At what others keep."""
    return _reads().model_copy(update={"open_world_hint": True})


def _changes(*, idempotent: bool = True) -> ToolAnnotations:
    return ToolAnnotations(
        read_only_hint=False,
        destructive_hint=False,
        idempotent_hint=idempotent,
        open_world_hint=True,
    )


def _destroys(*, idempotent: bool = True) -> ToolAnnotations:
    return ToolAnnotations(
        read_only_hint=False,
        destructive_hint=True,
        idempotent_hint=idempotent,
        open_world_hint=True,
    )
