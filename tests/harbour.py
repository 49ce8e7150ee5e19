"""A provider that a package might bring, in memory: accounts that act once for a key."""

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass

from pydantic import JsonValue

from domain.connections import JsonObject
from domain.integrations import Credentials
from domain.tenants import PLATFORM_TENANT, Caller, Scope
from gateways.faults import GatewayFault, StoredFault
from gateways.integrations import Ability, Ask, Done, Lookup, ProviderCustomer
from services.connections import CapabilityWish, ConnectionService, ConnectionWish
from tests.fake_payouts import FakePayouts

CODE = "harbour"
PAID: JsonObject = {"payment_id": "hp_1", "status": "succeeded"}
TEXT: JsonValue = {"type": "string"}
RESULT: JsonObject = {
    "type": "object",
    "properties": {"payment_id": TEXT, "status": TEXT},
    "required": ["payment_id", "status"],
}
PAYMENT: JsonObject = {
    "type": "object",
    "properties": {
        "amount": {"type": "integer", "minimum": 1},
        "currency": TEXT,
        "customer_id": TEXT,
    },
    "required": ["amount", "currency"],
    "additionalProperties": False,
}
CREDENTIALS: JsonObject = {
    "type": "object",
    "properties": {"token": TEXT},
    "required": ["token"],
    "additionalProperties": False,
}
CAPABILITIES = (
    CapabilityWish(
        capability_code="PROCESS_PAYMENT",
        description="Take the toll.",
        parameters_schema=PAYMENT,
        result_schema=RESULT,
        moves_money=True,
    ),
    CapabilityWish(
        capability_code="REFUND_PAYMENT",
        description="Give a toll back.",
        result_schema=RESULT,
        moves_money=True,
    ),
    CapabilityWish(capability_code="SEND_NOTE", description="Tell the harbour master."),
    CapabilityWish(
        capability_code="RETRIEVE_BALANCE", description="What is in the box.", only_reads=True
    ),
    CapabilityWish(capability_code="DREAM", description="What no gateway can do."),
)


class HarbourAccount:
    """``faults_before`` meet a call that has no effect, ``faults_after`` lose its answer."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []
        self.effects: dict[str, str] = {}  # the execution's id, by the key
        self.result: JsonObject = PAID
        self.customer: ProviderCustomer | None = None
        self.faults_before: deque[GatewayFault] = deque()
        self.faults_after: deque[GatewayFault] = deque()
        self.look_faults: deque[GatewayFault] = deque()
        self.looks = 0
        self.probe_fault: GatewayFault | None = None
        self.is_away: GatewayFault | None = None
        self.asked_at_all = asyncio.Event()
        self.payouts = FakePayouts()
        self._spoilt: set[str] = set()

    async def act(self, ask: Ask, /) -> Done:
        self.asked.append(ask)
        self.asked_at_all.set()
        key = ask.idempotency_key
        if self.is_away is not None:
            raise self.is_away.with_traceback(None)
        if key in self._spoilt:
            raise StoredFault("the harbour repeats its 500 for this key")
        if self.faults_before:
            fault = self.faults_before.popleft()
            if isinstance(fault, StoredFault):
                self._spoilt.add(key)
            raise fault
        if not (ask.repeated and ask.execution_id in self.effects.values()):
            self.effects.setdefault(key, ask.execution_id)
        if self.faults_after:
            raise self.faults_after.popleft()
        return Done(result=self.result, customer=self.customer)

    async def find(self, ask: Ask, /) -> Done | None:
        self.looks += 1
        if self.look_faults:
            raise self.look_faults.popleft()
        return Done(result=self.result) if ask.execution_id in self.effects.values() else None


class Harbour:
    """The provider: accounts are told apart by the token of their credentials."""

    pays_out = True
    secret_field = "token"
    credentials_schema = CREDENTIALS

    def __init__(self) -> None:
        self.accounts: defaultdict[str, HarbourAccount] = defaultdict(HarbourAccount)

    def livemode_of(self, _: Credentials, /) -> bool | None:
        return None

    def connect(self, credentials: Credentials, /) -> "HarbourIntegration":
        return HarbourIntegration(self.accounts[credentials["token"]])


@dataclass(frozen=True)
class HarbourIntegration:
    account: HarbourAccount
    payments: None = None

    @property
    def abilities(self) -> dict[str, Ability]:
        codes = ("PROCESS_PAYMENT", "REFUND_PAYMENT", "SEND_NOTE", "RETRIEVE_BALANCE")
        return dict.fromkeys(codes, self.account.act)

    @property
    def lookups(self) -> dict[str, Lookup]:
        return {"PROCESS_PAYMENT": self.account.find}

    @property
    def payouts(self) -> FakePayouts:
        return self.account.payouts

    async def probe(self) -> None:
        if self.account.probe_fault is not None:
            raise self.account.probe_fault.with_traceback(None)

    async def close(self) -> None: ...


async def put_into_catalogue(connections: ConnectionService) -> None:
    operator = Caller(
        tenant_id=PLATFORM_TENANT, key_id="key_operator", scopes=frozenset({Scope.ADMIN})
    )
    harbour = ConnectionWish(connection_code=CODE, display_name="Harbour")
    await connections.create(operator, harbour)
    for wish in CAPABILITIES:
        await connections.add_capability(operator, CODE, wish)
