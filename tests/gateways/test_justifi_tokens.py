"""JustiFi's access tokens: kept until shortly before their end, and renewed once for all."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateways.faults import Busy, GatewayFault, Misconfigured, Unreachable
from gateways.justifi_client import JustifiClient
from gateways.justifi_endpoints import ENDPOINTS
from gateways.justifi_models import Payment
from gateways.justifi_tokens import AccessToken, AccessTokens
from tests.gateways.scripted_justifi import (
    PAYMENT,
    Answer,
    ScriptedJustifi,
    cut,
    json_answer,
    one,
    refusal,
    scripted_justifi,
)


class Fetching:
    """Counts the tokens it gives, each new, and waits for ``open`` first."""

    def __init__(self, lifetime: float | None) -> None:
        self.lifetime = lifetime
        self.given = 0
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self) -> tuple[str, float | None]:
        await self.open.wait()
        self.given += 1
        return f"token-{self.given}", self.lifetime


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Shelf:
    """A shared place that holds what was put there last."""

    def __init__(self, token: AccessToken | None = None) -> None:
        self.token = token
        self.is_closed = False

    async def get(self) -> AccessToken | None:
        return self.token

    async def put(self, token: AccessToken) -> None:
        self.token = token

    async def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(("told", "kept_for"), [(3600, 3540), (None, 86_340)])
async def test_a_token_is_kept_until_a_minute_before_its_end(
    told: float | None, kept_for: float
) -> None:
    fetch, clock = Fetching(told), Clock()
    tokens = AccessTokens(fetch, now=clock)

    first = await tokens.current()
    clock.now += kept_for - 1
    still = await tokens.current()
    clock.now += 1
    renewed = await tokens.current()

    assert (first, still, renewed) == ("token-1", "token-1", "token-2")


async def test_a_hundred_callers_without_a_token_make_one_request() -> None:
    fetch = Fetching(3600)
    tokens = AccessTokens(fetch)

    got = await asyncio.gather(*(tokens.current() for _ in range(100)))

    assert set(got) == {"token-1"}
    assert fetch.given == 1


async def test_a_hundred_callers_with_a_refused_token_make_one_request() -> None:
    fetch = Fetching(3600)
    tokens = AccessTokens(fetch)
    refused = await tokens.current()

    got = await asyncio.gather(*(tokens.instead_of(refused) for _ in range(100)))
    late = await tokens.instead_of(refused)

    assert {*got, late} == {"token-2"}
    assert fetch.given == 2


async def test_a_caller_that_gives_up_takes_the_token_from_nobody() -> None:
    fetch = Fetching(3600)
    fetch.open.clear()
    tokens = AccessTokens(fetch)
    first, second = (asyncio.create_task(tokens.current()) for _ in range(2))
    await asyncio.sleep(0)

    first.cancel()
    fetch.open.set()

    assert await second == "token-1"
    assert fetch.given == 1


async def test_closing_ends_a_renewal_under_way() -> None:
    fetch, shelf = Fetching(3600), Shelf()
    fetch.open.clear()
    tokens = AccessTokens(fetch, shelf)
    waiting = asyncio.create_task(tokens.current())
    await asyncio.sleep(0)

    await tokens.close()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert shelf.is_closed
    assert fetch.given == 0


async def test_replicas_use_the_token_that_one_of_them_got() -> None:
    fetch, shelf = Fetching(3600), Shelf()
    one_replica, another = AccessTokens(fetch, shelf), AccessTokens(fetch, shelf)

    assert await one_replica.current() == await another.current() == "token-1"
    assert await one_replica.instead_of("token-1") == "token-2"
    assert await another.instead_of("token-1") == "token-2"
    assert fetch.given == 2


async def test_a_shared_token_that_has_ended_is_renewed() -> None:
    fetch, clock = Fetching(3600), Clock()
    shelf = Shelf(AccessToken("token-0", clock.now))
    tokens = AccessTokens(fetch, shelf, clock)

    assert await tokens.current() == "token-1"
    assert shelf.token == AccessToken("token-1", clock.now + 3540)


@pytest.fixture
async def justifi() -> AsyncIterator[ScriptedJustifi]:
    async with scripted_justifi() as server:
        yield server


async def retrieved(client: JustifiClient) -> Payment:
    return await client.retrieve(Payment, ENDPOINTS.retrieve_payment, "py_1")


@pytest.mark.parametrize("form", ["", "/", "/v1", "/v1/"])
async def test_the_token_is_got_outside_of_v1_whatever_the_addresss_form(
    justifi: ScriptedJustifi, form: str
) -> None:
    client = JustifiClient("test_id", "test_secret", justifi.url + form)
    justifi.answers(one("payment", PAYMENT))

    await retrieved(client)
    await client.close()

    asked = justifi.tokens_asked[0]
    assert (asked.method, asked.path) == ("POST", "/oauth/token")
    assert asked.body == {"client_id": "test_id", "client_secret": "test_secret"}
    assert asked.headers["Content-Type"] == "application/json"
    assert justifi.asked[0].path == "/v1/payments/py_1"


async def test_a_401_is_repeated_once_with_a_new_token_and_under_the_same_key(
    justifi: ScriptedJustifi,
) -> None:
    client = JustifiClient("test_id", "test_secret", justifi.url)
    justifi.tokens, justifi.accepted = ["old", "new"], {"new"}
    justifi.answers(one("payment", PAYMENT))

    await client.write(Payment, ENDPOINTS.void_payment, "py_1", idempotency_key="void-py_1")
    await client.close()

    assert [asked.headers["Authorization"] for asked in justifi.asked] == [
        "Bearer old",
        "Bearer new",
    ]
    assert {asked.headers["Idempotency-Key"] for asked in justifi.asked} == {"void-py_1"}


async def test_a_second_401_is_a_wrong_key(justifi: ScriptedJustifi) -> None:
    client = JustifiClient("test_id", "test_secret", justifi.url)
    justifi.tokens, justifi.accepted = ["a", "b", "c"], set()
    justifi.answers({})

    with pytest.raises(Misconfigured) as wrong:
        await retrieved(client)
    await client.close()

    assert wrong.value.service == "justifi"
    assert (len(justifi.asked), len(justifi.tokens_asked)) == (2, 2)


async def test_a_hundred_requests_with_an_expired_token_ask_for_one_new_one(
    justifi: ScriptedJustifi,
) -> None:
    client = JustifiClient("test_id", "test_secret", justifi.url)
    justifi.tokens = ["old", "new"]
    justifi.answers(one("payment", PAYMENT))
    await retrieved(client)
    justifi.accepted = {"new"}

    await asyncio.gather(*(retrieved(client) for _ in range(100)))
    await client.close()

    assert len(justifi.tokens_asked) == 2


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (json_answer(refusal("not_authenticated"), 401), Misconfigured),
        (json_answer(refusal("resource_not_found"), 404), Misconfigured),
        (json_answer(refusal("parameter_missing"), 422), Misconfigured),
        (json_answer(refusal("too_many"), 429), Busy),
        (json_answer(refusal("internal_server_error"), 500), Busy),
        (json_answer({}), Busy),
        (json_answer({"access_token": "line\nbreak"}), Busy),
        (json_answer([]), Busy),
        (cut, Unreachable),
    ],
)
async def test_without_a_token_nothing_is_sent(
    justifi: ScriptedJustifi, answer: Answer, fault: type[GatewayFault]
) -> None:
    client = JustifiClient("test_id", "test_secret", justifi.url)
    justifi.token_answer = answer

    with pytest.raises(GatewayFault) as raised:
        await client.write(Payment, ENDPOINTS.void_payment, "py_1", idempotency_key="k")
    await client.close()

    assert type(raised.value) is fault
    assert "wei@example.com" not in str(raised.value)
    assert "test_secret" not in str(raised.value)
    assert justifi.asked == []


async def test_a_lifetime_that_is_no_number_counts_as_untold(justifi: ScriptedJustifi) -> None:
    client = JustifiClient("test_id", "test_secret", justifi.url)
    justifi.token_answer = json_answer({"access_token": "token", "expires_in": "soon"})
    justifi.answers(one("payment", PAYMENT))

    await retrieved(client)
    await retrieved(client)
    await client.close()

    assert len(justifi.tokens_asked) == 1


def test_neither_a_token_nor_an_answer_shows_itself() -> None:
    assert "secret" not in repr(AccessToken("secret", 1.0))
