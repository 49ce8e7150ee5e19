"""What happens by itself: sessions run out, delayed payments and refunds reach their end."""

import asyncio
import time

from simulators.store import Store
from simulators.stripe import checkout, payments, refunds
from simulators.stripe.account import BY_ITSELF, StripeAccount
from simulators.stripe.accounts import StripeAccounts

TICK = 0.1


async def let_time_pass(accounts: StripeAccounts, store: Store) -> None:
    """Looks every tick at what is due; the moments are in the records, so a restart keeps them."""
    for account in accounts:
        _take_up(account)
    while True:
        await asyncio.sleep(TICK)
        now = time.time()
        for account in accounts:
            for identifier in account.due.take_due(now):
                _end(account, identifier, now)
        store.flush()


def settle_pending(accounts: StripeAccounts, only: str | None = None) -> list[str]:
    """Settles what still has an end to reach, before its time; says what that was."""
    waiting = [
        (account, record.id)
        for account in accounts
        for table in (account.intents, account.refunds)
        for record in table
        if record.settles_at is not None and only in (None, record.id)
    ]
    for account, identifier in waiting:
        _settle(account, identifier)
    return [identifier for _, identifier in waiting]


def _take_up(account: StripeAccount) -> None:
    for session in account.sessions:
        if session.status == "open":
            account.due.enter(session.expires_at, session.id)
    for record in (*account.intents, *account.refunds):
        if record.settles_at is not None:
            account.due.enter(record.settles_at, record.id)


def _end(account: StripeAccount, identifier: str, now: float) -> None:
    session = account.sessions.get(identifier)
    if session is None:
        _settle(account, identifier)
    elif session.status == "open" and session.expires_at <= now:
        checkout.expire(account, session, BY_ITSELF)


def _settle(account: StripeAccount, identifier: str) -> None:
    intent, refund = account.intents.get(identifier), account.refunds.get(identifier)
    if intent and intent.settles_at is not None:
        payments.settle(account, intent)
    if refund and refund.settles_at is not None:
        refunds.settle(account, refund)
