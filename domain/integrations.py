"""A tenant's configured instance of a connection; its credentials stay outside of this model."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from domain.connections import ConnectionCode, JsonObject
from domain.model import Model

Credentials = Mapping[str, str]
PAYMENT_PROCESSING = "payment_processing"
# Whose links for payments are kept: those that a purchase looks at, and subscriptions, which are
# linked before they are billed. Nobody would ever look at others.
PAID_FOR = ("quote", "customer", "product", "tenant", "platform", "subscription")
UNREADABLE = "its credentials cannot be opened: "  # how the reason for that begins


class IntegrationStatus(StrEnum):
    """``error``: its provider refused its credentials, or they can no longer be opened."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    ERROR = "error"
    PENDING_CONFIGURATION = "pending_configuration"


class Integration(Model):
    """``version`` grows with each change of the credentials; ``fingerprint`` tells two apart."""

    integration_id: str
    tenant_id: str
    connection_code: ConnectionCode
    name: str
    status: IntegrationStatus
    status_reason: str | None = None
    metadata: JsonObject
    calls_per_second: int | None = None  # of all workers together; None is as many as come
    livemode: bool
    fingerprint: str | None = None
    last_four: str | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def secret_place(self) -> "SecretPlace":
        return SecretPlace(
            tenant_id=self.tenant_id,
            integration_id=self.integration_id,
            connection_code=self.connection_code,
        )

    @property
    def written(self) -> tuple[str, ...]:
        """What somebody wrote as they like: it is not sealed."""
        return (self.name, *self.metadata, *map(str, self.metadata.values()))

    @property
    def is_unreadable(self) -> bool:
        return (self.status_reason or "").startswith(UNREADABLE)

    def found_unreadable(self, why: str, at: datetime) -> "Integration":
        """Nothing is destroyed: it may open again once its key is back."""
        reason = f"{UNREADABLE}{why}"
        if self.status_reason == reason:
            return self
        is_active = self.status is IntegrationStatus.ACTIVE
        status = IntegrationStatus.ERROR if is_active else self.status
        return self._moved(status, reason, at)

    def found_readable(self, at: datetime) -> "Integration":
        """An error of another kind stays, and one switched off by hand is not switched on."""
        if not self.is_unreadable:
            return self
        was_error = self.status is IntegrationStatus.ERROR
        return self._moved(IntegrationStatus.ACTIVE if was_error else self.status, None, at)

    def _moved(self, status: IntegrationStatus, reason: str | None, at: datetime) -> "Integration":
        moved = {"status": status, "status_reason": reason, "updated_at": at}
        return self.model_copy(update=moved)


class SecretPlace(Model):
    """What sealed credentials are bound to: in any other row they do not open."""

    tenant_id: str
    integration_id: str
    connection_code: str


class Sealed(Model):
    """Credentials under the key ``key_id``."""

    key_id: str
    ciphertext: bytes


class IntegrationFilter(Model):
    connection_code: str | None = None
    status: IntegrationStatus | None = None


class EntityLink(Model):
    """Which integration serves an entity for a purpose. Backups follow by rising ``priority``.

    ``failover_decline_codes``, on a default for payments: the declines, in its provider's words,
    after which a purchase may move to a backup.
    """

    tenant_id: str
    entity_type: str
    entity_id: str
    integration_id: str
    purpose: str = PAYMENT_PROCESSING
    is_default: bool = False
    priority: int = 100
    failover_decline_codes: tuple[str, ...] = ()
    created_at: datetime

    @property
    def may_have_rule(self) -> bool:
        return self.is_default and self.purpose == PAYMENT_PROCESSING


class EntityLinkChange(Model):
    """What is None stays as it is."""

    is_default: bool | None = None
    priority: int | None = None
    failover_decline_codes: tuple[str, ...] | None = None
