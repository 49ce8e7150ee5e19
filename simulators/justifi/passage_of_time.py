"""What happens by itself, each thing at its own moment, however late or early one looks."""

import asyncio

from simulators.justifi import attempts, checkouts, payouts
from simulators.justifi.ledger import BATCH
from simulators.justifi.platform import JustifiPlatform
from simulators.justifi.platforms import JustifiPlatforms
from simulators.store import Store

TICK = 0.1


def take_up(platforms: JustifiPlatforms) -> None:
    """The moments are in the records, so a restart keeps them."""
    for platform in platforms:
        _take_up(platform)


async def let_time_pass(platforms: JustifiPlatforms, store: Store) -> None:
    while True:
        await asyncio.sleep(TICK)
        let_happen(platforms, platforms.world.clock.now())
        store.flush()


def turn_clock(platforms: JustifiPlatforms, seconds: float) -> None:
    clock = platforms.world.clock
    let_happen(platforms, clock.now() + seconds)
    clock.turn(seconds)


def let_happen(platforms: JustifiPlatforms, until: float) -> None:
    """In the order of its moments: one thing may be the cause of a later one."""
    while (moment := _earliest(platforms)) is not None and moment <= until:
        with platforms.world.clock.at(moment):
            for platform in platforms:
                for identifier in platform.due.take_due(moment):
                    _end(platform, identifier, moment)


def settle_pending(platforms: JustifiPlatforms, only: str | None = None) -> list[str]:
    """Settles debits before their time; says which."""
    waiting = [
        (platform, payment)
        for platform in platforms
        for payment in platform.payments
        if payment.status == "pending" and only in (None, payment.id)
    ]
    for platform, payment in waiting:
        attempts.end_what_waited(platform, payment)
    return [payment.id for _, payment in waiting]


def _earliest(platforms: JustifiPlatforms) -> float | None:
    moments = (platform.due.earliest() for platform in platforms)
    return min((moment for moment in moments if moment is not None), default=None)


def _take_up(platform: JustifiPlatform) -> None:
    for checkout in platform.checkouts:
        if checkouts.is_open(checkout):
            platform.due.enter(checkout.expires_at, checkout.id)
    for payment in platform.payments:
        if payment.settles_at is not None:
            platform.due.enter(payment.settles_at, payment.id)
    for transaction in platform.transactions:
        if transaction.payout_id is None:
            platform.due.enter(transaction.available_on, BATCH)
    for payout in platform.payouts:
        if payout.status not in payouts.ENDS:
            platform.due.enter(payout.submits_at, payout.id)
            platform.due.enter(payout.deposits_at, payout.id)


def _end(platform: JustifiPlatform, identifier: str, moment: float) -> None:
    if identifier == BATCH:
        payouts.make_payouts(platform, available_by=moment)
    payment, checkout = platform.payments.get(identifier), platform.checkouts.get(identifier)
    payout = platform.payouts.get(identifier)
    if payment and payment.settles_at is not None and payment.settles_at <= moment:
        attempts.end_what_waited(platform, payment)
    if checkout and checkouts.is_open(checkout) and checkout.expires_at <= moment:
        checkouts.expire(platform, checkout)
    if payout:
        payouts.let_move(platform, payout, moment)
