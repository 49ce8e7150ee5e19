"""The worker is killed around each effect, and the story still ends as if it had not been."""

import pytest
import pytest_asyncio

from domain.purchases import PaymentStatus
from domain.refunds import RefundStatus
from tests.journeys.house import House
from tests.journeys.shaken import strikes
from tests.journeys.shaken.strikes import PART, Effect, Story, Struck
from tests.journeys.waiting import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
]

# A step that died with the worker is tried again after its time-out, a minute at most.
ENDS_WITHIN = 100
STRIKES = {
    "before the effects": strikes.before_the_effects,
    "before the answers": strikes.before_the_answers,
    "before the reports": strikes.before_the_reports,
    "before the rows": strikes.before_the_rows,
}

AT_THE_PROVIDER = [moment for moment in STRIKES if moment != "before the rows"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def struck(shaken_house: House) -> dict[str, Story]:
    """One kill for each moment; what was under way then recovers while the tests look at it."""
    return {moment: await strike(shaken_house) for moment, strike in STRIKES.items()}


@pytest.mark.parametrize("moment", STRIKES)
async def test_a_checkout_is_opened_once(
    shaken_house: House, struck: dict[str, Story], moment: str
) -> None:
    purchase = struck[moment][Effect.OPENING]

    # When the customer, who may have been told to come back, asks again and pays
    started = await shaken_house.joined(purchase.sold, ENDS_WITHIN)
    await shaken_house.providers.pay(started.session_id)

    await shaken_house.prove(started.purchase_id, purchase.sold)


@pytest.mark.parametrize("moment", [each for each in STRIKES if each != "before the answers"])
async def test_a_payment_is_recorded_once(
    shaken_house: House, struck: dict[str, Story], moment: str
) -> None:
    await _ends_delivered(shaken_house, struck[moment][Effect.READING])


@pytest.mark.parametrize("moment", ["before the effects", "before the reports"])
async def test_a_policy_is_printed_once(
    shaken_house: House, struck: dict[str, Story], moment: str
) -> None:
    await _ends_delivered(shaken_house, struck[moment][Effect.PRINTING])


@pytest.mark.parametrize("moment", AT_THE_PROVIDER)
async def test_a_policy_is_sent_once(
    shaken_house: House, struck: dict[str, Story], moment: str
) -> None:
    await _ends_delivered(shaken_house, struck[moment][Effect.MAILING])


@pytest.mark.parametrize("moment", AT_THE_PROVIDER)
async def test_a_refund_is_made_once(
    shaken_house: House, struck: dict[str, Story], moment: str
) -> None:
    purchase = struck[moment][Effect.REFUNDING]

    await shaken_house.until_refund(purchase.refund_id, RefundStatus.SUCCEEDED, ENDS_WITHIN)

    after = await shaken_house.purchase(purchase.purchase_id)
    [made] = await shaken_house.providers.refunds(str(after.provider_payment_id))
    assert made["amount"] == after.amount_refunded.minor == PART
    await shaken_house.mail(purchase.sold.customer, "refund")
    await shaken_house.prove(purchase.purchase_id, purchase.sold)


async def test_a_persons_yes_to_a_refund_counts_once(
    shaken_house: House, struck: dict[str, Story]
) -> None:
    purchase = struck["before the rows"][Effect.APPROVING]
    assert purchase.asked is not None

    # When the person, who may have been told to come back, says yes again
    if (await purchase.asked).status_code == 503:
        again = await shaken_house.http.post(f"/refunds/{purchase.refund_id}/approve")
        assert again.is_success or again.json()["code"] == "refund_not_awaiting_approval"

    refund = await shaken_house.until_refund(
        purchase.refund_id, RefundStatus.SUCCEEDED, ENDS_WITHIN
    )
    after = await shaken_house.purchase(purchase.purchase_id)
    [made] = await shaken_house.providers.refunds(str(after.provider_payment_id))
    assert made["amount"] == refund.amount.minor
    await shaken_house.prove(purchase.purchase_id, purchase.sold)


async def test_a_refund_made_by_hand_is_adopted_once(
    shaken_house: House, struck: dict[str, Story]
) -> None:
    purchase = struck["before the effects"][Effect.ADOPTING]

    await until(
        lambda: shaken_house.purchase(purchase.purchase_id),
        lambda seen: seen.amount_refunded.minor == PART,
        ENDS_WITHIN,
    )

    [adopted] = (await shaken_house.purchase(purchase.purchase_id)).refunds
    assert adopted.status is RefundStatus.SUCCEEDED
    await shaken_house.mail(purchase.sold.customer, "refund")
    await shaken_house.prove(purchase.purchase_id, purchase.sold)


@pytest.mark.parametrize("moment", AT_THE_PROVIDER)
async def test_a_cancelled_purchase_stays_unpaid(
    shaken_house: House, struck: dict[str, Story], moment: str
) -> None:
    purchase = struck[moment][Effect.CANCELLING]

    await shaken_house.until_status(purchase.purchase_id, PaymentStatus.CANCELLED, ENDS_WITHIN)

    [session] = await shaken_house.providers.sessions(purchase.purchase_id)
    assert session["status"] == "expired"
    assert await shaken_house.providers.charges(purchase.purchase_id) == []


async def _ends_delivered(house: House, purchase: Struck) -> None:
    await house.delivered(purchase.purchase_id, ENDS_WITHIN)
    await house.prove(purchase.purchase_id, purchase.sold)
