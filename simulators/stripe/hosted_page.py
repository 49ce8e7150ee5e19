"""The page where a customer pays: a plain form that needs no script, and the 3-D Secure step."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from fastapi import APIRouter, Response
from starlette.requests import Request
from starlette.responses import RedirectResponse

from simulators.pages import render
from simulators.store import Store
from simulators.stripe import cards, checkout, payments, records
from simulators.stripe.account import StripeAccount
from simulators.stripe.currencies import readable
from simulators.stripe.errors import StripeError
from simulators.stripe.payments import Outcome, Payer, success_address

SEE_OTHER = 303


@dataclass(frozen=True)
class Line:
    name: str
    description: str | None
    quantity: int
    unit: str
    total: str


def router(account: StripeAccount, store: Store) -> APIRouter:
    routes = APIRouter(prefix="/c/pay", tags=["hosted page"])

    @routes.get("/{session_id}")
    async def show(session_id: str) -> Response:
        """The form while the session is open, and afterwards a word on why there is none."""
        session = _find(account, session_id)
        store.flush()
        return _form(session, {}) if session else _no_such_page()

    @routes.post("/{session_id}")
    async def submit(session_id: str, request: Request) -> Response:
        """What the customer entered; a declined card shows the form again."""
        entered = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        session = _find(account, session_id)
        if session is None:
            return _no_such_page()
        if session.status != "open":
            return _form(session, entered)
        answer = _paid(account, session, entered)
        store.flush()
        return answer

    @routes.get("/{session_id}/challenge")
    async def challenge(session_id: str) -> Response:
        """The bank asks the customer whether it is really them."""
        session = _find(account, session_id)
        if session is None:
            return _no_such_page()
        method = _challenged(account, session)
        if method is None:
            return RedirectResponse(f"/c/pay/{session.id}", SEE_OTHER)
        return render("challenge.html", session=session, total=_total(session), last4=method.last4)

    @routes.post("/{session_id}/challenge")
    async def answer(session_id: str, request: Request) -> Response:
        """The customer approved or refused at their bank."""
        entered = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        session = _find(account, session_id)
        if session is None:
            return _no_such_page()
        if _challenged(account, session) is None:
            return RedirectResponse(f"/c/pay/{session.id}", SEE_OTHER)
        completed = entered.get("answer") == "complete"
        outcome = payments.answer_challenge(account, session, completed=completed)
        store.flush()
        return _after(outcome, {})

    return routes


def _find(account: StripeAccount, session_id: str) -> records.CheckoutSession | None:
    try:
        return checkout.find_session(account, session_id)
    except StripeError:
        return None


def _challenged(
    account: StripeAccount, session: records.CheckoutSession
) -> records.PaymentMethod | None:
    """The card whose bank waits for an answer."""
    intent = account.intents.get(session.payment_intent or "")
    if session.status != "open" or intent is None or intent.status != "requires_action":
        return None
    return account.methods.get(intent.payment_method or "")


def _paid(
    account: StripeAccount, session: records.CheckoutSession, entered: dict[str, str]
) -> Response:
    problems = _problems(session, entered)
    if problems:
        return _form(session, entered, problems=problems, status=422)
    payer = Payer(name=entered.get("name") or None, email=entered.get("email") or None)
    match entered["method"]:
        case "settles_later":
            return _after(payments.pay_by_bank(account, session, "settles_later", payer), entered)
        case "fails_later":
            return _after(payments.pay_by_bank(account, session, "fails_later", payer), entered)
        case _:
            month, year = _expiry(entered.get("expiry", "")) or (12, 2034)
            payer = Payer(payer.name, payer.email, month, year)
            card = cards.recognise(entered.get("number", ""))
            return _after(payments.pay_by_card(account, session, card, payer), entered)


def _after(outcome: Outcome, entered: dict[str, str]) -> Response:
    session = outcome.session
    if outcome.result == "requires_action":
        return RedirectResponse(f"/c/pay/{session.id}/challenge", SEE_OTHER)
    if outcome.result == "declined":
        return _form(session, entered, declined=outcome.intent.last_payment_error, status=402)
    return RedirectResponse(success_address(session) or f"/c/pay/{session.id}", SEE_OTHER)


def _problems(session: records.CheckoutSession, entered: dict[str, str]) -> dict[str, str]:
    """What is missing or malformed, by field."""
    found = {}
    if not session.customer_email and "@" not in entered.get("email", ""):
        found["email"] = "Enter your e-mail address."
    entered.setdefault("method", "card")
    if entered["method"] != "card":
        return found
    if not entered.get("number", "").strip():
        found["number"] = "Enter a card number."
    if _expiry(entered.get("expiry", "")) is None:
        found["expiry"] = "Enter the expiry as month and year, for example 12/34."
    cvc = entered.get("cvc", "").strip()
    if not (cvc.isdecimal() and len(cvc) in (3, 4)):
        found["cvc"] = "Enter the 3 or 4 digits of the security code."
    return found


def _expiry(entered: str) -> tuple[int, int] | None:
    month, _, year = entered.replace(" ", "").partition("/")
    if not (month.isdecimal() and year.isdecimal() and 1 <= int(month) <= 12):
        return None
    return int(month), int(year) % 100 + 2000


def _form(
    session: records.CheckoutSession,
    entered: dict[str, str],
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
