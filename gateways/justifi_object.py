"""The base of what JustiFi answers: what it adds or renames later passes through."""

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from gateways.faults import UNREADABLE, RefusedByProvider


class JustifiObject(BaseModel):
    """Fields that are not known yet are kept; states are plain strings, because new ones come."""

    model_config = ConfigDict(
        frozen=True, extra="allow", coerce_numbers_to_str=True, hide_input_in_errors=True
    )

    @classmethod
    def of(cls, answer: object) -> Self:
        try:
            return cls.model_validate(answer)
        except ValidationError as error:
            named = {".".join(map(str, problem["loc"])) for problem in error.errors()}
            lacking = ", ".join(sorted(filter(None, named))) or "shape"
            message = f"an answer of JustiFi's lacks a readable {lacking}"
            raise RefusedByProvider(message, UNREADABLE) from None


def _with_its_offset(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# A moment without an offset, and a date alone, are UTC's.
JustifiMoment = Annotated[datetime, AfterValidator(_with_its_offset)]
