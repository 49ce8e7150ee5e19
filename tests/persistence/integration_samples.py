"""Integrations to store, sealed as production seals them."""

from datetime import datetime

from domain.audit import AuditEvent
from domain.executions import ExecutionOrder, execution_id_of
from domain.integrations import Credentials, Integration, IntegrationStatus
from gateways.keyring_vault import KeyringVault
from persistence.database import Database
from persistence.integrations import IntegrationRecords
from persistence.keys import KeyRecords
from tests.fake_sealed_rows import SECRET
from tests.persistence.samples import NOON, TENANT


def event(action: str = "integration.created", tenant_id: str = TENANT) -> AuditEvent:
    return AuditEvent(tenant_id=tenant_id, actor="key_1", action=action, subject="int")


def integration(
    integration_id: str = "int-1",
    tenant_id: str = TENANT,
    status: IntegrationStatus = IntegrationStatus.ACTIVE,
    at: datetime = NOON,
) -> Integration:
    return Integration(
        integration_id=integration_id,
        tenant_id=tenant_id,
        connection_code="stripe",
        name="Primary",
        status=status,
        metadata={"region": "SG"},
        livemode=False,
        fingerprint="0123456789abcdef",
        last_four="1234",
        created_at=at,
        updated_at=at,
    )


async def stored(
    database: Database, made: Integration, under: KeyringVault | None, secret: Credentials = SECRET
) -> Integration:
    """As it stands after it was created; without a vault it has no credentials."""
    await KeyRecords(database).ensure_tenant(made.tenant_id, "Acme", NOON)
    sealed = under.seal(secret, made.secret_place) if under else None
    told = event(tenant_id=made.tenant_id)
    return await IntegrationRecords(database).create(made, sealed, told)


async def secret_of(database: Database, integration_id: str, by: KeyringVault) -> Credentials:
    found = await IntegrationRecords(database).with_secret(integration_id)
    assert found is not None
    sealed = found[1]
    assert sealed is not None
    return by.open(sealed, found[0].secret_place)


def execution_order(key: str = "key", **parameters: str) -> ExecutionOrder:
    return ExecutionOrder(
        execution_id=execution_id_of(TENANT, "int-1", key),
        tenant_id=TENANT,
        integration_id="int-1",
        connection_code="stripe",
        capability_code="PROCESS_PAYMENT",
        parameters=parameters,
        requested_by="key_1",
        address="192.0.2.1",
        livemode=False,
    )
