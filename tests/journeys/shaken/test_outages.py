"""Processes die and go away in the middle of purchases, which go on when they are back."""

import asyncio

import httpx
import pytest
from pydantic import JsonValue

from domain.refunds import RefundStatus, workflow_id_of
from tests.journeys.house import House
from tests.journeys.outages import frozen, kill, replace, temporal_away
from tests.journeys.providers import REFUNDS
from tests.journeys.waiting import until

pytestmark = [pytest.mark.slow]


@pytest.mark.parametrize("name", ["api", "simulators", "temporal"])
async def test_a_process_killed_under_an_open_checkout_costs_nothing(
    shaken_house: House, name: str
) -> None:
    house = shaken_house
    sold = await house.quote()
    started = await house.start(sold)

    await kill(house.running, name)
    await until(lambda: paid(house, started.session_id))

    await house.prove(started.purchase_id, sold)


async def paid(house: House, session_id: str) -> bool:
    await house.providers.pay(session_id)
    return True


@pytest.mark.parametrize("name", ["simulators", "temporal"])
async def test_a_process_killed_right_after_the_payment_costs_nothing(
    shaken_house: House, name: str
) -> None:
    house = shaken_house
    sold = await house.quote()
    started = await house.start(sold)

    await house.providers.pay(started.session_id)
    await kill(house.running, name)

    await house.prove(started.purchase_id, sold)


async def test_a_worker_told_to_stop_finishes_the_step_that_it_is_at(shaken_house: House) -> None:
    house = shaken_house
    bought = await house.bought(await house.quote())
    match: JsonValue = {"method": "POST", "path_prefix": REFUNDS, "contains": bought.purchase_id}
    held = await house.providers.script(target="stripe", match=match, kind="delay", seconds=4)
    address = f"/purchases/{bought.purchase_id}/refund"
    refund_id = str((await house.http.post(address, json={"amount": 5_000})).json()["refund_id"])
    await house.providers.met(held)

    await replace(house.running, "worker")

    await house.until_refund(refund_id, RefundStatus.SUCCEEDED)
    run = house.temporal.get_workflow_handle(workflow_id_of(refund_id))
    tries = [
        event.activity_task_started_event_attributes.attempt
        for event in (await run.fetch_history()).events
        if event.HasField("activity_task_started_event_attributes")
    ]
    assert tries == [1]


async def test_an_api_killed_between_storing_and_signalling_is_told_again(
    shaken_house: House,
) -> None:
    # Given a webhook that is stored, while Temporal does not take the signal
    house = shaken_house
    sold = await house.quote()
    started = await house.start(sold)
    earlier = await completions(house)
    with frozen(house.running, "temporal"):
        await house.providers.pay(started.session_id)
        stored = await until(lambda: completions(house), lambda seen: seen.keys() - earlier.keys())

        # When the API dies there
        await kill(house.running, "api")

    # Then the provider, who was never told yes, repeats it, and the event is kept once
    await house.prove(started.purchase_id, sold)
    [event_id] = stored.keys() - earlier.keys()
    await until(lambda: completions(house), lambda seen: seen[event_id] == "handed_over")
    repeated = await house.http.get(f"/webhook-events/{event_id}")
    assert repeated.json()["purchase_id"] == started.purchase_id
    assert repeated.json()["deliveries"] > 1


async def completions(house: House) -> dict[str, str]:
    """What became of each event that tells of a completed checkout, by the event's id."""
    answer = await house.http.get("/webhook-events", params={"limit": 100})
    return {
        each["event_id"]: each["outcome"]
        for each in answer.json()["items"]
        if each["type"] == "checkout.session.completed"
    }


async def test_without_temporal_everyone_is_asked_to_come_back(shaken_house: House) -> None:
    house = shaken_house
    sold, new = await house.quote(), await house.quote()
    started = await house.start(sold)

    async with temporal_away(house.running):
        # Then a new purchase is refused for now, and says when to come back
        refused = await house.ask_to_start(new)
        assert refused.status_code == 503, refused.text
        assert int(refused.headers["Retry-After"]) > 0
        assert refused.json()["code"] == "unavailable"
        assert (await house.http.get("/readyz")).status_code == 503
        assert (await house.http.get("/healthz")).status_code == 200

        # and a webhook is not taken, so that the provider keeps it
        await house.providers.pay(started.session_id)
        await until(house.providers.turned_away)

        # but what is known is still told
        assert (await house.purchase(started.purchase_id)).payment_status == "pending"

    # When Temporal is back, everything goes on
    await house.prove(started.purchase_id, sold)
    again = await house.joined(new)
    await house.providers.pay(again.session_id)
    await house.prove(again.purchase_id, new)


async def test_a_mail_service_that_is_down_never_unissues_a_policy(shaken_house: House) -> None:
    house = shaken_house
    sold = await house.quote()
    started = await house.start(sold)

    async with house.providers.failing(target="sendgrid", kind="unavailable"):
        await house.providers.pay(started.session_id)
        issued = await until(
            lambda: house.purchase(started.purchase_id),
            lambda seen: seen.emails and seen.emails[0].tries > 1,
        )
        assert issued.policy_status == "issued"
        assert not issued.needs_review

    await house.prove(started.purchase_id, sold)


@pytest.mark.parametrize(
    "kind", ["rate_limit", "unavailable", "server_error", "cut_before", "cut_after_effect"]
)
async def test_a_provider_that_fails_once_opens_one_checkout(
    shaken_house: House, kind: str
) -> None:
    house = shaken_house
    sold = await house.quote()
    await house.providers.script(
        target="stripe", kind=kind, match={"path_prefix": "/v1/checkout/sessions"}
    )

    started = await house.joined(sold)
    await house.providers.pay(started.session_id)

    await house.prove(started.purchase_id, sold)


async def test_requests_in_flight_when_the_api_dies_open_one_checkout(
    shaken_house: House,
) -> None:
    house = shaken_house
    sold = await house.quote()
    held = await house.providers.script(
        target="stripe", kind="delay", seconds=2, match={"path_prefix": "/v1/checkout/sessions"}
    )
    asking = [asyncio.create_task(house.ask_to_start(sold)) for _ in range(3)]
    await house.providers.met(held)

    await kill(house.running, "api")

    for lost in await asyncio.gather(*asking, return_exceptions=True):
        assert isinstance(lost, httpx.TransportError)
    started = await house.joined(sold)
    await house.providers.pay(started.session_id)
    await house.prove(started.purchase_id, sold)
