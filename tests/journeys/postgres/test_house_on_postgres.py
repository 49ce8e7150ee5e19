"""The same house on PostgreSQL: the whole journey, and the database away in the middle of it."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from domain.purchases import PaymentStatus
from domain.refunds import RefundStatus
from tests.journeys.house import House, house_at, settings_for
from tests.journeys.providers import NO_FUNDS
from tests.journeys.waiting import until
from tests.postgres import Server, binaries, postgres_server

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    bin_dir = binaries()
    if bin_dir is None:
        pytest.skip("no PostgreSQL server on this machine")
    with postgres_server(bin_dir) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    home = tmp_path_factory.mktemp("postgres-house")
    async with house_at(settings_for(home, database_url=f"{server.url}/postgres")) as opened:
        yield opened


async def test_a_declined_then_paid_then_refunded_purchase_is_told_the_same(house: House) -> None:
    # Given a declined card
    sold = await house.quote()
    started = await house.start(sold)
    await house.providers.pay(started.session_id, NO_FUNDS)
    await house.until_status(started.purchase_id, PaymentStatus.FAILED)

    # When another one pays
    await house.providers.pay(started.session_id)
    await house.prove(started.purchase_id, sold)

    # Then part of it can go back
    answer = await house.http.post(
        f"/purchases/{started.purchase_id}/refund", json={"amount": 5_000}
    )
    await house.until_refund(answer.json()["refund_id"], RefundStatus.SUCCEEDED)
    assert await house.findings(started.purchase_id) == []


async def test_without_the_database_everyone_is_asked_to_come_back(
    house: House, server: Server
) -> None:
    sold, new = await house.quote(), await house.quote()
    started = await house.start(sold)

    server.stop()
    try:
        # Then nothing is answered wrongly, and nothing is taken
        for refused in (
            await house.ask_to_start(new),
            await house.http.get(f"/purchases/{started.purchase_id}"),
            await house.http.get("/readyz"),
        ):
            assert refused.status_code == 503, refused.text
            assert int(refused.headers["Retry-After"]) > 0
        await house.providers.pay(started.session_id)
        await until(house.providers.turned_away)
    finally:
        server.start()

    # When it is back, everything goes on
    await house.prove(started.purchase_id, sold)
    again = await house.joined(new)
    await house.providers.pay(again.session_id)
    await house.prove(again.purchase_id, new)


async def test_a_database_lost_under_the_worker_is_waited_for(house: House, server: Server) -> None:
    # Given a paid checkout that the worker is about to read
    sold = await house.quote()
    started = await house.start(sold)
    held = await house.providers.script(
        target="stripe", kind="delay", seconds=1, match={"path_prefix": "/v1/checkout/sessions"}
    )
    await house.providers.pay(started.session_id)
    await house.providers.met(held)

    # When the database goes away before it can write
    server.stop()
    server.start()

    await house.prove(started.purchase_id, sold)
