"""What `paybind verify` looks at: each paid purchase with what must exist exactly once."""

from datetime import datetime
from enum import StrEnum

from domain.model import Model
from domain.money import Money
from domain.policies import PolicyStatus
from domain.refunds import RefundStatus


class RefundTally(Model):
    """The refunds of one purchase that stand in one status."""

    status: RefundStatus
    count: int
    minor: int


class PaidPurchase(Model):
    """A purchase that received money: completed, or late money after it had ended.

    ``moved_at`` is when its row last changed. Counts are of rows. ``confirmations`` are payment
    confirmations that the mail service has taken and that did not come back; of these
    ``confirmations_delivered`` are known to have arrived. ``confirmations_failed`` bounced or were
    dropped, which a person is asked to see to. ``failovers`` is how often it left a checkout after
    a decline.
    """

    purchase_id: str
    tenant_id: str
    quote_id: str
    livemode: bool
    provider: str
    integration_id: str | None = None  # whose account has the money; None is the environment's
    session_id: str | None
    payment_id: str | None
    is_late: bool
    price: Money
    paid: Money | None
    paid_at: datetime | None
    moved_at: datetime
    amount_refunded: Money
    policy_status: PolicyStatus
    needs_review: bool
    policies: int
    confirmations: int
    confirmations_delivered: int
    confirmations_failed: int
    failovers: int = 0
    refunds: tuple[RefundTally, ...] = ()


class Irregularity(StrEnum):
    """What does not hold."""

    QUOTE_PAID_TWICE = "quote_paid_twice"
    PAYMENT_USED_TWICE = "payment_used_twice"
    POLICY_WITHOUT_PAYMENT = "policy_without_payment"
    REFUNDED_ABOVE_PAID = "refunded_above_paid"
    REFUND_NOT_PAYABLE = "refund_not_payable"
    REFUND_LEFT_OPEN = "refund_left_open"
    NO_CHARGE = "no_charge"
    CHECKOUT_OPENED_TWICE = "checkout_opened_twice"
    NO_POLICY = "no_policy"
    SEVERAL_POLICIES = "several_policies"
    DOCUMENT_MISSING = "document_missing"
    DOCUMENT_ALTERED = "document_altered"
    NOT_DELIVERED = "not_delivered"
    DELIVERED_TWICE = "delivered_twice"
    LATE_MONEY_KEPT = "late_money_kept"
    CHARGE_NOT_RECORDED = "charge_not_recorded"
    CHARGE_DIFFERS = "charge_differs"
    CHARGE_NOT_AT_PROVIDER = "charge_not_at_provider"
    PROVIDER_NOT_ASKED = "provider_not_asked"
    WORKFLOW_FAILED = "workflow_failed"
    EXECUTION_TERMINATED = "execution_terminated"
    EVENT_NOT_HANDED_OVER = "event_not_handed_over"


class Finding(Model):
    """One irregularity: ``subject`` is the id it is about, ``purchase_ids`` who is involved."""

    irregularity: Irregularity
    subject: str
    purchase_ids: tuple[str, ...]
    detail: str | None = None


class Verdict(Model):
    """What was looked at, and all that does not hold of it.

    ``provider_payments`` are those that the providers list of what was begun ``compared_since``.
    """

    paid_purchases: int
    charges: int
    policies: int
    delivered_messages: int
    refunds: int
    in_review: int
    provider_payments: int
    compared_since: datetime
    findings: tuple[Finding, ...]
