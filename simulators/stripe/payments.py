"""What becomes of a session when somebody pays: success, decline, challenge, or settling later."""

import time
from dataclasses import dataclass, replace
from typing import Literal

from simulators.identifiers import new_id
from simulators.stripe import cards, objects, payment_objects, records
from simulators.stripe.account import BY_ITSELF, StripeAccount
from simulators.stripe.errors import StripeError
from simulators.stripe.objects import Wire

Result = Literal["paid", "processing", "requires_action", "declined"]


@dataclass(frozen=True)
class Payer:
    name: str | None = None
    email: str | None = None
    exp_month: int = 12
    exp_year: int = 2034


@dataclass(frozen=True)
class Outcome:
    result: Result
    session: records.CheckoutSession
    intent: records.PaymentIntent


def pay_by_card(
    account: StripeAccount, session: records.CheckoutSession, card: cards.Card, payer: Payer
) -> Outcome:
    _refuse_unless_open(session)
    session, intent = _intent_of(account, session, payer)
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
            email=session.payer_email or session.customer_email,
        )
    )
    if card.challenged:
        return _challenge(account, session, intent, method)
    if card.decline:
        return _decline(account, session, intent, method, card.decline)
    return _succeed(account, session, intent, method, authenticated=False)


def pay_by_bank(
    account: StripeAccount, session: records.CheckoutSession, fate: cards.Fate, payer: Payer
) -> Outcome:
    _refuse_unless_open(session)
    if len(session.payment_method_types) < 2:
        raise StripeError("This session takes cards only.", param="allowed_payment_method_types")
    session, intent = _intent_of(account, session, payer)
    method = account.methods.put(
        records.PaymentMethod(
            id=new_id("pm_"),
            created=account.now(),
            type=session.payment_method_types[1],
            last4="6789",
            name=payer.name,
            email=session.payer_email or session.customer_email,
            fate=fate,
        )
    )
    charge = _charge(account, intent, method, status="pending")
    settles_at = time.time() + account.options.settle_after
    account.due.enter(settles_at, intent.id)
    intent = account.intents.put(
        replace(
            intent,
            status="processing",
            payment_method=method.id,
            latest_charge=charge.id,
            last_payment_error=None,
            settles_at=settles_at,
        )
    )
    session = account.sessions.put(replace(session, status="complete"))
    _tell(account, "payment_intent.processing", _intent_wire(account, intent))
    _tell(account, "charge.pending", charge_wire(account, charge))
    _tell(account, "checkout.session.completed", session_wire(account, session))
    return Outcome("processing", session, intent)


def answer_challenge(
    account: StripeAccount, session: records.CheckoutSession, *, completed: bool
) -> Outcome:
    _refuse_unless_open(session)
    intent = account.intents.get(session.payment_intent or "")
    method = account.methods.get(intent.payment_method or "") if intent else None
    if intent is None or method is None or intent.status != "requires_action":
        raise StripeError("This payment waits for no authentication.")
    if not completed:
        return _decline(account, session, intent, method, cards.AUTHENTICATION_FAILED)
    decline = cards.BY_NUMBER[method.number].decline
    if decline:
        return _decline(account, session, intent, method, decline)
    return _succeed(account, session, intent, method, authenticated=True)


def settle(account: StripeAccount, intent: records.PaymentIntent) -> None:
    """Ends a delayed payment as its payer chose."""
    session = account.find(account.sessions, intent.session, "checkout.session")
    method = account.find(account.methods, intent.payment_method or "", "payment_method")
    charge = account.find(account.charges, intent.latest_charge or "", "charge")
    intent = replace(intent, settles_at=None)
    if method.fate == "settles_later":
        charge = account.charges.put(replace(charge, status="succeeded"))
        intent = account.intents.put(replace(intent, status="succeeded"))
        session = account.sessions.put(replace(session, payment_status="paid"))
        _tell(account, "charge.succeeded", charge_wire(account, charge))
        _tell(account, "payment_intent.succeeded", _intent_wire(account, intent))
        name = "checkout.session.async_payment_succeeded"
    else:
        error = records.PaymentError(
            code="payment_intent_payment_attempt_failed",
            message="The bank could not collect the payment.",
            charge=charge.id,
        )
        charge = account.charges.put(replace(charge, status="failed", failure=error))
        _fail(account, intent, charge, error)
        name = "checkout.session.async_payment_failed"
    _tell(account, name, session_wire(account, session))


def success_address(session: records.CheckoutSession) -> str | None:
    if session.status != "complete" or session.success_url is None:
        return None
    return session.success_url.replace("{CHECKOUT_SESSION_ID}", session.id)


def session_wire(account: StripeAccount, session: records.CheckoutSession) -> Wire:
    return objects.checkout_session(session, account.options.public_url)


def charge_wire(account: StripeAccount, charge: records.Charge) -> Wire:
    method = account.find(account.methods, charge.payment_method, "payment_method")
    return payment_objects.charge(charge, method)


def _intent_wire(account: StripeAccount, intent: records.PaymentIntent) -> Wire:
    return payment_objects.payment_intent(intent, account.options.public_url)


def _tell(account: StripeAccount, event_type: str, subject: Wire) -> None:
    account.emit(event_type, subject, BY_ITSELF)


def _refuse_unless_open(session: records.CheckoutSession) -> None:
    if session.status != "open":
        raise StripeError(f"This Checkout Session is {session.status}.")


def _intent_of(
    account: StripeAccount, session: records.CheckoutSession, payer: Payer
) -> tuple[records.CheckoutSession, records.PaymentIntent]:
    """A session has no PaymentIntent until it is submitted; a second try takes the same one."""
    email = payer.email or session.customer_email
    session = replace(session, payer_name=payer.name, payer_email=email)
    known = account.intents.get(session.payment_intent or "")
    if known:
        return account.sessions.put(session), known
    identifier = new_id("pi_3")
    intent = account.intents.put(
        records.PaymentIntent(
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
    )
    _tell(account, "payment_intent.created", _intent_wire(account, intent))
    return account.sessions.put(replace(session, payment_intent=identifier)), intent


def _charge(
    account: StripeAccount,
    intent: records.PaymentIntent,
    method: records.PaymentMethod,
    *,
    status: Literal["succeeded", "pending", "failed"],
) -> records.Charge:
    return account.charges.put(
        records.Charge(
            id=new_id("ch_3"),
            created=account.now(),
            amount=intent.amount,
            currency=intent.currency,
            payment_intent=intent.id,
            payment_method=method.id,
            details=intent.details,
            customer=intent.customer,
            status=status,
        )
    )


def _challenge(
    account: StripeAccount,
    session: records.CheckoutSession,
    intent: records.PaymentIntent,
    method: records.PaymentMethod,
) -> Outcome:
    intent = account.intents.put(
        replace(intent, status="requires_action", payment_method=method.id)
    )
    _tell(account, "payment_intent.requires_action", _intent_wire(account, intent))
    return Outcome("requires_action", session, intent)


def _decline(
    account: StripeAccount,
    session: records.CheckoutSession,
    intent: records.PaymentIntent,
    method: records.PaymentMethod,
    decline: cards.Decline,
) -> Outcome:
    charge = _charge(account, intent, method, status="failed")
    error = records.PaymentError(
        code=decline.code,
        message=decline.message,
        decline_code=decline.decline_code,
        charge=charge.id,
        payment_method=method.id,
    )
    charge = account.charges.put(replace(charge, failure=error))
    return Outcome("declined", session, _fail(account, intent, charge, error))


def _fail(
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
    _tell(account, "charge.failed", charge_wire(account, charge))
    _tell(account, "payment_intent.payment_failed", _intent_wire(account, intent))
    return intent


def _succeed(
    account: StripeAccount,
    session: records.CheckoutSession,
    intent: records.PaymentIntent,
    method: records.PaymentMethod,
    *,
    authenticated: bool,
) -> Outcome:
    charge = _charge(account, intent, method, status="succeeded")
    disputed = cards.BY_NUMBER[method.number].disputed
    charge = account.charges.put(replace(charge, authenticated=authenticated))
    intent = account.intents.put(
        replace(
            intent,
            status="succeeded",
            payment_method=method.id,
            latest_charge=charge.id,
            last_payment_error=None,
        )
    )
    session = account.sessions.put(replace(session, status="complete", payment_status="paid"))
    _tell(account, "charge.succeeded", charge_wire(account, charge))
    _tell(account, "payment_intent.succeeded", _intent_wire(account, intent))
    _tell(account, "checkout.session.completed", session_wire(account, session))
    if disputed:
        _dispute(account, charge)
    return Outcome("paid", session, intent)


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
    _tell(account, "charge.dispute.created", payment_objects.dispute(dispute))
