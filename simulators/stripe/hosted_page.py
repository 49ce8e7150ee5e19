"""The page where a customer pays: a plain form that needs no script, and the 3-D Secure step."""

from dataclasses import dataclass

from fastapi import APIRouter, Response
from starlette.requests import Request
from starlette.responses import RedirectResponse

from simulators.pages import render
from simulators.store import Store
from simulators.stripe import cards, checkout, payment_form, payments, records
from simulators.stripe.account import StripeAccount
from simulators.stripe.accounts import StripeAccounts
from simulators.stripe.currencies import readable
from simulators.stripe.errors import StripeError
from simulators.stripe.payment_form import Entered
from simulators.stripe.payments import Outcome, success_address

SEE_OTHER = 303


@dataclass(frozen=True)
class Line:
    name: str
    description: str | None
    quantity: int
    unit: str
    total: str


class HostedPage:
    def __init__(self, accounts: StripeAccounts, store: Store) -> None:
        self._accounts = accounts
        self._store = store
        self.router = APIRouter(prefix="/c/pay", tags=["hosted page"])
        add = self.router.add_api_route
        add("/{session_id}", self.show, methods=["GET"])
        add("/{session_id}", self.submit, methods=["POST"])
        add("/{session_id}/challenge", self.show_challenge, methods=["GET"])
        add("/{session_id}/challenge", self.answer_challenge, methods=["POST"])

    async def show(self, session_id: str) -> Response:
        """The form while the session is open, and afterwards a word on why there is none."""
        session = self._find(self._accounts.of_session(session_id), session_id)
        return _form(session, {}) if session else _no_such_page()

    async def submit(self, session_id: str, request: Request) -> Response:
        """What the customer entered; a declined card shows the form again."""
        entered = payment_form.read(await request.body())
        account = self._accounts.of_session(session_id)
        session = self._find(account, session_id)
        if session is None:
            return _no_such_page()
        problems = payment_form.problems(session, entered)
        if session.status != "open" or problems:
            return _form(session, entered, problems=problems, status=422)
        outcome = _pay(account, session, entered)
        self._store.flush()
        return _after(outcome, entered)

    async def show_challenge(self, session_id: str) -> Response:
        """The bank asks the customer whether it is really them."""
        account = self._accounts.of_session(session_id)
        session = self._find(account, session_id)
        method = _challenged(account, session) if session else None
        if session is None or method is None:
            return RedirectResponse(f"/c/pay/{session_id}", SEE_OTHER)
        return render("challenge.html", session=session, total=_total(session), last4=method.last4)

    async def answer_challenge(self, session_id: str, request: Request) -> Response:
        """The customer approved or refused at their bank."""
        entered = payment_form.read(await request.body())
        account = self._accounts.of_session(session_id)
        session = self._find(account, session_id)
        if session is None or _challenged(account, session) is None:
            return RedirectResponse(f"/c/pay/{session_id}", SEE_OTHER)
        completed = entered.get("answer") == "complete"
        outcome = payments.answer_challenge(account, session, completed=completed)
        self._store.flush()
        return _after(outcome, {})

    def _find(self, account: StripeAccount, session_id: str) -> records.CheckoutSession | None:
        try:
            return checkout.find_session(account, session_id)
        except StripeError:
            return None
        finally:
            self._store.flush()


def _pay(account: StripeAccount, session: records.CheckoutSession, entered: Entered) -> Outcome:
    payer = payment_form.payer(entered)
    fate = payment_form.delayed_method(entered)
    if fate and len(session.payment_method_types) > 1:
        return payments.pay_by_bank(account, session, fate, payer)
    card = cards.recognise(entered.get("number", ""))
    return payments.pay_by_card(account, session, card, payer)


def _challenged(
    account: StripeAccount, session: records.CheckoutSession
) -> records.PaymentMethod | None:
    """The card whose bank waits for an answer."""
    intent = account.intents.get(session.payment_intent or "")
    if session.status != "open" or intent is None or intent.status != "requires_action":
        return None
    return account.methods.get(intent.payment_method or "")


def _after(outcome: Outcome, entered: Entered) -> Response:
    session = outcome.session
    if outcome.result == "requires_action":
        return RedirectResponse(f"/c/pay/{session.id}/challenge", SEE_OTHER)
    if outcome.result == "declined":
        return _form(session, entered, declined=outcome.intent.last_payment_error, status=402)
    return RedirectResponse(success_address(session) or f"/c/pay/{session.id}", SEE_OTHER)


def _form(
    session: records.CheckoutSession,
    entered: Entered,
    *,
    problems: dict[str, str] | None = None,
    declined: records.PaymentError | None = None,
    status: int = 200,
) -> Response:
    if session.status != "open":
        return render("ended.html", session=session, success_url=success_address(session))
    return render(
        "pay.html",
        status,
        session=session,
        lines=[_line(item, session.currency) for item in session.line_items],
        total=_total(session),
        entered=entered,
        problems=problems or {},
        declined=declined,
        cards=cards.CARDS,
    )


def _line(item: records.LineItem, currency: str) -> Line:
    return Line(
        name=item.name,
        description=item.description,
        quantity=item.quantity,
        unit=readable(item.unit_amount, currency),
        total=readable(item.total, currency),
    )


def _total(session: records.CheckoutSession) -> str:
    return readable(session.amount_total, session.currency)


def _no_such_page() -> Response:
    return render("no_such_page.html", 404)
