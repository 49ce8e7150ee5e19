"""What happens by itself: sessions run out, delayed payments and refunds reach their end."""

import asyncio
import time

from simulators.store import Store
from simulators.stripe import checkout, payments, refunds
from simulators.stripe.account import StripeAccount

TICK = 0.25


async def let_time_pass(account: StripeAccount, store: Store) -> None:
    """Looks every tick at what is due; the moments are in the records, so a restart keeps them."""
    while True:
        await asyncio.sleep(TICK)
        settle_due(account, time.time())
        checkout.expire_overdue(account)
        store.flush()


def settle_due(account: StripeAccount, moment: float, only: str | None = None) -> list[str]:
    """Settles what falls due by `moment`, and says what that was."""
    settled = []
    for intent in account.intents:
        if _due(intent.settles_at, moment) and only in (None, intent.id):
            payments.settle(account, intent)
            settled.append(intent.id)
    for refund in account.refunds:
        if _due(refund.settles_at, moment) and only in (None, refund.id):
            refunds.settle(account, refund)
            settled.append(refund.id)
    return settled


def _due(settles_at: float | None, moment: float) -> bool:
    return settles_at is not None and settles_at <= moment
