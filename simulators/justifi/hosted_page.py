"""The page on which a checkout is paid: a plain form that needs no script.

JustiFi has no page of its own: its web components stand in the seller's. This is theirs here.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Response
from starlette.requests import Request
from starlette.responses import RedirectResponse

from simulators.justifi import cards, checkouts, paying, records
from simulators.justifi.errors import JustifiError
from simulators.justifi.exchange import PREFIX
from simulators.justifi.platforms import JustifiPlatforms
from simulators.pages import render
from simulators.store import Store

SEE_OTHER = 303
SYMBOLS = {"usd": "$", "cad": "CA$"}

Entered = Mapping[str, str]


class CheckoutPage:
    def __init__(self, platforms: JustifiPlatforms, store: Store) -> None:
        self._platforms = platforms
        self._store = store
        self.router = APIRouter(prefix=f"{PREFIX}/checkout", tags=["JustiFi's checkout page"])
        self.router.add_api_route("/{checkout_id}", self.show, methods=["GET"])
        self.router.add_api_route("/{checkout_id}", self.submit, methods=["POST"])

    async def show(self, checkout_id: str, return_url: str = "") -> Response:
        """The form while the checkout is open; `return_url` is where the customer goes then."""
        checkout = self._platforms.of_checkout(checkout_id).checkouts.get(checkout_id)
        return _page(checkout, {"return_url": return_url}) if checkout else _no_such_page()

    async def submit(self, checkout_id: str, request: Request) -> Response:
        """What the customer entered; a declined card shows the form again."""
        platform = self._platforms.of_checkout(checkout_id)
        checkout = platform.checkouts.get(checkout_id)
        if checkout is None:
            return _no_such_page()
        entered = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        if not checkouts.is_open(checkout):
            return _page(checkout, entered, status=422)
        try:
            checkout, completion = paying.pay(platform, checkout, _instrument(entered))
        except JustifiError as refused:
            return _page(checkout, entered, declined=refused.message, status=422)
        finally:
            self._store.flush()
        if completion.status == "failed":
            return _page(checkout, entered, declined=completion.error_description, status=402)
        return RedirectResponse(_way_back(entered) or f"{PREFIX}/checkout/{checkout.id}", SEE_OTHER)


def _instrument(entered: Entered) -> paying.Instrument:
    month, _, year = entered.get("expiry", "").replace(" ", "").partition("/")
    right = month.isdecimal() and year.isdecimal() and 1 <= int(month) <= 12
    return paying.Instrument(
        number=entered.get("number", ""),
        account_number=entered.get("account_number", "") if entered.get("method") == "bank" else "",
        name=entered.get("name") or "Jenny Rosen",
        expiry=(month, year) if right else paying.Instrument.expiry,
    )


def _page(
    checkout: records.Checkout,
    entered: Entered,
    *,
    declined: str | None = None,
    status: int = 200,
) -> Response:
    total = f"{SYMBOLS[checkout.currency]}{checkout.amount / 100:,.2f}"
    return render(
        "justifi_checkout.html",
        status,
        checkout=checkout,
        total=total,
        is_open=checkouts.is_open(checkout),
        entered=entered,
        declined=declined,
        way_back=_way_back(entered),
        cards=cards.CARDS,
        accounts=cards.BANK_ACCOUNTS,
    )


def _way_back(entered: Entered) -> str | None:
    address = entered.get("return_url", "")
    return address if urlsplit(address).scheme in ("http", "https") else None


def _no_such_page() -> Response:
    return render("no_such_page.html", 404)
