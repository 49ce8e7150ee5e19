"""How one attempt to pay a session ends: charged, declined, or waiting for the customer's bank."""

from dataclasses import dataclass, replace
from typing import Literal

from simulators.identifiers import new_id
from simulators.stripe import cards, objects, payment_objects, records
from simulators.stripe.account import BY_ITSELF, StripeAccount
from simulators.stripe.objects import Wire

Result = Literal["paid", "processing", "requires_action", "declined"]


@dataclass(frozen=True)
class Attempt:
    session: records.CheckoutSession
    intent: records.PaymentIntent
    method: records.PaymentMethod


@dataclass(frozen=True)
class Outcome:
    result: Result
    session: records.CheckoutSession
    intent: records.PaymentIntent


def succeed(account: StripeAccount, attempt: Attempt, *, authenticated: bool) -> Outcome:
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
    paid = replace(attempt.session, status="complete", payment_status="paid")
    session = account.sessions.put(paid)
    tell(account, "charge.succeeded", charge_wire(account, charge))
    tell(account, "payment_intent.succeeded", intent_wire(account, intent))
    tell(account, "checkout.session.completed", session_wire(account, session))
    if cards.BY_NUMBER[attempt.method.number].disputed:
        _dispute(account, charge)
    return Outcome("paid", session, intent)


def decline(account: StripeAccount, attempt: Attempt, why: cards.Decline) -> Outcome:
    charge = new_charge(account, attempt, "failed")
    error = records.PaymentError(
        code=why.code,
        message=why.message,
        decline_code=why.decline_code,
        charge=charge.id,
    )
    charge = account.charges.put(replace(charge, failure=error))
    return Outcome("declined", attempt.session, fail(account, attempt.intent, charge, error))


def ask_the_bank(account: StripeAccount, attempt: Attempt) -> Outcome:
    intent = account.intents.put(
        replace(attempt.intent, status="requires_action", payment_method=attempt.method.id)
    )
    tell(account, "payment_intent.requires_action", intent_wire(account, intent))
    return Outcome("requires_action", attempt.session, intent)


def fail(
    account: StripeAccount,
    intent: records.PaymentIntent,
    charge: records.Charge,
    error: records.PaymentError,
) -> records.PaymentIntent:
    intent = account.intents.put(
        replace(
            intent,
            status="requires_payment_method",
            payment_method=None,
            latest_charge=charge.id,
            last_payment_error=error,
        )
    )
    tell(account, "charge.failed", charge_wire(account, charge))
    tell(account, "payment_intent.payment_failed", intent_wire(account, intent))
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


def _dispute(account: StripeAccount, charge: records.Charge) -> None:
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
