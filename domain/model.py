"""The base of every value that crosses a layer: frozen, closed, silent about what it refuses."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


# With its offset, and within what every time zone and database can tell.
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1000, 1, 1, tzinfo=UTC), lt=datetime(9000, 1, 1, tzinfo=UTC)),
]
