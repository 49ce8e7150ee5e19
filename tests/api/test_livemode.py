"""What is sold for real says so on every record, down to its letters."""

from dataclasses import replace

from sqlmodel import col, select

from connections import connect_temporal
from domain.links import link_id_of
from domain.policies import PolicyStatus
from domain.purchases import ReviewReason, workflow_id_of
from domain.refunds import workflow_id_of as refund_workflow_id_of
from domain.tenants import PLATFORM_TENANT
from persistence.rows.emails import EmailRow
from persistence.rows.refunds import RefundRow
from persistence.rows.reviews import ReviewRow
from tests.api.conftest import door_over
from tests.api.door import Door, event_about
from workflows import attributes


async def test_a_real_purchase_is_told_from_a_test_on_every_record(door: Door) -> None:
    services = door.app.state.services
    purchases = replace(services.purchases, livemode=True)
    live = replace(
        services,
        quotes=replace(services.quotes, livemode=True),
        purchases=purchases,
        links=replace(services.links, purchases=purchases),
        refunds=replace(services.refunds, purchases=purchases),
        webhooks=replace(services.webhooks, livemode=True),
    )
    async with door_over(door, live) as http:
        shop = replace(door, http=http)
        quote_id = await shop.quote()
        saved = await http.post("/links", json={"quote_id": quote_id, "user_id": "user_mei"})
        refund_id = await _bought_and_partly_refunded(shop, quote_id)
        shown = await http.get(f"/refunds/{refund_id}")
    assert (saved.json()["livemode"], shown.json()["livemode"]) == (True, True)
    refund = await services.refunds.refunds.find(refund_id)
    assert refund is not None

    view = await purchases.purchases.view(PLATFORM_TENANT, refund.purchase_id)
    assert view is not None
    assert view.policy is not None
    assert (view.livemode, view.policy.livemode) == (True, True)
    await purchases.purchases.flag_review(
        refund.purchase_id, ReviewReason.DISPUTE_OPENED, None, refund.created_at
    )
    link = await services.links.links.get(PLATFORM_TENANT, link_id_of(PLATFORM_TENANT, quote_id, 1))
    assert link is not None
    assert link.livemode

    async with purchases.purchases.database.reading() as session:
        letters = select(EmailRow).where(col(EmailRow.purchase_id) == refund.purchase_id)
        told = {row.template: row.livemode for row in await session.exec(letters)}
        row = await session.get(RefundRow, refund_id)
        reviews = select(ReviewRow).where(col(ReviewRow.purchase_id) == refund.purchase_id)
        review = (await session.exec(reviews)).one()
    assert told == {"payment_confirmation": True, "refund_made": True}
    assert row is not None
    assert (row.livemode, review.livemode) == (True, True)

    temporal = await connect_temporal(door.settings)
    for workflow_id in (workflow_id_of(refund.purchase_id), refund_workflow_id_of(refund_id)):
        described = await temporal.get_workflow_handle(workflow_id).describe()
        assert described.typed_search_attributes[attributes.LIVE_MODE] is True


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
