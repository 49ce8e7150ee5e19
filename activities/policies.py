"""Printing a policy and keeping the PDF."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from temporalio import activity

from activities.faults import now, told_to_temporal
from domain.policies import Policy, PolicyDocument, PolicySheet
from domain.quotes import Quote
from gateways.documents import DocumentStore, PolicyPrinter


class PolicyRecords(Protocol):
    async def of_purchase(self, purchase_id: str) -> Policy | None: ...
    async def mark_issued(
        self, purchase_id: str, document: PolicyDocument, at: datetime
    ) -> Policy: ...


class QuoteRecords(Protocol):
    async def get(self, tenant_id: str, quote_id: str) -> Quote | None: ...


@dataclass(frozen=True)
class PolicyActivities:
    policies: PolicyRecords
    quotes: QuoteRecords
    printer: PolicyPrinter
    store: DocumentStore
    verify_base: str  # the public address that a policy number is verified under

    @activity.defn
    async def issue_policy(self, purchase_id: str) -> PolicyDocument:
        """Print the drawn policy once: printed again it has the same bytes and name."""
        with told_to_temporal():
            policy = await self.policies.of_purchase(purchase_id)
            if policy is None:
                raise LookupError(f"no policy was drawn for {purchase_id}")
            if policy.document is not None:
                return policy.document
            pdf = await self.printer.print_policy(await self._sheet(policy))
            document = _document_of(policy, pdf)
            await self.store.put(document.location, pdf)
            issued = await self.policies.mark_issued(purchase_id, document, now())
            return issued.document or document

    async def _sheet(self, policy: Policy) -> PolicySheet:
        quote = await self.quotes.get(policy.tenant_id, policy.quote_id)
        if quote is None:
            raise LookupError(f"quote {policy.quote_id} of {policy.number} is missing")
        return PolicySheet(
            number=policy.number,
            issued_on=policy.drawn_at.date(),
            purchase_id=policy.purchase_id,
            quote=quote,
            verify_url=f"{self.verify_base}/policies/{policy.number}/verify",
        )


def _document_of(policy: Policy, pdf: bytes) -> PolicyDocument:
    """Its name holds its hash: a print that was cut off before an upgrade is in nobody's way."""
    sha256 = hashlib.sha256(pdf).hexdigest()
    return PolicyDocument(
        location=f"{policy.drawn_at.year}/{policy.number}-{sha256[:16]}.pdf",
        sha256=sha256,
        size=len(pdf),
    )
