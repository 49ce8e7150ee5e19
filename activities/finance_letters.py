"""What finance is told of a payout, gathered from its row just before it is written."""

from dataclasses import dataclass
from typing import Protocol

from domain.emails import EmailOrder, EmailTemplate, Letter
from domain.payouts import Payout


class PayoutRows(Protocol):
    async def required(self, payout_id: str) -> Payout: ...


@dataclass(frozen=True)
class FinanceLetters:
    """``address`` None: this installation writes to nobody; the review is open all the same."""

    payouts: PayoutRows
    address: str | None

    async def of_payout(self, order: EmailOrder, payout_id: str) -> Letter | None:
        """None when it is not overdue any more, or nobody wants to hear of it."""
        payout = await self.payouts.required(payout_id)
        is_over = order.template is EmailTemplate.PAYOUT_OVERDUE and not payout.is_pending
        if self.address is None or is_over:
            return None
        return Letter(
            email_id=order.email_id,
            template=order.template,
            livemode=payout.livemode,
            to=self.address,
            product_name=payout.provider_payout_id,
            price=payout.amount,
            expires_at=payout.deposits_at,
            account=f"{payout.provider} {payout.account.name}",
        )
