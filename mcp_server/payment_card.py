"""The payment as an MCP App: one page, shown by hosts beside an answer and by the API alone."""

from pathlib import Path

from mcp.server.apps import Apps

URI = "ui://paybind/payment.html"
# Hosts of the OpenAI Apps SDK look for the older key.
TOOL_META: dict[str, object] = {"ui": {"resourceUri": URI}, "openai/outputTemplate": URI}
_PAGE = Path(__file__).parents[1] / "templates" / "pages" / "payment_widget.html"


def payment_card() -> Apps:
    apps = Apps()
    apps.add_html_resource(
        URI,
        _PAGE.read_text("utf-8"),
        name="payment",
        title="Payment",
        description="One payment: what it is for, where it stands, and the button to pay it.",
        prefers_border=False,
    )
    return apps
