"""Stripe as its double plays it, every word checked as wire, and as a test scripts it; JustiFi."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from gateways.payments import PaymentGateway
from gateways.stripe_payments import StripePayments
from tests.gateways.justifi_street import Street, street_at
from tests.gateways.scripted_stripe import ScriptedStripe, scripted_stripe
from tests.gateways.simulated_justifi import SimulatedJustifi, simulated_justifi
from tests.gateways.simulated_stripe import SimulatedStripe, problems_in, simulated_stripe


@pytest.fixture(scope="session")
async def running_stripe() -> AsyncIterator[SimulatedStripe]:
    async with simulated_stripe() as stripe:
        yield stripe


@pytest.fixture
async def simulated(running_stripe: SimulatedStripe) -> AsyncIterator[SimulatedStripe]:
    await running_stripe.begins_anew()
    yield running_stripe
    assert problems_in(await running_stripe.ends()) == []
    assert running_stripe.refused == []


@pytest.fixture
async def stripe() -> AsyncIterator[ScriptedStripe]:
    async with scripted_stripe() as server:
        yield server


@pytest.fixture
async def payments(simulated: SimulatedStripe) -> AsyncIterator[PaymentGateway]:
    gateway = StripePayments("sk_test_of_the_tests", simulated.url, timedelta(seconds=3))
    yield gateway
    await gateway.close()


@pytest.fixture(scope="session")
async def running_justifi() -> AsyncIterator[SimulatedJustifi]:
    async with simulated_justifi() as justifi:
        yield justifi


@pytest.fixture
async def street(running_justifi: SimulatedJustifi) -> AsyncIterator[Street]:
    async with street_at(running_justifi) as opened:
        yield opened
