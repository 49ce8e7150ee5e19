"""How one attempt to pay ends: charged, declined, or waiting for the customer's bank."""

from dataclasses import dataclass, replace
from typing import Literal

from simulators.identifiers import new_id
from simulators.stripe import cards, objects, payment_objects, records
from simulators.stripe.account import BY_ITSELF, Origin, StripeAccount
from simulators.stripe.objects import Wire
from simulators.stripe.payment_methods import keep_for


@dataclass(frozen=True)
class Attempt:
    intent: records.PaymentIntent
    method: records.PaymentMethod
    origin: Origin = BY_ITSELF


def succeed(
    account: StripeAccount, attempt: Attempt, *, authenticated: bool
) -> records.PaymentIntent:
    charge = new_charge(account, attempt, "succeeded")
    charge = account.charges.put(replace(charge, authenticated=authenticated))
    intent = account.intents.put(
        replace(
            attempt.intent,
            status="succeeded",
            payment_method=attempt.method.id,
            latest_charge=charge.id,
            last_payment_error=None,
        )
    )
    account.emit("charge.succeeded", charge_wire(account, charge), attempt.origin)
    account.emit("payment_intent.succeeded", intent_wire(account, intent), attempt.origin)
    if intent.customer and intent.details.setup_future_usage and attempt.method.customer is None:
        keep_for(account, attempt.method, intent.customer, attempt.origin)
    return intent


def decline(account: StripeAccount, attempt: Attempt, why: cards.Decline) -> records.PaymentIntent:
    charge = new_charge(account, attempt, "failed")
    error = records.PaymentError(
        code=why.code,
        message=why.message,
        decline_code=why.decline_code,
        charge=charge.id,
    )
    charge = account.charges.put(replace(charge, failure=error))
    return fail(account, attempt, charge)


def refuse(account: StripeAccount, attempt: Attempt, why: cards.Decline) -> records.PaymentIntent:
    """An attempt that ends before the card is charged."""
    error = records.PaymentError(code=why.code, message=why.message, decline_code=why.decline_code)
    intent = account.intents.put(
        replace(
            attempt.intent,
            status="requires_payment_method",
            payment_method=None,
            last_payment_error=error,
        )
    )
    account.emit("payment_intent.payment_failed", intent_wire(account, intent), attempt.origin)
    return intent


def ask_the_bank(account: StripeAccount, attempt: Attempt) -> records.PaymentIntent:
    intent = account.intents.put(
        replace(attempt.intent, status="requires_action", payment_method=attempt.method.id)
    )
    account.emit("payment_intent.requires_action", intent_wire(account, intent), attempt.origin)
    return intent


def fail(account: StripeAccount, attempt: Attempt, charge: records.Charge) -> records.PaymentIntent:
    intent = account.intents.put(
        replace(
            attempt.intent,
            status="requires_payment_method",
            payment_method=None,
            latest_charge=charge.id,
            last_payment_error=charge.failure,
        )
    )
    account.emit("charge.failed", charge_wire(account, charge), attempt.origin)
    account.emit("payment_intent.payment_failed", intent_wire(account, intent), attempt.origin)
    return intent


def new_charge(
    account: StripeAccount, attempt: Attempt, status: Literal["succeeded", "pending", "failed"]
) -> records.Charge:
    intent = attempt.intent
    return account.charges.put(
        records.Charge(
            id=new_id("ch_3"),
            created=account.now(),
            amount=intent.amount,
            currency=intent.currency,
            payment_intent=intent.id,
            payment_method=attempt.method.id,
            details=intent.details,
            customer=intent.customer,
            status=status,
        )
    )


def dispute_where_the_card_does(account: StripeAccount, attempt: Attempt) -> None:
    """After everything else that a payment causes."""
    intent = account.find(account.intents, attempt.intent.id, "payment_intent")
    charge = account.charges.get(intent.latest_charge or "")
    if charge is None or not cards.BY_NUMBER[attempt.method.number].disputed:
        return
    account.charges.put(replace(charge, disputed=True))
    dispute = account.disputes.put(
        records.Dispute(
            id=new_id("du_"),
            created=account.now(),
            amount=charge.amount,
            currency=charge.currency,
            charge=charge.id,
            payment_intent=charge.payment_intent,
        )
    )
    tell(account, "charge.dispute.created", payment_objects.dispute(dispute))


def tell(account: StripeAccount, event_type: str, subject: Wire) -> None:
    """No API request causes these: a customer does, or time."""
    account.emit(event_type, subject, BY_ITSELF)


def session_wire(account: StripeAccount, session: records.CheckoutSession) -> Wire:
    return objects.checkout_session(session, account.options.public_url)


def intent_wire(account: StripeAccount, intent: records.PaymentIntent) -> Wire:
    return payment_objects.payment_intent(intent, account.options.public_url)


def charge_wire(account: StripeAccount, charge: records.Charge) -> Wire:
    method = account.find(account.methods, charge.payment_method, "payment_method")
    return payment_objects.charge(charge, method)
