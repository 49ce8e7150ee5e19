"""Pages of other sites may read a payment's state and a policy's proof, and why not."""

from dataclasses import replace

import pytest
from httpx import AsyncClient

from tests.api.conftest import door_over
from tests.api.door import Door


async def test_a_widget_on_another_site_may_read_the_state(
    door: Door, stranger: AsyncClient
) -> None:
    purchase_id = str((await door.purchase())["purchase_id"])
    token = door.app.state.services.urls.success_url(purchase_id).partition("purchase=")[2]
    answer = await stranger.get(f"/pages/purchases/{token}/state")
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/pages/purchases/wrong/state", 404),
        ("/pages/purchases/4242424242424242/state", 422),
        ("/policies/POL-1999-000001/verify", 404),
    ],
)
async def test_another_site_may_read_why_it_was_refused(
    stranger: AsyncClient, path: str, status: int
) -> None:
    answer = await stranger.get(path)
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_another_site_reads_of_an_outage_and_of_nothing_else(
    door: Door, stranger: AsyncClient
) -> None:
    services = door.app.state.services
    async with door_over(door, replace(services, pages=None)) as http:  # every look at it fails
        answer = await http.get("/pages/purchases/x/state")
    assert answer.status_code == 500
    assert answer.headers["access-control-allow-origin"] == "*"
    for path in ("/purchases", "/pages/purchases/x", "/openapi.json"):
        assert "access-control-allow-origin" not in (await stranger.get(path)).headers
