"""Pays, expires and settles without a browser: for tests, demos and scripts."""

from typing import Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict

from simulators.store import Store
from simulators.stripe import checkout, payments
from simulators.stripe.account import BY_ITSELF, StripeAccount
from simulators.stripe.cards import Fate, recognise
from simulators.stripe.errors import StripeError
from simulators.stripe.passage_of_time import settle_pending


class Payment(BaseModel):
    """Either a card number or a delayed method; `challenge` answers 3-D Secure at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    session_id: str
    card: str | None = None
    method: Fate | None = None
    challenge: Literal["complete", "fail"] | None = None
    email: str | None = None
    name: str | None = "Jenny Rosen"


class Paid(BaseModel):
    """`result` is what happened; code, decline_code and message are there when it was declined."""

    model_config = ConfigDict(frozen=True)

    result: payments.Result
    session_id: str
    session_status: str
    payment_status: str
    payment_intent: str
    charge: str | None = None
    code: str | None = None
    decline_code: str | None = None
    message: str | None = None
    redirect_url: str | None = None
    challenge_url: str | None = None


class SessionRef(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    session_id: str


class SessionState(BaseModel):
    model_config = ConfigDict(frozen=True)

    session_id: str
    session_status: str
    payment_status: str


class Settlement(BaseModel):
    """`id` names one payment intent or refund; without it everything pending is settled."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str | None = None


class Settled(BaseModel):
    model_config = ConfigDict(frozen=True)

    settled: list[str]


def router(account: StripeAccount, store: Store) -> APIRouter:
    routes = APIRouter(prefix="/_simulator", tags=["machine door"])

    @routes.post("/pay")
    async def pay(payment: Payment) -> Paid:
        """Pay an open Checkout Session as a customer would on the hosted page."""
        try:
            outcome = _pay(account, payment)
        except StripeError as refused:
            raise HTTPException(refused.status, refused.message) from None
        store.flush()
        return _paid(outcome, account.options.public_url)

    @routes.post("/expire")
    async def expire(wanted: SessionRef) -> SessionState:
        """Let an open Checkout Session reach its end now."""
        try:
            session = checkout.find_session(account, wanted.session_id)
        except StripeError as refused:
            raise HTTPException(refused.status, refused.message) from None
        if session.status == "open":
            session = checkout.expire(account, session, BY_ITSELF)
        store.flush()
        return SessionState(
            session_id=session.id,
            session_status=session.status,
            payment_status=session.payment_status,
        )

    @routes.post("/settle")
    async def settle(wanted: Settlement | None = None) -> Settled:
        """Let delayed payments and pending refunds reach their end now."""
        settled = settle_pending(account, wanted.id if wanted else None)
        store.flush()
        return Settled(settled=settled)

    return routes


def _pay(account: StripeAccount, payment: Payment) -> payments.Outcome:
    if (payment.card is None) == (payment.method is None):
        raise StripeError("Give either card or method.")
    session = checkout.find_session(account, payment.session_id)
    payer = payments.Payer(name=payment.name, email=payment.email)
    if payment.method is not None:
        return payments.pay_by_bank(account, session, payment.method, payer)
    outcome = payments.pay_by_card(account, session, recognise(payment.card or ""), payer)
    if outcome.result == "requires_action" and payment.challenge:
        completed = payment.challenge == "complete"
        return payments.answer_challenge(account, outcome.session, completed=completed)
    return outcome


def _paid(outcome: payments.Outcome, public_url: str) -> Paid:
    session, intent = outcome.session, outcome.intent
    error = intent.last_payment_error
    challenged = outcome.result == "requires_action"
    return Paid(
        result=outcome.result,
        session_id=session.id,
        session_status=session.status,
        payment_status=session.payment_status,
        payment_intent=intent.id,
        charge=intent.latest_charge,
        code=error.code if error else None,
        decline_code=error.decline_code if error else None,
        message=error.message if error else None,
        redirect_url=payments.success_address(session),
        challenge_url=f"{public_url}/c/pay/{session.id}/challenge" if challenged else None,
    )
