"""The comparison of our rows with what the payment providers themselves say was paid."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.money import Money
from domain.payments import ReceivedPayment
from domain.verification import Finding, Irregularity, PaidPurchase
from gateways.faults import GatewayFault, RefusedByProvider
from gateways.payments import PaymentGateway


@dataclass(frozen=True)
class Statement:
    """What the providers received of what was begun since then; ``unheard`` did not say."""

    since: datetime
    payments: tuple[ReceivedPayment, ...]
    unheard: Mapping[str, Finding]


@dataclass(frozen=True)
class Reconciliation:
    """By provider for the environment's accounts, by id for those of integrations. It only reads.

    None where no key for it is set, or its credentials cannot be opened.
    """

    gateways: Mapping[str, PaymentGateway | None]

    async def statement(self, since: datetime) -> Statement:
        payments: list[ReceivedPayment] = []
        unheard: dict[str, Finding] = {}
        for provider, gateway in self.gateways.items():
            if gateway is None:
                unheard[provider] = _not_asked(provider, "no key for it is set")
                continue
            try:
                payments += [each async for each in gateway.received_payments(since)]
            except GatewayFault as fault:
                unheard[provider] = _not_asked(provider, str(fault))
        return Statement(since, tuple(payments), unheard)

    async def differences(
        self,
        statement: Statement,
        purchases: Iterable[PaidPurchase],
        due: datetime,
        returned: Mapping[str, int],
    ) -> AsyncIterator[Finding]:
        """Both ways, of rows read after the statement: what arrived in between is no difference.

        ``returned``: minor units of payments that no purchase has and that go back by themselves.
        What was charged after ``due`` may still be on its way into its row. An integration that was
        deleted has no credentials any more: what it took is compared with nothing.
        """
        for silence in statement.unheard.values():
            yield silence
        recorded = {each.payment_id: each for each in purchases if each.payment_id is not None}
        for payment in statement.payments:
            is_known = payment.payment_id in recorded
            if not is_known and returned.get(payment.payment_id, 0) >= payment.amount.minor:
                continue
            for difference in _of_payment(payment, recorded.get(payment.payment_id), due):
                yield difference
        listed = {payment.payment_id for payment in statement.payments}
        for payment_id in recorded.keys() - listed:
            purchase = recorded[payment_id]
            account = _account_of(purchase)
            is_heard = account in self.gateways and account not in statement.unheard
            if is_heard and _is_within(purchase, statement):
                async for difference in self._of_unlisted(purchase):
                    yield difference

    async def _of_unlisted(self, purchase: PaidPurchase) -> AsyncIterator[Finding]:
        """It may have been begun before the statement begins, by a bank debit say: look it up."""
        gateway = self.gateways[_account_of(purchase)]
        assert gateway is not None  # one without a key is unheard
        try:
            session_id = purchase.session_id
            seen = await gateway.fetch_checkout(session_id) if session_id else None
        except RefusedByProvider as refusal:
            yield _of(purchase, Irregularity.CHARGE_NOT_AT_PROVIDER, str(refusal))
        except GatewayFault as fault:
            yield _not_asked(_account_of(purchase), str(fault), purchase.purchase_id)
        else:
            if seen is None or seen.paid is None or seen.payment_id != purchase.payment_id:
                yield _of(purchase, Irregularity.CHARGE_NOT_AT_PROVIDER, "it knows of no payment")
            elif seen.paid != purchase.paid:
                yield _of(purchase, Irregularity.CHARGE_DIFFERS, _amounts(seen.paid, purchase))


def _of_payment(
    payment: ReceivedPayment, purchase: PaidPurchase | None, due: datetime
) -> Iterator[Finding]:
    if purchase is not None:
        if payment.amount != purchase.paid:
            yield _of(purchase, Irregularity.CHARGE_DIFFERS, _amounts(payment.amount, purchase))
    elif payment.at <= due:
        yield Finding(
            irregularity=Irregularity.CHARGE_NOT_RECORDED,
            subject=payment.payment_id,
            purchase_ids=(payment.purchase_id,),
            detail=f"{payment.amount} charged at {payment.at.isoformat()}",
        )


def _account_of(purchase: PaidPurchase) -> str:
    return purchase.integration_id or purchase.provider


def _is_within(purchase: PaidPurchase, statement: Statement) -> bool:
    return purchase.paid_at is not None and purchase.paid_at >= statement.since


def _amounts(charged: Money, purchase: PaidPurchase) -> str:
    return f"{charged} charged, {purchase.paid} recorded"


def _of(purchase: PaidPurchase, irregularity: Irregularity, detail: str) -> Finding:
    return Finding(
        irregularity=irregularity,
        subject=purchase.payment_id or purchase.purchase_id,
        purchase_ids=(purchase.purchase_id,),
        detail=detail,
    )


def _not_asked(provider: str, why: str, *purchase_ids: str) -> Finding:
    return Finding(
        irregularity=Irregularity.PROVIDER_NOT_ASKED,
        subject=provider,
        purchase_ids=purchase_ids,
        detail=why,
    )
