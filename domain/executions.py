"""Something asked of a provider by the name of a capability, once for a key."""

import hashlib
import json
from datetime import datetime, timedelta
from enum import StrEnum

from domain.connections import CapabilityCode, ConnectionCode, JsonObject
from domain.errors import Code
from domain.identifiers import derived_id
from domain.model import Model

# Providers forget idempotency keys, Stripe's after 24 hours: then it is looked for before acting.
KEYS_ARE_KEPT = timedelta(hours=20)


class ExecutionStatus(StrEnum):
    """What the business expects, such as a declined card, is a success with its result.

    ``terminated``: somebody ended its workflow by force. Asked for again it goes on.
    """

    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TERMINATED = "terminated"


class WaitingFor(StrEnum):
    """What must come before an execution is tried again."""

    WORKER = "worker"
    RESUME = "resume"
    CIRCUIT = "circuit"
    RATE_LIMIT = "rate_limit"
    PROVIDER = "provider"
    CONNECTION = "connection"
    CONFIGURATION = "configuration"
    OUTCOME = "outcome"


class Waiting(Model):
    """``since`` when for this; ``next_try_at`` is None where nobody can tell."""

    reason: WaitingFor
    detail: str
    since: datetime
    next_try_at: datetime | None = None

    def following(self, before: "Waiting | None") -> "Waiting":
        """What has been waited for all along began with the first of it."""
        if before is None or before.reason is not self.reason:
            return self
        return self.model_copy(update={"since": before.since})


class ProviderCustomer(Model):
    """Who a customer of the tenant is at the provider, and what may be charged later."""

    provider_customer_id: str
    payment_method_id: str | None = None


class Sending(Model):
    """What goes to the provider besides the parameters: the same at every attempt under a key.

    ``fingerprint`` is of the integration's credentials: others may be of another account.
    """

    customer: ProviderCustomer | None = None
    fingerprint: str | None = None


class ExecutionOrder(Model):
    """All that an execution needs; ``address`` is where the request came from."""

    execution_id: str
    tenant_id: str
    integration_id: str
    connection_code: ConnectionCode
    capability_code: CapabilityCode
    parameters: JsonObject
    requested_by: str
    address: str | None = None
    livemode: bool

    @property
    def request_hash(self) -> str:
        return request_hash_of(self.capability_code, self.parameters)

    @property
    def customer_id(self) -> str | None:
        """The tenant's own id of the customer whom it is about."""
        named = self.parameters.get("customer_id")
        return named if isinstance(named, str) else None

    def key(self, group: int = 1) -> str:
        return f"{self.execution_id}:{group}"


class Execution(Model):
    """As it stands. ``provider_code`` is the provider's own word for a refusal.

    ``outcome_unknown``: the provider is being asked, or was, and nobody knows whether it acted.
    ``waiting`` is there while it waits.
    """

    execution_id: str
    tenant_id: str
    integration_id: str
    capability_code: CapabilityCode
    request_hash: str
    requested_by: str
    livemode: bool
    status: ExecutionStatus = ExecutionStatus.RUNNING
    outcome_unknown: bool = False
    waiting: Waiting | None = None
    result: JsonObject | None = None
    error_code: Code | None = None
    error_message: str | None = None
    provider_code: str | None = None
    created_at: datetime
    finished_at: datetime | None = None

    @classmethod
    def begun(cls, order: ExecutionOrder, at: datetime) -> "Execution":
        return cls(
            **order.model_dump(include=_SHARED), request_hash=order.request_hash, created_at=at
        )

    @property
    def is_final(self) -> bool:
        """Whether its end stands, whoever asks again."""
        return self.status not in UNFINISHED

    @property
    def is_under_way(self) -> bool:
        """Whether a workflow works on it, as far as is written down."""
        return self.status in (ExecutionStatus.RUNNING, ExecutionStatus.WAITING)

    @property
    def may_be_cancelled(self) -> bool:
        """Whether nothing has happened at the provider for certain, nor is about to."""
        return not self.is_final and not self.outcome_unknown

    def is_out_of_keys_memory(self, at: datetime) -> bool:
        """Whether the provider may have forgotten the key under which it was asked first."""
        return at - self.created_at > KEYS_ARE_KEPT


class Begun(Model):
    """An execution as a step takes it up. ``may_have_acted``: an earlier step may have."""

    execution: Execution
    sending: Sending = Sending()
    may_have_acted: bool = False


class Outcome(Model):
    """How an execution ended. ``customer`` is kept for later ones."""

    result: JsonObject | None = None
    customer: ProviderCustomer | None = None
    error_code: Code | None = None
    error_message: str | None = None
    provider_code: str | None = None

    @property
    def status(self) -> ExecutionStatus:
        return ExecutionStatus.FAILED if self.error_code else ExecutionStatus.SUCCEEDED

    @property
    def may_have_acted(self) -> bool:
        """Whether a person must look: no answer came, or one that tells nothing."""
        return self.error_code in (Code.OUTCOME_UNKNOWN, Code.PROVIDER_ANSWERED_NONSENSE)


UNFINISHED = (ExecutionStatus.RUNNING, ExecutionStatus.WAITING, ExecutionStatus.TERMINATED)
_SHARED = {
    *("execution_id", "tenant_id", "integration_id", "capability_code", "requested_by"),
    "livemode",
}


def execution_id_of(tenant_id: str, integration_id: str, key: str) -> str:
    return derived_id("exe", tenant_id, integration_id, key)


def workflow_id_of(execution_id: str) -> str:
    return f"execution-{execution_id}"


def request_hash_of(capability_code: str, parameters: JsonObject) -> str:
    asked = json.dumps([capability_code, dict(parameters)], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()
