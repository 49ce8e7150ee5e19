"""Purchases as rows: one holder per quote, one policy per payment, money never forgotten."""

import asyncio

import pytest

from domain.errors import Code, Conflict, NotFound, Unavailable
from domain.payments import Failure
from domain.purchases import PaymentStatus, Purchase, PurchaseOrder, Settled
from domain.routing import Candidate, Route
from persistence.audit import AuditRecords
from persistence.database import Database
from persistence.policies import PolicyRecords
from persistence.purchases import PurchaseRecords
from persistence.quotes import QuoteRecords
from tests.persistence.integration_samples import integration, stored
from tests.persistence.samples import (
    LATER,
    NOON,
    PRICE,
    TENANT,
    begin,
    late,
    opened,
    order,
    paid,
    quote,
    settlement,
)


async def test_opening_twice_gives_the_purchase_that_is_stored(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchases = PurchaseRecords(database)
    first = opened(await begin(purchases, ordered, NOON))
    await purchases.record(settlement(first), LATER)

    assert await begin(purchases, ordered, LATER) == first


async def test_a_second_purchase_is_refused_while_the_first_holds_the_quote(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchases = PurchaseRecords(database)
    await begin(purchases, ordered, NOON)

    with pytest.raises(Conflict) as refused:
        await begin(purchases, order(attempt=2), NOON)

    assert refused.value.code is Code.QUOTE_ALREADY_PAID
    assert refused.value.purchase_id == ordered.purchase_id


async def test_a_cancelled_purchase_lets_go_of_its_quote(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchases = PurchaseRecords(database)
    first = await begin(purchases, ordered, NOON)
    await purchases.record(settlement(first.cancelled("changed my mind")), LATER)

    second = await begin(purchases, order(attempt=2), LATER)

    assert second.status is PaymentStatus.PENDING
    assert await purchases.latest_of_quote(TENANT, "Q-1") == second


async def test_of_two_purchases_opened_at_once_one_gets_the_quote(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchases = PurchaseRecords(database)

    answers = await asyncio.gather(
        begin(purchases, ordered, NOON),
        begin(purchases, order(attempt=2), NOON),
        return_exceptions=True,
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "Purchase"]


async def test_paying_draws_one_policy_however_often_it_is_recorded(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchases = PurchaseRecords(database)
    word = settlement(paid(await begin(purchases, ordered, NOON)))

    first = await purchases.record(word, LATER)
    again = await asyncio.gather(*(purchases.record(word, LATER) for _ in range(4)))

    assert first.policy_number == "POL-2026-000001"
    assert again == [first] * 4
    policy = await PolicyRecords(database).of_purchase(ordered.purchase_id)
    assert policy is not None
    assert (policy.policy_id, policy.number) == (first.policy_id, first.policy_number)


async def test_concurrent_draws_give_numbers_without_gap_or_repetition(
    database: Database,
) -> None:
    purchases = PurchaseRecords(database)
    words = []
    for number in range(8):
        await QuoteRecords(database).register(quote(f"Q-{number}"))
        words.append(settlement(paid(await begin(purchases, order(f"Q-{number}"), NOON))))

    settled = await asyncio.gather(*(purchases.record(word, LATER) for word in words))

    numbers = sorted(answer.policy_number or "" for answer in settled)
    assert numbers == [f"POL-2026-{sequence:06d}" for sequence in range(1, 9)]


async def test_numbers_begin_anew_each_year(database: Database, ordered: PurchaseOrder) -> None:
    await QuoteRecords(database).register(quote("Q-2"))
    purchases = PurchaseRecords(database)
    await purchases.record(settlement(paid(await begin(purchases, ordered, NOON))), LATER)
    second = paid(await begin(purchases, order("Q-2"), NOON))

    next_year = await purchases.record(settlement(second), LATER.replace(year=2027))

    assert next_year.policy_number == "POL-2027-000001"


async def test_a_payment_of_another_amount_draws_no_policy(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchases = PurchaseRecords(database)
    less = PRICE.model_copy(update={"minor": PRICE.minor - 1})
    purchase = paid(await begin(purchases, ordered, NOON), less)

    assert await purchases.record(settlement(purchase), LATER) == Settled()
    assert await purchases.get(ordered.purchase_id) == purchase


async def test_an_older_word_that_comes_late_does_not_take_the_payment_away(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchases = PurchaseRecords(database)
    pending = opened(await begin(purchases, ordered, NOON))
    settled = await purchases.record(settlement(paid(pending)), LATER)

    assert await purchases.record(settlement(pending), LATER) == settled
    assert await purchases.get(ordered.purchase_id) == paid(pending)


async def test_an_older_word_does_not_take_late_money_away(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchases = PurchaseRecords(database)
    cancelled = opened(await begin(purchases, ordered, NOON)).cancelled("changed their mind")
    await purchases.record(settlement(cancelled), LATER)
    too_late = late(cancelled)
    await purchases.record(settlement(too_late), LATER)

    await purchases.record(settlement(cancelled), LATER)

    assert too_late.late_payment_id is not None
    assert await purchases.get(ordered.purchase_id) == too_late


async def test_recording_an_unknown_purchase_is_a_fault(database: Database) -> None:
    with pytest.raises(NotFound):
        await PurchaseRecords(database).record(settlement(Purchase(order=order())), NOON)


async def test_the_use_of_an_integration_is_told_once_in_the_audit_log(
    database: Database, ordered: PurchaseOrder
) -> None:
    await stored(database, integration(), None)
    route = Route.to(
        Candidate(integration_id="int-1", name="Primary", because="the tenant's default"), NOON
    )
    records = PurchaseRecords(database)
    purchase = opened((await records.open(ordered, route, NOON)).purchase)
    for each in (purchase, purchase, paid(purchase)):
        await records.record(settlement(each), LATER)

    told = (await AuditRecords(database).page(TENANT, "int-1")).items

    (use,) = [each for each in told if each.action == "integration.used"]
    assert (use.actor, use.subject, use.at) == (ordered.purchase_id, "int-1", LATER)
    assert use.after == {
        "purchase_id": ordered.purchase_id,
        "because": "the tenant's default",
    }


async def test_the_use_is_of_who_asked_for_the_purchase(
    database: Database, ordered: PurchaseOrder
) -> None:
    await stored(database, integration(), None)
    route = Route.to(Candidate(integration_id="int-1"), NOON)
    records = PurchaseRecords(database)
    begun = (await records.open(ordered, route, NOON)).purchase
    by = {"requested_by": "key_1", "address": "192.0.2.1"}
    asked = begun.model_copy(update={"order": ordered.model_copy(update=by)})
    await records.record(settlement(opened(asked)), LATER)

    told = (await AuditRecords(database).page(TENANT, "int-1")).items

    (use,) = [each for each in told if each.action == "integration.used"]
    assert (use.actor, use.address) == ("key_1", "192.0.2.1")


async def test_neither_the_environments_account_nor_a_refused_checkout_is_a_use(
    database: Database, ordered: PurchaseOrder
) -> None:
    await stored(database, integration(), None)
    records = PurchaseRecords(database)
    await records.record(settlement(opened(await begin(records, ordered, NOON))), LATER)
    await QuoteRecords(database).register(quote("Q-2"))
    route = Route.to(Candidate(integration_id="int-1"), NOON)
    other = (await records.open(order("Q-2"), route, NOON)).purchase
    refused = other.refused(Failure(code="refused", reason="no"))
    await records.record(settlement(refused), LATER)

    told = (await AuditRecords(database).page(TENANT, None)).items

    assert "integration.used" not in [each.action for each in told]


async def test_where_no_integration_can_be_used_only_what_is_stored_is_opened(
    database: Database, ordered: PurchaseOrder
) -> None:
    purchases = PurchaseRecords(database)
    with pytest.raises(Conflict) as refused:
        await purchases.open(ordered, None, NOON)
    assert refused.value.code is Code.INTEGRATION_INACTIVE

    first = await begin(purchases, ordered, NOON)
    again = await purchases.open(ordered, None, LATER)
    assert (again.purchase, again.is_new, again.may_exist) == (first, False, True)
    with pytest.raises(Conflict) as held:
        await purchases.open(order(attempt=2), None, LATER)
    assert held.value.code is Code.QUOTE_ALREADY_PAID


async def test_a_purchase_that_no_provider_has_acted_for_is_cancelled_in_its_row(
    database: Database, ordered: PurchaseOrder
) -> None:
    records, purchase_id = PurchaseRecords(database), ordered.purchase_id
    assert not await records.cancel_unopened(purchase_id, None, NOON)  # it is not there yet
    await begin(records, ordered, NOON)
    assert not await records.cancel_unopened(purchase_id, None, NOON)  # its provider is being asked
    await records.did_not_act(purchase_id, NOON)

    assert await records.cancel_unopened(purchase_id, "changed my mind", LATER)

    ended = await records.get(purchase_id)
    assert ended is not None
    assert (ended.status, ended.cancel_reason) == (PaymentStatus.CANCELLED, "changed my mind")
    with pytest.raises(Unavailable):  # nor is its provider asked from now on
        await records.route(purchase_id, Route.to(Candidate(), LATER), LATER)
    assert await records.get(purchase_id) == ended
    assert not await records.cancel_unopened(purchase_id, None, LATER)
    again = await records.open(order(attempt=2), Route.to(Candidate(), NOON), LATER)
    assert again.is_new  # the quote is free


async def test_a_run_that_finds_its_quote_over_does_not_undo_a_cancellation_in_the_row(
    database: Database, ordered: PurchaseOrder
) -> None:
    records = PurchaseRecords(database)
    begun = await begin(records, ordered, NOON)
    await records.did_not_act(ordered.purchase_id, NOON)
    await records.cancel_unopened(ordered.purchase_id, None, NOON)

    await records.record(
        settlement(begun.refused(Failure(code="quote_expired", reason="over"))), LATER
    )

    standing = await records.get(ordered.purchase_id)
    assert standing is not None
    assert standing.status is PaymentStatus.CANCELLED


async def test_a_purchase_with_a_checkout_is_not_cancelled_in_its_row_alone(
    database: Database, ordered: PurchaseOrder
) -> None:
    records = PurchaseRecords(database)
    begun = await begin(records, ordered, NOON)
    await records.record(settlement(opened(begun)), NOON)
    await records.did_not_act(ordered.purchase_id, NOON)

    assert not await records.cancel_unopened(ordered.purchase_id, None, LATER)
