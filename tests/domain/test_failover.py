"""When a decline may move a purchase, and how it stands while it moves and after."""

from datetime import UTC, datetime

import pytest

from domain.money import Money
from domain.payments import Checkout, CheckoutSnapshot, CheckoutState, Failure
from domain.purchases import PaymentStatus, Purchase, PurchaseOrder
from domain.routing import Candidate, Route

AT = datetime(2026, 11, 20, tzinfo=UTC)
PRICE = Money(minor=15000, currency="SGD")
NORTH, SOUTH = (
    Candidate(
        integration_id=f"int_{name}",
        name=name,
        because="the tenant's",
        failover_decline_codes=("do_not_honor",),
    )
    for name in ("north", "south")
)
ORDER = PurchaseOrder(
    purchase_id="pur_aaaaaaaaaaaaaaaaaaaaaa",
    tenant_id="ten_1",
    quote_id="quote-1",
    attempt=1,
    user_id="user-1",
    product_name="Travel Care",
    price=PRICE,
)


def _opened(purchase: Purchase, session_id: str) -> Purchase:
    url = f"https://pay.example/{session_id}"
    return purchase.opened(Checkout(session_id=session_id, url=url, expires_at=AT))


OPENED = _opened(Purchase(order=ORDER, route=Route.to(NORTH, AT)), "cs_1")


def _declined(
    purchase: Purchase, code: str = "do_not_honor", state: CheckoutState = CheckoutState.OPEN
) -> Purchase:
    failure = Failure(code=code, reason="Your card was declined.")
    return purchase.applied(CheckoutSnapshot(session_id="cs", state=state, failure=failure), AT)


MOVED = _declined(OPENED).failed_over(SOUTH, AT)


def test_a_decline_that_the_rule_names_may_fail_over_and_no_other() -> None:
    assert _declined(OPENED).may_fail_over
    assert not _declined(OPENED, "insufficient_funds").may_fail_over
    assert not OPENED.may_fail_over
    without_rule = OPENED.model_copy(update={"route": Route.to(Candidate(), AT)})
    assert not _declined(without_rule).may_fail_over
    assert not _declined(OPENED.model_copy(update={"route": None})).may_fail_over


def test_a_decline_stays_where_the_checkout_cannot_be_closed() -> None:
    at_justifi = Route.to(NORTH.model_copy(update={"connection_code": "justifi"}), AT)
    assert not _declined(OPENED.model_copy(update={"route": at_justifi})).may_fail_over


def test_what_is_over_or_on_its_way_to_a_bank_does_not_fail_over() -> None:
    assert not _declined(OPENED, state=CheckoutState.COMPLETE).may_fail_over  # a debit that bounced
    ended = CheckoutSnapshot(session_id="cs_1", state=CheckoutState.EXPIRED)
    assert not _declined(OPENED).applied(ended, AT).may_fail_over


def test_a_purchase_that_fails_over_is_pending_with_its_reason_and_no_page_yet() -> None:
    assert (MOVED.status, MOVED.can_retry, MOVED.checkout) == (PaymentStatus.PENDING, True, None)
    assert MOVED.failure is not None
    assert MOVED.integration_id == "int_south"
    assert MOVED.has_failed_over
    assert not MOVED.may_fail_over
    assert MOVED.holds_quote
    left = MOVED.left_at("int_north")
    assert left is not None
    assert left.session_id == "cs_1"
    assert MOVED.left_at("int_south") is None
    assert not OPENED.has_failed_over


def test_each_checkout_of_a_purchase_has_a_key_of_its_own() -> None:
    keys = [each.checkout_key(1) for each in (Purchase(order=ORDER), OPENED, MOVED)]
    assert [each.removeprefix(ORDER.purchase_id) for each in keys] == [
        *(":checkout:1", ":checkout:1", ":checkout-2:1"),
    ]


@pytest.mark.parametrize(
    ("state", "becomes"),
    [
        (CheckoutState.OPEN, PaymentStatus.PENDING),
        (CheckoutState.EXPIRED, PaymentStatus.FAILED),
    ],
)
def test_at_the_backup_the_purchase_goes_on_as_any_other(
    state: CheckoutState, becomes: PaymentStatus
) -> None:
    moved = _opened(MOVED, "cs_2")
    seen = CheckoutSnapshot(session_id="cs_2", state=state)
    assert moved.applied(seen, AT).status is becomes
    paid = CheckoutSnapshot(
        session_id="cs_2", state=CheckoutState.COMPLETE, paid=PRICE, payment_id="pi_2"
    )
    completed = moved.applied(paid, AT)
    assert (completed.status, completed.failure, completed.can_retry) == (
        *(PaymentStatus.COMPLETED, None, False),
    )
