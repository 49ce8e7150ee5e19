"""Money that goes back: all or part, at once or later, and above a limit only with a yes."""

import asyncio

import pytest

from api.purchase_answers import PurchaseAnswer
from api.refund_answers import RefundAnswer
from domain.purchases import RefundProgress, ReviewReason
from domain.refunds import RefundStatus
from tests.journeys.house import PRICE, House
from tests.journeys.providers import REFUND_FAILS_LATER, REFUND_SETTLES_LATER

pytestmark = [pytest.mark.slow]


async def refunded(
    house: House, bought: PurchaseAnswer, amount: int | None, key: str | None = None
) -> RefundAnswer:
    body = {"amount": amount} if amount else {}
    headers = {"Idempotency-Key": key} if key else {}
    address = f"/purchases/{bought.purchase_id}/refund"
    answer = await house.http.post(address, json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return RefundAnswer.model_validate_json(answer.content)


async def test_all_of_the_money_goes_back_and_the_policy_ends(house: House) -> None:
    sold = await house.quote()
    bought = await house.bought(sold)
    assert bought.policy is not None

    refund = await refunded(house, bought, None)

    await house.until_refund(refund.refund_id, RefundStatus.SUCCEEDED)
    after = await house.purchase(bought.purchase_id)
    assert after.refund_status is RefundProgress.FULL
    assert after.payment_status == "completed"
    [made] = await house.providers.refunds(str(bought.provider_payment_id))
    assert made["amount"] == PRICE
    assert "150.00" in (await house.mail(sold.customer, "refund")).text
    page = await house.http.get(f"/policies/{bought.policy.number}/verify")
    assert page.json()["is_valid"] is False
    assert await house.findings(bought.purchase_id) == []


async def test_two_equal_parts_are_two_refunds_and_the_cap_holds(house: House) -> None:
    bought = await house.bought(await house.quote())

    # Given two refunds of the same part at the same moment, and one of them asked for again
    first, second = await asyncio.gather(
        *(refunded(house, bought, 6_000, bought.purchase_id + each) for each in ("-1", "-2"))
    )
    again = await refunded(house, bought, 6_000, f"{bought.purchase_id}-2")
    assert len({first.refund_id, second.refund_id, again.refund_id}) == 2
    for each in (first, second):
        await house.until_refund(each.refund_id, RefundStatus.SUCCEEDED)

    # Then a third one would be more than was paid
    answer = await house.http.post(
        f"/purchases/{bought.purchase_id}/refund", json={"amount": 6_000}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "refund_above_cap")
    after = await house.purchase(bought.purchase_id)
    assert (after.refund_status, after.amount_refunded.minor) == (RefundProgress.PARTIAL, 12_000)
    assert len(await house.providers.refunds(str(bought.provider_payment_id))) == 2


async def test_a_refund_asked_for_twice_without_a_key_is_one(house: House) -> None:
    bought = await house.bought(await house.quote())

    first, again = [await refunded(house, bought, 6_000) for _ in range(2)]

    assert first.refund_id == again.refund_id
    await house.until_refund(first.refund_id, RefundStatus.SUCCEEDED)
    assert len(await house.providers.refunds(str(bought.provider_payment_id))) == 1


async def test_a_refund_that_settles_later_is_told_of_then(house: House) -> None:
    sold = await house.quote()
    bought = await house.bought(sold, REFUND_SETTLES_LATER)

    refund = await refunded(house, bought, 5_000)
    await house.asked_for(refund.refund_id)
    assert (await house.refund(refund.refund_id)).status is RefundStatus.PENDING

    await house.providers.settle()
    await house.until_refund(refund.refund_id, RefundStatus.SUCCEEDED)
    await house.mail(sold.customer, "refund")


async def test_a_refund_that_fails_later_frees_its_money_and_asks_for_a_person(
    house: House,
) -> None:
    bought = await house.bought(await house.quote(), REFUND_FAILS_LATER)

    refund = await refunded(house, bought, 5_000)
    await house.until_refund(refund.refund_id, RefundStatus.SUCCEEDED)
    await house.providers.settle()

    await house.until_refund(refund.refund_id, RefundStatus.FAILED)
    after = await house.in_review(bought.purchase_id)
    assert after.amount_refunded.minor == 0
    assert after.reviews[0].reason is ReviewReason.REFUND_FAILED


async def test_a_large_refund_waits_and_a_no_moves_nothing(house: House) -> None:
    large = house.running.settings.refund_approval_above_minor + 1
    bought = await house.bought(await house.quote(price=large), price=large)

    refund = await refunded(house, bought, None)
    assert refund.status is RefundStatus.AWAITING_APPROVAL
    answer = await house.http.post(f"/refunds/{refund.refund_id}/decline")

    assert answer.json()["status"] == "declined"
    assert await house.providers.refunds(str(bought.provider_payment_id)) == []
    assert (await house.purchase(bought.purchase_id)).refund_status is RefundProgress.NONE


async def test_an_unpaid_purchase_has_nothing_to_refund(house: House) -> None:
    started = await house.start(await house.quote())

    answer = await house.http.post(f"/purchases/{started.purchase_id}/refund")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_paid")


async def test_a_bank_debit_under_way_cannot_be_cancelled(house: House) -> None:
    # Given a bank debit under way
    sold = await house.quote()
    started = await house.start(sold)
    await house.providers.pay_by_bank(started.session_id, "settles_later")
    await house.processing(started.purchase_id)

    # When somebody cancels meanwhile, they learn that the bank cannot be stopped
    answer = await house.http.post(f"/purchases/{started.purchase_id}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_processing")

    # Then the money arrives, and buys the policy
    await house.providers.settle()
    await house.prove(started.purchase_id, sold)
