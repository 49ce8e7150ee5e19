"""Issued policies: reading them, downloading the PDF, and telling the public whether one holds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.errors import Code, NotFound
from domain.model import Model
from domain.policies import Policy
from domain.tenants import Caller, Scope
from domain.views import Page
from gateways.documents import DocumentStore
from persistence.policies import PolicyRecords


class DocumentUrls(Protocol):
    """Signed addresses of documents. ``read_document`` raises ``Gone`` for one that expired."""

    def document_url(self, policy: Policy) -> str: ...
    def read_document(self, token: str) -> str:
        """The policy number that a token opens."""
        ...


class VerifiedPolicy(Model):
    """What anyone may know who holds the policy number: nothing personal.

    ``is_valid``: it has not been cancelled; without ``livemode`` it is a test and gives no cover.
    """

    number: str
    is_valid: bool
    livemode: bool
    issued_at: datetime
    cancelled_at: datetime | None
    sha256: str


@dataclass(frozen=True)
class PolicyService:
    policies: PolicyRecords
    store: DocumentStore
    urls: DocumentUrls

    async def get(self, caller: Caller, id_or_number: str) -> Policy:
        caller.require(Scope.READ)
        policy = await self.policies.get(caller.tenant_id, id_or_number)
        if policy is None:
            raise NotFound(Code.POLICY_NOT_FOUND, f"no policy {id_or_number}")
        return policy

    async def page(self, caller: Caller, cursor: str | None, limit: int) -> Page[Policy]:
        caller.require(Scope.READ)
        return await self.policies.page(caller.tenant_id, cursor, limit)

    def document_url(self, policy: Policy) -> str | None:
        """A link to the PDF that expires; None while it is not printed."""
        return self.urls.document_url(policy) if policy.document else None

    async def document(self, token: str) -> tuple[Policy, bytes]:
        """The PDF behind a signed link."""
        policy = await self.policies.by_number(self.urls.read_document(token))
        if policy is None or policy.document is None:
            raise NotFound(Code.POLICY_NOT_FOUND, "this policy has no document")
        return policy, await self.store.get(policy.document.location)

    async def verify(self, number: str) -> VerifiedPolicy:
        policy = await self.policies.by_number(number)
        if policy is None or policy.document is None or policy.issued_at is None:
            raise NotFound(Code.POLICY_NOT_FOUND, "no issued policy has this number")
        return VerifiedPolicy(
            number=policy.number,
            is_valid=policy.cancelled_at is None,
            livemode=policy.livemode,
            issued_at=policy.issued_at,
            cancelled_at=policy.cancelled_at,
            sha256=policy.document.sha256,
        )
