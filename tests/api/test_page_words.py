"""What a customer's page says of a decline, wherever the customer comes from."""

from datetime import UTC, datetime

import pytest

from api.page_words import BANK_IS_ASKED, DECLINED, NOT_PAID_YET, Screen, screen_of
from domain.money import Money
from domain.policies import PolicyStatus
from domain.purchases import PaymentStatus, RefundProgress
from services.pages import PurchasePage

PRICE = Money(minor=15000, currency="SGD")


def _page(status: PaymentStatus, can_retry: bool) -> PurchasePage:
    return PurchasePage(
        purchase_id="pur_1",
        product_name="Travel Care",
        price=PRICE,
        payment_status=status,
        can_retry=can_retry,
        processing=False,
        checkout_url="https://pay.example/cs_2",
        expires_at=datetime(2026, 11, 20, tzinfo=UTC),
        refund_status=RefundProgress.NONE,
        amount_refunded=Money(minor=0, currency="SGD"),
        policy_status=PolicyStatus.NONE,
        livemode=False,
    )


@pytest.mark.parametrize(
    ("status", "can_retry", "gave_up", "screen"),
    [
        (PaymentStatus.PENDING, False, True, NOT_PAID_YET),
        (PaymentStatus.PENDING, False, False, BANK_IS_ASKED),
        (PaymentStatus.PENDING, True, True, DECLINED),  # it moved to a backup
        (PaymentStatus.PENDING, True, False, BANK_IS_ASKED),  # and was paid there just now
        (PaymentStatus.FAILED, True, True, DECLINED),
    ],
)
def test_a_customer_who_has_not_paid_is_told_what_happened(
    status: PaymentStatus, can_retry: bool, gave_up: bool, screen: Screen
) -> None:
    assert screen_of(_page(status, can_retry), gave_up) == screen
