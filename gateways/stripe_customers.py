"""Customers of a Stripe account: who can be charged later, and a page to pay on once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from domain.payments import Failure
from gateways.ability_parameters import CheckoutWish, CustomerWish
from gateways.faults import GatewayFault, RefusedByProvider
from gateways.integrations import Ask, Done, ProviderCustomer
from gateways.stripe_amounts import to_stripe
from gateways.stripe_api import CLOCK_SKEW, StripeApi, T, path_of
from gateways.stripe_payments import SESSIONS, product_name
from gateways.stripe_snapshots import Declined, Session, Thing

if TYPE_CHECKING:
    from stripe.params import CustomerCreateParams, PaymentMethodAttachParams
    from stripe.params.checkout import SessionCreateParams

CUSTOMERS = "/v1/customers"
METHODS = "/v1/payment_methods"
KEY_LIFE = timedelta(hours=24)  # an execution is over before Stripe forgets its key


@dataclass(frozen=True)
class StripeCustomers:
    api: StripeApi

    async def create_customer_profile(self, ask: Ask, /) -> Done:
        """Of one that is known, what is given is changed. The saved method is the last attached.

        A declined card is a result. However attaching it ends, the customer is made no second time.
        """
        wish = CustomerWish.of(ask)
        customer = await self._known(ask, wish) or await self._created(ask, wish)
        if wish.payment_method_id is None:
            return _profile(wish, customer)
        try:
            method = await self._attached(ask, customer, wish.payment_method_id)
        except GatewayFault as fault:
            fault.made = customer
            if not isinstance(fault, RefusedByProvider):
                raise
            return _profile(wish, customer, Declined.told_by(fault).failure)
        return _profile(wish, customer.model_copy(update={"payment_method_id": method}))

    async def _known(self, ask: Ask, wish: CustomerWish) -> ProviderCustomer | None:
        """None, too, for one whom somebody has deleted at Stripe since."""
        if ask.customer is None:
            return None
        path = path_of(CUSTOMERS, ask.customer.provider_customer_id)
        try:
            answer = await self.api.ask("post", path, _person(ask, wish), _key(ask, "update"))
        except RefusedByProvider as refused:
            if refused.code != "resource_missing":
                raise
            return None
        return ask.customer.model_copy(update={"provider_customer_id": Thing.of(answer).id})

    async def _created(self, ask: Ask, wish: CustomerWish) -> ProviderCustomer:
        if ask.repeated:
            async for made in self._lately(Thing, CUSTOMERS):
                if made.noted("execution_id") == ask.execution_id:
                    return ProviderCustomer(provider_customer_id=made.id)
        answer = await self.api.ask("post", CUSTOMERS, _person(ask, wish), _key(ask, "create"))
        return ProviderCustomer(provider_customer_id=Thing.of(answer).id)

    async def _attached(self, ask: Ask, customer: ProviderCustomer, method_id: str) -> str:
        """The id by which it is saved: it need not be the one that was given."""
        params: PaymentMethodAttachParams = {"customer": customer.provider_customer_id}
        path = path_of(METHODS, method_id) + "/attach"
        return Thing.of(await self.api.ask("post", path, params, _key(ask, "attach"))).id

    async def create_checkout(self, ask: Ask, /) -> Done:
        wish = CheckoutWish.of(ask)
        session = await self._find_session(ask) if ask.repeated else None
        if session is None:
            params = _session_params(ask, wish)
            session = Session.of(await self.api.ask("post", SESSIONS, params, ask.idempotency_key))
        page = session.checkout
        return Done(
            result={
                "session_id": page.session_id,
                "url": page.url,
                "expires_at": page.expires_at.isoformat(),
            }
        )

    async def _find_session(self, ask: Ask) -> Session | None:
        async for session in self._lately(Session, SESSIONS):
            if session.noted("execution_id") == ask.execution_id:
                return session
        return None

    def _lately(self, kind: type[T], path: str) -> AsyncIterator[T]:
        """What an earlier attempt of an execution that is still under way may have made."""
        since = datetime.now(UTC) - KEY_LIFE - CLOCK_SKEW
        return self.api.listed(kind, path, {"created": {"gte": int(since.timestamp())}})


def _key(ask: Ask, step: str) -> str:
    """Stripe takes a key for one request alone."""
    return f"{ask.idempotency_key}:{step}"


def _person(ask: Ask, wish: CustomerWish) -> "CustomerCreateParams":
    params: CustomerCreateParams = {
        "metadata": {"customer_id": wish.customer_id, "execution_id": ask.execution_id}
    }
    if wish.email is not None:
        params["email"] = wish.email
    if wish.name is not None:
        params["name"] = wish.name
    return params


def _profile(
    wish: CustomerWish, customer: ProviderCustomer, declined: Failure | None = None
) -> Done:
    return Done(
        result={
            "customer_id": wish.customer_id,
            "provider_customer_id": customer.provider_customer_id,
            "status": "declined" if declined else "succeeded",
            "failure_code": declined.code if declined else None,
            "failure_reason": declined.reason if declined else None,
        },
        customer=customer,
    )


def _session_params(ask: Ask, wish: CheckoutWish) -> "SessionCreateParams":
    ours = {"execution_id": ask.execution_id}
    params: SessionCreateParams = {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": wish.currency.lower(),
                    "unit_amount": to_stripe(wish.money),
                    "product_data": {"name": product_name(wish.description) or "Payment"},
                },
            }
        ],
        "metadata": ours,
        "payment_intent_data": {"metadata": ours},
        "success_url": wish.success_url,
        "cancel_url": wish.cancel_url,
    }
    if wish.customer_email is not None:
        params["customer_email"] = wish.customer_email
    return params
