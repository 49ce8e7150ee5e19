"""Customers see what is true, in words; a page gives away nothing and takes nothing in."""

import asyncio
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import AsyncClient, Response

from api.page_words import ending_of, proof_of
from api.refund_answers import RefundAnswer
from domain.errors import Code
from domain.payments import ProviderRefundState
from services.policies import VerifiedPolicy
from tests.api.door import Door, event_about

HTML = {"accept": "text/html"}


def _page(answer: Response, status: int = 200) -> str:
    """The page's text, once it is sure to be closed to everything from elsewhere."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    nonce = policy.partition("nonce-")[2].partition("'")[0]
    assert answer.text.count("<script") == answer.text.count(f'<script nonce="{nonce}"')
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "http-equiv" in answer.text or "https://" not in answer.text.partition("<main")[0]
    return answer.text


def _address(door: Door, purchase_id: str) -> str:
    return str(door.app.state.services.urls.success_url(purchase_id))


def _token(door: Door, purchase_id: str) -> str:
    return parse_qs(urlsplit(_address(door, purchase_id)).query)["purchase"][0]


async def test_an_unpaid_purchase_waits_for_the_bank(door: Door, stranger: AsyncClient) -> None:
    purchase = await door.purchase()
    purchase_id = str(purchase["purchase_id"])
    shown = _page(await stranger.get(_address(door, purchase_id)))
    assert "We are waiting for your bank" in shown
    assert str(purchase["checkout_url"]) in shown
    assert '<meta http-equiv="refresh"' in shown
    assert "mei.tan@example.com" not in shown


async def test_who_has_paid_is_told_so_though_the_webhook_was_lost(
    door: Door, stranger: AsyncClient
) -> None:
    purchase_id = str((await door.purchase())["purchase_id"])
    door.payments.pay(purchase_id)
    shown = _page(await stranger.get(_address(door, purchase_id)))
    assert "Payment received" in shown or "Your policy is ready" in shown


async def test_who_came_back_without_paying_can_go_on(door: Door, stranger: AsyncClient) -> None:
    purchase_id = str((await door.purchase())["purchase_id"])
    token = _token(door, purchase_id)
    shown = _page(await stranger.get("/cancel", params={"purchase": token}))
    assert "You have not paid yet" in shown
    assert "Back to the checkout" in shown


async def test_an_issued_policy_can_be_downloaded(door: Door, stranger: AsyncClient) -> None:
    purchase_id = await door.paid()
    await door.until(purchase_id, "policy_status", "delivered")
    shown = _page(await stranger.get(_address(door, purchase_id)))
    assert "Your policy is ready" in shown
    assert "Download policy" in shown
    assert "http-equiv" not in shown, "nothing will change any more"


async def test_a_declined_payment_says_why_and_how_to_go_on(
    door: Door, stranger: AsyncClient
) -> None:
    token = _token(door, await door.declined())
    shown = _page(await stranger.get("/cancel", params={"purchase": token}))
    assert "Your card was declined." in shown
    assert "Try again" in shown


async def test_who_paid_after_a_decline_is_not_told_that_it_failed(
    door: Door, stranger: AsyncClient
) -> None:
    """The checkout sends on who has paid, and that is known here only a moment later."""
    shown = _page(await stranger.get(_address(door, await door.declined())))
    assert "We are waiting for your bank" in shown
    assert "did not go through" not in shown


async def _asked_refunds(door: Door, purchase_id: str) -> list[RefundAnswer]:
    """Those that the provider knows."""
    refunds = (await door.seen(purchase_id)).refunds
    return [refund for refund in refunds if refund.provider_refund_id is not None]


async def test_money_that_came_too_late_is_said_to_go_back_until_it_is_back(
    door: Door, stranger: AsyncClient
) -> None:
    purchase_id = str((await door.purchase())["purchase_id"])
    await door.http.post(f"/purchases/{purchase_id}/cancel")
    door.payments.next_refunds.append(ProviderRefundState.PENDING)
    door.payments.pay(purchase_id)
    await door.tell("checkout.session.completed", purchase_id)
    async with asyncio.timeout(20):
        while not (made := await _asked_refunds(door, purchase_id)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    shown = _page(await stranger.get(_address(door, purchase_id)))
    assert "Your payment is going back" in shown
    assert "Nothing was charged" not in shown

    (refund,) = made
    provider_id = str(refund.provider_refund_id)
    door.payments.settle_refund(provider_id, ProviderRefundState.SUCCEEDED)
    ids = {"refund_id": refund.refund_id, "purchase_id": purchase_id}
    subject = {"id": provider_id, "object": "refund", "metadata": ids}
    await door.deliver(event_about(subject, "refund.updated"))
    await door.until(purchase_id, "refund_status", "full")
    assert "Your payment went back" in _page(await stranger.get(_address(door, purchase_id)))


async def test_a_cancelled_purchase_and_a_refunded_one_say_so(
    door: Door, stranger: AsyncClient
) -> None:
    cancelled = str((await door.purchase())["purchase_id"])
    await door.http.post(f"/purchases/{cancelled}/cancel")
    shown = _page(await stranger.get(_address(door, cancelled)))
    assert "This purchase was cancelled" in shown
    refunded = await door.paid()
    await door.http.post(f"/purchases/{refunded}/refund")
    await door.until(refunded, "refund_status", "full")
    assert "This purchase was refunded" in _page(await stranger.get(_address(door, refunded)))


async def test_the_address_shows_only_what_it_was_signed_for(
    door: Door, stranger: AsyncClient
) -> None:
    purchase_id = str((await door.purchase())["purchase_id"])
    shown_by, _, signature = _token(door, purchase_id).rpartition(".")
    for token in (
        purchase_id,
        f"{shown_by}.{signature[::-1]}",
        "",
        "<script>alert(1)</script>",
    ):
        shown = _page(await stranger.get("/success", params={"purchase": token}), 404)
        assert "There is no purchase to show here" in shown
        assert "alert(1)" not in shown
    assert _page(await stranger.get("/success"), 404)


async def test_what_the_provider_appends_is_not_repeated(door: Door, stranger: AsyncClient) -> None:
    address = _address(door, str((await door.purchase())["purchase_id"]))
    shown = _page(await stranger.get(f"{address}&session_id=<script>alert(1)</script>"))
    assert "alert(1)" not in shown


async def test_a_product_cannot_break_out_of_its_place(door: Door, stranger: AsyncClient) -> None:
    quote_id = await door.quote(product_name="<img src=x onerror=alert(1)> & more")
    purchase_id = str((await door.purchase(quote_id))["purchase_id"])
    shown = _page(await stranger.get(_address(door, purchase_id)))
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; more" in shown


async def test_the_state_changes_its_version_when_something_happens(
    door: Door, stranger: AsyncClient
) -> None:
    purchase_id = str((await door.purchase())["purchase_id"])
    path = f"/pages/purchases/{_token(door, purchase_id)}/state"
    before = (await stranger.get(path)).json()
    assert (await stranger.get(path)).json() == before
    door.payments.pay(purchase_id)
    await door.tell("checkout.session.completed", purchase_id)
    await door.until(purchase_id, "policy_status", "delivered")
    after = (await stranger.get(path)).json()
    assert after["version"] != before["version"]
    assert (before["look_again"], after["look_again"]) == (2, None)
    assert "mei.tan" not in str(after)
    assert "document" not in str(after)


async def test_a_link_opens_the_checkout_of_its_purchase(door: Door, stranger: AsyncClient) -> None:
    saved = await _link(door)
    first = await stranger.get(saved["payment_link_url"])
    second = await stranger.get(saved["payment_link_url"])
    assert first.status_code == 303
    assert first.headers["location"].startswith("https://pay.example/")
    assert first.headers["location"] == second.headers["location"]


async def test_a_dead_link_says_why(door: Door, stranger: AsyncClient) -> None:
    saved = await _link(door)
    await door.http.post(f"/links/{saved['link_id']}/revoke")
    shown = _page(await stranger.get(saved["payment_link_url"]), 410)
    assert "This payment link was withdrawn" in shown

    paid = await _link(door)
    await door.paid(paid["quote_id"])
    shown = _page(await stranger.get(paid["payment_link_url"]), 410)
    assert "This has been paid already" in shown
    assert "We do not know this payment link" in _page(await stranger.get("/pay/forged"), 404)


async def test_browsers_get_pages_where_a_document_cannot_be_shown(stranger: AsyncClient) -> None:
    broken = _page(await stranger.get("/documents/forged", headers=HTML), 404)
    assert "This download link does not work" in broken
    assert "the page you paid from gives you a fresh link" in broken
    unknown = await stranger.get("/policies/POL-1999-000001/verify", headers=HTML)
    assert "no such policy" in _page(unknown, 404)


@pytest.mark.parametrize(
    ("livemode", "is_valid", "title"),
    [
        (True, True, "This policy is valid"),
        (True, False, "This policy was cancelled"),
        (False, True, "This is a test document"),
        (False, False, "This test document was cancelled"),
    ],
)
def test_only_a_policy_that_was_really_paid_is_called_valid(
    livemode: bool, is_valid: bool, title: str
) -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    policy = VerifiedPolicy(
        number="POL-2026-000001",
        is_valid=is_valid,
        livemode=livemode,
        issued_at=at,
        cancelled_at=None if is_valid else at,
        sha256="0" * 64,
    )
    proof = proof_of(policy, "Paybind Insurance")
    assert proof.title == title
    assert ("gives no cover" in proof.lead) is not livemode


@pytest.mark.parametrize("code", [Code.LINK_EXPIRED, Code.DOCUMENT_LINK_EXPIRED, Code.UNAVAILABLE])
def test_every_ending_a_customer_meets_has_words_of_its_own(code: Code) -> None:
    assert ending_of(code) != ending_of(Code.INTERNAL_ERROR)


async def test_the_front_page_leads_on(stranger: AsyncClient) -> None:
    shown = _page(await stranger.get("/"))
    assert "/docs" in shown


async def test_the_widget_runs_its_own_script_and_no_other(stranger: AsyncClient) -> None:
    answer = await stranger.get("/widgets/payment?purchase=anything")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "script-src 'sha256-" in policy
    assert "unsafe" not in policy


async def _link(door: Door) -> dict[str, str]:
    body = {"quote_id": await door.quote(), "user_id": "user_mei"}
    answer = await door.http.post("/links", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_the_reference_shows_every_operation_without_the_internet(
    stranger: AsyncClient,
) -> None:
    shown = _page(await stranger.get("/docs"))
    described = (await stranger.get("/openapi.json")).json()
    for path in described["paths"].values():
        for operation in path.values():
            assert f'id="{operation["operationId"]}"' in shown
    assert "<code>card_number_refused</code>" in shown
