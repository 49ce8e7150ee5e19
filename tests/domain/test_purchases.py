"""How the provider's word changes a purchase: regressions never, money always."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money
from domain.payments import Checkout, CheckoutSnapshot, CheckoutState, Failure
from domain.purchases import PaymentStatus, Purchase, PurchaseOrder, look_at

PRICE = Money(minor=15000, currency="SGD")
AT = datetime(2026, 11, 20, tzinfo=UTC)
DECLINED = Failure(code="card_declined", reason="Your card was declined.")
ORDER = PurchaseOrder(
    purchase_id="pur_aaaaaaaaaaaaaaaaaaaaaa",
    tenant_id="ten_1",
    quote_id="quote-1",
    attempt=1,
    user_id="user-1",
    product_name="Travel Care",
    price=PRICE,
)
OPENED = Purchase(order=ORDER).opened(
    Checkout(session_id="cs_1", url="https://pay.example/1", expires_at=AT)
)


def _seen(
    state: CheckoutState, paid: Money | None = None, failure: Failure | None = None
) -> CheckoutSnapshot:
    has_payment = paid is not None or state is CheckoutState.COMPLETE
    return CheckoutSnapshot(
        session_id="cs_1",
        state=state,
        paid=paid,
        payment_id="pi_1" if has_payment else None,
        failure=failure,
    )


OPEN = _seen(CheckoutState.OPEN)
REFUSED = _seen(CheckoutState.OPEN, failure=DECLINED)
EXPIRED = _seen(CheckoutState.EXPIRED)
PROCESSING = _seen(CheckoutState.COMPLETE)
BOUNCED = _seen(CheckoutState.COMPLETE, failure=DECLINED)
PAID = _seen(CheckoutState.COMPLETE, paid=PRICE)
unpaid = st.sampled_from([OPEN, REFUSED, EXPIRED, PROCESSING, BOUNCED])
anything = st.sampled_from([OPEN, REFUSED, EXPIRED, PROCESSING, BOUNCED, PAID])


def _after(*snapshots: CheckoutSnapshot, start: Purchase = OPENED) -> Purchase:
    for snapshot in snapshots:
        start = start.applied(snapshot, AT)
    return start


@given(st.lists(anything), st.lists(anything))
def test_a_paid_purchase_never_changes_again(
    before: list[CheckoutSnapshot], after: list[CheckoutSnapshot]
) -> None:
    purchase = _after(*before, PAID)
    if purchase.is_paid:
        assert _after(*after, start=purchase) == purchase


@given(st.lists(unpaid, max_size=6), st.integers(0, 6), st.lists(unpaid, max_size=6))
def test_money_is_never_overlooked_wherever_it_comes_among_the_snapshots(
    before: list[CheckoutSnapshot], place: int, after: list[CheckoutSnapshot]
) -> None:
    told = [*before[:place], PAID, *before[place:], *after]
    purchase = _after(*told)
    assert purchase.paid == PRICE
    assert purchase.is_paid != (purchase.late_payment_id is not None)


@given(st.permutations([OPEN, REFUSED, PROCESSING, PAID]))
def test_the_order_of_snapshots_does_not_matter_to_a_payment_in_time(
    told: list[CheckoutSnapshot],
) -> None:
    purchase = _after(*told)
    assert purchase == _after(PAID)
    assert (purchase.status, purchase.can_retry) == (PaymentStatus.COMPLETED, False)
    assert (purchase.failure, purchase.processing) == (None, False)


@given(st.lists(anything))
def test_a_settled_purchase_takes_nothing_but_late_money(told: list[CheckoutSnapshot]) -> None:
    for settled in (_after(EXPIRED), _after(BOUNCED), OPENED.cancelled("changed my mind")):
        later = _after(*told, start=settled)
        assert (later.status, later.can_retry) == (settled.status, False)
        assert later.late_payment_id == ("pi_1" if PAID in told else None)
        assert not later.holds_quote


@given(st.lists(anything))
def test_the_quote_is_held_until_it_is_certain_that_nothing_was_paid(
    told: list[CheckoutSnapshot],
) -> None:
    purchase = _after(*told)
    assert purchase.holds_quote == (purchase.is_paid or not purchase.is_settled)


def test_a_declined_card_leaves_the_checkout_open_for_another() -> None:
    declined = _after(REFUSED)
    assert (declined.status, declined.can_retry) == (PaymentStatus.FAILED, True)
    assert not declined.is_settled
    assert _after(REFUSED, PAID).is_paid


def test_a_checkout_that_ends_after_a_decline_stays_failed_with_its_reason() -> None:
    ended = _after(REFUSED, EXPIRED)
    assert (ended.status, ended.can_retry, ended.failure) == (PaymentStatus.FAILED, False, DECLINED)


def test_complete_but_unpaid_is_pending_without_a_failure() -> None:
    processing = _after(REFUSED, PROCESSING)
    assert (processing.status, processing.processing) == (PaymentStatus.PENDING, True)
    assert (processing.failure, processing.can_retry) == (None, False)


def test_another_amount_is_paid_but_not_exactly() -> None:
    short = _after(_seen(CheckoutState.COMPLETE, paid=Money(minor=14999, currency="SGD")))
    assert (short.is_paid, short.paid_exactly) == (True, False)
    assert not _after(
        _seen(CheckoutState.COMPLETE, paid=Money(minor=15000, currency="USD"))
    ).paid_exactly


def test_an_idempotency_key_names_purchase_operation_and_group_within_stripes_length() -> None:
    keys = {ORDER.key(operation, group) for operation in ("checkout", "expire") for group in (1, 2)}
    assert len(keys) == 4
    assert all(len(key) <= 100 for key in keys)


def test_however_often_somebody_asks_two_weeks_have_only_so_many_looks() -> None:
    day = 24 * 60 * 60
    seconds = [*range(0, day, 5), *range(day, 14 * day, 60)]
    looks = [look_at(timedelta(seconds=second)) for second in seconds]
    assert looks == sorted(looks)
    assert looks[1] != looks[2]  # the first minutes are looked at closely
    assert len(set(looks[: day // 5])) < 400
    assert len(set(looks)) < 700  # Temporal takes two thousand updates of a run


def test_who_joins_within_a_minute_asks_one_question() -> None:
    start = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
    joins = [OPENED.join_at(start + timedelta(seconds=second)) for second in range(3600)]
    assert joins[0] == joins[59] != joins[60]
    assert len(set(joins)) == 60


def test_a_question_is_new_as_soon_as_the_purchase_stands_otherwise() -> None:
    before = AT - timedelta(hours=1)
    joins = {_after(seen).join_at(before) for seen in (OPEN, REFUSED, PROCESSING, PAID)}
    assert len(joins) == 4


def test_no_answer_is_shared_where_there_is_no_open_checkout() -> None:
    assert Purchase(order=ORDER).join_at(AT - timedelta(hours=1)) is None
    assert OPENED.join_at(AT) is None  # its checkout is over


def test_two_weeks_of_a_banks_thought_do_not_use_up_what_a_run_may_be_asked() -> None:
    waiting = _after(PROCESSING)
    minutes = range(14 * 24 * 60)
    joins = {waiting.join_at(AT + timedelta(minutes=minute)) for minute in minutes}
    assert None not in joins
    assert len(joins) < 500  # Temporal takes two thousand updates of a run
