"""The installation itself as a connection: no credentials, nothing to reach."""

from dataclasses import dataclass, field

from domain.connections import JsonObject
from domain.integrations import Credentials
from gateways.integrations import Ability


@dataclass(frozen=True)
class InternalProvider:
    api_base: str | None = None

    @property
    def credentials_schema(self) -> JsonObject:
        return {"type": "object", "maxProperties": 0}

    @property
    def secret_field(self) -> None:
        return None

    def livemode_of(self, _: Credentials, /) -> bool | None:
        return None

    def connect(self, _: Credentials, /) -> "InternalIntegration":
        return InternalIntegration()


@dataclass(frozen=True)
class InternalIntegration:
    """It can do nothing by itself: packages that add to the house bring their own connection."""

    payments: None = None
    abilities: dict[str, Ability] = field(default_factory=dict)

    async def probe(self) -> None:
        """It answers, since it is asked here."""

    async def close(self) -> None: ...
