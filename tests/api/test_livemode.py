"""What is sold for real says so on every record, down to its letters."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from connections import connect_temporal
from domain.policies import PolicyStatus
from domain.purchases import ReviewReason, workflow_id_of
from domain.refunds import workflow_id_of as refund_workflow_id_of
from domain.tenants import PLATFORM_TENANT
from persistence.rows.emails import EmailRow
from persistence.rows.refunds import RefundRow
from persistence.rows.reviews import ReviewRow
from services.catalogue import Services
from tests.api.conftest import door_over
from tests.api.door import Door, Json, event_about
from workflows import attributes


@dataclass(frozen=True)
class Sold:
    """A real purchase with a link and a refund, and what was answered about those two."""

    services: Services
    link: Json
    refund: Json

    @property
    def refund_id(self) -> str:
        return str(self.refund["refund_id"])

    @property
    def purchase_id(self) -> str:
        return str(self.refund["purchase_id"])

    def database(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self.services.purchases.purchases.database.reading()


@pytest.fixture(scope="module")
async def sold(door: Door) -> Sold:
    live = _live(door.app.state.services)
    async with door_over(door, live) as http:
        shop = replace(door, http=http)
        quote_id = await shop.quote()
        saved = await http.post("/links", json={"quote_id": quote_id, "user_id": "user_mei"})
        refund_id = await _bought_and_partly_refunded(shop, quote_id)
        shown = await http.get(f"/refunds/{refund_id}")
    return Sold(live, saved.json(), shown.json())


async def test_a_real_purchase_and_all_that_belongs_to_it_is_told_from_a_test(sold: Sold) -> None:
    assert (sold.link["livemode"], sold.refund["livemode"]) == (True, True)
    purchases = sold.services.purchases.purchases
    view = await purchases.view(PLATFORM_TENANT, sold.purchase_id)
    assert view is not None
    assert view.policy is not None
    assert (view.livemode, view.policy.livemode) == (True, True)
    link_id = str(sold.link["link_id"])
    link = await sold.services.links.links.get(PLATFORM_TENANT, link_id)
    assert link is not None
    assert link.livemode


async def test_the_rows_that_no_answer_shows_are_told_from_a_test_too(sold: Sold) -> None:
    await sold.services.purchases.purchases.flag_review(
        sold.purchase_id, ReviewReason.DISPUTE_OPENED, None, datetime.now(UTC)
    )

    async with sold.database() as session:
        letters = select(EmailRow).where(col(EmailRow.purchase_id) == sold.purchase_id)
        told = {row.template: row.livemode for row in await session.exec(letters)}
        refund = await session.get(RefundRow, sold.refund_id)
        reviews = select(ReviewRow).where(col(ReviewRow.purchase_id) == sold.purchase_id)
        review = (await session.exec(reviews)).one()
    assert told == {"payment_confirmation": True, "refund_made": True}
    assert refund is not None
    assert (refund.livemode, review.livemode) == (True, True)


async def test_the_runs_of_a_real_purchase_are_found_as_such(door: Door, sold: Sold) -> None:
    temporal = await connect_temporal(door.settings)
    for run in (workflow_id_of(sold.purchase_id), refund_workflow_id_of(sold.refund_id)):
        described = await temporal.get_workflow_handle(run).describe()
        assert described.typed_search_attributes[attributes.LIVE_MODE] is True


def _live(services: Services) -> Services:
    """The same, as in live mode."""
    purchases = replace(services.purchases, livemode=True)
    return replace(
        services,
        quotes=replace(services.quotes, livemode=True),
        purchases=purchases,
        links=replace(services.links, purchases=purchases),
        refunds=replace(services.refunds, purchases=purchases),
        webhooks=replace(services.webhooks, livemode=True),
    )


async def _bought_and_partly_refunded(shop: Door, quote_id: str) -> str:
    """The refund's id, once the customer was told of it."""
    purchase_id = str((await shop.purchase(quote_id))["purchase_id"])
    shop.payments.pay(purchase_id)
    session = {"id": "cs_1", "object": "checkout.session", "metadata": {"purchase_id": purchase_id}}
    await shop.deliver(event_about(session, "checkout.session.completed", livemode=True))
    await shop.until(purchase_id, "policy_status", PolicyStatus.DELIVERED)
    asked = await shop.http.post(f"/purchases/{purchase_id}/refund", json={"amount": 100})
    refund_id = str(asked.json()["refund_id"])
    temporal = await connect_temporal(shop.settings)
    await temporal.get_workflow_handle(refund_workflow_id_of(refund_id)).result()
    return refund_id
