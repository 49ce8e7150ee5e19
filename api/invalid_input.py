"""From what a schema refused to our codes: an agent reads the code, a person the message."""

from collections.abc import Mapping, Sequence

from fastapi.exceptions import RequestValidationError
from pydantic import Field

from domain.errors import Code
from domain.model import Model
from domain.refused_fields import code_of_field

_LONGEST_NAME = 100

_MESSAGES = {
    Code.INVALID_AMOUNT: "must be a positive whole number of minor units, such as 15000",
    Code.UNKNOWN_CURRENCY: "must be an ISO 4217 code that can be paid in, such as SGD",
    Code.INVALID_EMAIL: "must be an e-mail address",
}


class FieldProblem(Model):
    field: str = Field(examples=["body.amount"])
    code: Code
    message: str
    pointer: str | None = Field(None, description="RFC 6901, within the field.")


def field_problems(error: RequestValidationError) -> tuple[FieldProblem, ...]:
    """What was sent is never repeated: it may be anything."""
    return tuple(_field_problem(each["loc"], each["type"], each) for each in error.errors())


def _field_problem(
    location: Sequence[str | int], kind: str, told: Mapping[str, object]
) -> FieldProblem:
    code = code_of_field(str(location[-1]) if location else "", kind)
    field = ".".join(str(part)[:_LONGEST_NAME] for part in location)
    return FieldProblem(field=field, code=code, message=_MESSAGES.get(code) or _message(kind, told))


def _message(kind: str, told: Mapping[str, object]) -> str:
    if kind == "extra_forbidden":
        return "there is no such field"
    return str(told["msg"]).removeprefix("Value error, ")
