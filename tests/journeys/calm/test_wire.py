"""All that goes over the wire to Stripe and back, in one long journey, keeps its contract."""

import pytest
import pytest_asyncio

from domain.purchases import PaymentStatus
from domain.refunds import RefundStatus
from tests.conformance.second_opinion import second_opinion
from tests.conformance.stripe_contract import problems_in_event as event_problems
from tests.conformance.stripe_contract import problems_in_request as request_problems
from tests.conformance.stripe_contract import problems_in_response as response_problems
from tests.journeys.house import House
from tests.journeys.providers import (
    DISPUTED,
    NO_FUNDS,
    REFUND_FAILS_LATER,
    REFUND_SETTLES_LATER,
    Asked,
    Recorded,
)

pytestmark = [pytest.mark.slow]
Problems = list[tuple[str, str]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def recorded(house: House) -> Recorded:
    """Purchases, declines, disputes, refunds, an expiry, a cancellation, faults, and the proof."""
    await _declined_then_paid(house)
    await _by_bank(house)
    await _refunds(house)
    await _unpaid_ends(house)
    await _faults(house)
    await house.bought(await house.quote(), DISPUTED)
    await house.verification.verify()
    return await house.providers.recorded()


async def _declined_then_paid(house: House) -> None:
    started = await house.start(await house.quote())
    await house.providers.pay(started.session_id, NO_FUNDS)
    await house.until_status(started.purchase_id, PaymentStatus.FAILED)
    await house.providers.pay(started.session_id)
    await house.delivered(started.purchase_id)


async def _by_bank(house: House) -> None:
    ends = {
        "settles_later": PaymentStatus.COMPLETED,
        "fails_later": PaymentStatus.FAILED,
    }
    for fate, end in ends.items():
        started = await house.start(await house.quote())
        await house.providers.pay_by_bank(started.session_id, fate)
        await house.processing(started.purchase_id)
        await house.providers.settle()
        await house.until_status(started.purchase_id, end)


async def _refunds(house: House) -> None:
    ends = {
        REFUND_SETTLES_LATER: RefundStatus.SUCCEEDED,
        REFUND_FAILS_LATER: RefundStatus.FAILED,
    }
    for card, end in ends.items():
        bought = await house.bought(await house.quote(), card)
        answer = await house.http.post(f"/purchases/{bought.purchase_id}/refund", json={})
        refund_id = answer.json()["refund_id"]
        await house.asked_for(refund_id)
        await house.providers.settle()
        await house.until_refund(refund_id, end)


async def _unpaid_ends(house: House) -> None:
    expired = await house.start(await house.quote())
    await house.providers.expire(expired.session_id)
    await house.until_status(expired.purchase_id, PaymentStatus.EXPIRED)
    cancelled = await house.start(await house.quote())
    await house.http.post(f"/purchases/{cancelled.purchase_id}/cancel")
    await house.until_status(cancelled.purchase_id, PaymentStatus.CANCELLED)


async def _faults(house: House) -> None:
    """An answer of each kind of failure; after a stored fault the product looks for the session."""
    for kind, after in (("rate_limit", False), ("unavailable", False), ("server_error", True)):
        await house.providers.script(
            target="stripe", kind=kind, after_effect=after, match={"method": "POST"}
        )
        await house.joined(await house.quote())


def of_stripe(recorded: Recorded) -> list[Asked]:
    """At the environment's own account: others are of other journeys in the same house."""
    ours = "sk_test_simulated"[-4:]
    return [each for each in recorded.requests if (each.api, each.account) == ("stripe", ours)]


def where(asked: Asked) -> str:
    return f"{asked.method} {asked.path} {asked.status}"


def test_the_journey_called_all_that_the_product_calls(recorded: Recorded) -> None:
    called = {(each.method, each.path.split("/")[2]) for each in of_stripe(recorded)}
    kinds = {str(event["type"]) for event in recorded.events}

    assert called == {
        ("POST", "checkout"),
        ("GET", "checkout"),
        ("POST", "refunds"),
        ("GET", "refunds"),
        ("GET", "payment_intents"),
    }
    assert {each.status for each in of_stripe(recorded)} >= {200, 429, 500, 503}
    assert kinds >= {
        "checkout.session.completed",
        "checkout.session.expired",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "payment_intent.payment_failed",
        "charge.dispute.created",
        "refund.created",
        "refund.updated",
        "refund.failed",
    }


def test_by_the_products_own_contract(recorded: Recorded) -> None:
    found: Problems = []
    for each in of_stripe(recorded):
        asked, answered = (each.method, each.path), (each.status, each.answer)
        found += _at(f"asked {where(each)}", request_problems(*asked, each.form, each.query))
        found += _at(where(each), response_problems(*asked, *answered))
    for event in recorded.events:
        found += _at(str(event["type"]), event_problems(event))

    assert found == []


def test_by_a_second_opinion(recorded: Recorded) -> None:
    check = second_opinion()
    if check is None:
        pytest.skip("the other wire check does not lie beside this tree")
    found: Problems = []
    for each in of_stripe(recorded):
        asked, answered = (each.method, each.path), (each.status, each.answer)
        found += _at(f"asked {where(each)}", check.request(*asked, each.form, each.query))
        found += _at(where(each), check.response(*asked, *answered))
    for event in recorded.events:
        found += _at(str(event["type"]), check.event(event))

    assert found == []


def _at(place: str, problems: list[str]) -> Problems:
    return [(place, problem) for problem in problems]
