"""What becomes of a confirmed PaymentIntent: paid, declined, or waiting for the customer."""

from dataclasses import dataclass, replace

from simulators.stripe import cards, payment_objects, records
from simulators.stripe.account import BY_ITSELF, Origin, StripeAccount
from simulators.stripe.attempts import (
    Attempt,
    ask_the_bank,
    decline,
    dispute_where_the_card_does,
    intent_wire,
    refuse,
    succeed,
)
from simulators.stripe.errors import StripeError, declined
from simulators.stripe.payment_methods import find_method, refuse_if_spent

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """Off session nobody is there to authenticate; `returns`: a customer can come back."""

    off_session: bool = False
    refuses_action: bool = False
    returns: bool = False
    origin: Origin = BY_ITSELF


def find_payable(
    account: StripeAccount, intent: records.PaymentIntent, method_id: str | None
) -> records.PaymentMethod | None:
    """A payment method that a customer has pays only for that customer."""
    if method_id is None:
        return None
    method = find_method(account, method_id, "payment_method")
    if method.customer is not None and intent.customer is None:
        raise StripeError(
            "The payment method you provided is attached to a customer so for security purposes "
            "you must provide the customer in the request.",
            param="customer",
        )
    if method.customer not in (None, intent.customer):
        raise StripeError(
            f"Payment Method {method.id} does not belong to the Customer you supplied "
            f"{intent.customer}. Please use this payment method with the Customer that it "
            "belongs to instead.",
            param="payment_method",
        )
    refuse_if_spent(account, method)
    return method


def refuse_unless_confirmable(account: StripeAccount, intent: records.PaymentIntent) -> None:
    if intent.session is not None:
        why = "it was created by a Checkout Session. It is confirmed by the customer there."
        raise _unexpected(account, intent, why)
    if intent.status == "succeeded":
        why = "it has already succeeded after being previously confirmed."
        raise _unexpected(account, intent, why)
    if intent.status not in CONFIRMABLE:
        raise _unexpected(account, intent, f"it has a status of {intent.status}.")


def confirm(
    account: StripeAccount,
    intent: records.PaymentIntent,
    method: records.PaymentMethod | None,
    how: Confirmation,
) -> records.PaymentIntent:
    if method is None:
        raise _unexpected(account, intent, "it's missing a payment method.")
    if intent.redirects == "always" and not (how.off_session or how.returns):
        raise StripeError(
            "This PaymentIntent is configured to accept payment methods enabled in your "
            "Dashboard. Because some of these payment methods might redirect your customer off "
            "of your page, you must provide a `return_url`.",
            param="return_url",
        )
    return _attempt(account, Attempt(intent, method, how.origin), how)


def authenticate(
    account: StripeAccount, intent: records.PaymentIntent, *, completed: bool
) -> records.PaymentIntent:
    """What the customer does in the step that `next_action` asks for."""
    method = account.methods.get(intent.payment_method or "")
    if method is None or intent.session is not None or intent.status != "requires_action":
        raise StripeError("This payment waits for no authentication.")
    attempt = Attempt(intent, method)
    refusal = cards.refusal_after_challenge(method.number, completed=completed)
    if refusal:
        return decline(account, attempt, refusal)
    return _paid(account, attempt, authenticated=True)


def _attempt(account: StripeAccount, attempt: Attempt, how: Confirmation) -> records.PaymentIntent:
    card = cards.BY_NUMBER[attempt.method.number]
    if card.challenged and how.off_session:
        raise _declined(account, attempt, cards.AUTHENTICATION_REQUIRED)
    if card.challenged and how.refuses_action:
        refuse(account, attempt, cards.AUTHENTICATION_NOT_HANDLED)
        raise _told(account, attempt, cards.AUTHENTICATION_NOT_HANDLED)
    if card.challenged:
        return ask_the_bank(account, attempt)
    if card.decline:
        raise _declined(account, attempt, card.decline)
    return _paid(account, attempt, authenticated=False)


def _paid(
    account: StripeAccount, attempt: Attempt, *, authenticated: bool
) -> records.PaymentIntent:
    intent = succeed(account, attempt, authenticated=authenticated)
    dispute_where_the_card_does(account, attempt)
    return intent


def _declined(account: StripeAccount, attempt: Attempt, why: cards.Decline) -> StripeError:
    decline(account, attempt, why)
    return _told(account, attempt, why)


def _told(account: StripeAccount, attempt: Attempt, why: cards.Decline) -> StripeError:
    intent = account.find(account.intents, attempt.intent.id, "payment_intent")
    error = declined(
        why,
        payment_intent=intent_wire(account, intent),
        payment_method=payment_objects.payment_method(attempt.method),
    )
    charge = intent.last_payment_error.charge if intent.last_payment_error else None
    return replace(error, details=error.details | {"charge": charge}) if charge else error


def _unexpected(account: StripeAccount, intent: records.PaymentIntent, why: str) -> StripeError:
    return StripeError(
        f"You cannot confirm this PaymentIntent because {why}",
        code="payment_intent_unexpected_state",
        details={"payment_intent": intent_wire(account, intent)},
    )
