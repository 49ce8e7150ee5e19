"""Limits that were changed after a quote was registered."""

from dataclasses import replace

from domain.money import Limit
from tests.api.conftest import door_over
from tests.api.door import PRICE, Door, code_of, wanted


async def test_a_quote_over_a_maximum_that_was_lowered_since_is_not_sold(door: Door) -> None:
    quote_id = await door.quote()
    services = door.app.state.services
    purchases = replace(services.purchases, max_amount=Limit(default_minor=PRICE - 1))
    async with door_over(door, replace(services, purchases=purchases)) as http:
        refused = await http.post("/purchases", json=wanted(quote_id))
    assert code_of(refused) == (422, "amount_too_large")
    listed = await door.http.get("/purchases", params={"quote_id": quote_id})
    assert listed.json()["items"] == []
