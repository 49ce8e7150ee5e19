"""One token for many replicas, in Redis: sealed, with an end, and never needed."""

import logging
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateways.justifi_client import JustifiClient
from gateways.justifi_endpoints import ENDPOINTS
from gateways.justifi_models import Payment
from gateways.justifi_shared_tokens import RedisTokens
from gateways.justifi_tokens import AccessToken
from tests.gateways.scripted_justifi import PAYMENT, one, scripted_justifi
from tests.gateways.small_redis import SmallRedis, small_redis

TOKEN_URL = "https://api.justifi.ai/oauth/token"
HOUSE = Path(__file__).parents[2]
SECRET = "a-very-secret-token"


@pytest.fixture
async def redis() -> AsyncIterator[SmallRedis]:
    async with small_redis() as server:
        yield server


@asynccontextmanager
async def tokens_in(
    redis_url: str, client_secret: str = "test_secret", patience_seconds: float = 1.0
) -> AsyncIterator[RedisTokens]:
    tokens = RedisTokens(redis_url, "test_id", client_secret, TOKEN_URL, patience_seconds)
    yield tokens
    await tokens.close()


def a_token(lifetime: float = 3600) -> AccessToken:
    return AccessToken(SECRET, time.time() + lifetime)


async def test_what_one_replica_puts_another_gets(redis: SmallRedis) -> None:
    token = a_token()
    async with tokens_in(redis.url) as here, tokens_in(redis.url) as there:
        assert await there.get() is None
        await here.put(token)
        assert await there.get() == token


async def test_a_token_lies_there_sealed_and_until_its_end(redis: SmallRedis) -> None:
    async with tokens_in(redis.url) as tokens:
        await tokens.put(a_token(3600))

    [(place, sealed)] = redis.kept.items()
    assert SECRET.encode() not in sealed
    assert b"test_id" not in place
    assert 3_590_000 < redis.lifetimes[place] <= 3_600_000


async def test_a_token_that_has_ended_is_not_put_there(redis: SmallRedis) -> None:
    async with tokens_in(redis.url) as tokens:
        await tokens.put(a_token(0))

    assert redis.kept == {}


async def test_it_opens_for_those_alone_who_know_the_client_secret(
    redis: SmallRedis, caplog: pytest.LogCaptureFixture
) -> None:
    async with tokens_in(redis.url) as ours, tokens_in(redis.url, "another") as theirs:
        await ours.put(a_token())
        assert await theirs.get() is None

    assert "could not be read (InvalidTag)" in caplog.text


async def test_what_was_altered_there_is_passed_over(
    redis: SmallRedis, caplog: pytest.LogCaptureFixture
) -> None:
    async with tokens_in(redis.url) as tokens:
        await tokens.put(a_token())
        for place in redis.kept:
            redis.kept[place] = b"short"
        assert await tokens.get() is None

    assert SECRET not in caplog.text


async def test_a_redis_that_says_nothing_is_not_waited_for(redis: SmallRedis) -> None:
    redis.is_silent = True
    async with tokens_in(redis.url, patience_seconds=0.05) as tokens:
        assert await tokens.get() is None
        await tokens.put(a_token())


async def test_two_clients_share_one_token(redis: SmallRedis) -> None:
    async with scripted_justifi() as justifi:
        justifi.answers(one("payment", PAYMENT))
        for _ in range(2):
            client = JustifiClient("test_id", "test_secret", justifi.url, redis_url=redis.url)
            await client.retrieve(Payment, ENDPOINTS.retrieve_payment, "py_1")
            await client.close()

    assert len(justifi.tokens_asked) == 1


async def test_without_its_redis_a_client_gets_a_token_of_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = f"redis://:password@127.0.0.1:{server.getsockname()[1]}"
    caplog.set_level(logging.WARNING)
    async with scripted_justifi() as justifi:
        justifi.answers(one("payment", PAYMENT))
        client = JustifiClient("test_id", "test_secret", justifi.url, redis_url=nobody)
        payment = await client.retrieve(Payment, ENDPOINTS.retrieve_payment, "py_1")
        await client.close()

    assert payment.id == "py_1"
    assert "the shared token could not be read (ConnectionError)" in caplog.text
    assert "password" not in caplog.text


WITHOUT_REDIS = """
import sys
sys.modules["redis.asyncio"] = None
from gateways.justifi_client import JustifiClient
JustifiClient("i", "s")
try:
    JustifiClient("i", "s", redis_url="redis://127.0.0.1")
except ValueError as refused:
    print(refused)
"""


@pytest.mark.slow
def test_the_package_is_needed_where_its_address_is_set_and_nowhere_else() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_REDIS], cwd=HOUSE, capture_output=True, text=True, timeout=60
    )

    assert ran.stdout == "PAYBIND_REDIS_URL needs the package redis: paybind[redis]\n", ran.stderr
