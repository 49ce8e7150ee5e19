"""Pays, expires and settles without a browser: for tests, demos and scripts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict

from simulators.store import Store
from simulators.stripe import balance, checkout, payments
from simulators.stripe.account import BY_ITSELF, StripeAccount
from simulators.stripe.accounts import StripeAccounts
from simulators.stripe.cards import Fate, recognise
from simulators.stripe.confirmation import authenticate
from simulators.stripe.errors import StripeError
from simulators.stripe.passage_of_time import settle_pending
from simulators.stripe.payments import Outcome, Result


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

    result: Result
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


class Authentication(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    payment_intent: str
    challenge: Literal["complete", "fail"]


class IntentState(BaseModel):
    model_config = ConfigDict(frozen=True)

    payment_intent: str
    status: str


class PayoutWish(BaseModel):
    """`account` is the last four characters of its key; the configured one unless given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: str
    account: str | None = None


class PaidOut(BaseModel):
    model_config = ConfigDict(frozen=True)

    payout: str
    amount: int
    currency: str
    account: str


class MachineDoor:
    def __init__(self, accounts: StripeAccounts, store: Store) -> None:
        self._accounts = accounts
        self._store = store
        self.router = APIRouter(prefix="/_simulator", tags=["machine door"])
        add = self.router.add_api_route
        add("/pay", self.pay, methods=["POST"])
        add("/expire", self.expire, methods=["POST"])
        add("/settle", self.settle, methods=["POST"])
        add("/authenticate", self.authenticate, methods=["POST"])
        add("/payouts", self.pay_out, methods=["POST"])

    async def pay(self, payment: Payment) -> Paid:
        """Pay an open Checkout Session as a customer would on the hosted page."""
        account = self._accounts.of_session(payment.session_id)
        with _refusals_as_http():
            outcome = _pay(account, payment)
        self._store.flush()
        return _paid(outcome, account.options.public_url)

    async def expire(self, wanted: SessionRef) -> SessionState:
        """Let an open Checkout Session reach its end now."""
        account = self._accounts.of_session(wanted.session_id)
        with _refusals_as_http():
            session = checkout.find_session(account, wanted.session_id)
        if session.status == "open":
            session = checkout.expire(account, session, BY_ITSELF)
        self._store.flush()
        return SessionState(
            session_id=session.id,
            session_status=session.status,
            payment_status=session.payment_status,
        )

    async def settle(self, wanted: Settlement | None = None) -> Settled:
        """Let delayed payments and pending refunds reach their end now."""
        settled = settle_pending(self._accounts, wanted.id if wanted else None)
        self._store.flush()
        return Settled(settled=settled)

    async def authenticate(self, answer: Authentication) -> IntentState:
        """Answer 3-D Secure for a PaymentIntent that has no Checkout Session."""
        account = self._accounts.of_intent(answer.payment_intent)
        with _refusals_as_http():
            intent = account.find(account.intents, answer.payment_intent, "payment_intent")
            completed = answer.challenge == "complete"
            intent = authenticate(account, intent, completed=completed)
        self._store.flush()
        return IntentState(payment_intent=intent.id, status=intent.status)

    async def pay_out(self, wanted: PayoutWish) -> PaidOut:
        """Pay out what an account holds in a currency; its transactions are listed by payout."""
        account = self._accounts.named(wanted.account) if wanted.account else None
        if wanted.account and account is None:
            raise HTTPException(404, "No account has a key that ends so.")
        account = account or self._accounts.configured
        with _refusals_as_http():
            payout = balance.pay_out(account, wanted.currency.lower())
        self._store.flush()
        return PaidOut(
            payout=payout.id,
            amount=payout.amount,
            currency=payout.currency,
            account=account.identity.shown,
        )


@contextmanager
def _refusals_as_http() -> Iterator[None]:
    try:
        yield
    except StripeError as refused:
        raise HTTPException(refused.status, refused.message) from None


def _pay(account: StripeAccount, payment: Payment) -> Outcome:
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


def _paid(outcome: Outcome, public_url: str) -> Paid:
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
