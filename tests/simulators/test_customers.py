"""Customers and the payment methods that they keep, with Stripe's test payment methods."""

from typing import Literal

import pytest
import stripe
from stripe.params.checkout import SessionCreateParams

from .conftest import Receiver, Simulators

pytestmark = pytest.mark.slow

VISA = "pm_card_visa"


def _customer(simulators: Simulators, method: str = VISA) -> stripe.Customer:
    return simulators.client.v1.customers.create(
        {
            "email": "jenny@example.com",
            "payment_method": method,
            "invoice_settings": {"default_payment_method": method},
        }
    )


def _checkout(usage: Literal["off_session"], customer: str | None) -> SessionCreateParams:
    params: SessionCreateParams = {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "sgd",
                    "unit_amount": 12_500,
                    "product_data": {"name": "Travel cover"},
                },
            }
        ],
        "payment_intent_data": {"setup_future_usage": usage},
    }
    if customer:
        params["customer"] = customer
    return params


def _default(customer: stripe.Customer) -> str | None:
    assert customer.invoice_settings is not None
    method = customer.invoice_settings.default_payment_method
    return method if method is None else str(method)


def test_a_customer_can_come_with_a_card_that_is_charged_by_default(
    simulators: Simulators, receiver: Receiver
) -> None:
    customer = _customer(simulators)

    methods = simulators.client.v1.customers.payment_methods.list(customer.id).data
    assert [method.id for method in methods] == [_default(customer)]
    assert methods[0].customer == customer.id
    assert methods[0].card is not None
    assert methods[0].card.last4 == "4242"
    receiver.wait_for("customer.created", "payment_method.attached")


def test_each_naming_of_a_test_card_is_a_card_of_its_own(simulators: Simulators) -> None:
    assert _default(_customer(simulators)) != _default(_customer(simulators))


def test_a_card_is_attached_and_then_made_the_default(
    simulators: Simulators, receiver: Receiver
) -> None:
    v1 = simulators.client.v1
    customer = v1.customers.create({"email": "jenny@example.com"})

    method = v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id})
    again = v1.payment_methods.attach(method.id, {"customer": customer.id})
    changed = v1.customers.update(
        customer.id, {"invoice_settings": {"default_payment_method": method.id}}
    )

    assert again.id == method.id
    assert (_default(customer), _default(changed)) == (None, method.id)
    receiver.wait_for("customer.updated")
    assert receiver.types().count("payment_method.attached") == 1


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ],
)
def test_a_declining_card_cannot_be_attached_and_leaves_nothing_behind(
    simulators: Simulators, method: str, code: str, decline_code: str
) -> None:
    with pytest.raises(stripe.CardError) as refused:
        _customer(simulators, method)

    assert (refused.value.http_status, refused.value.code) == (402, code)
    assert refused.value.error is not None
    assert refused.value.error.decline_code == decline_code
    assert simulators.client.v1.customers.list().data == []
    assert simulators.client.v1.payment_methods.list().data == []


@pytest.mark.parametrize("method", ["pm_card_chargeCustomerFail", "pm_card_authenticationRequired"])
def test_a_card_that_is_declined_only_when_charged_can_be_attached(
    simulators: Simulators, method: str
) -> None:
    assert _default(_customer(simulators, method)) is not None


def test_a_card_belongs_to_one_customer(simulators: Simulators) -> None:
    v1, taken = simulators.client.v1, _default(_customer(simulators))
    other = v1.customers.create()

    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        v1.payment_methods.attach(str(taken), {"customer": other.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.customers.update(other.id, {"invoice_settings": {"default_payment_method": str(taken)}})

    assert refused.value.code == "resource_missing"
    assert refused.value.param == "invoice_settings[default_payment_method]"


def test_a_new_customer_cannot_default_to_a_card_that_does_not_come_along(
    simulators: Simulators,
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="must be attached"):
        simulators.client.v1.customers.create(
            {"invoice_settings": {"default_payment_method": VISA}}
        )


def test_a_detached_card_is_nobodys_default(simulators: Simulators, receiver: Receiver) -> None:
    v1, customer = simulators.client.v1, _customer(simulators)

    v1.payment_methods.detach(str(_default(customer)))

    assert _default(v1.customers.retrieve(customer.id)) is None
    assert v1.customers.payment_methods.list(customer.id).data == []
    receiver.wait_for("payment_method.detached")


def test_a_card_that_paid_at_a_checkout_cannot_be_kept_afterwards(simulators: Simulators) -> None:
    v1, customer = simulators.client.v1, _customer(simulators)
    paid = v1.payment_intents.retrieve(simulators.paid_intent())

    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        v1.payment_methods.attach(str(paid.payment_method), {"customer": customer.id})


def test_a_checkout_keeps_the_card_of_its_customer_where_it_says_so(
    simulators: Simulators, receiver: Receiver
) -> None:
    v1, customer = simulators.client.v1, simulators.client.v1.customers.create()
    session = v1.checkout.sessions.create(_checkout("off_session", customer.id))

    simulators.pay(session.id, card="4242424242424242")

    [kept] = v1.customers.payment_methods.list(customer.id).data
    assert kept.customer == customer.id
    receiver.wait_for("checkout.session.completed", "payment_method.attached")


def test_a_checkout_keeps_no_card_of_nobody(simulators: Simulators) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="keeps cards for given customers"):
        simulators.client.v1.checkout.sessions.create(_checkout("off_session", None))


def test_an_update_changes_what_it_names_and_takes_away_what_it_empties(
    simulators: Simulators, receiver: Receiver
) -> None:
    customers = simulators.client.v1.customers
    customer = customers.create(
        {"email": "a@example.com", "name": "Jenny", "metadata": {"kept": "1", "dropped": "2"}}
    )

    changed = customers.update(
        customer.id, {"email": "b@example.com", "name": "", "metadata": {"dropped": "", "new": "3"}}
    )

    assert (changed.email, changed.name) == ("b@example.com", None)
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"kept": "1", "new": "3"}
    receiver.wait_for("customer.updated")
    [told] = [
        one.json["data"] for one in receiver.received if one.json["type"] != "customer.created"
    ]
    assert isinstance(told, dict)
    assert isinstance(before := told["previous_attributes"], dict)
    assert set(before) == {"email", "name", "metadata"}
    emptied = customers.update(customer.id, {"metadata": ""})
    assert emptied.metadata is not None
    assert emptied.metadata.to_dict() == {}
