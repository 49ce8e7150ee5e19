"""Every endpoint of JustiFi's that is asked, in one table that can be re-pointed."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from gateways.faults import RefusedByProvider

Method = Literal["GET", "POST", "PATCH"]
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def is_an_id(text: str) -> bool:
    """Such as JustiFi could have given: nothing that would lead elsewhere, or break a header."""
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True)
class Endpoint:
    """``path`` is below /v1, and holds ``{id}`` where it is about one object."""

    method: Method
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_of_one(self) -> bool:
        return "{id}" in self.path

    def path_of(self, provider_id: str | None) -> str:
        """What is no id is refused here: it might name another endpoint."""
        if self.is_of_one != (provider_id is not None):
            raise ValueError(f"{self} is asked {'with' if self.is_of_one else 'without'} an id")
        if provider_id is None:
            return self.path
        if not is_an_id(provider_id):
            raise RefusedByProvider("this is no id of JustiFi's", "resource_not_found")
        return self.path.replace("{id}", quote(provider_id, safe=""))


@dataclass(frozen=True)
class Endpoints:
    create_payment: Endpoint = Endpoint("POST", "/payments")
    list_payments: Endpoint = Endpoint("GET", "/payments")
    retrieve_payment: Endpoint = Endpoint("GET", "/payments/{id}")
    capture_payment: Endpoint = Endpoint("POST", "/payments/{id}/capture")
    void_payment: Endpoint = Endpoint("POST", "/payments/{id}/void")
    refund_payment: Endpoint = Endpoint("POST", "/payments/{id}/refunds")
    list_refunds: Endpoint = Endpoint("GET", "/refunds")
    retrieve_refund: Endpoint = Endpoint("GET", "/refunds/{id}")
    create_payment_method: Endpoint = Endpoint("POST", "/payment_methods")
    list_payment_methods: Endpoint = Endpoint("GET", "/payment_methods")
    retrieve_payment_method: Endpoint = Endpoint("GET", "/payment_methods/{id}")
    list_payouts: Endpoint = Endpoint("GET", "/payouts")
    retrieve_payout: Endpoint = Endpoint("GET", "/payouts/{id}")
    retrieve_payout_report: Endpoint = Endpoint("GET", "/reports/payouts/{id}")
    list_balance_transactions: Endpoint = Endpoint("GET", "/balance_transactions")
    retrieve_balance_transaction: Endpoint = Endpoint("GET", "/balance_transactions/{id}")
    create_checkout: Endpoint = Endpoint("POST", "/checkouts")
    list_checkouts: Endpoint = Endpoint("GET", "/checkouts")
    retrieve_checkout: Endpoint = Endpoint("GET", "/checkouts/{id}")
    update_checkout: Endpoint = Endpoint("PATCH", "/checkouts/{id}")
    complete_checkout: Endpoint = Endpoint("POST", "/checkouts/{id}/complete")
    refund_checkout: Endpoint = Endpoint("POST", "/checkouts/{id}/refunds")
    create_report: Endpoint = Endpoint("POST", "/reports")
    retrieve_report: Endpoint = Endpoint("GET", "/reports/{id}")


ENDPOINTS = Endpoints()
OAUTH = Endpoint("POST", "/oauth/token")  # not below /v1
