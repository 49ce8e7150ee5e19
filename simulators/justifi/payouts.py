"""Payouts: made each day of what has become available, and moved to their end by the clock."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from simulators.identifiers import new_id
from simulators.justifi import ledger, payout_objects, records
from simulators.justifi.bodies import Metadata, Params
from simulators.justifi.errors import Wire, invalid
from simulators.justifi.lists import ListQuery, envelope, page, seconds
from simulators.justifi.operations import Call, found, seen
from simulators.justifi.payout_days import SUBMITTED_AFTER, deposit_of
from simulators.justifi.platform import BY_ITSELF, JustifiPlatform

ENDS = ("paid", "failed", "forwarded", "canceled")
# Of the other ends nobody is told: they are found by looking.
EVENTS = {"paid": "payout.paid", "failed": "payout.failed"}
GIVEN_BACK = ("failed", "canceled")

_KINDS = {
    "seller_payment": "payments",
    "seller_payment_refund": "refunds",
    "processing_fee": "fees",
    "processing_fee_return": "fees",
    "platform_fee": "fees",
    "platform_fee_return": "fees",
}

Group = tuple[str, str, records.PayoutType]


class ListPayouts(ListQuery):
    deposits_before: datetime | None = None
    deposits_after: datetime | None = None


class ChangePayout(Params):
    metadata: Metadata | None = None


def retrieve_payout(platform: JustifiPlatform, call: Call[Params]) -> Wire:
    return _wire(found(platform, platform.payouts, call))


def list_payouts(platform: JustifiPlatform, call: Call[ListPayouts]) -> Wire:
    """A Sub-Account is not documented here; where it is sent, it narrows."""
    before, after = call.params.deposits_before, call.params.deposits_after
    fitting = (
        payout
        for payout in seen(platform, platform.payouts.newest_first(), call)
        if (before is None or payout.deposits_at < seconds(before))
        and (after is None or payout.deposits_at > seconds(after))
    )
    return page(call.params, fitting, payout_objects.payout)


def change_payout(platform: JustifiPlatform, call: Call[ChangePayout]) -> Wire:
    payout = found(platform, platform.payouts, call)
    changed = replace(payout, updated=platform.now(), metadata=call.params.metadata)
    return _wire(platform.payouts.put(changed))


def retrieve_report(platform: JustifiPlatform, call: Call[Params]) -> Wire:
    payout = found(platform, platform.payouts, call)
    address = f"{platform.options.public_url}/justifi/reports/{payout.id}.csv"
    return envelope(payout.id, "payout_report", {"id": payout.id, "csv_url": address}, None)


def make_payouts(
    platform: JustifiPlatform, *, available_by: float, outcome: records.PayoutEnd = "paid"
) -> list[records.Payout]:
    """One for each sub account, currency and kind; what is owed by the seller waits for more."""
    groups: defaultdict[Group, list[records.BalanceTransaction]] = defaultdict(list)
    for transaction in platform.transactions:
        if transaction.payout_id is None and transaction.available_on <= available_by:
            group = (transaction.account_id, transaction.currency, transaction.payout_type)
            groups[group].append(transaction)
    return [
        _make(platform, group, transactions, outcome)
        for group, transactions in groups.items()
        if (net := sum(one.net for one in transactions)) > 0 or (net and group[1] == "cad")
    ]


def _make(
    platform: JustifiPlatform,
    group: Group,
    transactions: list[records.BalanceTransaction],
    outcome: records.PayoutEnd,
) -> records.Payout:
    now = platform.now()
    account_id, currency, payout_type = group
    payout = platform.payouts.put(
        records.Payout(
            id=new_id("po_", 22),
            account_id=account_id,
            created=now,
            updated=now,
            totals=_totals(transactions),
            currency=currency,
            status="scheduled",
            payout_type=payout_type,
            submits_at=now + SUBMITTED_AFTER,
            deposits_at=deposit_of(now),
            outcome=outcome,
        )
    )
    for one in transactions:
        platform.transactions.put(replace(one, payout_id=payout.id, updated=now))
    ledger.book_payout(platform, payout)
    _emit(platform, payout, "payout.created")
    if currency == "cad":  # of these JustiFi hears when they are done
        return move(platform, payout, "paid")
    platform.due.enter(payout.submits_at, payout.id)
    platform.due.enter(payout.deposits_at, payout.id)
    return payout


def _totals(transactions: Iterable[records.BalanceTransaction]) -> records.Totals:
    amounts: defaultdict[str, list[int]] = defaultdict(list)
    for one in transactions:
        amounts[_KINDS.get(one.txn_type, "other")].append(one.amount)
        amounts["fees"].append(-one.fee)
    return records.Totals(
        payments_count=len(amounts["payments"]),
        payments_total=sum(amounts["payments"]),
        refunds_count=len(amounts["refunds"]),
        refunds_total=sum(amounts["refunds"]),
        fees_total=-sum(amounts["fees"]),
        other_total=sum(amounts["other"]),
    )


def let_move(platform: JustifiPlatform, payout: records.Payout, moment: float) -> None:
    if payout.status == "scheduled" and payout.submits_at <= moment:
        payout = move(platform, payout, "in_transit")
    if payout.status == "in_transit" and payout.deposits_at <= moment:
        move(platform, payout, payout.outcome)


def move(
    platform: JustifiPlatform, payout: records.Payout, status: records.PayoutStatus
) -> records.Payout:
    """What failed or was canceled goes back to the balance, and into a later payout."""
    if payout.status in ENDS or (payout.status, status) == ("in_transit", "scheduled"):
        raise invalid("payout_ended", f"The payout is {payout.status}")
    moved = platform.payouts.put(replace(payout, status=status, updated=platform.now()))
    if status in GIVEN_BACK:
        ledger.book_return(platform, moved)
    if status in EVENTS:
        _emit(platform, moved, EVENTS[status])
    return moved


def _emit(platform: JustifiPlatform, payout: records.Payout, name: str) -> None:
    platform.emit(name, payout.account_id, payout_objects.payout(payout), BY_ITSELF)


def _wire(payout: records.Payout) -> Wire:
    return envelope(payout.id, "payout", payout_objects.payout(payout), None)
