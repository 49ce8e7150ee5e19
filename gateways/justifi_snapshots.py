"""JustiFi's objects read into our words; what JustiFi leaves open is decided here.

JustiFi ends a checkout after a week and has no call to end it sooner. So what is written into its
metadata counts as well: the moment until which we sell, and that the checkout was cancelled.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from pydantic import JsonValue

from domain.money import Money
from domain.payments import (
    CheckoutSnapshot,
    CheckoutState,
    Failure,
    ProviderRefundState,
    ReceivedPayment,
    RefundSnapshot,
)
from gateways.faults import UNREADABLE, RefusedByProvider
from gateways.justifi_models import Checkout, CheckoutCompletion, Payment, Refund

CURRENCIES = frozenset({"USD", "CAD"})
RECEIVED = frozenset({"succeeded", "partially_refunded", "fully_refunded", "disputed"})
OPEN = ("created", "attempted")
UNDER_WAY = frozenset({"pending", "authorized"})
UNPAYABLE = frozenset({"failed", "canceled"})
REFUND_STATES = {state.value: state for state in ProviderRefundState}

PAYABLE_UNTIL = "payable_until"
RETURN_URL = "return_url"
CANCELLED = "cancelled"

NOT_GONE_THROUGH = Failure(
    code="payment_failed", reason="The payment did not go through. Nothing was charged."
)
LONG_AGO = datetime.min.replace(tzinfo=UTC)
Noted = Mapping[str, JsonValue] | None


def to_justifi(money: Money) -> int:
    """Cents. Raises ``RefusedByProvider`` for a currency that JustiFi does not take."""
    if money.currency not in CURRENCIES:
        raise RefusedByProvider(f"JustiFi cannot express {money}", "currency_invalid")
    return money.minor


def from_justifi(cents: int, currency: str | None) -> Money:
    """``currency`` in any case: JustiFi writes both."""
    code = (currency or "").upper()
    if code not in CURRENCIES:
        raise unreadable(f"JustiFi's {cents} {code} is no amount of money here")
    return Money(minor=cents, currency=code)


def noted(metadata: Noted, key: str) -> str | None:
    """What we once wrote into the metadata."""
    found = (metadata or {}).get(key)
    return found if isinstance(found, str) and found else None


def is_payable(checkout: Checkout, now: datetime) -> bool:
    """Whether JustiFi has it open, and we still sell by it."""
    if checkout.status not in OPEN or noted(checkout.metadata, CANCELLED) is not None:
        return False
    until = payable_until(checkout)
    return until is None or now < until


def payable_until(checkout: Checkout) -> datetime | None:
    """The moment until which we sell by it; None where it was not opened for a purchase."""
    text = noted(checkout.metadata, PAYABLE_UNTIL)
    if text is None:
        return None
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment
    raise unreadable(f"the metadata of JustiFi's checkout {checkout.id} is not ours")


def payment_id_of(checkout: Checkout) -> str | None:
    """Of the payment that has decided it, or is about to."""
    undecided = _undecided(checkout)
    return checkout.successful_payment_id or (undecided.payment_id if undecided else None)


def snapshot_of(checkout: Checkout, payment: Payment | None, now: datetime) -> CheckoutSnapshot:
    """``payment`` is the one that ``payment_id_of`` names. Money counts, however it came."""
    if payment is not None and payment.status not in RECEIVED | UNDER_WAY | UNPAYABLE:
        raise unreadable(f"JustiFi's payment {payment.id} is in no state known here")
    has_come = payment is not None and payment.status in RECEIVED
    return CheckoutSnapshot(
        session_id=checkout.id,
        state=_state(checkout, payment, now),
        may_bring_money=not has_come and _may_be_paid(checkout, payment),
        paid=from_justifi(payment.amount, payment.currency) if payment and has_come else None,
        payment_id=payment.id if payment else None,
        failure=_failure(checkout, payment),
    )


def received_from(payment: Payment) -> ReceivedPayment | None:
    """None where no money came, or where another than Paybind asked for it."""
    purchase_id = noted(payment.metadata, "purchase_id")
    if purchase_id is None or payment.status not in RECEIVED:
        return None
    if payment.created_at is None:
        raise unreadable(f"JustiFi's payment {payment.id} lacks its created_at")
    return ReceivedPayment(
        payment_id=payment.id,
        purchase_id=purchase_id,
        amount=from_justifi(payment.amount, payment.currency),
        at=payment.created_at,
    )


def refund_snapshot_of(refund: Refund, currency: str) -> RefundSnapshot:
    """A refund tells no currency: it is its payment's."""
    state = REFUND_STATES.get(refund.status)
    if state is None or refund.payment_id is None:
        raise unreadable(f"JustiFi's refund {refund.id} is in no state known here")
    return RefundSnapshot(
        provider_refund_id=refund.id,
        payment_id=refund.payment_id,
        amount=from_justifi(refund.amount, currency),
        state=state,
        failure_reason=refund.status if state is ProviderRefundState.FAILED else None,
    )


def unreadable(message: str) -> RefusedByProvider:
    """Reading it again gives the same: an operator must look."""
    return RefusedByProvider(message, UNREADABLE)


def _state(checkout: Checkout, payment: Payment | None, now: datetime) -> CheckoutState:
    if checkout.status == "completed" or _is_with_the_bank(checkout, payment):
        return CheckoutState.COMPLETE
    if checkout.status not in (*OPEN, "expired"):
        raise unreadable(f"JustiFi's checkout {checkout.id} is in no state known here")
    return CheckoutState.OPEN if is_payable(checkout, now) else CheckoutState.EXPIRED


def _may_be_paid(checkout: Checkout, payment: Payment | None) -> bool:
    """As far as JustiFi is concerned, whatever we have written into it."""
    return checkout.status in OPEN or _is_with_the_bank(checkout, payment)


def _is_with_the_bank(checkout: Checkout, payment: Payment | None) -> bool:
    """Out of the customer's hands, whatever JustiFi calls the checkout meanwhile."""
    if payment is None:
        return _undecided(checkout) is not None
    return payment.status not in UNPAYABLE


def _undecided(checkout: Checkout) -> CheckoutCompletion | None:
    for completion in checkout.completions or ():
        if completion.status == "processing" or completion.payment_status == "pending":
            return completion
    return None


def _failure(checkout: Checkout, payment: Payment | None) -> Failure | None:
    """Of the payment that has decided it, or else of the last try that failed."""
    if payment is not None:
        is_unpayable = payment.status in UNPAYABLE
        return failure_of(payment.error_code, payment.error_description) if is_unpayable else None
    failed = [each for each in checkout.completions or () if each.status == "failed"]
    if not failed or _is_with_the_bank(checkout, payment):
        return None
    last = max(failed, key=lambda each: each.created_at or LONG_AGO)
    return failure_of(last.payment_error_code, last.payment_error_description)


def failure_of(code: str | None, reason: str | None) -> Failure:
    """In JustiFi's words, as far as it has any."""
    return Failure(code=code or NOT_GONE_THROUGH.code, reason=reason or NOT_GONE_THROUGH.reason)
