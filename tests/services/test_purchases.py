"""What the services tell each other of purchases."""

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.enums.v1 import EventType

from domain.errors import Code, NotFound
from domain.identifiers import new_id
from domain.purchases import PurchaseOrder, purchase_id_of, workflow_id_of
from services.openings import PurchaseRequest
from tests.persistence.samples import begin
from tests.services.conftest import Premises

pytestmark = pytest.mark.slow  # on a real server


async def test_a_purchase_that_nobody_made_has_no_order(premises: Premises) -> None:
    with pytest.raises(NotFound) as refused:
        await premises.shop.services.purchases.order(new_id("pur"))
    assert refused.value.code is Code.PURCHASE_NOT_FOUND


async def test_a_checkout_that_a_later_caller_opens_ends_with_the_quote_too(
    premises: Premises,
) -> None:
    """Who wrote the row died before the provider was asked; a row does not hold the quote's end."""
    shop, ends = premises.shop, datetime.now(UTC) + timedelta(hours=2)
    quote = await shop.quote(valid_until=ends)
    order = PurchaseOrder(
        purchase_id=purchase_id_of(shop.tenant_id, quote.quote_id, 1),
        tenant_id=shop.tenant_id,
        quote_id=quote.quote_id,
        attempt=1,
        user_id="user_alice",
        customer_email=quote.customer_email,
        product_name=quote.product_name,
        price=quote.price,
    )
    await begin(shop.services.purchases.purchases, order, datetime.now(UTC))

    wish = PurchaseRequest(quote_id=quote.quote_id, user_id=order.user_id, price=quote.price)
    purchase, joined = await shop.services.purchases.start_or_join(await shop.caller(), wish)

    assert joined
    assert purchase.checkout is not None
    assert purchase.checkout.expires_at == ends


async def test_who_joins_again_and_again_does_not_use_up_the_runs_updates(
    premises: Premises,
) -> None:
    shop = premises.shop
    quote, caller = await shop.quote(), await shop.caller()
    wish = PurchaseRequest(quote_id=quote.quote_id, user_id="user_alice", price=quote.price)
    opened, _ = await shop.services.purchases.start_or_join(caller, wish)

    for _ in range(10):
        assert await shop.services.purchases.start_or_join(caller, wish) == (opened, True)

    run = premises.client.get_workflow_handle(workflow_id_of(opened.order.purchase_id))
    accepted = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
    updates = [each for each in (await run.fetch_history()).events if each.event_type == accepted]
    assert len(updates) <= 3, "the opening, the joins, and the joins of the next minute"


async def test_who_joins_after_a_decline_is_told_of_it_in_the_same_minute(
    premises: Premises,
) -> None:
    shop = premises.shop
    quote, caller = await shop.quote(), await shop.caller()
    wish = PurchaseRequest(quote_id=quote.quote_id, user_id="user_alice", price=quote.price)
    opened, _ = await shop.services.purchases.start_or_join(caller, wish)
    before, _ = await shop.services.purchases.start_or_join(caller, wish)
    shop.payments.decline(opened.order.purchase_id)
    await shop.services.purchases.look_at_quote(shop.tenant_id, quote.quote_id)

    after, joined = await shop.services.purchases.start_or_join(caller, wish)

    assert joined
    assert (before.can_retry, after.can_retry) == (False, True)
