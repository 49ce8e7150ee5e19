"""PaymentIntents without a Checkout Session: paid with a kept card while nobody is there."""

from typing import cast

import pytest
import stripe
from stripe.params import PaymentIntentCreateParams

from .conftest import Receiver, Simulators

pytestmark = pytest.mark.slow

PAID_STORY = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
DECLINED_STORY = ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]
DECLINES = [
    ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
    ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
    ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
    ("pm_card_authenticationRequired", "authentication_required", "authentication_required"),
]


def _pay(
    simulators: Simulators, method: str | None = "pm_card_visa", **more: object
) -> stripe.PaymentIntent:
    """Confirmed at once and off session, unless `more` says otherwise."""
    params: dict[str, object] = {
        "amount": 12_500,
        "currency": "sgd",
        "metadata": {"purchase_id": "pur_1"},
        "description": "Renewal",
    }
    if method:
        params["payment_method"] = method
    if more.get("confirm", True):
        params |= {"confirm": True, "off_session": True}
    wanted = cast(PaymentIntentCreateParams, params | more)
    return simulators.client.v1.payment_intents.create(wanted)


def _kept(simulators: Simulators, method: str = "pm_card_visa") -> tuple[str, str]:
    """A customer and the card that they keep."""
    customer = simulators.client.v1.customers.create({"payment_method": method})
    [card] = simulators.client.v1.customers.payment_methods.list(customer.id).data
    return customer.id, card.id


def _told(refused: stripe.CardError) -> stripe.PaymentIntent:
    assert refused.error is not None
    return cast(stripe.PaymentIntent, refused.error.payment_intent)


def test_a_kept_card_pays_while_nobody_is_there(simulators: Simulators, receiver: Receiver) -> None:
    customer, card = _kept(simulators)

    intent = _pay(simulators, card, customer=customer)

    assert (intent.status, intent.amount_received) == ("succeeded", 12_500)
    assert (intent.customer, intent.payment_method) == (customer, card)
    charge = simulators.client.v1.charges.retrieve(str(intent.latest_charge))
    assert charge.metadata["purchase_id"] == "pur_1"
    receiver.wait_for(*PAID_STORY)
    assert "checkout.session.completed" not in receiver.types()


def test_a_kept_card_pays_again_and_again_and_a_loose_one_once(simulators: Simulators) -> None:
    customer, card = _kept(simulators)
    loose = str(_pay(simulators).payment_method)

    assert [_pay(simulators, card, customer=customer).status for _ in range(2)] == ["succeeded"] * 2
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        _pay(simulators, loose)


def test_the_events_name_the_request_that_caused_them(
    simulators: Simulators, receiver: Receiver
) -> None:
    keyed: stripe.RequestOptions = {"idempotency_key": "pur_1:renewal:1"}
    simulators.client.v1.payment_intents.create(
        {
            "amount": 500,
            "currency": "sgd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "off_session": True,
        },
        keyed,
    )

    receiver.wait_for(*PAID_STORY)
    for webhook in receiver.received:
        assert isinstance(request := webhook.json["request"], dict)
        assert request["idempotency_key"] == "pur_1:renewal:1"


@pytest.mark.parametrize(("method", "code", "decline_code"), DECLINES)
def test_a_decline_is_an_error_with_the_payment_intent_in_it(
    simulators: Simulators, receiver: Receiver, method: str, code: str, decline_code: str
) -> None:
    with pytest.raises(stripe.CardError) as refused:
        _pay(simulators, method)

    error, intent = refused.value.error, _told(refused.value)
    assert (refused.value.http_status, refused.value.code) == (402, code)
    assert error is not None
    assert error.decline_code == decline_code
    assert intent.status == "requires_payment_method"
    assert (error.charge, intent.metadata["purchase_id"]) == (intent.latest_charge, "pur_1")
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.decline_code == decline_code
    receiver.wait_for(*DECLINED_STORY)


def test_a_card_that_attached_is_declined_when_charged(simulators: Simulators) -> None:
    customer, card = _kept(simulators, "pm_card_chargeCustomerFail")

    with pytest.raises(stripe.CardError) as refused:
        _pay(simulators, card, customer=customer)

    assert refused.value.code == "card_declined"


def test_a_repeated_request_repeats_its_decline(simulators: Simulators) -> None:
    told = set()
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refused:
            simulators.client.v1.payment_intents.create(
                {
                    "amount": 500,
                    "currency": "sgd",
                    "payment_method": "pm_card_visa_chargeDeclined",
                    "confirm": True,
                    "off_session": True,
                },
                {"idempotency_key": "k"},
            )
        told.add(_told(refused.value).id)

    assert len(told) == 1


def test_a_declined_payment_is_confirmed_with_another_card(
    simulators: Simulators, receiver: Receiver
) -> None:
    with pytest.raises(stripe.CardError) as refused:
        _pay(simulators, "pm_card_visa_chargeDeclined")
    intent = _told(refused.value)

    paid = simulators.client.v1.payment_intents.confirm(
        intent.id, {"payment_method": "pm_card_visa", "off_session": True}
    )

    assert (paid.id, paid.status, paid.last_payment_error) == (intent.id, "succeeded", None)
    receiver.wait_for(*DECLINED_STORY, "payment_intent.succeeded")


@pytest.mark.parametrize(
    ("challenge", "status"),
    [("complete", "succeeded"), ("fail", "requires_payment_method")],
)
def test_on_session_a_card_asks_for_authentication_and_its_answer_ends_the_payment(
    simulators: Simulators, receiver: Receiver, challenge: str, status: str
) -> None:
    intent = _pay(
        simulators,
        "pm_card_authenticationRequired",
        off_session=False,
        automatic_payment_methods={"enabled": True, "allow_redirects": "never"},
    )
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    assert intent.next_action.type == "use_stripe_sdk"

    answered = simulators.post(
        "/_simulator/authenticate", payment_intent=intent.id, challenge=challenge
    )

    assert answered == {"payment_intent": intent.id, "status": status}
    receiver.wait_for("payment_intent.requires_action")


def test_a_payment_that_may_not_ask_for_action_fails_without_a_charge(
    simulators: Simulators,
) -> None:
    with pytest.raises(stripe.CardError) as refused:
        _pay(
            simulators,
            "pm_card_authenticationRequired",
            off_session=False,
            return_url="https://shop.test/back",
            error_on_requires_action=True,
        )

    assert refused.value.code == "authentication_required"
    assert refused.value.error is not None
    assert refused.value.error.decline_code == "authentication_not_handled"
    assert _told(refused.value).latest_charge is None


def test_a_payment_can_be_made_in_steps(simulators: Simulators, receiver: Receiver) -> None:
    intents = simulators.client.v1.payment_intents
    bare = _pay(simulators, None, confirm=False)
    ready = _pay(simulators, confirm=False)

    assert (bare.status, ready.status) == ("requires_payment_method", "requires_confirmation")
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        intents.confirm(bare.id)
    with pytest.raises(stripe.InvalidRequestError) as nowhere:
        intents.confirm(ready.id)
    assert nowhere.value.param == "return_url"
    paid = intents.confirm(ready.id, {"return_url": "https://shop.test/back"})
    assert paid.status == "succeeded"
    canceled = intents.cancel(bare.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    receiver.wait_for("payment_intent.canceled")
    for ended in (paid, canceled):
        for end_again in (intents.confirm, intents.cancel):
            with pytest.raises(stripe.InvalidRequestError) as refused:
                end_again(ended.id)
            assert refused.value.code == "payment_intent_unexpected_state"


def test_the_payment_of_a_checkout_is_neither_confirmed_nor_cancelled_by_the_api(
    simulators: Simulators,
) -> None:
    intents = simulators.client.v1.payment_intents
    session = simulators.new_session()
    declined = str(simulators.pay(session.id, card="4000000000000002")["payment_intent"])

    for end in (intents.confirm, intents.cancel):
        with pytest.raises(stripe.InvalidRequestError, match="created by a Checkout Session"):
            end(declined)


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"currency": "dollars"}, None, "currency"),
        ({"customer": "cus_unknown"}, "resource_missing", "customer"),
        ({"payment_method": "pm_unknown"}, "resource_missing", "payment_method"),
        ({"payment_method_types": ["card"]}, "parameter_unknown", "payment_method_types"),
        ({"confirm": False, "off_session": True}, None, "off_session"),
        ({"allowed_payment_method_types": ["sepa_debit"]}, None, None),
    ],
)
def test_a_payment_that_stripe_refuses_is_refused_and_leaves_nothing_behind(
    simulators: Simulators, change: dict[str, object], code: str | None, param: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _pay(simulators, "pm_card_visa", **change)

    assert (refused.value.http_status, refused.value.code) == (400, code)
    assert refused.value.param == param
    assert simulators.client.v1.payment_intents.list().data == []


def test_a_kept_card_pays_for_nobody_else(simulators: Simulators) -> None:
    _, card = _kept(simulators)
    other, _ = _kept(simulators)

    with pytest.raises(stripe.InvalidRequestError, match="attached to a customer"):
        _pay(simulators, card)
    with pytest.raises(stripe.InvalidRequestError, match="does not belong to the Customer"):
        _pay(simulators, card, customer=other)


def test_a_card_is_kept_by_a_payment_that_says_so(
    simulators: Simulators, receiver: Receiver
) -> None:
    customer = simulators.client.v1.customers.create().id

    card = str(_pay(simulators, customer=customer, setup_future_usage="off_session").payment_method)

    assert _pay(simulators, card, customer=customer).status == "succeeded"
    receiver.wait_for("payment_method.attached")


def test_payments_with_and_without_a_session_are_listed_and_told_apart_by_metadata(
    simulators: Simulators,
) -> None:
    customer, card = _kept(simulators)
    from_checkout = simulators.paid_intent()
    renewal = _pay(simulators, card, customer=customer, metadata={"purchase_id": "pur_2"})
    intents = simulators.client.v1.payment_intents

    found = {
        intent.metadata["purchase_id"]: intent.id
        for intent in intents.list({"expand": ["data.latest_charge"]}).data
    }

    assert found == {"pur_1": from_checkout, "pur_2": renewal.id}
    assert [intent.id for intent in intents.list({"customer": customer}).data] == [renewal.id]
    assert simulators.client.v1.checkout.sessions.list({"payment_intent": renewal.id}).data == []
    assert simulators.post("/_simulator/settle") == {"settled": []}


def test_a_payment_without_a_session_is_refunded_like_any_other(
    simulators: Simulators, receiver: Receiver
) -> None:
    refunds = simulators.client.v1.refunds
    failing = _pay(simulators, "pm_card_refundFail")

    refund = refunds.create({"payment_intent": _pay(simulators).id, "amount": 500})
    later = refunds.create({"payment_intent": failing.id})
    simulators.post("/_simulator/settle")

    assert (refund.status, refund.amount) == ("succeeded", 500)
    assert refunds.retrieve(later.id).status == "failed"
    receiver.wait_for("charge.refunded", "refund.failed")


def test_a_disputing_card_disputes_without_a_session_too(
    simulators: Simulators, receiver: Receiver
) -> None:
    intent = _pay(simulators, "pm_card_createDispute")

    receiver.wait_for("payment_intent.succeeded", "charge.dispute.created")
    assert len(simulators.client.v1.disputes.list({"payment_intent": intent.id}).data) == 1
