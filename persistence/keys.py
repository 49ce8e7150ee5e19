"""Tenants and their API keys: only hashes are kept, and a revoked key opens nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import col, select

from domain.identifiers import new_id
from domain.tenants import ApiKey, Scope
from domain.views import Page
from persistence.database import Database
from persistence.pages import after, page_of
from persistence.rows.tenants import ApiKeyRow, TenantRow, api_key_of
from persistence.statements import insert_if_absent, locked

_VALID = select(ApiKeyRow).where(
    col(ApiKeyRow.hash) == bindparam("hash"), col(ApiKeyRow.revoked_at).is_(None)
)


@dataclass(frozen=True)
class KeyRecords:
    database: Database

    async def ensure_tenant(self, tenant_id: str, name: str, at: datetime) -> None:
        async with self.database.transaction() as session:
            await insert_if_absent(
                session, TenantRow(tenant_id=tenant_id, name=name, created_at=at)
            )

    async def create(
        self,
        tenant_id: str,
        name: str,
        scopes: Collection[Scope],
        hash: str,
        last_four: str,
        at: datetime,
        *,
        livemode: bool,
    ) -> ApiKey:
        """The tenant must exist. A hash that is there already gives the key that has it."""
        row = ApiKeyRow(
            key_id=new_id("key"),
            tenant_id=tenant_id,
            livemode=livemode,
            name=name,
            hash=hash,
            last_four=last_four,
            scopes=" ".join(sorted(scopes)),
            created_at=at,
        )
        async with self.database.transaction() as session:
            if await insert_if_absent(session, row):
                return api_key_of(row)
            stored = select(ApiKeyRow).where(ApiKeyRow.hash == hash)
            return api_key_of((await session.exec(stored)).one())

    async def by_hash(self, hash: str) -> ApiKey | None:
        """None for a revoked key as for an unknown one."""
        async with self.database.reading() as session:
            row = (await session.exec(_VALID, params={"hash": hash})).first()
        return api_key_of(row) if row else None

    async def revoke(self, tenant_id: str, key_id: str, at: datetime) -> ApiKey | None:
        """Revoking again changes nothing."""
        async with self.database.transaction() as session:
            row = await locked(session, ApiKeyRow, key_id)
            if row is None or row.tenant_id != tenant_id:
                return None
            row.revoked_at = row.revoked_at or at
            return api_key_of(row)

    async def page(
        self, tenant_id: str, cursor: str | None = None, limit: int = 50
    ) -> Page[ApiKey]:
        newest = (
            select(ApiKeyRow)
            .where(
                ApiKeyRow.tenant_id == tenant_id,
                *after(cursor, col(ApiKeyRow.created_at), col(ApiKeyRow.key_id)),
            )
            .order_by(col(ApiKeyRow.created_at).desc(), col(ApiKeyRow.key_id).desc())
            .limit(limit + 1)
        )
        async with self.database.reading() as session:
            keys = [api_key_of(row) for row in await session.exec(newest)]
        return page_of(keys, limit, lambda key: (key.created_at, key.key_id))
