"""Every refusal as an RFC 9457 problem: what is wrong, and what to do next."""

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException

from api.invalid_input import FieldProblem, field_problems
from domain.advice import ADVICE
from domain.errors import (
    BadAnswer,
    Code,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    InvalidParameters,
    NotFound,
    PaybindError,
    ProviderRefusal,
    StillAtWork,
    Unauthorized,
    Unavailable,
)
from domain.model import Model

MEDIA_TYPE = "application/problem+json"


class Malformed(Invalid):
    """Not even readable: no JSON, no UTF-8, or sent as something else."""

    def __init__(self, message: str, code: Code = Code.MALFORMED_BODY) -> None:
        super().__init__(code, message)


_STATUS: dict[type[PaybindError], int] = {
    Malformed: 400,
    Invalid: 422,
    InvalidParameters: 422,
    NotFound: 404,
    Conflict: 409,
    Forbidden: 403,
    Unauthorized: 401,
    Gone: 410,
    ProviderRefusal: 409,
    BadAnswer: 502,
    Unavailable: 503,
    StillAtWork: 503,
}
_TITLES = {
    400: "Malformed request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict with the current state",
    410: "Gone",
    413: "Request too large",
    422: "Request refused",
    500: "Internal error",
    502: "Unusable answer of a provider",
    503: "Unavailable",
}
_OF_STATUS = {
    404: (Code.ROUTE_NOT_FOUND, "no route has this path"),
    405: (Code.METHOD_NOT_ALLOWED, "this route does not take this method"),
    413: (Code.PAYLOAD_TOO_LARGE, "the body is too large"),
}
_SOON = {Code.IDEMPOTENCY_KEY_IN_FLIGHT: 1, Code.POLICY_PENDING: 5}  # seconds until it may be ready


class Problem(Model):
    """Why a request was not granted, in words for a program, an engineer and a customer."""

    type: str = Field(examples=["urn:paybind:problem:amount_mismatch"])
    title: str = Field(examples=["Request refused"])
    status: int = Field(examples=[422])
    detail: str = Field(
        description="For the engineer.", examples=["quote Q-1 costs 15000 minor units, not 1"]
    )
    code: Code = Field(examples=[Code.AMOUNT_MISMATCH])
    user_message: str = Field(description="Fit to be shown to the customer.")
    can_retry: bool = Field(description="The same request may succeed later.")
    suggested_action: str
    requires_user_action: bool
    purchase_id: str | None = None
    provider_code: str | None = Field(None, description="The provider's own word for a refusal.")
    retry_after: int | None = Field(None, description="Seconds.")
    errors: tuple[FieldProblem, ...] = Field((), description="One for each wrong field.")


def status_of(error: PaybindError) -> int:
    return _STATUS[type(error)]


def answer_to(error: PaybindError, status: int | None = None) -> Response:
    retry_after = error.retry_after if isinstance(error, Unavailable) else _SOON.get(error.code)
    problem = _problem(status or status_of(error), error.code, error.message)
    told = {
        "purchase_id": error.purchase_id,
        "provider_code": error.provider_code if isinstance(error, ProviderRefusal) else None,
        "retry_after": retry_after,
        "errors": _faults_of(error),
    }
    answer = _answer(problem.model_copy(update=told))
    if isinstance(error, Unauthorized):
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _faults_of(error: PaybindError) -> tuple[FieldProblem, ...]:
    if not isinstance(error, InvalidParameters):
        return ()
    field = "credentials" if error.code is Code.INVALID_CREDENTIALS else "parameters"
    return tuple(
        FieldProblem(field=field, code=error.code, message=fault.message, pointer=fault.pointer)
        for fault in error.faults
    )


def refusal(status: int, code: Code, detail: str) -> Response:
    return _answer(_problem(status, code, detail))


def _problem(status: int, code: Code, detail: str) -> Problem:
    return Problem(
        type=f"urn:paybind:problem:{code}",
        title=_TITLES.get(status, "Refused"),
        status=status,
        detail=detail,
        code=code,
        **dict(ADVICE[code]),
    )


def _answer(problem: Problem) -> Response:
    body = problem.model_dump_json(
        exclude_none=True, exclude=None if problem.errors else {"errors"}
    )
    answer = Response(body, problem.status, {"Cache-Control": "no-store"}, MEDIA_TYPE)
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


def answer_to_invalid(error: RequestValidationError) -> Response:
    """The first wrong field gives the code; a body that is no JSON at all is malformed."""
    if any(each["type"] == "json_invalid" for each in error.errors()):
        return refusal(400, Code.MALFORMED_BODY, "the body is not JSON")
    errors = field_problems(error)
    problem = _problem(422, errors[0].code, f"{errors[0].field}: {errors[0].message}")
    return _answer(problem.model_copy(update={"errors": errors}))


def answer_to_http(error: HTTPException) -> Response:
    code, detail = _OF_STATUS.get(error.status_code, (Code.INVALID_REQUEST, str(error.detail)))
    answer = refusal(error.status_code, code, detail)
    answer.headers.update(error.headers or {})
    return answer


def answer_to_unexpected() -> Response:
    return refusal(500, Code.INTERNAL_ERROR, "an unexpected error; it is in the log")


# What FastAPI and Starlette call; each knows the class it registered for.


async def on_refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, PaybindError)
    return answer_to(error)


async def on_invalid_input(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return answer_to_invalid(error)


async def on_http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return answer_to_http(error)
