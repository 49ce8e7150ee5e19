"""Addresses that customers hold: signed, one thing each, and for a document only for a while."""

from datetime import UTC, datetime

import pytest

from domain.errors import Code, Gone, NotFound
from domain.policies import Policy, PolicyStatus
from gateways.signed_urls import SignedUrls

POLICY = Policy(
    policy_id="pol_1",
    number="POL-2026-000001",
    tenant_id="ten_harbour",
    purchase_id="pur_1",
    quote_id="Q-1",
    livemode=False,
    status=PolicyStatus.ISSUED,
    drawn_at=datetime(2026, 1, 1, tzinfo=UTC),
)
AT_ONCE = -1  # seconds: over as soon as it is signed


def _urls(secret: str = "first", document_seconds: int = 60) -> SignedUrls:
    return SignedUrls("https://pay.example", (secret,), document_seconds)


def _token(url: str) -> str:
    return url.rpartition("/")[2]


def test_a_download_link_opens_its_policy_and_expires() -> None:
    token = _token(_urls().document_url(POLICY))
    assert _urls().read_document(token) == POLICY.number
    with pytest.raises(Gone) as refused:
        _urls(document_seconds=AT_ONCE).read_document(token)
    assert refused.value.code is Code.DOCUMENT_LINK_EXPIRED


def test_a_download_link_signed_by_somebody_else_opens_nothing() -> None:
    token = _token(_urls("another").document_url(POLICY))
    with pytest.raises(NotFound) as refused:
        _urls().read_document(token)
    assert refused.value.code is Code.DOCUMENT_LINK_NOT_FOUND


def test_the_page_to_try_again_on_is_ours_wherever_the_checkout_leads_back_to() -> None:
    urls = SignedUrls(
        "https://pay.example", ("first",), 60, cancel_url="https://insurer.example/back"
    )
    address = urls.retry_url("pur_1")
    assert address.startswith("https://pay.example/cancel?purchase=")
    assert urls.read_purchase(address.partition("purchase=")[2]) == "pur_1"
