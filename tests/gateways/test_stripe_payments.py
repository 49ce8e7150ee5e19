"""What is asked of Stripe about checkouts, and how its answers are read."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
import stripe as sdk
from stripe._base_address import BaseAddresses

from domain.money import Money
from domain.payments import (
    Checkout,
    CheckoutRequest,
)
from gateways.faults import OutcomeUnknown, RefusedByProvider
from gateways.payments import PaymentGateway
from gateways.stripe_api import CLOCK_SKEW, stripe_client
from gateways.stripe_payments import StripePayments, product_name
from tests.conformance.stripe_samples import page, session
from tests.gateways.scripted_stripe import ScriptedStripe

SESSIONS = "/v1/checkout/sessions"
SINCE = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ENDS = datetime.fromtimestamp(1795003600, UTC)
PRICE = Money(minor=15000, currency="SGD")


@pytest.fixture
async def payments(stripe: ScriptedStripe) -> AsyncIterator[PaymentGateway]:
    gateway = StripePayments("sk_test_of_the_tests", stripe.url)
    yield gateway
    await gateway.close()


def request(**changed: object) -> CheckoutRequest:
    return CheckoutRequest.model_validate(
        {
            "purchase_id": "pur_1",
            "tenant_id": "ten_1",
            "quote_id": "Q-1",
            "product_name": "Travel cover",
            "price": PRICE,
            "customer_email": "jane@customer.example",
            "expires_at": ENDS,
            "success_url": "https://insurer.example/done?s={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://insurer.example/cancel",
            "idempotency_key": "pur_1:checkout:1",
            **changed,
        }
    )


def form_of(stripe: ScriptedStripe) -> dict[str, str]:
    return dict(parse_qsl(stripe.asked[-1].form))


def query_of(stripe: ScriptedStripe) -> dict[str, str]:
    return dict(parse_qsl(stripe.asked[-1].query))


async def test_a_checkout_is_opened_under_our_key_and_with_our_ids_in_both_places(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers(session())
    opened = await payments.open_checkout(request())
    assert opened == Checkout(
        session_id="cs_test_1",
        url="https://checkout.stripe.example/c/pay/cs_test_1",
        expires_at=ENDS,
    )
    assert form_of(stripe) == {
        "mode": "payment",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "sgd",
        "line_items[0][price_data][unit_amount]": "15000",
        "line_items[0][price_data][product_data][name]": "Travel cover",
        "client_reference_id": "pur_1",
        "metadata[purchase_id]": "pur_1",
        "metadata[tenant_id]": "ten_1",
        "metadata[quote_id]": "Q-1",
        "payment_intent_data[metadata][purchase_id]": "pur_1",
        "payment_intent_data[metadata][tenant_id]": "ten_1",
        "payment_intent_data[metadata][quote_id]": "Q-1",
        "customer_email": "jane@customer.example",
        "expires_at": "1795003600",
        "success_url": "https://insurer.example/done?s={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://insurer.example/cancel",
    }
    headers = stripe.asked[-1].headers
    assert headers["Idempotency-Key"] == "pur_1:checkout:1"
    assert headers["Stripe-Version"] == sdk.api_version


async def test_no_email_is_sent_where_none_is_known(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers(session())
    await payments.open_checkout(request(customer_email=None))
    assert "customer_email" not in form_of(stripe)


async def test_a_session_without_a_page_is_no_checkout(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers(session(url=None))
    with pytest.raises(RefusedByProvider, match="without a page"):
        await payments.open_checkout(request())


async def test_an_amount_that_stripe_cannot_express_is_refused_before_it_is_asked(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    with pytest.raises(RefusedByProvider, match=r"KWD 1\.234"):
        await payments.open_checkout(request(price=Money(minor=1234, currency="KWD")))
    assert stripe.asked == []


async def test_a_cut_request_is_not_sent_again_over_another_connection(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers(session())
    await payments.open_checkout(request())
    stripe.cuts()
    with pytest.raises(OutcomeUnknown):
        await payments.open_checkout(request())
    assert len(stripe.asked) == 2


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Travel cover", "Travel cover"),
        ("  Travel\n\tcover\x00 ", "Travel cover"),
        ("Reiseversicherung für Zoë 旅行", "Reiseversicherung für Zoë 旅行"),
        ("x" * 250, "x" * 250),
        ("x" * 251, "x" * 249 + "…"),
        ("\n", ""),
    ],
)
def test_a_product_name_is_one_printable_line_of_bounded_length(given: str, shown: str) -> None:
    assert product_name(given) == shown


async def test_a_name_with_nothing_to_show_gives_way_to_the_quotes_id(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers(session())
    await payments.open_checkout(request(product_name="\u200b"))
    assert form_of(stripe)["line_items[0][price_data][product_data][name]"] == "Q-1"


async def test_an_open_checkout_is_found_by_the_purchase_over_several_pages(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    others = [session(id="cs_a", metadata={"purchase_id": "pur_2"}), session(id="cs_b")]
    stripe.answers(page(SESSIONS, *others, has_more=True))
    stripe.answers(page(SESSIONS, session(id="cs_c", metadata={"purchase_id": "pur_1"})))
    found = await payments.find_checkout("pur_1", SINCE)
    assert found is not None
    assert found.session_id == "cs_c"
    assert query_of(stripe) == {
        "created[gte]": str(int((SINCE - CLOCK_SKEW).timestamp())),
        "status": "open",
        "limit": "100",
        "starting_after": "cs_b",
    }


async def test_a_checkout_that_is_not_there_is_not_found(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers(page(SESSIONS, session(metadata=None)))
    assert await payments.find_checkout("pur_1", SINCE) is None


async def test_what_lies_behind_the_checkout_that_is_found_is_not_read(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    ours = session(metadata={"purchase_id": "pur_1"})
    stripe.answers_text(json.dumps({"data": [ours, {}], "has_more": True}), 200)
    assert await payments.find_checkout("pur_1", SINCE) is not None
    assert len(stripe.asked) == 1


async def test_a_list_that_promises_more_and_gives_nothing_has_ended(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers(page(SESSIONS, has_more=True))
    assert await payments.find_checkout("pur_1", SINCE) is None
    assert len(stripe.asked) == 1


async def test_a_list_without_a_list_in_it_is_not_guessed_at(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers_text("{}", 200)
    with pytest.raises(RefusedByProvider, match="data, has_more"):
        await payments.find_checkout("pur_1", SINCE)


async def test_an_id_stays_within_its_place_in_the_address(
    payments: PaymentGateway, stripe: ScriptedStripe
) -> None:
    stripe.answers(session())
    await payments.fetch_checkout("cs_1?limit=1#ä")
    assert stripe.asked[-1].path == f"{SESSIONS}/cs_1?limit=1#ä"
    assert query_of(stripe) == {"expand[0]": "payment_intent"}


@pytest.mark.parametrize("base", BaseAddresses.__annotations__)
async def test_each_address_of_the_sdk_follows_the_setting_and_none_stays_with_stripe(
    stripe: ScriptedStripe, base: str
) -> None:
    stripe.answers(session())
    http = sdk.AIOHTTPClient()
    client = stripe_client("sk_test_of_the_tests", f"{stripe.url}/", http)
    try:
        await client.raw_request_async("get", f"{SESSIONS}/cs_test_1", base=base)
    finally:
        await http.close_async()  # type: ignore[no-untyped-call]  # the SDK has no types here
    assert [asked.path for asked in stripe.asked] == [f"{SESSIONS}/cs_test_1"]


async def test_a_client_that_was_never_used_can_be_closed() -> None:
    await StripePayments("sk_test_of_the_tests").close()


def test_nothing_of_the_sdk_is_loaded_before_a_gateway_is_made() -> None:
    script = "import sys, gateways.stripe_payments, gateways.stripe_webhooks as w;"
    script += "w.StripeWebhooks('whsec_1'); sys.exit(len({'stripe', 'aiohttp'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
