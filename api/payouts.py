"""Payouts: where the money is that goes to the bank, and what each of them is made of."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.amounts import Amount, amount_of
from api.deps import KEY_REQUIRED, CallerDep, Listing, ServicesDep
from api.idempotent_route import IdempotentRoute
from domain.model import Model
from domain.money import Money
from domain.payout_reconciliation import PayoutDifferenceKind, PayoutReconciliation
from domain.payouts import Payout, PayoutFilter
from domain.views import Page

router = APIRouter(
    prefix="/payouts", tags=["payouts"], route_class=IdempotentRoute, dependencies=KEY_REQUIRED
)
USD = {"currency": "USD"}
PAYOUT = {
    "payout_id": "pyo_h4ws2qkxkm3yq7n5bo2c6d",
    "provider_payout_id": "po_4xVp7YkZ2mQ9",
    "provider_account_id": "acc_5Ue2nBq8",
    "provider": "justifi",
    "integration_id": None,
    "livemode": False,
    "status": "in_transit",
    "amount": {"minor": 22_015, **USD, "formatted": "USD 220.15"},
    "payments_total": {"minor": 24_500, **USD, "formatted": "USD 245.00"},
    "refunds_total": {"minor": -1_000, **USD, "formatted": "USD -10.00"},
    "fees_total": {"minor": 1_485, **USD, "formatted": "USD 14.85"},
    "other_total": {"minor": 0, **USD, "formatted": "USD 0.00"},
    "payments_count": 2,
    "refunds_count": 1,
    "payout_type": "cc",
    "settlement_priority": "standard",
    "bank_account_last_four": "6789",
    "deposits_at": "2026-11-24T15:00:00Z",
    "is_overdue": False,
    "needs_review": False,
    "created_at": "2026-11-23T17:30:00Z",
    "updated_at": "2026-11-23T18:30:00Z",
    "seen_at": "2026-11-23T23:45:00Z",
}
RECONCILIATION = {
    "payout_id": PAYOUT["payout_id"],
    "provider_payout_id": PAYOUT["provider_payout_id"],
    "livemode": False,
    "amount": PAYOUT["amount"],
    "net_of_transactions": PAYOUT["amount"],
    "transactions": 4,
    "purchases": 2,
    "refunds": 0,
    "reconciles": False,
    "difference_count": 1,
    "differences": [
        {
            "kind": "refund_unknown",
            "subject": "re_7TgB1",
            "expected": None,
            "found": {"minor": 1_000, **USD, "formatted": "USD 10.00"},
            "purchase_id": None,
            "refund_id": None,
        }
    ],
    "compared_at": "2026-11-24T09:00:00Z",
}


class PayoutListing(Listing):
    status: PayoutFilter | None = Field(
        None, description="`pending` is scheduled and in_transit: the funds that are to settle."
    )
    integration_id: str | None = None


class PayoutAnswer(Model):
    """amount = payments_total + refunds_total − fees_total + other_total."""

    payout_id: str
    provider_payout_id: str
    provider_account_id: str | None
    provider: str
    integration_id: str | None = Field(description="None: the account of the installation's keys.")
    livemode: bool = Field(description="False means that no real money moves.")
    status: str = Field(
        description="scheduled, in_transit, paid, failed, canceled or forwarded; or a word of the "
        "provider's that is not known here."
    )
    amount: Amount
    payments_total: Amount
    refunds_total: Amount = Field(description="Negative: refunds are taken off.")
    fees_total: Amount
    other_total: Amount
    payments_count: int
    refunds_count: int
    payout_type: str | None = Field(description="cc or ach.")
    settlement_priority: str | None
    bank_account_last_four: str | None
    deposits_at: datetime | None
    is_overdue: bool
    needs_review: bool = Field(description="It failed or is overdue, and nobody has seen to it.")
    created_at: datetime
    updated_at: datetime
    seen_at: datetime = Field(description="When the provider was last heard of it.")


class DifferenceAnswer(Model):
    kind: PayoutDifferenceKind = Field(
        description="`totals`, `transactions`, `payments`, `refunds`, `fees`, `other`: a sum of "
        "the payout's that its transactions do not give. `payment_unknown`, `refund_unknown`: "
        "nothing here stands for it. `payment_amount`, `refund_amount`: our row has another "
        "amount. `payment_repeated`, `refund_repeated`: it stands in this payout more than "
        "once. `currency`: a transaction in another one."
    )
    subject: str
    expected: Amount | None
    found: Amount | None
    purchase_id: str | None
    refund_id: str | None


class ReconciliationAnswer(Model):
    payout_id: str
    provider_payout_id: str
    livemode: bool
    amount: Amount
    net_of_transactions: Amount
    transactions: int
    purchases: int = Field(description="How many of ours it pays for.")
    refunds: int
    reconciles: bool
    difference_count: int
    differences: tuple[DifferenceAnswer, ...] = Field(description="The first 200.")
    compared_at: datetime


def _shown(example: object) -> dict[int | str, dict[str, object]]:
    return {200: {"content": {"application/json": {"example": example}}}}


@router.get(
    "",
    operation_id="listPayouts",
    responses=_shown({"items": [PAYOUT], "next_cursor": None}),
)
async def list_payouts(
    wanted: Annotated[PayoutListing, Query()], caller: CallerDep, services: ServicesDep
) -> Page[PayoutAnswer]:
    """Payouts as last seen, newest first. `status=pending` lists the funds that are to settle."""
    page = await services.payouts.page(
        caller, wanted.status, wanted.integration_id, wanted.cursor, wanted.limit
    )
    answers = tuple(_answer(each) for each in page.items)
    return Page(items=answers, next_cursor=page.next_cursor)


@router.get("/{payout_id}", operation_id="getPayout", responses=_shown(PAYOUT))
async def get_payout(payout_id: str, caller: CallerDep, services: ServicesDep) -> PayoutAnswer:
    """A payout as last seen, by our id or the provider's."""
    return _answer(await services.payouts.get(caller, payout_id))


@router.get(
    "/{payout_id}/reconciliation",
    operation_id="reconcilePayout",
    responses=_shown(RECONCILIATION),
)
async def reconcile_payout(
    payout_id: str, caller: CallerDep, services: ServicesDep
) -> ReconciliationAnswer:
    """Hold it against its transactions at the provider, and against our purchases and refunds.

    The provider is asked now. What takes longer than 25 seconds is answered with 503: repeat it.
    """
    return _compared(await services.payouts.reconcile(caller, payout_id))


@router.post(
    "/{payout_id}/review/resolve", operation_id="resolvePayoutReview", responses=_shown(PAYOUT)
)
async def resolve_payout_review(
    payout_id: str, caller: CallerDep, services: ServicesDep
) -> PayoutAnswer:
    """Somebody has seen to a payout that failed or was overdue."""
    return _answer(await services.payouts.resolve_review(caller, payout_id))


def _answer(payout: Payout) -> PayoutAnswer:
    totals = payout.totals
    return PayoutAnswer(
        **payout.model_dump(
            exclude={"tenant_id", "amount", "totals", "delivery_method", "first_seen_at"}
        ),
        amount=amount_of(payout.amount),
        payments_total=amount_of(totals.payments),
        refunds_total=amount_of(totals.refunds),
        fees_total=amount_of(totals.fees),
        other_total=amount_of(totals.other),
    )


def _compared(found: PayoutReconciliation) -> ReconciliationAnswer:
    differences = (
        DifferenceAnswer(
            **each.model_dump(exclude={"expected", "found"}),
            expected=_amount(each.expected),
            found=_amount(each.found),
        )
        for each in found.differences
    )
    return ReconciliationAnswer(
        **found.model_dump(exclude={"amount", "net_of_transactions", "differences"}),
        amount=amount_of(found.amount),
        net_of_transactions=amount_of(found.net_of_transactions),
        differences=tuple(differences),
    )


def _amount(money: Money | None) -> Amount | None:
    return amount_of(money) if money is not None else None
