"""What the operations of JustiFi's API are asked with, each as one closed form."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, JsonValue, ValidationError

from domain.identifiers import without_our_names
from domain.model import Model
from gateways.faults import RefusedByProvider
from gateways.integrations import Ask


class Wish(Model):
    """``sub_account_id`` None: the account's own default."""

    sub_account_id: str | None = None

    @classmethod
    def of(cls, ask: Ask) -> Self:
        try:
            return cls.model_validate(ask.parameters)
        except ValidationError as error:
            named = ", ".join(sorted(".".join(map(str, each["loc"])) for each in error.errors()))
            raise RefusedByProvider(f"not as it should be: {named}", "invalid_parameters") from None


class OneWish(Wish):
    id: str


class ListWish(Wish):
    """``filters`` are JustiFi's own; one that is None is not sent."""

    limit: int | None = None
    after_cursor: str | None = None
    before_cursor: str | None = None
    filters: Mapping[str, str | None] = {}


class PayoutListWish(ListWish):
    """``statuses``: JustiFi has no such filter, so that it is applied here."""

    statuses: tuple[str, ...] = ()


class RefundListWish(ListWish):
    payment_id: str


class PaymentWish(Wish):
    amount: int
    currency: str
    payment_method_id: str
    capture_strategy: Literal["automatic", "manual"] = "automatic"
    description: str | None = None
    metadata: Annotated[Mapping[str, JsonValue], AfterValidator(without_our_names)] | None = None

    def body(self, operation_id: str) -> dict[str, JsonValue]:
        body: dict[str, JsonValue] = {
            "amount": self.amount,
            "currency": self.currency.lower(),
            "capture_strategy": self.capture_strategy,
            "payment_method": {"token": self.payment_method_id},
            "metadata": {**(self.metadata or {}), "operation_id": operation_id},
        }
        return body if self.description is None else {**body, "description": self.description}


class RefundWish(OneWish):
    """``amount`` None: all that can be given back."""

    amount: int | None = None
    reason: Literal["duplicate", "fraudulent", "customer_request"] | None = None

    def body(self, operation_id: str) -> dict[str, JsonValue]:
        given: dict[str, JsonValue] = {"amount": self.amount, "reason": self.reason}
        body = {name: value for name, value in given.items() if value is not None}
        return {**body, "metadata": {"operation_id": operation_id}}


class PaymentMethodWish(Wish):
    """Either a card or a bank account, in JustiFi's own fields."""

    card: Mapping[str, JsonValue] | None = None
    bank_account: Mapping[str, JsonValue] | None = None
    email: str | None = None
    payment_method_group_id: str | None = None

    @property
    def body(self) -> dict[str, JsonValue]:
        method: dict[str, JsonValue] = {}
        for name, given in (("card", self.card), ("bank_account", self.bank_account)):
            if given is not None:
                method[name] = dict(given)
        if self.payment_method_group_id is not None:
            method["payment_method_group_id"] = self.payment_method_group_id
        body: dict[str, JsonValue] = {"payment_method": method}
        return body if self.email is None else {**body, "email": self.email}
