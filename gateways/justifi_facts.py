"""What of JustiFi's published document this client relies on, and where it is published."""

from dataclasses import fields

from gateways.justifi_endpoints import ENDPOINTS, OAUTH
from gateways.openapi_facts import facts_of_openapi
from gateways.spec_facts import Facts

PUBLISHED_AT = "https://docs.justifi.tech/redocusaurus/plugin-redoc-0.yaml"
_EVENTS = ("payments", "refunds", "disputes", "payouts", "checkouts", "checkout_completions")


def justifi_facts(document: object) -> Facts:
    """Raises ``UnreadableSpec``."""
    endpoints = [str(getattr(ENDPOINTS, field.name)) for field in fields(ENDPOINTS)]
    return facts_of_openapi(document, [str(OAUTH), *endpoints, *(f"EVENT {e}" for e in _EVENTS)])
