"""Who asks: a tenant's API key and what it may do."""

from datetime import datetime
from enum import StrEnum

from domain.errors import Code, Forbidden
from domain.model import Model

PLATFORM_TENANT = "default"  # the one that runs this installation


class Scope(StrEnum):
    READ = "read"
    WRITE = "write"
    REFUND = "refund"
    ADMIN = "admin"


class Caller(Model):
    """The key behind a request. Admin holds every other scope."""

    tenant_id: str
    key_id: str
    scopes: frozenset[Scope]
    address: str | None = None  # where from, or `stdio`; None on the command line

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def require(self, scope: Scope) -> None:
        if not self.may(scope):
            raise Forbidden(Code.MISSING_SCOPE, f"this key lacks the scope {scope}")

    def require_platform(self) -> None:
        """What all tenants share is changed by those who run the installation."""
        self.require(Scope.ADMIN)
        if self.tenant_id != PLATFORM_TENANT:
            raise Forbidden(
                Code.MISSING_SCOPE, f"this needs an admin key of the tenant {PLATFORM_TENANT}"
            )


class ApiKey(Model):
    """Shown in lists. The key itself is shown once, when it is created; only its hash is kept.

    ``livemode``: made where real money moves, and opens nothing where none does.
    """

    key_id: str
    tenant_id: str
    livemode: bool
    name: str
    last_four: str
    scopes: frozenset[Scope]
    created_at: datetime
    revoked_at: datetime | None = None
