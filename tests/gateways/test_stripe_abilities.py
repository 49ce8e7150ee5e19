"""What a Stripe integration asks of Stripe for each capability, and how it reads the answers."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from pydantic import JsonValue

from domain.errors import InvalidParameters
from gateways.faults import Busy, OutcomeUnknown, RefusedByProvider
from gateways.integrations import ProviderCustomer
from tests.conformance.stripe_samples import (
    Json,
    balance,
    customer,
    error,
    page,
    payment,
    payment_method,
    payout,
    refund,
    session,
    transaction,
)
from tests.gateways.scripted_stripe import ScriptedStripe
from tests.gateways.stripe_asking import KNOWN, Asking, asking_stripe, shipped_schemas

PAYMENTS, SESSIONS, CUSTOMERS = "/v1/payment_intents", "/v1/checkout/sessions", "/v1/customers"
SUM: dict[str, JsonValue] = {"amount": 10_000, "currency": "USD"}
OURS: Json = {"execution_id": "exe_1"}
CHECKOUT: dict[str, JsonValue] = {
    **SUM,
    "description": "Travel\ncover",
    "success_url": "https://insurer.example/done",
    "cancel_url": "https://insurer.example/cancel",
}


@pytest.fixture
async def asking(stripe: ScriptedStripe) -> AsyncIterator[Asking]:
    async with asking_stripe(stripe.url) as asking:
        yield asking


def form_of(stripe: ScriptedStripe) -> dict[str, str]:
    return dict(parse_qsl(stripe.asked[-1].form))


def query_of(stripe: ScriptedStripe) -> dict[str, str]:
    return dict(parse_qsl(stripe.asked[-1].query))


def paid(**changed: JsonValue) -> Json:
    return payment(status="succeeded", amount_received=10_000, currency="usd", **changed)


async def refusal_of(asking: Asking, capability: str, **parameters: JsonValue) -> RefusedByProvider:
    with pytest.raises(RefusedByProvider) as refused:
        await asking(capability, **parameters)
    return refused.value


async def test_it_can_do_what_the_catalogue_says(asking: Asking) -> None:
    assert asking.gateway.abilities.keys() == shipped_schemas("stripe").keys()


async def test_a_payment_is_charged_to_the_saved_method_under_the_executions_key(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    asking.customer = KNOWN
    stripe.answers(paid())
    assert await asking("PROCESS_PAYMENT", **SUM, customer_id="cust_abc") == {
        "payment_id": "pi_1",
        "status": "succeeded",
        "amount": 10_000,
        "currency": "USD",
        "failure_code": None,
        "failure_reason": None,
    }
    assert form_of(stripe) == {
        "amount": "10000",
        "currency": "usd",
        "customer": "cus_1",
        "payment_method": "pm_1",
        "confirm": "true",
        "off_session": "true",
        "metadata[execution_id]": "exe_1",
    }
    assert stripe.asked[-1].headers["Idempotency-Key"] == "exe_1:1"


async def test_stripes_own_units_never_show(asking: Asking, stripe: ScriptedStripe) -> None:
    asking.customer = KNOWN
    stripe.answers(payment(status="processing", currency="isk"))
    wish: dict[str, JsonValue] = {"amount": 500, "currency": "ISK", "customer_id": "cust_abc"}
    done = await asking("PROCESS_PAYMENT", **wish, payment_method_id="pm_2", description="Fee")
    assert (done["amount"], done["status"]) == (500, "processing")
    asked = form_of(stripe)
    assert (asked["amount"], asked["payment_method"], asked["description"]) == (
        "50000",
        "pm_2",
        "Fee",
    )


@pytest.mark.parametrize(
    ("told", "code", "reason"),
    [
        (
            error("card_declined", "card_error", decline_code="insufficient_funds"),
            "insufficient_funds",
            "No such thing as jane@customer.example",
        ),
        (
            error("authentication_required", "card_error", payment_intent=payment()),
            "authentication_required",
            "Your bank asks you to confirm this payment yourself. Nothing was charged.",
        ),
    ],
)
async def test_a_decline_is_a_result_fit_for_the_customer(
    asking: Asking, stripe: ScriptedStripe, told: Json, code: str, reason: str
) -> None:
    asking.customer = KNOWN
    stripe.answers(told, 402)
    done = await asking("PROCESS_PAYMENT", **SUM, customer_id="cust_abc")
    assert done["status"] == "declined"
    assert done["failure_code"] == code
    assert done["failure_reason"] == reason


async def test_a_payment_that_waits_for_the_customer_is_declined(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    asking.customer = KNOWN
    stripe.answers(payment(status="requires_action"))
    done = await asking("PROCESS_PAYMENT", **SUM, customer_id="cust_abc")
    assert (done["status"], done["failure_code"]) == ("declined", "authentication_required")


async def test_a_payment_in_an_unknown_state_is_looked_at_by_a_person(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    asking.customer = KNOWN
    stripe.answers(payment(status="requires_capture"))
    refused = await refusal_of(asking, "PROCESS_PAYMENT", **SUM, customer_id="cust_abc")
    assert refused.code == "unreadable"


async def test_any_other_refusal_of_a_payment_is_no_decline(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    asking.customer = KNOWN
    stripe.answers(error("amount_too_large", param="amount"), 400)
    refused = await refusal_of(asking, "PROCESS_PAYMENT", **SUM, customer_id="cust_abc")
    assert refused.code == "amount_too_large"
    assert "jane@customer.example" not in str(refused)


async def test_a_refusal_in_no_shape_of_stripes_is_no_decline(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    asking.customer = KNOWN
    stripe.answers_text("<html>teapot</html>", 418)
    await refusal_of(asking, "PROCESS_PAYMENT", **SUM, customer_id="cust_abc")


async def test_who_is_not_known_is_told_to_be_made_known_first(asking: Asking) -> None:
    refused = await refusal_of(asking, "PROCESS_PAYMENT", **SUM, customer_id="cust_abc")
    assert refused.code == "unknown_customer"
    assert "CREATE_CUSTOMER_PROFILE first" in str(refused)


async def test_who_has_no_saved_method_is_told_so(asking: Asking) -> None:
    asking.customer = ProviderCustomer(provider_customer_id="cus_1")
    refused = await refusal_of(asking, "PROCESS_PAYMENT", **SUM, customer_id="cust_abc")
    assert refused.code == "no_payment_method"


async def test_a_currency_that_is_none_is_refused_before_anything_is_sent(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    with pytest.raises(InvalidParameters) as refused:
        await asking("PROCESS_PAYMENT", amount=1, currency="ZZZ", customer_id="cust_abc")
    assert [fault.pointer for fault in refused.value.faults] == ["/currency"]
    assert stripe.asked == []


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (paid(metadata=OURS), "succeeded"),
        (
            payment(
                metadata=OURS, last_payment_error={"type": "card_error", "code": "expired_card"}
            ),
            "declined",
        ),
    ],
)
async def test_a_repeated_payment_is_found_and_not_made_again(
    asking: Asking, stripe: ScriptedStripe, found: Json, status: str
) -> None:
    asking.customer, asking.repeated = KNOWN, True
    others = [paid(id="pi_9"), payment(id="pi_8", metadata=OURS)]  # the last was never confirmed
    stripe.answers(page(PAYMENTS, *others, found))
    done = await asking("PROCESS_PAYMENT", **SUM, customer_id="cust_abc")
    assert (done["payment_id"], done["status"]) == ("pi_1", status)
    assert query_of(stripe)["customer"] == "cus_1"
    assert len(stripe.asked) == 1


async def test_a_repeated_payment_that_left_no_trace_is_made(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    asking.customer, asking.repeated = KNOWN, True
    stripe.answers(page(PAYMENTS))
    stripe.answers(paid())
    done = await asking("PROCESS_PAYMENT", **SUM, customer_id="cust_abc")
    assert done["status"] == "succeeded"


async def test_a_payment_without_an_answer_is_unknown(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    asking.customer = KNOWN
    stripe.cuts()
    with pytest.raises(OutcomeUnknown):
        await asking("PROCESS_PAYMENT", **SUM, customer_id="cust_abc")


async def test_all_that_is_left_is_refunded_where_no_amount_is_named(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    stripe.answers(payment(currency="usd"))
    stripe.answers(refund(currency="usd"))
    assert await asking("REFUND_PAYMENT", payment_id="pi_1") == {
        "refund_id": "re_1",
        "payment_id": "pi_1",
        "status": "succeeded",
        "amount": 5000,
        "currency": "USD",
        "failure_reason": None,
    }
    assert form_of(stripe) == {"payment_intent": "pi_1", "metadata[execution_id]": "exe_1"}
    assert stripe.asked[-1].headers["Idempotency-Key"] == "exe_1:1"


async def test_a_part_is_refunded_in_the_currency_of_the_payment_alone(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    stripe.answers(payment(currency="usd"))
    stripe.answers(refund(currency="usd", amount=2000))
    part: dict[str, JsonValue] = {"payment_id": "pi_1", "amount": 2000, "reason": "duplicate"}
    assert (await asking("REFUND_PAYMENT", **part, currency="USD"))["amount"] == 2000
    assert (form_of(stripe)["amount"], form_of(stripe)["reason"]) == ("2000", "duplicate")

    stripe.answers(payment(currency="usd"))
    refused = await refusal_of(asking, "REFUND_PAYMENT", **part, currency="JPY")
    assert refused.code == "currency_mismatch"


async def test_what_a_purchase_was_paid_by_is_refunded_by_the_purchase_alone(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    stripe.answers(payment(metadata={"purchase_id": "pur_1"}))
    refused = await refusal_of(asking, "REFUND_PAYMENT", payment_id="pi_1")
    assert refused.code == "payment_of_a_purchase"
    assert len(stripe.asked) == 1


async def test_a_repeated_refund_is_found_or_made(asking: Asking, stripe: ScriptedStripe) -> None:
    asking.repeated = True
    stripe.answers(page("/v1/refunds", refund(id="re_9"), refund(metadata=OURS)))
    assert (await asking("REFUND_PAYMENT", payment_id="pi_1"))["refund_id"] == "re_1"
    assert query_of(stripe)["payment_intent"] == "pi_1"

    stripe.answers(page("/v1/refunds", refund(id="re_9")))
    stripe.answers(payment())
    stripe.answers(refund(id="re_2"))
    assert (await asking("REFUND_PAYMENT", payment_id="pi_1"))["refund_id"] == "re_2"


async def test_a_customer_is_made_known_with_a_method_for_later(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    stripe.answers(customer())
    stripe.answers(payment_method(id="pm_7"))
    done = await asking.done(
        "CREATE_CUSTOMER_PROFILE",
        customer_id="cust_abc",
        email="jane@customer.example",
        name="Jane",
        payment_method_id="pm_card_visa",
    )
    assert done.result == {
        "customer_id": "cust_abc",
        "provider_customer_id": "cus_1",
        "status": "succeeded",
        "failure_code": None,
        "failure_reason": None,
    }
    assert done.customer == ProviderCustomer(provider_customer_id="cus_1", payment_method_id="pm_7")
    made, attached = stripe.asked
    assert dict(parse_qsl(made.form)) == {
        "email": "jane@customer.example",
        "name": "Jane",
        "metadata[customer_id]": "cust_abc",
        "metadata[execution_id]": "exe_1",
    }
    assert (attached.path, attached.form) == (
        "/v1/payment_methods/pm_card_visa/attach",
        "customer=cus_1",
    )
    assert made.headers["Idempotency-Key"] != attached.headers["Idempotency-Key"]


async def test_a_known_customer_is_changed_and_keeps_the_saved_method(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    asking.customer = KNOWN
    stripe.answers(customer())
    done = await asking.done("CREATE_CUSTOMER_PROFILE", customer_id="cust_abc", name="Jane")
    assert done.customer == KNOWN
    assert stripe.asked[-1].path == "/v1/customers/cus_1"


async def test_a_customer_deleted_at_stripe_is_made_anew(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    asking.customer = KNOWN
    stripe.answers(error("resource_missing", param="id"), 404)
    stripe.answers(customer(id="cus_2"))
    done = await asking("CREATE_CUSTOMER_PROFILE", customer_id="cust_abc")
    assert done["provider_customer_id"] == "cus_2"
    assert asking.customer == ProviderCustomer(provider_customer_id="cus_2")


async def test_a_method_that_is_no_card_error_is_refused_and_the_customer_kept(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    stripe.answers(customer())
    stripe.answers(error("resource_missing", param="payment_method"), 404)

    refused = await refusal_of(
        asking, "CREATE_CUSTOMER_PROFILE", customer_id="cust_abc", payment_method_id="pm_gone"
    )

    assert refused.code == "resource_missing"
    assert refused.made == ProviderCustomer(provider_customer_id="cus_1")


async def test_a_customer_made_before_the_provider_is_busy_is_told_with_that(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    asking.customer = KNOWN
    stripe.answers(customer())
    stripe.answers(error("rate_limit"), 429)

    with pytest.raises(Busy) as busy:
        await asking(
            "CREATE_CUSTOMER_PROFILE", customer_id="cust_abc", payment_method_id="pm_card_visa"
        )

    assert busy.value.made == KNOWN


async def test_any_other_refusal_of_a_change_makes_no_second_customer(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    asking.customer = KNOWN
    stripe.answers(error("email_invalid", param="email"), 400)
    refused = await refusal_of(asking, "CREATE_CUSTOMER_PROFILE", customer_id="cust_abc")
    assert refused.code == "email_invalid"


async def test_a_repeated_profile_is_found_or_made(asking: Asking, stripe: ScriptedStripe) -> None:
    asking.repeated = True
    stripe.answers(page(CUSTOMERS, customer(id="cus_9"), customer(metadata=OURS)))
    done = await asking.done("CREATE_CUSTOMER_PROFILE", customer_id="cust_abc")
    assert done.result["provider_customer_id"] == "cus_1"
    assert datetime.fromtimestamp(int(query_of(stripe)["created[gte]"]), UTC) < datetime.now(UTC)

    stripe.answers(page(CUSTOMERS, customer(id="cus_9")))
    stripe.answers(customer(id="cus_2"))
    done = await asking.done("CREATE_CUSTOMER_PROFILE", customer_id="cust_abc")
    assert done.result["provider_customer_id"] == "cus_2"


async def test_a_checkout_is_opened_for_one_sum(asking: Asking, stripe: ScriptedStripe) -> None:
    stripe.answers(session())
    done = await asking("CREATE_CHECKOUT", **CHECKOUT, customer_email="jane@customer.example")
    assert done == {
        "session_id": "cs_test_1",
        "url": "https://checkout.stripe.example/c/pay/cs_test_1",
        "expires_at": "2026-11-18T12:06:40+00:00",
    }
    price = "line_items[0][price_data]"
    assert form_of(stripe) == {
        "mode": "payment",
        "line_items[0][quantity]": "1",
        f"{price}[currency]": "usd",
        f"{price}[unit_amount]": "10000",
        f"{price}[product_data][name]": "Travel cover",
        "metadata[execution_id]": "exe_1",
        "payment_intent_data[metadata][execution_id]": "exe_1",
        "success_url": "https://insurer.example/done",
        "cancel_url": "https://insurer.example/cancel",
        "customer_email": "jane@customer.example",
    }
    assert stripe.asked[-1].headers["Idempotency-Key"] == "exe_1:1"


async def test_a_repeated_checkout_is_found_or_opened(
    asking: Asking, stripe: ScriptedStripe
) -> None:
    asking.repeated = True
    stripe.answers(page(SESSIONS, session(id="cs_test_9"), session(metadata=OURS)))
    assert (await asking("CREATE_CHECKOUT", **CHECKOUT))["session_id"] == "cs_test_1"

    stripe.answers(page(SESSIONS, session(id="cs_test_9")))
    stripe.answers(session(id="cs_test_2"))
    assert (await asking("CREATE_CHECKOUT", **CHECKOUT))["session_id"] == "cs_test_2"


async def test_what_moved_is_read_page_by_page(asking: Asking, stripe: ScriptedStripe) -> None:
    gone: Json = transaction(id="txn_0", type="refund", amount=-5000, fee=0, net=-5000, source=None)
    stripe.answers(page("/v1/balance_transactions", transaction(), gone, has_more=True))
    first = await asking("SYNC_TRANSACTIONS", since="2026-11-01T00:00:00+08:00", limit=2)
    assert first["next_cursor"] == "txn_0"
    assert first["transactions"] == [
        {
            "transaction_id": "txn_1",
            "type": "charge",
            "amount": 15000,
            "fee": 560,
            "net": 14440,
            "currency": "SGD",
            "source_id": "ch_1",
            "created_at": "2026-11-18T11:06:40+00:00",
        },
        {
            "transaction_id": "txn_0",
            "type": "refund",
            "amount": -5000,
            "fee": 0,
            "net": -5000,
            "currency": "SGD",
            "source_id": None,
            "created_at": "2026-11-18T11:06:40+00:00",
        },
    ]
    assert query_of(stripe) == {"limit": "2", "created[gte]": "1793462400"}

    stripe.answers(page("/v1/balance_transactions"))
    last = await asking("SYNC_TRANSACTIONS", cursor="txn_0")
    assert last == {"transactions": [], "next_cursor": None}
    assert query_of(stripe) == {"limit": "10", "starting_after": "txn_0"}


async def test_payouts_are_listed_and_read(asking: Asking, stripe: ScriptedStripe) -> None:
    stripe.answers(page("/v1/payouts", payout()))
    listed = await asking("LIST_PAYOUTS")
    stripe.answers(payout())
    one = await asking("RETRIEVE_PAYOUT", payout_id="po_1")
    assert listed == {"payouts": [one], "next_cursor": None}
    assert one == {
        "payout_id": "po_1",
        "status": "in_transit",
        "amount": 14440,
        "currency": "SGD",
        "arrives_at": "2026-11-20T18:40:00+00:00",
        "created_at": "2026-11-18T11:06:40+00:00",
    }


async def test_the_balance_is_told_in_our_units(asking: Asking, stripe: ScriptedStripe) -> None:
    held: JsonValue = [{"amount": 50_000, "currency": "isk"}]
    stripe.answers(balance(available=[{"amount": -5, "currency": "sgd"}], pending=held))
    assert await asking("RETRIEVE_BALANCE") == {
        "available": [{"amount": -5, "currency": "SGD"}],
        "pending": [{"amount": 500, "currency": "ISK"}],
    }
