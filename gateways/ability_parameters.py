"""What abilities are asked with, read after the parameters_schema held."""

from typing import Literal, Self

from pydantic import ValidationError

from domain.model import Model, Moment
from domain.money import CurrencyCode, Money
from gateways.faults import RefusedByProvider
from gateways.integrations import Ask

UsualReason = Literal["requested_by_customer", "duplicate", "fraudulent"]


class _Parameters(Model):
    @classmethod
    def of(cls, ask: Ask) -> Self:
        """Refuses what no schema can see: a currency that is none, say."""
        try:
            return cls.model_validate(dict(ask.parameters))
        except ValidationError as error:
            wrong = ", ".join(str(problem["loc"][0]) for problem in error.errors())
            message = f"these parameters cannot be used: {wrong}"
            raise RefusedByProvider(message, "invalid_parameters") from None


class _Sum(_Parameters):
    amount: int
    currency: CurrencyCode

    @property
    def money(self) -> Money:
        return Money(minor=self.amount, currency=self.currency)


class PaymentWish(_Sum):
    customer_id: str
    payment_method_id: str | None = None
    description: str | None = None


class MethodWish(_Sum):
    """Where a payment method's token alone tells who pays."""

    payment_method_id: str
    description: str | None = None


class RefundWish(_Parameters):
    """Without an amount: all that is left."""

    payment_id: str
    amount: int | None = None
    currency: CurrencyCode | None = None
    reason: UsualReason | None = None

    @property
    def money(self) -> Money | None:
        if self.amount is None or self.currency is None:
            return None
        return Money(minor=self.amount, currency=self.currency)


class CustomerWish(_Parameters):
    customer_id: str
    email: str | None = None
    name: str | None = None
    payment_method_id: str | None = None


class CheckoutWish(_Sum):
    description: str
    success_url: str
    cancel_url: str
    customer_email: str | None = None


class ListWish(_Parameters):
    since: Moment | None = None
    limit: int = 10
    cursor: str | None = None


class PayoutWish(_Parameters):
    payout_id: str
