"""Purchases and refunds on JustiFi's double, over the wire."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import JsonValue

from domain.errors import InvalidParameters
from domain.money import Money
from domain.payments import (
    CheckoutState,
    ProviderRefundState,
)
from domain.schemas import require_match
from gateways.faults import Misconfigured, OutcomeUnknown, RefusedByProvider, Unreachable
from gateways.integrations import SharingProvider
from gateways.justifi_client import JustifiClient
from gateways.justifi_integration import JustifiProvider
from gateways.justifi_page import page_url
from gateways.justifi_payments import JustifiPayments
from tests.gateways.justifi_samples import checkout_wire, payment_wire, refund_wire
from tests.gateways.justifi_street import PRICE, Street, order, request
from tests.gateways.scripted_justifi import one, scripted_justifi, some
from tests.gateways.simulated_justifi import CLIENT_ID, CLIENT_SECRET, SELLER

POOR_CARD, GOOD_ACCOUNT, CLOSED_ACCOUNT = "4000000000009995", "000123456789", "000111111113"
WHENEVER = datetime.now(UTC) - timedelta(hours=1)


async def test_a_checkout_leads_to_the_sellers_page_and_back(street: Street) -> None:
    wish = request()
    checkout = await street.payments.open_checkout(wish)

    page = urlsplit(checkout.url)
    assert page.path == f"/justifi/checkout/{checkout.session_id}"
    assert parse_qs(page.query) == {"return_url": [wish.success_url]}
    assert checkout.expires_at == wish.expires_at
    seen = await street.payments.fetch_checkout(checkout.session_id)
    assert (seen.state, seen.paid, seen.payment_id, seen.failure) == (
        CheckoutState.OPEN,
        None,
        None,
        None,
    )


async def test_a_paid_checkout_is_complete_with_its_money_and_its_payment(street: Street) -> None:
    wish = request()
    checkout = await street.payments.open_checkout(wish)
    payment_id = await street.pay(checkout)

    seen = await street.payments.fetch_checkout(checkout.session_id)
    assert (seen.state, seen.paid, seen.payment_id) == (CheckoutState.COMPLETE, PRICE, payment_id)
    received = [each async for each in street.payments.received_payments(WHENEVER)]
    assert [(each.payment_id, each.purchase_id, each.amount) for each in received] == [
        (payment_id, wish.purchase_id, PRICE)
    ]


async def test_a_declined_card_can_be_tried_again(street: Street) -> None:
    checkout = await street.open()
    await street.pay(checkout, number=POOR_CARD)
    declined = await street.payments.fetch_checkout(checkout.session_id)
    assert declined.state is CheckoutState.OPEN
    assert declined.failure is not None
    assert declined.paid is None

    await street.pay(checkout)
    seen = await street.payments.fetch_checkout(checkout.session_id)
    assert (seen.paid, seen.failure) == (PRICE, None)
    received = [each async for each in street.payments.received_payments(WHENEVER)]
    assert len(received) == 1


@pytest.mark.parametrize("account", [GOOD_ACCOUNT, CLOSED_ACCOUNT])
async def test_a_bank_decides_later(street: Street, account: str) -> None:
    checkout = await street.open()
    payment_id = await street.pay(checkout, account_number=account)
    waiting = await street.payments.fetch_checkout(checkout.session_id)
    assert (waiting.state, waiting.paid, waiting.failure) == (CheckoutState.COMPLETE, None, None)

    await street.steer("justifi/settle", id=payment_id)
    seen = await street.payments.fetch_checkout(checkout.session_id)
    assert seen.state is CheckoutState.COMPLETE
    assert seen.paid == (PRICE if account == GOOD_ACCOUNT else None)
    assert (seen.failure is None) == (account == GOOD_ACCOUNT)


async def test_a_cancelled_checkout_counts_as_expired_and_its_late_money_is_seen(
    street: Street,
) -> None:
    """JustiFi goes on taking money for it: what comes is seen, so that it goes back."""
    wish = request()
    checkout = await street.payments.open_checkout(wish)
    for _ in range(2):
        cancelled = await street.payments.expire_checkout(checkout.session_id, "expire")
        assert (cancelled.state, cancelled.paid) == (CheckoutState.EXPIRED, None)
    assert await street.asked("PATCH", f"/v1/checkouts/{checkout.session_id}") == 1
    assert await street.payments.find_checkout(wish.purchase_id, WHENEVER) is None

    payment_id = await street.pay(checkout)
    seen = await street.payments.fetch_checkout(checkout.session_id)
    assert (seen.state, seen.paid, seen.payment_id) == (CheckoutState.COMPLETE, PRICE, payment_id)
    refund = await street.payments.create_refund(order(payment_id, PRICE.minor))
    assert refund.state is ProviderRefundState.SUCCEEDED


async def test_a_payment_that_was_faster_than_the_cancellation_wins(street: Street) -> None:
    checkout = await street.open()
    await street.pay(checkout)
    seen = await street.payments.expire_checkout(checkout.session_id, "expire")
    assert (seen.state, seen.paid) == (CheckoutState.COMPLETE, PRICE)


async def test_a_cancellation_that_justifi_refuses_is_refused(street: Street) -> None:
    checkout = await street.open()
    with pytest.raises(RefusedByProvider):
        await street.payments.expire_checkout(checkout.session_id, "k" * 101)


async def test_a_checkout_is_over_when_we_no_longer_sell(street: Street) -> None:
    wish = request(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    checkout = await street.payments.open_checkout(wish)
    seen = await street.payments.fetch_checkout(checkout.session_id)
    assert seen.state is CheckoutState.EXPIRED
    assert await street.payments.find_checkout(wish.purchase_id, WHENEVER) is None


async def test_one_that_justifi_itself_has_ended_is_expired(street: Street) -> None:
    checkout = await street.open()
    await street.steer(f"justifi/checkouts/{checkout.session_id}/expire")
    for _ in range(2):
        seen = await street.payments.expire_checkout(checkout.session_id, "expire")
        assert seen.state is CheckoutState.EXPIRED


async def test_a_checkout_whose_answer_was_lost_is_found_and_not_opened_again(
    street: Street,
) -> None:
    await street.open()  # of another purchase
    wish = request()
    await street.fails("cut_after_effect", "/v1/checkouts")
    with pytest.raises(OutcomeUnknown):
        await street.payments.open_checkout(wish)

    found = await street.payments.find_checkout(wish.purchase_id, WHENEVER)
    assert found is not None
    again = wish.model_copy(update={"tried_since": WHENEVER})
    assert await street.payments.open_checkout(again) == found
    assert found.expires_at == wish.expires_at
    assert await street.asked("POST", "/v1/checkouts") == 2


async def test_what_an_earlier_try_did_not_make_is_made(street: Street) -> None:
    opened = await street.open(tried_since=WHENEVER)
    assert opened.session_id.startswith("cho_")


async def test_nothing_older_than_the_try_is_looked_through(street: Street) -> None:
    wish = request()
    await street.payments.open_checkout(wish)
    later = datetime.now(UTC) + timedelta(minutes=10)
    assert await street.payments.find_checkout(wish.purchase_id, later) is None


@pytest.mark.parametrize("currency", ["SGD", "CAD"])
async def test_another_currency_than_the_accounts_is_never_sold_in(
    street: Street, currency: str
) -> None:
    """What was made in the wrong one is shown to nobody."""
    with pytest.raises(RefusedByProvider) as refused:
        await street.open(price=Money(minor=15000, currency=currency))
    expected = {"SGD": "currency_invalid", "CAD": "currency_mismatch"}
    assert refused.value.code == expected[currency]


async def test_without_a_page_nothing_is_opened(street: Street) -> None:
    street.payments = JustifiPayments(street.payments.client)
    with pytest.raises(Misconfigured, match="checkout_page"):
        await street.open()
    assert await street.asked("POST", "/v1/checkouts") == 0


async def test_money_goes_back_and_is_found_again(street: Street) -> None:
    payment_id = await street.bought()
    asked = order(payment_id, 4000)
    assert await street.payments.find_refund(asked.refund_id, payment_id) is None

    made = await street.payments.create_refund(asked)
    assert (made.amount, made.payment_id) == (Money(minor=4000, currency="USD"), payment_id)
    assert await street.payments.create_refund(asked) == made
    assert await street.payments.fetch_refund(made.provider_refund_id) == made
    await street.payments.create_refund(order(payment_id, 1000))
    assert await street.payments.find_refund(asked.refund_id, payment_id) == made


async def test_more_than_is_left_is_refused(street: Street) -> None:
    payment_id = await street.bought()
    with pytest.raises(RefusedByProvider):
        await street.payments.create_refund(order(payment_id, PRICE.minor + 1))


async def test_what_cannot_be_reached_was_sent_nothing() -> None:
    client = JustifiClient(CLIENT_ID, CLIENT_SECRET, "http://127.0.0.1:9", SELLER)
    payments = JustifiPayments(client, "http://pay.example/{checkout_id}")
    with pytest.raises(Unreachable):
        await payments.open_checkout(request())
    with pytest.raises(Unreachable):
        await payments.probe()
    await payments.close()


async def test_a_provider_connects_with_credentials_and_can_be_probed(street: Street) -> None:
    provider = JustifiProvider(f"{street.root}/justifi/v1")
    credentials = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "sub_account_id": SELLER,
        "checkout_page": street.page,
    }
    gateway = provider.connect(credentials)
    await gateway.probe()
    assert (await gateway.payments.open_checkout(request())).session_id.startswith("cho_")
    await gateway.close()
    assert provider.livemode_of(credentials) is False
    assert provider.livemode_of({**credentials, "client_id": "live_shop"}) is True
    assert provider.listen(credentials) is None
    assert provider.listen({**credentials, "webhook_secret": "sigk_1"}) is not None


REFUNDED = refund_wire(id="re_2", metadata={"refund_id": "ref_1"})


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(
            [
                one("payment", payment_wire(refunds=[{**REFUNDED, "metadata": None}])),
                one("refund", REFUNDED),
            ],
            id="without metadata",
        ),
        pytest.param(
            [
                one("payment", payment_wire(refunds=None)),
                some(
                    {**REFUNDED, "id": "re_9", "payment_id": "py_9"},
                    REFUNDED,
                    {**REFUNDED, "id": "re_0", "created_at": "2020-01-01T00:00:00Z"},
                    cursor="older",
                ),
            ],
            id="not at all",
        ),
    ],
)
async def test_a_refund_that_its_payment_does_not_tell_is_found(answers: list[JsonValue]) -> None:
    async with scripted_justifi() as justifi:
        client = JustifiClient("test_id", "test_secret", justifi.url)
        for answer in answers:
            justifi.answers(answer)
        found = await JustifiPayments(client).find_refund("ref_1", "py_1")
        await client.close()
    assert found is not None
    assert found.provider_refund_id == "re_2"
    assert len(justifi.asked) == len(answers)


async def test_refunds_made_in_justifis_dashboard_are_told_from_those_asked_for_here(
    street: Street,
) -> None:
    payment_id = await street.bought()
    await street.payments.create_refund(order(payment_id, 1000))
    theirs = await street.payments.make_refund(payment_id, {"amount": 500}, "by-hand")
    (found,) = await street.payments.found_refunds(payment_id)
    assert (found.provider_refund_id, found.amount.minor) == (theirs.id, 500)


async def test_a_payment_made_while_the_cancellation_is_on_its_way_wins() -> None:
    paid = checkout_wire(status="completed", successful_payment_id="py_1")
    async with scripted_justifi() as justifi:
        client = JustifiClient("test_id", "test_secret", justifi.url)
        justifi.answers(one("checkout", checkout_wire(metadata=None)))
        justifi.answers({"error": {"code": "checkout_completed"}}, status=422)
        justifi.answers(one("checkout", paid))
        justifi.answers(one("payment", payment_wire()))
        seen = await JustifiPayments(client).expire_checkout("cho_1", "expire")
        await client.close()
    assert (seen.state, seen.paid) == (CheckoutState.COMPLETE, PRICE)


async def test_where_no_refund_is_ours_none_is_found() -> None:
    async with scripted_justifi() as justifi:
        client = JustifiClient("test_id", "test_secret", justifi.url)
        justifi.answers(one("payment", payment_wire(refunds=None, created_at=None)))
        justifi.answers(some(refund_wire(metadata={"refund_id": "ref_2"})))
        assert await JustifiPayments(client).find_refund("ref_1", "py_1") is None
        await client.close()


async def test_a_page_is_told_where_to_send_the_customer_back_as_far_as_it_is_known() -> None:
    page = "https://pay.example/{checkout_id}?theme=dark"
    async with scripted_justifi() as justifi:
        client = JustifiClient("test_id", "test_secret", justifi.url)
        ours: JsonValue = {"purchase_id": "pur_1"}
        justifi.answers(some(checkout_wire(metadata=ours, created_at=None)))
        found = await JustifiPayments(client, page).find_checkout("pur_1", WHENEVER)
        await client.close()
    assert found is not None
    assert found.url == "https://pay.example/cho_1?theme=dark"
    assert page_url(page, "cho_1", "https://a.example/?p=1") == (
        "https://pay.example/cho_1?theme=dark&return_url=https%3A%2F%2Fa.example%2F%3Fp%3D1"
    )


def test_replicas_share_their_tokens_where_there_is_a_redis() -> None:
    sharing = JustifiProvider("http://127.0.0.1:9").sharing("redis://of:secret@127.0.0.1/0")
    assert sharing.redis_url == "redis://of:secret@127.0.0.1/0"
    assert "secret" not in repr(sharing)
    assert isinstance(sharing, SharingProvider)


@pytest.mark.parametrize(
    ("changed", "pointers"),
    [
        ({}, []),
        ({"sub_account_id": "acc_1", "webhook_secret": "sigk_1"}, []),
        ({"checkout_page": "https://pay.example/?c={checkout_id}"}, []),
        ({"checkout_page": "https://pay.example/"}, ["/checkout_page"]),
        ({"checkout_page": "ftp://pay.example/{checkout_id}"}, ["/checkout_page"]),
        ({"client_id": "shop"}, ["/client_id"]),
        ({"client_secret": "live_1"}, ["/client_secret"]),
        ({"client_id": "live_1", "client_secret": "live_1"}, []),
        ({"sub_account_id": "biz_1"}, ["/sub_account_id"]),
        ({"api_key": "sk_test_1"}, ["/api_key"]),
    ],
)
def test_credentials_are_of_one_mode_and_complete(
    changed: dict[str, JsonValue], pointers: list[str]
) -> None:
    provider = JustifiProvider()
    given = {"client_id": "test_1", "client_secret": "test_2", **changed}
    assert provider.secret_field == "client_secret"
    try:
        require_match(given, provider.credentials_schema, "credentials")
        found: list[str] = []
    except InvalidParameters as refused:
        found = sorted({fault.pointer for fault in refused.faults})
    assert found == pointers


async def test_a_refund_of_no_payment_is_left_to_a_person() -> None:
    async with scripted_justifi() as justifi:
        client = JustifiClient("test_id", "test_secret", justifi.url)
        justifi.answers(one("refund", refund_wire(payment_id=None)))
        with pytest.raises(RefusedByProvider) as refused:
            await JustifiPayments(client).fetch_refund("re_1")
        assert refused.value.code == "unreadable"
        await client.close()


async def test_a_decline_of_what_cannot_be_declined_is_a_refusal() -> None:
    async with scripted_justifi() as justifi:
        client = JustifiClient("test_id", "test_secret", justifi.url)
        payments = JustifiPayments(client, "https://pay.example/{checkout_id}")
        declined: JsonValue = {"error": {"code": "card_declined", "decline_code": "do_not_honor"}}
        justifi.answers(declined, status=402)
        with pytest.raises(RefusedByProvider) as refused:
            await payments.open_checkout(request())
        assert refused.value.code == "card_declined"
        with pytest.raises(RefusedByProvider) as refused:
            await payments.create_refund(order("py_1", 100))
        assert refused.value.code == "do_not_honor"
        await client.close()
