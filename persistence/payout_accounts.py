"""Which accounts pay out: integrations of providers that tell of payouts, and our own."""

from dataclasses import dataclass

from sqlmodel import col, select

from domain.integrations import IntegrationStatus
from domain.payouts import PayoutAccount
from persistence.database import Database
from persistence.rows.integrations import IntegrationRow

_IN_USE = (IntegrationStatus.ACTIVE, IntegrationStatus.ERROR)


@dataclass(frozen=True)
class PayoutAccountRecords:
    """``providers`` by connection_code; ``environment`` are the accounts without a row."""

    database: Database
    providers: frozenset[str]
    environment: tuple[PayoutAccount, ...] = ()

    async def all(self) -> tuple[PayoutAccount, ...]:
        """Of all tenants, for those who run the installation."""
        in_use = (
            select(IntegrationRow)
            .where(
                col(IntegrationRow.connection_code).in_(self.providers),
                col(IntegrationRow.status).in_(_IN_USE),
                col(IntegrationRow.deleted_at).is_(None),
            )
            .order_by(col(IntegrationRow.integration_id))
        )
        async with self.database.reading() as session:
            found = [_account_of(row) for row in await session.exec(in_use)]
        return (*self.environment, *found)

    async def find(self, provider: str, integration_id: str | None) -> PayoutAccount | None:
        """None where it pays nothing out, or is not in use."""
        if integration_id is None:
            return next((each for each in self.environment if each.provider == provider), None)
        async with self.database.reading() as session:
            row = await session.get(IntegrationRow, integration_id)
        if row is None or row.deleted_at is not None or row.status not in _IN_USE:
            return None
        return _account_of(row) if row.connection_code in self.providers else None

    async def is_known(self, account: PayoutAccount) -> bool:
        return await self.find(account.provider, account.integration_id) == account


def _account_of(row: IntegrationRow) -> PayoutAccount:
    return PayoutAccount(
        tenant_id=row.tenant_id,
        provider=row.connection_code,
        integration_id=row.integration_id,
        livemode=row.livemode,
    )
