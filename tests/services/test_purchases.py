"""What the services tell each other of purchases."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import Code, NotFound
from domain.identifiers import new_id
from domain.purchases import PurchaseOrder, purchase_id_of
from services.purchases import PurchaseRequest
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
