"""The policy that a paid purchase becomes, and the sheet that is printed of it."""

from datetime import date, datetime
from enum import Enum, StrEnum

from domain.model import Model
from domain.quotes import Quote


class PolicyStatus(StrEnum):
    """``cancelled`` is shown while all of the money is back; its row keeps where it was before."""

    NONE = "none"
    ISSUED = "issued"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class PolicyStep(Enum):
    """What a policy's status follows, from which to which. Told in any other status, it is late,
    early or repeated, and changes nothing. Refunds cancel and revive beside it, at any time.
    """

    PRINTED = (PolicyStatus.NONE, PolicyStatus.ISSUED)
    ARRIVED = (PolicyStatus.ISSUED, PolicyStatus.DELIVERED)
    BOUNCED = (PolicyStatus.DELIVERED, PolicyStatus.ISSUED)  # nothing is in the customer's hand

    def __init__(self, before: PolicyStatus, after: PolicyStatus) -> None:
        self.before = before
        self.after = after


class PolicyDocument(Model):
    """Where the PDF lies and what it must hash to. ``location`` is a name inside the store."""

    location: str
    sha256: str
    size: int


class Policy(Model):
    policy_id: str
    number: str
    tenant_id: str
    purchase_id: str
    quote_id: str
    livemode: bool
    status: PolicyStatus
    document: PolicyDocument | None = None
    drawn_at: datetime
    issued_at: datetime | None = None
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None


class PolicySheet(Model):
    """Everything the PDF says. The same sheet gives the same bytes: it holds no clock."""

    number: str
    issued_on: date
    purchase_id: str
    quote: Quote
    verify_url: str


def policy_number_of(year: int, sequence: int) -> str:
    return f"POL-{year}-{sequence:06d}"
