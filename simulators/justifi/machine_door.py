"""Turns JustiFi's clock, pays, expires and settles without a browser: for tests and demos."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from fastapi import APIRouter, HTTPException
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from simulators.identifiers import new_id
from simulators.justifi import checkouts, paying, records
from simulators.justifi.errors import JustifiError
from simulators.justifi.passage_of_time import settle_pending, turn_clock
from simulators.justifi.platforms import JustifiPlatforms
from simulators.store import Store


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Turn(_Part):
    """Either by so many seconds or to a moment, never back."""

    seconds: float | None = Field(default=None, ge=0)
    to: AwareDatetime | None = None


class Shown(_Part):
    now: datetime


class TokenRules(_Part):
    """What is not given stays as it is; `revoke` makes every token so far worthless."""

    seconds: float | None = Field(default=None, gt=0)
    tells_expiry: bool | None = None
    revoke: bool = False


class PublisherWish(_Part):
    """A receiver of a platform's events, as one makes it in JustiFi's dashboard."""

    client_id: str
    url: str
    secret: str | None = None


class PublisherMade(_Part):
    id: str
    secret: str


class Paying(_Part):
    """A test card's `number`, or a test bank account's `account_number`."""

    number: str = ""
    account_number: str = ""
    name: str = "Jenny Rosen"


class CheckoutState(_Part):
    """`payment_id` is the payment's, whether it succeeded or was declined."""

    checkout_id: str
    status: str
    payment_id: str | None = None
    payment_status: str | None = None
    error_code: str | None = None


class Settlement(_Part):
    """`id` names one payment; without it every pending debit is settled."""

    id: str | None = None


class Settled(_Part):
    settled: list[str]


class JustifiDoor:
    def __init__(self, platforms: JustifiPlatforms, store: Store) -> None:
        self._platforms = platforms
        self._store = store
        self.router = APIRouter(prefix="/_simulator/justifi", tags=["JustiFi's machine door"])
        add = self.router.add_api_route
        add("/clock", self.show_clock, methods=["GET"])
        add("/clock", self.turn_clock, methods=["POST"])
        add("/tokens", self.rule_tokens, methods=["POST"], status_code=204)
        add("/event_publishers", self.add_publisher, methods=["POST"], status_code=201)
        add("/checkouts/{checkout_id}/pay", self.pay, methods=["POST"])
        add("/checkouts/{checkout_id}/expire", self.expire, methods=["POST"])
        add("/settle", self.settle, methods=["POST"])

    async def show_clock(self) -> Shown:
        """The time at JustiFi."""
        return Shown(now=datetime.fromtimestamp(self._platforms.world.clock.now(), UTC))

    async def turn_clock(self, turn: Turn) -> Shown:
        """Turn the clock forward; what falls due on the way happens, each at its own moment."""
        now = self._platforms.world.clock.now()
        seconds = turn.seconds if turn.to is None else turn.to.timestamp() - now
        if seconds is None or seconds < 0:
            raise HTTPException(422, "Give seconds, or a moment that is still to come.")
        turn_clock(self._platforms, seconds)
        self._store.flush()
        return await self.show_clock()

    async def rule_tokens(self, rules: TokenRules) -> None:
        """How long tokens are good, whether their answer says so, and an end to those in use."""
        if rules.seconds is not None:
            self._platforms.token_seconds = rules.seconds
        if rules.tells_expiry is not None:
            self._platforms.tells_expiry = rules.tells_expiry
        if rules.revoke:
            self._platforms.revoke_tokens()
        self._store.flush()

    async def add_publisher(self, wish: PublisherWish) -> PublisherMade:
        """Let a platform's events be sent to a receiver as well."""
        publisher = records.Publisher(
            id=new_id("ep_", 22), url=wish.url, secret=wish.secret or new_id("sigk_", 32)
        )
        self._platforms.of_client(wish.client_id).publishers.put(publisher)
        self._store.flush()
        return PublisherMade(id=publisher.id, secret=publisher.secret)

    async def pay(self, checkout_id: str, how: Paying) -> CheckoutState:
        """Pay an open checkout as a customer would on its page."""
        platform = self._platforms.of_checkout(checkout_id)
        instrument = paying.Instrument(**how.model_dump())
        with _refusals_as_http():
            checkout = platform.find(platform.checkouts, checkout_id)
            checkout, completion = paying.pay(platform, checkout, instrument)
        self._store.flush()
        return CheckoutState(
            checkout_id=checkout.id,
            status=checkout.status,
            payment_id=completion.payment_id,
            payment_status=completion.payment_status,
            error_code=completion.error_code,
        )

    async def expire(self, checkout_id: str) -> CheckoutState:
        """Let an open checkout reach its end now."""
        platform = self._platforms.of_checkout(checkout_id)
        with _refusals_as_http():
            checkout = platform.find(platform.checkouts, checkout_id)
        if checkouts.is_open(checkout):
            checkout = checkouts.expire(platform, checkout)
        self._store.flush()
        return CheckoutState(checkout_id=checkout.id, status=checkout.status)

    async def settle(self, wanted: Settlement | None = None) -> Settled:
        """Let pending debits reach their end now."""
        settled = settle_pending(self._platforms, wanted.id if wanted else None)
        self._store.flush()
        return Settled(settled=settled)


@contextmanager
def _refusals_as_http() -> Iterator[None]:
    try:
        yield
    except JustifiError as refused:
        raise HTTPException(refused.status, refused.message) from None
