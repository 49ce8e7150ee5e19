"""The base of every value that crosses a layer: frozen, closed to unknown fields."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
