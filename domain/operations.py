"""Something asked of an account at a provider by the name of an operation of the provider's API."""

from datetime import timedelta

from domain.audit import Asked, AuditEvent
from domain.connections import ConnectionCode, JsonObject
from domain.executions import Outcome, request_hash_of
from domain.identifiers import derived_id
from domain.model import Model

GOES_ON_WITHIN = timedelta(hours=21)  # a change whose outcome is unknown: after it a person looks


class OperationOrder(Asked):
    """``integration_id`` None is the environment's own account.

    ``operation_id`` is the provider's idempotency key where the operation ``changes`` something.
    """

    operation_id: str
    tenant_id: str
    connection_code: ConnectionCode
    integration_id: str | None = None
    operation: str
    parameters: JsonObject
    changes: bool
    livemode: bool

    @property
    def workflow_id(self) -> str:
        return f"operation-{self.operation_id}"

    @property
    def request_hash(self) -> str:
        return request_hash_of(self.operation, self.parameters)

    def used(self, status: str) -> AuditEvent | None:
        """For the audit log; None where no integration was used."""
        if self.integration_id is None:
            return None
        return AuditEvent(
            tenant_id=self.tenant_id,
            actor=self.requested_by or self.operation_id,
            address=self.address,
            action="integration.used",
            subject=self.integration_id,
            after={
                "operation_id": self.operation_id,
                "operation": self.operation,
                "status": status,
            },
        )


class Operated(Model):
    """What came of it, and of what request: another one under its id is not answered with it."""

    outcome: Outcome
    request_hash: str


def operation_id_of(tenant_id: str, account: str, operation: str, key: str) -> str:
    return derived_id("opn", tenant_id, account, operation, key)
