"""JSON bodies and queries, typed by a model; a misfit is answered as JustiFi names it."""

import json
from typing import Annotated, TypeVar
from urllib.parse import parse_qsl

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StrictInt,
    StringConstraints,
    ValidationError,
)

from simulators.justifi.errors import UnfitRequestError
from simulators.justifi.records import FeeType

LEAST, MOST = 50, 100_000_000

Amount = StrictInt
Metadata = dict[str, JsonValue]
Text = Annotated[str, StringConstraints(min_length=1, max_length=5000)]
Descriptor = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 _-]{5,22}$")]

# What JustiFi calls a misfit of one attribute, first when it is missing, then when it is wrong.
_CODES = {
    "amount": ("amount_required", "amount_must_be_an_integer"),
    "currency": ("currency_required", "currency_invalid"),
    "capture_strategy": ("parameter_missing", "capture_strategy_invalid"),
    "payment_method": ("payment_method_required", "payment_method_required"),
    "payment_method.token": (
        "payment_method_token_required",
        "payment_method_token_required",
    ),
    "reason": ("parameter_missing", "refund_reason_invalid"),
}


class Nested(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Params(Nested):
    """The parameters of one operation."""


class Query(BaseModel):
    """What JustiFi does not know in a query it passes over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class FeeParams(Nested):
    type: FeeType
    amount: StrictInt = Field(gt=0)


P = TypeVar("P", bound=BaseModel)


def read_body(model: type[P], body: str) -> P:
    try:
        read = json.loads(body) if body else {}
    except ValueError:
        raise UnfitRequestError(400, "bad_request", "The body is no JSON") from None
    return _validated(model, read)


def read_query(model: type[P], query: str) -> P:
    return _validated(model, dict(parse_qsl(query)))


def _validated(model: type[P], given: JsonValue | dict[str, str]) -> P:
    try:
        return model.model_validate(given)
    except ValidationError as refused:
        raise _explained(refused) from None


def _explained(refused: ValidationError) -> UnfitRequestError:
    problem = refused.errors(include_url=False)[0]
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return UnfitRequestError(422, "unexpected_parameter", f"Unexpected parameter: {name}", name)
    missing, wrong = _CODES.get(name, ("parameter_missing", "parameter_invalid"))
    if name.startswith("fees"):
        wrong = "fee_amount_greater_than_zero" if name.endswith("amount") else "fees_invalid"
    if problem["type"] == "missing":
        return UnfitRequestError(422, missing, f"Missing required parameter: {name}", name)
    return UnfitRequestError(422, wrong, f"Invalid {name}", name)


def check_amount(amount: int) -> None:
    if amount <= LEAST:
        raise UnfitRequestError(
            422, "amount_below_minimum", f"Amount must be greater than {LEAST}", "amount"
        )
    if amount >= MOST:
        raise UnfitRequestError(
            422, "amount_above_maximum", f"Amount must be lower than {MOST}", "amount"
        )


def check_fees(fees: tuple[FeeParams, ...], amount: int) -> None:
    if len({fee.type for fee in fees}) < len(fees):
        raise UnfitRequestError(422, "multiple_of_same_fee_type", "Only one fee of each type")
    if sum(fee.amount for fee in fees) > amount:
        raise UnfitRequestError(
            422, "fee_amount_greater_than_payment_amount", "The fees exceed the amount"
        )
