"""Failure scripts: which of the next requests or webhooks go wrong, and how."""

import asyncio
from collections.abc import Iterator
from typing import Literal, Protocol, runtime_checkable

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.requests import Request

from simulators.identifiers import new_id

Target = Literal["stripe", "justifi", "sendgrid", "webhooks"]
Kind = Literal[
    "delay",
    "rate_limit",
    "server_error",
    "unavailable",
    "unauthorized",
    "spoilt_key",
    "timeout_after_effect",
    "cut_before",
    "cut_after_effect",
    "duplicate",
    "reorder",
    "lose",
]
WEBHOOK_KINDS = frozenset({"delay", "duplicate", "reorder", "lose"})
WEBHOOK_ONLY = WEBHOOK_KINDS - {"delay"}
JUSTIFI_ONLY = frozenset({"unauthorized", "spoilt_key"})


class Match(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str | None = None
    path_prefix: str = ""
    event_type: str = Field(default="", description="a prefix: `refund.` takes every refund event")
    contains: str = Field(default="", description="a text in the body: one purchase's id, say")
    account: str | None = Field(
        default=None,
        description="the last four characters of a Stripe secret key, or of a JustiFi client id",
    )

    def holds(self, body: str, account: str) -> bool:
        return self.contains in body and self.account in (None, account)


class Fault(BaseModel):
    """`seconds` belongs to delay and reorder, `retry_after` to rate_limit and unavailable.

    A fault that is to last until it is removed has `times` in the millions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(default_factory=lambda: new_id("flt_"))
    target: Target
    kind: Kind
    match: Match = Match()
    times: int = Field(default=1, ge=1)
    seconds: float = Field(default=1.0, ge=0)
    retry_after: int = Field(default=1, ge=0)
    after_effect: bool = False

    @property
    def refuses_before_effect(self) -> bool:
        early = self.kind == "server_error" and not self.after_effect
        return early or self.kind in ("rate_limit", "unavailable", "unauthorized")

    @model_validator(mode="after")
    def belongs_to_its_target(self) -> "Fault":
        webhook = self.target == "webhooks"
        if webhook and self.kind not in WEBHOOK_KINDS:
            raise ValueError(f"a webhook fault is one of {sorted(WEBHOOK_KINDS)}")
        if not webhook and self.kind in WEBHOOK_ONLY:
            raise ValueError(f"{self.kind} is for target webhooks")
        if self.target == "sendgrid" and self.match.account is not None:
            raise ValueError("SendGrid has no accounts here")
        if self.kind in JUSTIFI_ONLY and self.target != "justifi":
            raise ValueError(f"{self.kind} is for target justifi")
        return self


class FaultList(BaseModel):
    model_config = ConfigDict(frozen=True)

    faults: list[Fault]


@runtime_checkable
class Abortable(Protocol):
    def abort(self) -> None: ...


class CutError(Exception):
    """The connection is gone: whatever was under way must not go on."""


class Faults:
    def __init__(self) -> None:
        self._scripted: dict[str, Fault] = {}

    def add(self, fault: Fault) -> Fault:
        self._scripted[fault.id] = fault
        return fault

    def remove(self, identifier: str) -> bool:
        return self._scripted.pop(identifier, None) is not None

    def clear(self) -> None:
        self._scripted.clear()

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._scripted.values())

    def take_for_request(
        self, target: Target, method: str, path: str, body: str, account: str = ""
    ) -> Fault | None:
        for fault in self._scripted.values():
            same_method = fault.match.method in (None, method)
            same_place = fault.target == target and path.startswith(fault.match.path_prefix)
            if same_method and same_place and fault.match.holds(body, account):
                return self._spend(fault)
        return None

    def take_for_webhook(self, event_types: list[str], body: str, account: str) -> Fault | None:
        for fault in self._scripted.values():
            wanted = any(name.startswith(fault.match.event_type) for name in event_types)
            if fault.target == "webhooks" and wanted and fault.match.holds(body, account):
                return self._spend(fault)
        return None

    def _spend(self, fault: Fault) -> Fault:
        left = fault.model_copy(update={"times": fault.times - 1})
        if left.times:
            self._scripted[fault.id] = left
        else:
            del self._scripted[fault.id]
        return fault


async def interrupt_before(fault: Fault | None, request: Request) -> None:
    """What goes wrong on the way in: nothing has happened yet."""
    if fault and fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
    if fault and fault.kind == "cut_before":
        await cut(request)


async def interrupt_after(fault: Fault | None, request: Request) -> None:
    """What goes wrong on the way out: the effect stands, the caller does not learn of it."""
    if fault and fault.kind == "timeout_after_effect":
        await until_the_client_gives_up(request)
    if fault and fault.kind == "cut_after_effect":
        await cut(request)


async def until_the_client_gives_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def cut(request: Request) -> None:
    """Closes the connection without a byte; needs `CuttableProtocol` as the server's protocol."""
    transport = request.scope.get("extensions", {}).get("simulators.transport")
    if isinstance(transport, Abortable):
        transport.abort()
        await until_the_client_gives_up(request)
    raise CutError("cut by a scripted fault")


def router(faults: Faults) -> APIRouter:
    routes = APIRouter(prefix="/_simulator/faults", tags=["faults"])

    @routes.get("")
    async def list_faults() -> FaultList:
        """Faults that still have to happen."""
        return FaultList(faults=list(faults))

    @routes.post("", status_code=201)
    async def add_fault(fault: Fault) -> Fault:
        """Script a fault for the next `times` matching requests or webhooks."""
        return faults.add(fault)

    @routes.delete("", status_code=204)
    async def clear_faults() -> None:
        """Forget every scripted fault."""
        faults.clear()

    @routes.delete("/{fault_id}")
    async def remove_fault(fault_id: str) -> Response:
        """Forget one scripted fault."""
        return Response(status_code=204 if faults.remove(fault_id) else 404)

    return routes
