"""Giving money back: who asked, who must agree, and where it stands."""

from datetime import datetime
from enum import StrEnum

from domain.identifiers import derived_id
from domain.model import Model
from domain.money import Money


class RefundStatus(StrEnum):
    AWAITING_APPROVAL = "awaiting_approval"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DECLINED = "declined"


# These count against what is left to refund: their money is gone or may be going.
CLAIMS_MONEY = frozenset(
    {RefundStatus.AWAITING_APPROVAL, RefundStatus.PENDING, RefundStatus.SUCCEEDED}
)

# These have not ended: the account that was paid is still needed.
UNDER_WAY = frozenset({RefundStatus.AWAITING_APPROVAL, RefundStatus.PENDING})

# Of these the money is gone, or will be unless the provider refuses.
MOVES_MONEY = frozenset({RefundStatus.PENDING, RefundStatus.SUCCEEDED})


class RefundReason(StrEnum):
    DUPLICATE = "duplicate"
    FRAUDULENT = "fraudulent"
    REQUESTED_BY_CUSTOMER = "requested_by_customer"


class Asker(StrEnum):
    """Who wants the refund. An agent's wish always needs a human's yes."""

    AGENT = "agent"
    SERVICE = "service"
    PAYBIND = "paybind"  # late money goes back by itself
    PROVIDER = "provider"  # made in the provider's dashboard, found by us


class Payment(Model):
    """Money that arrived, and at whose account. None is the environment's own."""

    payment_id: str
    amount: Money
    integration_id: str | None


class RefundRequest(Model):
    """``amount`` None means all that is left. ``approved_by`` names the human who agreed.

    ``stray`` is money that came to a checkout which the purchase had left, to be returned instead
    of the purchase's own. It counts for none of the purchase's sums.

    ``needs_approval_above`` are minor units of the purchase's currency, since histories have it so.
    """

    refund_id: str
    purchase_id: str
    tenant_id: str
    amount: Money | None = None
    reason: RefundReason = RefundReason.REQUESTED_BY_CUSTOMER
    asker: Asker
    requested_by: str
    address: str | None = None  # where it was asked from
    approved_by: str | None = None
    needs_approval_above: int
    stray: Payment | None = None

    def needs_approval(self, amount: Money) -> bool:
        """``amount``: all that would be given back of the purchase, earlier refunds included."""
        if self.asker is Asker.PAYBIND:
            return False
        if amount > Money(minor=self.needs_approval_above, currency=amount.currency):
            return True
        return self.asker is Asker.AGENT and self.approved_by is None


class Decision(Model):
    """A human's yes or no to a refund. ``by`` is the id of the API key that spoke."""

    approved: bool
    by: str
    address: str | None = None
    note: str | None = None


class Refund(Model):
    refund_id: str
    purchase_id: str
    tenant_id: str
    livemode: bool = False
    integration_id: str | None = None
    payment_id: str
    amount: Money
    reason: RefundReason
    status: RefundStatus
    asker: Asker
    requested_by: str
    decided_by: str | None = None
    provider_refund_id: str | None = None
    failure_reason: str | None = None
    created_at: datetime
    updated_at: datetime

    def key(self, group: int = 1) -> str:
        return f"{self.refund_id}:refund:{group}"


def workflow_id_of(refund_id: str) -> str:
    return f"refund-{refund_id}"


def late_refund_id_of(purchase_id: str, payment_id: str) -> str:
    """The same for the same late payment, so that it goes back once."""
    return derived_id("ref", purchase_id, payment_id, "late")
