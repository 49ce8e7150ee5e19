"""Policies as HTTP shows them."""

from datetime import datetime

from pydantic import Field

from domain.model import Model
from domain.policies import Policy, PolicyStatus
from services.catalogue import Services


class PolicyAnswer(Model):
    policy_id: str
    number: str = Field(examples=["POL-2026-000001"])
    purchase_id: str
    quote_id: str
    livemode: bool = Field(description="False: a test document, which gives no cover.")
    status: PolicyStatus = Field(description="cancelled: all of the money went back; no cover.")
    sha256: str | None = Field(description="Of the PDF; null while it is not printed.")
    size: int | None = Field(description="Bytes of the PDF.")
    drawn_at: datetime
    issued_at: datetime | None
    delivered_at: datetime | None
    cancelled_at: datetime | None
    document_url: str | None = Field(description="The PDF, for anyone who has it, for an hour.")
    verify_url: str = Field(description="A public page: whether this policy is valid.")


class DocumentLink(Model):
    """`status` says whether the document still counts: a cancelled policy gives no cover."""

    status: PolicyStatus
    cancelled_at: datetime | None
    document_url: str
    sha256: str
    size: int


def policy_answer(policy: Policy, services: Services) -> PolicyAnswer:
    document = policy.document
    return PolicyAnswer(
        policy_id=policy.policy_id,
        number=policy.number,
        purchase_id=policy.purchase_id,
        quote_id=policy.quote_id,
        livemode=policy.livemode,
        status=policy.status,
        sha256=document.sha256 if document else None,
        size=document.size if document else None,
        drawn_at=policy.drawn_at,
        issued_at=policy.issued_at,
        delivered_at=policy.delivered_at,
        cancelled_at=policy.cancelled_at,
        document_url=services.policies.document_url(policy),
        verify_url=services.urls.verify_url(policy.number),
    )
