"""What a customer can do with an open session: pay by card or by bank, and answer a challenge."""

import time
from dataclasses import dataclass, replace
from typing import Literal

from simulators.identifiers import new_id
from simulators.stripe import cards, records
from simulators.stripe.account import StripeAccount
from simulators.stripe.attempts import (
    Attempt,
    ask_the_bank,
    charge_wire,
    decline,
    dispute_where_the_card_does,
    fail,
    intent_wire,
    new_charge,
    session_wire,
    succeed,
    tell,
)
from simulators.stripe.errors import StripeError

Result = Literal["paid", "processing", "requires_action", "declined"]


@dataclass(frozen=True)
class Outcome:
    result: Result
    session: records.CheckoutSession
    intent: records.PaymentIntent


@dataclass(frozen=True)
class Payer:
    name: str | None = None
    email: str | None = None
    exp_month: int = 12
    exp_year: int = 2034


def pay_by_card(
    account: StripeAccount, session: records.CheckoutSession, card: cards.Card, payer: Payer
) -> Outcome:
    session, intent = _submitted(account, session, payer)
    method = account.methods.put(
        records.PaymentMethod(
            id=new_id("pm_"),
            created=account.now(),
            type="card",
            last4=card.last4,
            number=card.number,
            brand=card.brand,
            exp_month=payer.exp_month,
            exp_year=payer.exp_year,
            name=payer.name,
            email=session.payer_email,
        )
    )
    attempt = Attempt(intent, method)
    if card.challenged:
        return Outcome("requires_action", session, ask_the_bank(account, attempt))
    if card.decline:
        return Outcome("declined", session, decline(account, attempt, card.decline))
    return _paid(account, session, attempt, authenticated=False)


def pay_by_bank(
    account: StripeAccount, session: records.CheckoutSession, fate: cards.Fate, payer: Payer
) -> Outcome:
    """The session completes at once and unpaid; the money comes, or does not, later."""
    if len(session.payment_method_types) < 2:
        raise StripeError("This session takes cards only.", param="allowed_payment_method_types")
    session, intent = _submitted(account, session, payer)
    method = account.methods.put(
        records.PaymentMethod(
            id=new_id("pm_"),
            created=account.now(),
            type=session.payment_method_types[1],
            last4="6789",
            name=payer.name,
            email=session.payer_email,
            fate=fate,
        )
    )
    charge = new_charge(account, Attempt(intent, method), "pending")
    intent = _processing(account, intent, charge)
    session = account.sessions.put(replace(session, status="complete"))
    tell(account, "payment_intent.processing", intent_wire(account, intent))
    tell(account, "charge.pending", charge_wire(account, charge))
    tell(account, "checkout.session.completed", session_wire(account, session))
    return Outcome("processing", session, intent)


def answer_challenge(
    account: StripeAccount, session: records.CheckoutSession, *, completed: bool
) -> Outcome:
    _refuse_unless_open(session)
    intent = account.intents.get(session.payment_intent or "")
    method = account.methods.get(intent.payment_method or "") if intent else None
    if intent is None or method is None or intent.status != "requires_action":
        raise StripeError("This payment waits for no authentication.")
    attempt = Attempt(intent, method)
    refusal = cards.refusal_after_challenge(method.number, completed=completed)
    if refusal:
        return Outcome("declined", session, decline(account, attempt, refusal))
    return _paid(account, session, attempt, authenticated=True)


def settle(account: StripeAccount, intent: records.PaymentIntent) -> None:
    """Ends a delayed payment as its payer chose."""
    session = account.find(account.sessions, intent.session or "", "checkout.session")
    method = account.find(account.methods, intent.payment_method or "", "payment_method")
    intent = replace(intent, settles_at=None)
    if method.fate == "settles_later":
        session = _collected(account, session, intent)
        name = "checkout.session.async_payment_succeeded"
    else:
        _bounced(account, Attempt(intent, method))
        name = "checkout.session.async_payment_failed"
    tell(account, name, session_wire(account, session))


def success_address(session: records.CheckoutSession) -> str | None:
    if session.status != "complete" or session.success_url is None:
        return None
    return session.success_url.replace("{CHECKOUT_SESSION_ID}", session.id)


def _paid(
    account: StripeAccount,
    session: records.CheckoutSession,
    attempt: Attempt,
    *,
    authenticated: bool,
) -> Outcome:
    intent = succeed(account, attempt, authenticated=authenticated)
    session = account.sessions.put(replace(session, status="complete", payment_status="paid"))
    tell(account, "checkout.session.completed", session_wire(account, session))
    dispute_where_the_card_does(account, attempt)
    return Outcome("paid", session, intent)


def _refuse_unless_open(session: records.CheckoutSession) -> None:
    if session.status != "open":
        raise StripeError(f"This Checkout Session is {session.status}.")


def _submitted(
    account: StripeAccount, session: records.CheckoutSession, payer: Payer
) -> tuple[records.CheckoutSession, records.PaymentIntent]:
    """A session has no PaymentIntent until it is submitted; a second try takes the same one."""
    _refuse_unless_open(session)
    email = payer.email or session.customer_email
    session = replace(session, payer_name=payer.name, payer_email=email)
    intent = account.intents.get(session.payment_intent or "")
    if intent is None:
        intent = account.intents.put(_new_intent(account, session))
        session = replace(session, payment_intent=intent.id)
        tell(account, "payment_intent.created", intent_wire(account, intent))
    return account.sessions.put(session), intent


def _new_intent(account: StripeAccount, session: records.CheckoutSession) -> records.PaymentIntent:
    identifier = new_id("pi_3")
    return records.PaymentIntent(
        id=identifier,
        created=account.now(),
        amount=session.amount_total,
        currency=session.currency,
        session=session.id,
        details=session.intent_details,
        payment_method_types=session.payment_method_types,
        customer=session.customer,
        client_secret=new_id(f"{identifier}_secret_"),
    )


def _processing(
    account: StripeAccount, intent: records.PaymentIntent, charge: records.Charge
) -> records.PaymentIntent:
    settles_at = time.time() + account.options.settle_after
    account.due.enter(settles_at, intent.id)
    return account.intents.put(
        replace(
            intent,
            status="processing",
            payment_method=charge.payment_method,
            latest_charge=charge.id,
            last_payment_error=None,
            settles_at=settles_at,
        )
    )


def _collected(
    account: StripeAccount, session: records.CheckoutSession, intent: records.PaymentIntent
) -> records.CheckoutSession:
    charge = account.find(account.charges, intent.latest_charge or "", "charge")
    charge = account.charges.put(replace(charge, status="succeeded"))
    intent = account.intents.put(replace(intent, status="succeeded"))
    tell(account, "charge.succeeded", charge_wire(account, charge))
    tell(account, "payment_intent.succeeded", intent_wire(account, intent))
    return account.sessions.put(replace(session, payment_status="paid"))


def _bounced(account: StripeAccount, attempt: Attempt) -> None:
    charge = account.find(account.charges, attempt.intent.latest_charge or "", "charge")
    error = records.PaymentError(
        code="payment_intent_payment_attempt_failed",
        message="The bank could not collect the payment.",
        charge=charge.id,
    )
    charge = account.charges.put(replace(charge, status="failed", failure=error))
    fail(account, attempt, charge)
