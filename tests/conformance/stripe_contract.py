"""The product's own wire check: what it sends to Stripe and what it is answered, by the SDK."""

import inspect
import re
from dataclasses import dataclass
from functools import cache, cached_property
from typing import get_args

from jsonschema import Draft202012Validator, ValidationError
from pydantic import JsonValue
from stripe import (
    Account,
    AccountService,
    Balance,
    BalanceService,
    BalanceTransaction,
    BalanceTransactionService,
    Charge,
    Customer,
    CustomerPaymentMethodService,
    CustomerService,
    Dispute,
    ErrorObject,
    Event,
    LineItem,
    PaymentIntent,
    PaymentIntentService,
    PaymentMethod,
    PaymentMethodService,
    Payout,
    PayoutService,
    Refund,
    RefundService,
    StripeObject,
)
from stripe._stripe_service import StripeService
from stripe.checkout import Session, SessionService

from tests.conformance.forms import Tree, decoded, typed
from tests.conformance.sdk_schema import Schema, SdkSchemas, hints_of

KNOWN: tuple[type[StripeObject], ...] = (
    Account, Balance, BalanceTransaction, Charge, Customer, Dispute, ErrorObject, Event,
    LineItem, PaymentIntent, PaymentMethod, Payout, Refund, Session,
)  # fmt: skip
OPERATIONS: tuple[tuple[type[StripeService], str], ...] = (
    (SessionService, "create"),
    (SessionService, "list"),
    (SessionService, "retrieve"),
    (SessionService, "expire"),
    (PaymentIntentService, "create"),
    (PaymentIntentService, "confirm"),
    (PaymentIntentService, "cancel"),
    (PaymentIntentService, "list"),
    (PaymentIntentService, "retrieve"),
    (PaymentMethodService, "attach"),
    (PaymentMethodService, "detach"),
    (PaymentMethodService, "list"),
    (PaymentMethodService, "retrieve"),
    (CustomerService, "create"),
    (CustomerService, "update"),
    (CustomerService, "list"),
    (CustomerService, "retrieve"),
    (CustomerPaymentMethodService, "list"),
    (RefundService, "create"),
    (RefundService, "list"),
    (RefundService, "retrieve"),
    (BalanceService, "retrieve"),
    (BalanceTransactionService, "list"),
    (BalanceTransactionService, "retrieve"),
    (PayoutService, "list"),
    (PayoutService, "retrieve"),
    (AccountService, "retrieve_current"),
)
NOTHING: Schema = {"type": "object", "properties": {}, "additionalProperties": False}
_ID = "ID"


def problems_in_request(method: str, path: str, form: str = "", query: str = "") -> list[str]:
    """``form`` and ``query`` as they go over the wire. Each problem names its parameter."""
    operation = _contract().operation(method, path)
    if operation is None:
        return [f"{method} {path} is no operation known here"]
    posts = operation.method == "post"
    body, asked = (operation.params, NOTHING) if posts else (NOTHING, operation.params)
    return [*_problems_in_form(form, body), *_problems_in_form(query, asked)]


def is_known(method: str, path: str) -> bool:
    return _contract().operation(method, path) is not None


def problems_in_response(method: str, path: str, status: int, answer: JsonValue) -> list[str]:
    operation = _contract().operation(method, path)
    if operation is None:
        return [f"{method} {path} is no operation known here"]
    return _contract().problems(answer, operation.answer if status < 400 else _contract().error)


def problems_in_event(event: JsonValue) -> list[str]:
    """The envelope, and the object in it by its own kind."""
    contract = _contract()
    problems = contract.problems(event, contract.schemas.of(Event))
    subject = _at(_at(event, "data"), "object")
    schema = contract.kind(str(_at(subject, "object")))
    if schema is None:
        return [*problems, f"data[object]: {_at(subject, 'object')!r} is no object known here"]
    found = contract.problems(subject, schema)
    return [*problems, *(f"data[object] {problem}" for problem in found)]


@dataclass(frozen=True)
class Operation:
    method: str
    path: re.Pattern[str]
    params: Schema
    answer: Schema


class Contract:
    def __init__(self) -> None:
        self.schemas = SdkSchemas(frozenset(KNOWN))
        self._operations = [self._read(service, name) for service, name in OPERATIONS]
        self._kinds = {getattr(kind, "OBJECT_NAME", ""): self.schemas.of(kind) for kind in KNOWN}
        self._validator = Draft202012Validator({"$defs": self.schemas.definitions})

    def operation(self, method: str, path: str) -> Operation | None:
        matching = (o for o in self._operations if o.path.fullmatch(path))
        return next((o for o in matching if o.method == method.lower()), None)

    def kind(self, object_name: str) -> Schema | None:
        return self._kinds.get(object_name)

    def problems(self, value: JsonValue, schema: Schema) -> list[str]:
        errors = self._validator.evolve(schema=schema).iter_errors(value)
        return sorted({_told(error) for error in errors})

    def fits(self, value: JsonValue, schema: JsonValue) -> bool:
        return isinstance(schema, dict) and self._validator.evolve(schema=schema).is_valid(value)

    @cached_property
    def error(self) -> Schema:
        """The SDK lists the words of an error only beside the last error of a payment."""
        error = self._definition(ErrorObject)
        words = self._definition(PaymentIntent.LastPaymentError)
        properties, listed = error["properties"], words["properties"]
        assert isinstance(properties, dict)
        assert isinstance(listed, dict)
        closed = {**properties, "type": listed["type"], "code": listed["code"]}
        return {
            "type": "object",
            "properties": {"error": {**error, "properties": closed}},
            "required": ["error"],
        }

    def _definition(self, kind: type[StripeObject]) -> Schema:
        name = str(self.schemas.of(kind)["$ref"]).removeprefix("#/$defs/")
        definition = self.schemas.definitions[name]
        assert isinstance(definition, dict)
        return definition

    def _read(self, service: type[StripeService], name: str) -> Operation:
        method, path = _asked_by(service, name)
        hints = hints_of(getattr(service, name))
        choices = get_args(hints["params"]) or (hints["params"],)
        params = next(choice for choice in choices if isinstance(choice, type))
        return Operation(
            method=method,
            path=re.compile(re.escape(path).replace(_ID, "[^/]+")),
            params=self.schemas.of(params),
            answer=self.schemas.of(hints["return"]),
        )


class _Recorder:
    """Stands where the SDK's requestor stands, and keeps what a service asks it for."""

    def __init__(self) -> None:
        self.asked = ("", "")

    def request(self, method: str, url: str, *_: object, **__: object) -> None:
        self.asked = (method, url)


def _asked_by(service: type[StripeService], name: str) -> tuple[str, str]:
    recorder = _Recorder()
    call = getattr(service(recorder), name)
    parameters = inspect.signature(call).parameters
    ids = (_ID for parameter in parameters if parameter not in ("params", "options"))
    call(*ids, params={})
    return recorder.asked


def _problems_in_form(form: str, schema: Schema) -> list[str]:
    contract = _contract()
    try:
        tree: Tree = decoded(form)
    except ValueError as malformed:
        return [str(malformed)]
    return contract.problems(typed(tree, schema, contract.fits), schema)


def _told(error: ValidationError) -> str:
    """The deepest branch speaks: ``line_items[0][quantity]: 'two' is not of type 'integer'``."""
    while error.context:
        error = max(error.context, key=lambda branch: len(branch.absolute_path))
    first, *rest = list(error.absolute_path) or [""]
    where = f"{first}" + "".join(f"[{step}]" for step in rest)
    return f"{where}: {error.message[:200]}" if where else str(error.message[:200])


def _at(value: JsonValue, key: str) -> JsonValue:
    return value.get(key) if isinstance(value, dict) else None


@cache
def _contract() -> Contract:
    return Contract()
