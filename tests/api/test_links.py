"""A quote saved for later: its link is sent, sent again, withdrawn, paid, and replaced."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from httpx import AsyncClient
from temporalio.client import WorkflowExecutionStatus

from connections import connect_temporal
from domain.links import LIFETIME, LinkStatus, PaymentLink, link_id_of, workflow_id_of
from domain.money import Money
from domain.tenants import PLATFORM_TENANT
from gateways.faults import RefusedByProvider
from persistence.links import LinkRecords
from tests.api.conftest import door_over
from tests.api.door import PRICE, Door, Json, code_of


async def _saved(door: Door, quote_id: str | None = None) -> Json:
    body = {"quote_id": quote_id or await door.quote(), "user_id": "user_mei"}
    answer = await door.http.post("/links", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def _overdue(door: Door) -> PaymentLink:
    """A link past its time whose workflow is late to end it."""
    quote_id, now = await door.quote(), datetime.now(UTC)
    link = PaymentLink(
        link_id=link_id_of(PLATFORM_TENANT, quote_id, 1),
        tenant_id=PLATFORM_TENANT,
        quote_id=quote_id,
        number=1,
        token=f"overdue-{quote_id}",
        user_id="user_mei",
        product_name="Premium Travel Insurance",
        price=Money(minor=PRICE, currency="SGD"),
        status=LinkStatus.ACTIVE,
        created_at=now - LIFETIME,
        expires_at=now,
    )
    rows: LinkRecords = door.app.state.services.links.links
    return await rows.open(link, "mei.tan@example.com", None, None, now)


def _mails_to(door: Door, address: str) -> list[str]:
    """The ids of the messages that went there, oldest first."""
    return [message.email_id for message in door.mail.sent if message.to == address]


async def test_a_saved_link_is_minded_from_that_moment(door: Door) -> None:
    link = await _saved(door)
    temporal = await connect_temporal(door.settings)
    run = temporal.get_workflow_handle(workflow_id_of(str(link["link_id"])))
    assert (await run.describe()).status is WorkflowExecutionStatus.RUNNING


async def test_links_are_listed_newest_first(door: Door, neighbour: AsyncClient) -> None:
    made = [(await _saved(door))["link_id"] for _ in range(3)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while len(seen) < 3:
        page = (await door.http.get("/links", params={"limit": "2", **cursor})).json()
        seen += [each["link_id"] for each in page["items"]]
        cursor = {"cursor": page["next_cursor"]}
    assert seen[:3] == made[::-1]
    assert (await neighbour.get("/links")).json()["items"] == []


async def test_every_sending_of_a_link_is_a_message_of_its_own(door: Door) -> None:
    saved = await _saved(door)
    address = f"{saved['quote_id']}@example.com"
    for _ in range(2):
        sent = await door.http.post(f"/links/{saved['link_id']}/send", json={"to": address})
        assert (sent.status_code, sent.json()["status"]) == (202, "active")
    first, second = _mails_to(door, address)
    assert first != second
    assert all(
        str(saved["payment_link_url"]) in message.text
        for message in door.mail.sent
        if message.to == address
    )


async def test_a_link_goes_to_the_address_it_was_saved_with_when_none_is_given(door: Door) -> None:
    saved = await _saved(door, await door.quote(customer_email="saved.with@example.com"))
    assert (await door.http.post(f"/links/{saved['link_id']}/send")).status_code == 202
    assert len(_mails_to(door, "saved.with@example.com")) == 1


async def test_a_link_sent_to_somebody_else_greets_them_by_no_name_or_their_own(door: Door) -> None:
    saved = await _saved(door, await door.quote(customer_name="Mei Tan"))
    path, other = f"/links/{saved['link_id']}/send", f"{saved['quote_id']}@example.com"
    for body in ({}, {"to": other}, {"to": other, "name": "Bob"}):
        assert (await door.http.post(path, json=body)).status_code == 202
    names = [each.to_name for each in door.mail.sent if str(saved["payment_link_url"]) in each.text]
    assert names == ["Mei Tan", None, "Bob"]


async def test_a_mail_that_the_service_refuses_is_not_said_to_be_sent(door: Door) -> None:
    saved = await _saved(door)
    path, to = f"/links/{saved['link_id']}/send", {"to": "refused@example.com"}
    door.mail.fault = RefusedByProvider("the recipient is suppressed")
    try:
        refused = await door.http.post(path, json=to)
    finally:
        door.mail.fault = None
    assert code_of(refused) == (409, "provider_refused")
    assert _mails_to(door, "refused@example.com") == []
    assert (await door.http.post(path, json=to)).status_code == 202
    assert len(_mails_to(door, "refused@example.com")) == 1


async def test_a_withdrawn_link_is_sent_no_more_and_withdrawn_once(door: Door) -> None:
    saved = await _saved(door)
    for _ in range(2):
        revoked = await door.http.post(f"/links/{saved['link_id']}/revoke")
        assert (revoked.status_code, revoked.json()["status"]) == (200, "revoked")
    sent = await door.http.post(f"/links/{saved['link_id']}/send")
    assert code_of(sent) == (410, "link_revoked")


async def test_a_link_withdrawn_while_its_customer_paid_says_that_it_was_paid(
    door: Door, stranger: AsyncClient
) -> None:
    link = await _saved(door)
    token = str(link["payment_link_url"]).rpartition("/")[2]
    assert (await stranger.get(f"/pay/{token}")).status_code == 303
    await door.http.post(f"/links/{link['link_id']}/revoke")
    [purchase] = (await door.http.get(f"/purchases?quote_id={link['quote_id']}")).json()["items"]
    door.payments.pay(purchase["purchase_id"])
    await door.tell("checkout.session.completed", purchase["purchase_id"])
    await door.until(purchase["purchase_id"], "payment_status", "completed")

    dead = await stranger.get(f"/pay/{token}")

    assert dead.status_code == 409
    assert "paid" in dead.text
    assert "withdrawn" not in dead.text


async def test_a_link_that_was_paid_a_moment_ago_is_not_said_to_be_withdrawn(
    door: Door, stranger: AsyncClient
) -> None:
    link = await _saved(door)
    await stranger.get(str(link["payment_link_url"]))
    [purchase] = (await door.http.get(f"/purchases?quote_id={link['quote_id']}")).json()["items"]
    await door.http.post(f"/purchases/{purchase['purchase_id']}/complete")  # a look of a while ago
    door.payments.pay(purchase["purchase_id"])  # and no webhook has come

    for _ in range(2):
        answer = await door.http.post(f"/links/{link['link_id']}/revoke")
        assert (answer.status_code, answer.json()["status"]) == (200, "paid")
    assert (await door.seen(purchase["purchase_id"])).payment_status == "completed"
    assert "withdrawn" not in (await stranger.get(str(link["payment_link_url"]))).text


async def test_a_link_is_withdrawn_though_its_checkout_is_open_or_over(
    door: Door, stranger: AsyncClient
) -> None:
    for is_over in (False, True):
        link = await _saved(door)
        await stranger.get(str(link["payment_link_url"]))
        listed = await door.http.get(f"/purchases?quote_id={link['quote_id']}")
        purchase_id = listed.json()["items"][0]["purchase_id"]
        if is_over:
            await door.http.post(f"/purchases/{purchase_id}/cancel")
        answer = await door.http.post(f"/links/{link['link_id']}/revoke")
        assert (answer.status_code, answer.json()["status"]) == (200, "revoked")


async def test_a_link_is_not_withdrawn_while_nobody_can_tell_whether_it_was_paid(
    door: Door, stranger: AsyncClient
) -> None:
    link = await _saved(door)
    await stranger.get(str(link["payment_link_url"]))
    services = door.app.state.services
    impatient = replace(services.links.workflows, answer_within=timedelta(seconds=1))
    purchases = replace(services.links.purchases, workflows=impatient)
    links = replace(services.links, workflows=impatient, purchases=purchases)
    door.payments.hold("fetch_checkout")
    try:
        async with door_over(door, replace(services, links=links)) as http:
            unknown = await http.post(f"/links/{link['link_id']}/revoke")
    finally:
        door.payments.let_go("fetch_checkout")
    assert code_of(unknown) == (503, "unavailable")
    assert (await door.http.get(f"/links/{link['link_id']}")).json()["status"] == "active"


async def test_a_quote_whose_link_was_withdrawn_gets_a_new_one(door: Door) -> None:
    first = await _saved(door)
    await door.http.post(f"/links/{first['link_id']}/revoke")
    second = await _saved(door, str(first["quote_id"]))
    assert second["status"] == "active"
    assert second["payment_link_url"] != first["payment_link_url"]
    kept = (await door.http.get(f"/links/{first['link_id']}")).json()
    assert kept["status"] == "revoked"


async def test_a_link_past_its_time_is_dead_though_nobody_has_ended_it_yet(
    door: Door, stranger: AsyncClient
) -> None:
    late = await _overdue(door)
    assert code_of(await door.http.post(f"/links/{late.link_id}/send")) == (410, "link_expired")
    assert (await stranger.get(f"/pay/{late.token}")).status_code == 410

    fresh = await _saved(door, late.quote_id)
    assert fresh["link_id"] != late.link_id
    ended = (await door.http.get(f"/links/{late.link_id}")).json()
    assert (ended["status"], fresh["status"]) == ("expired", "active")


async def test_a_paid_link_is_neither_sent_nor_withdrawn_nor_saved_again(door: Door) -> None:
    saved = await _saved(door)
    await door.paid(str(saved["quote_id"]))
    path = f"/links/{saved['link_id']}"
    assert code_of(await door.http.post(f"{path}/send")) == (410, "link_paid")
    assert (await door.http.post(f"{path}/revoke")).json()["status"] == "paid"
    again = await door.http.post("/links", json={"quote_id": saved["quote_id"], "user_id": "u"})
    assert code_of(again) == (409, "quote_already_paid")


async def test_a_link_whose_checkout_the_provider_refuses_shows_it_and_works_the_next_time(
    door: Door, stranger: AsyncClient
) -> None:
    saved = await _saved(door)
    door.payments.refuse_next("open_checkout")
    refused = await stranger.get(str(saved["payment_link_url"]))
    assert refused.status_code == 409
    assert "The checkout could not be opened" in refused.text
    assert "Nothing was charged" in refused.text
    opened = await stranger.get(str(saved["payment_link_url"]))
    assert opened.status_code == 303
    assert opened.headers["location"].startswith("https://pay.example/")


async def test_a_links_address_cannot_be_guessed_nor_told_on(
    door: Door, stranger: AsyncClient
) -> None:
    links = [await _saved(door) for _ in range(2)]
    tokens = {str(link["payment_link_url"]).rpartition("/")[2] for link in links}
    assert len(tokens) == 2
    assert all(len(token) >= 32 for token in tokens)  # of 64 letters: 192 bits

    opened = await stranger.get(str(links[0]["payment_link_url"]))
    assert opened.status_code == 303
    assert opened.headers["referrer-policy"] == "no-referrer"


async def test_a_link_lives_seven_days_but_not_longer_than_its_quote(door: Door) -> None:
    link = await _saved(door)
    assert await _lifetime(door, link) == timedelta(days=7)

    sooner = datetime.now(UTC) + timedelta(days=2)
    short = await _saved(door, await door.quote(valid_until=sooner.isoformat()))
    assert datetime.fromisoformat(str(short["expires_at"])) == sooner


async def _lifetime(door: Door, link: Json) -> timedelta:
    rows: LinkRecords = door.app.state.services.links.links
    stored = await rows.get(PLATFORM_TENANT, str(link["link_id"]))
    assert stored is not None
    return stored.expires_at - stored.created_at
