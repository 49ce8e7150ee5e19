"""What the measurements stand on: objects that the product takes for Stripe's, and their sums."""

import asyncio
import json

import pytest

from benchmarks import stripe_objects
from benchmarks.figures import Latency, goals_of
from benchmarks.measures import alternating
from benchmarks.shop import at_once
from domain.money import Money
from domain.payments import CheckoutState
from gateways.stripe_snapshots import Session
from gateways.stripe_webhooks import StripeWebhooks

SECRET = "whsec_bench"
OURS = {"purchase_id": "pur_" + 22 * "a", "tenant_id": "default", "quote_id": "quote_1"}


def opened() -> dict[str, object]:
    return stripe_objects.session(7, 15_000, "sgd", OURS, "http://stripe.test")


def test_the_product_takes_the_event_for_a_signed_one_about_its_purchase() -> None:
    body = stripe_objects.completed_event(1, stripe_objects.paid(opened(), expanded=False))
    headers = {"Stripe-Signature": stripe_objects.signature(body, SECRET)}

    (event,) = StripeWebhooks(SECRET).verify(body, headers)

    assert event.purchase_id == OURS["purchase_id"]
    assert 1500 < len(body) < 4000  # as large as Stripe's own


def test_two_events_are_never_the_same() -> None:
    first, second = (json.loads(stripe_objects.completed_event(n, opened())) for n in (1, 2))
    assert first["id"] != second["id"]


def test_a_session_is_open_when_made_and_paid_when_read() -> None:
    made = Session.model_validate(opened())
    read = Session.model_validate(stripe_objects.paid(opened(), expanded=True))

    assert made.checkout.session_id == read.id
    assert read.snapshot.state is CheckoutState.COMPLETE
    assert read.snapshot.paid == Money(minor=15_000, currency="SGD")


async def test_no_more_jobs_run_at_once_than_were_asked_for() -> None:
    running, most = 0, 0

    async def act(job: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return job

    assert sorted(await at_once(3, range(10), act)) == list(range(10))
    assert most == 3


async def test_the_sides_take_turns_in_going_first() -> None:
    order: list[str] = []

    async def one() -> int:
        order.append("one")
        return 1

    async def other() -> int:
        order.append("other")
        return 2

    assert [await alternating(run, one, other) for run in (0, 1)] == [(1, 2), (1, 2)]
    assert order == ["one", "other", "other", "one"]


def test_latencies_are_told_in_milliseconds() -> None:
    latency = Latency.of([n / 1000 for n in range(1, 102)])
    assert latency.p50 == pytest.approx(51)
    assert latency.p95 == pytest.approx(96)


def test_a_goal_says_whether_it_is_met() -> None:
    goals = goals_of(
        cost=1.25, events=31, to_mail=150, webhooks=0.61, resolution=0.95, justifi=2001, polls=0.011
    )
    assert [goal.met for goal in goals] == [True, False, True, True, True, False, False]
