"""JustiFi's error envelope: what a refused request is answered."""

from dataclasses import dataclass, field

Wire = dict[str, object]


# Not frozen: an exception is given its traceback while it travels.
@dataclass(eq=False)
class JustifiError(Exception):
    status: int
    code: str
    message: str
    param: str | None = None
    # What else is told of a declined payment, by the names that JustiFi has for it.
    details: Wire = field(default_factory=dict)

    def wire(self) -> Wire:
        error: Wire = {"code": self.code, "message": self.message}
        if self.param:
            error["param"] = self.param
        return {"error": error | self.details}


class UnfitRequestError(JustifiError):
    """Refused before the operation began, so that an idempotency key stays unused."""


def not_found() -> JustifiError:
    return JustifiError(404, "resource_not_found", "Resource Not Found")


def invalid(code: str, message: str, param: str | None = None) -> JustifiError:
    return JustifiError(422, code, message, param)
