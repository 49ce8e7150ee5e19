"""Payouts and their books read from JustiFi's double, over the wire, and from odd answers."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import JsonValue

from domain.balances import BalanceTransaction, TransactionKind
from domain.money import Money
from domain.payout_reconciliation import OurRecord, OurRecords, reconciled
from domain.payouts import PayoutSnapshot
from gateways.faults import RefusedByProvider
from gateways.justifi_client import JustifiClient
from gateways.justifi_endpoints import ENDPOINTS
from gateways.justifi_models import BalanceTransaction as JustifiTransaction
from gateways.justifi_models import Decline, Payment, Payout, Refund
from gateways.justifi_payouts import (
    JustifiPayouts,
    snapshot_of,
    transaction_of,
)
from simulators.justifi.exchange import PREFIX
from tests.fake_payouts import kept
from tests.gateways.scripted_justifi import scripted_justifi, some
from tests.gateways.simulated_justifi import SimulatedJustifi, simulated_justifi

AT = "2026-11-23T18:00:00.000Z"


@pytest.fixture
async def justifi() -> AsyncIterator[SimulatedJustifi]:
    async with simulated_justifi() as running:
        yield running


async def steered(justifi: SimulatedJustifi, path: str, **wish: str) -> None:
    base = justifi.url.removesuffix(PREFIX)
    async with httpx.AsyncClient(base_url=base) as http:
        done = await http.post(f"/_simulator/justifi/payouts{path}", json=wish)
    assert done.is_success, done.text


async def everything(listed: AsyncIterator[BalanceTransaction]) -> list[BalanceTransaction]:
    return [each async for each in listed]


async def test_a_payout_and_its_books_agree_to_the_cent(justifi: SimulatedJustifi) -> None:
    first, second = await justifi.pay("first", 20_000), await justifi.pay("second", 4_500)
    assert isinstance(first, Payment)
    assert isinstance(second, Payment)
    refund = await justifi.client.write(
        Refund,
        ENDPOINTS.refund_payment,
        first.id,
        idempotency_key="refund",
        body={"amount": 1_000},
    )
    assert not isinstance(refund, Decline)
    await steered(justifi, "")
    payouts = JustifiPayouts(justifi.client)

    page = await payouts.list_payouts(datetime.now(UTC) - timedelta(hours=1), None)
    [payout] = page.payouts
    assert page.next_cursor is None
    assert payout.status == "scheduled"
    assert (payout.bank_account_last_four, payout.payout_type) == ("6789", "cc")
    assert payout.difference.minor == 0
    assert await payouts.fetch_payout(payout.provider_payout_id) == payout

    books = await everything(payouts.transactions_of_payout(payout.provider_payout_id))
    ours = OurRecords(
        payments={
            first.id: OurRecord(purchase_id="pur_1", amount=usd(20_000)),
            second.id: OurRecord(purchase_id="pur_2", amount=usd(4_500)),
        },
        refunds={refund.id: OurRecord(purchase_id="pur_1", refund_id="ref_1", amount=usd(1_000))},
    )
    found = reconciled(kept(payout), books, ours, payout.created_at)
    assert found.reconciles, found.differences


async def test_a_failed_payout_gives_its_money_back_in_a_transaction_of_its_own(
    justifi: SimulatedJustifi,
) -> None:
    await justifi.pay("only")
    await steered(justifi, "")
    payouts = JustifiPayouts(justifi.client)
    [made] = (await payouts.list_payouts(None, None)).payouts
    await steered(justifi, f"/{made.provider_payout_id}", status="in_transit")
    await steered(justifi, f"/{made.provider_payout_id}", status="failed")

    failed = await payouts.fetch_payout(made.provider_payout_id)
    assert failed.status == "failed"
    assert failed.follows(made)
    returned, *_ = await everything(payouts.transactions_since(None))
    assert (returned.kind, returned.net) == (TransactionKind.RETURNED, failed.amount)
    after = returned.created_at + timedelta(seconds=1)
    assert await everything(payouts.transactions_since(after)) == []


@pytest.mark.parametrize("end", ["failed", "canceled"])
async def test_the_payout_that_takes_what_another_gave_back_agrees_to_the_cent(
    justifi: SimulatedJustifi, end: str
) -> None:
    await justifi.pay("first", 20_000)
    await steered(justifi, "", outcome=end)
    payouts = JustifiPayouts(justifi.client)
    [made] = (await payouts.list_payouts(None, None)).payouts
    await steered(justifi, f"/{made.provider_payout_id}", status=end)
    second = await justifi.pay("second", 4_500)
    assert isinstance(second, Payment)
    await steered(justifi, "")
    later, _ = (await payouts.list_payouts(None, None)).payouts
    assert later.totals.other == made.amount

    books = await everything(payouts.transactions_of_payout(later.provider_payout_id))
    ours = OurRecords(
        payments={second.id: OurRecord(purchase_id="pur_2", amount=usd(4_500))}, refunds={}
    )
    found = reconciled(kept(later), books, ours, later.created_at)
    assert found.reconciles, found.differences


async def test_lists_go_on_page_by_page(justifi: SimulatedJustifi) -> None:
    for number in range(3):
        await justifi.pay(f"payment-{number}")
        await steered(justifi, "")
    payouts = JustifiPayouts(justifi.client, page_size=2)
    first = await payouts.list_payouts(None, None)
    second = await payouts.list_payouts(None, first.next_cursor)
    assert (len(first.payouts), len(second.payouts), second.next_cursor) == (2, 1, None)


async def test_a_page_that_leads_nowhere_is_refused() -> None:
    async with scripted_justifi() as justifi:
        client = JustifiClient("test_id", "test_secret", justifi.url)
        justifi.answers({"type": "array", "data": [], "page_info": {"has_next": True}})
        with pytest.raises(RefusedByProvider, match="does not lead to the next"):
            await JustifiPayouts(client).list_payouts(None, None)
        await client.close()


async def test_a_payout_that_cannot_be_read_hides_no_other_on_its_page() -> None:
    good: dict[str, JsonValue] = {
        "id": "po_1",
        "amount": 5,
        "currency": "usd",
        "status": "paid",
        "created_at": AT,
    }
    odd: list[JsonValue] = [{**good, "id": "po_2", "created_at": None}, {"id": "po_3"}, {}]
    async with scripted_justifi() as justifi:
        client = JustifiClient("test_id", "test_secret", justifi.url)
        justifi.answers(some(*odd, good))
        page = await JustifiPayouts(client).list_payouts(None, None)
        await client.close()
    assert [each.provider_payout_id for each in page.payouts] == ["po_1"]
    assert page.unreadable == ("po_2", "po_3", "?")


def payout_with(**more: object) -> PayoutSnapshot:
    told = {"id": "po_1", "amount": 500, "currency": "USD", "status": "paid", "created_at": AT}
    return snapshot_of(Payout.of(told | more))


def test_what_a_payout_does_not_tell_is_not_made_up() -> None:
    bare = payout_with()
    assert (bare.deposits_at, bare.bank_account_last_four) == (None, None)
    assert bare.updated_at == bare.created_at
    assert bare.difference == usd(500)
    assert payout_with(status="held_by_bank").is_pending


def test_of_an_account_number_no_more_than_four_digits_are_kept() -> None:
    whole = payout_with(bank_account={"account_number_last4": "000123456789"})
    assert whole.bank_account_last_four == "6789"
    assert "00012345" not in whole.model_dump_json()


@pytest.mark.parametrize("odd", [{"created_at": None}, {"currency": "XXX"}, {"currency": "JPY"}])
def test_a_payout_that_cannot_be_read_is_refused(odd: dict[str, object]) -> None:
    with pytest.raises(RefusedByProvider):
        payout_with(**odd)


def transaction_with(**more: object) -> BalanceTransaction:
    told = {"id": "bt_1", "amount": 500, "fee": 0, "net": 500, "currency": "usd", "created_at": AT}
    return transaction_of(JustifiTransaction.of({**told, "txn_type": "seller_payment", **more}))


# A negative payout, as Canadian ones may be, takes nothing away: its own transaction is positive.
OF_PAYOUT = {"txn_type": "transfer", "source_type": "Payout", "source_id": "po_1"}


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({}, TransactionKind.PAYMENT),
        ({"txn_type": "seller_payment_refund"}, TransactionKind.REFUND),
        ({"txn_type": "processing_fee_return"}, TransactionKind.FEE),
        ({"txn_type": "something_new"}, TransactionKind.OTHER),
        ({"txn_type": "transfer"}, TransactionKind.OTHER),
        ({"txn_type": "payout", "payout_id": "po_1", "amount": -500}, TransactionKind.PAYOUT),
        ({"txn_type": "transfer", "source_type": "Payout"}, TransactionKind.RETURNED),
        (
            {"txn_type": "transfer", "source_type": "payout", "amount": -500},
            TransactionKind.PAYOUT,
        ),
        ({**OF_PAYOUT, "payout_id": "po_1", "amount": -500}, TransactionKind.PAYOUT),
        ({**OF_PAYOUT, "payout_id": "po_1", "amount": 500}, TransactionKind.PAYOUT),
        ({**OF_PAYOUT, "payout_id": "po_2", "amount": 500}, TransactionKind.RETURNED),
        ({**OF_PAYOUT, "payout_id": "po_2", "amount": -500}, TransactionKind.RETURNED),
        ({**OF_PAYOUT, "txn_type": "account_fee", "payout_id": "po_1"}, TransactionKind.OTHER),
    ],
)
def test_each_transaction_is_of_a_kind(told: dict[str, object], kind: TransactionKind) -> None:
    assert transaction_with(**told).kind is kind


def test_a_transaction_without_a_date_is_refused() -> None:
    with pytest.raises(RefusedByProvider):
        transaction_with(created_at=None)


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")
