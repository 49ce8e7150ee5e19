"""Idempotency keys of requests: the first answer is kept for a day and given again."""

from dataclasses import dataclass
from datetime import datetime

from domain.idempotency import (
    GIVEN_UP_AFTER,
    KEPT_FOR,
    Claim,
    Fresh,
    InFlight,
    Replay,
    Reused,
)
from persistence.database import Database
from persistence.rows.idempotency import IdempotencyRow
from persistence.statements import insert_if_absent, locked


@dataclass(frozen=True)
class IdempotencyRecords:
    database: Database

    async def begin(
        self, tenant_id: str, key: str, route: str, body_hash: str, at: datetime
    ) -> Claim:
        request = IdempotencyRow(
            tenant_id=tenant_id, key=key, route=route, body_hash=body_hash, started_at=at
        )
        async with self.database.transaction() as session:
            if await insert_if_absent(session, request):
                return Fresh()
            row = await locked(session, IdempotencyRow, (tenant_id, key))
            if row is None:  # cleared away just now: whoever asks next is the first
                return InFlight()
            claim = _claim_on(row, request)
            if isinstance(claim, Fresh):
                _begin_anew(row, request)
            return claim

    async def finish(
        self, tenant_id: str, key: str, status: int, body: str, media_type: str, at: datetime
    ) -> None:
        async with self.database.transaction() as session:
            row = await locked(session, IdempotencyRow, (tenant_id, key))
            if row is None or row.finished_at is not None:
                return
            row.status = status
            row.body = body
            row.media_type = media_type
            row.finished_at = at

    async def abandon(self, tenant_id: str, key: str, at: datetime) -> None:
        """The same request may be made anew, no other one under its key. A finished one stays."""
        async with self.database.transaction() as session:
            row = await locked(session, IdempotencyRow, (tenant_id, key))
            if row is not None and row.finished_at is None:
                row.finished_at = at


def _claim_on(row: IdempotencyRow, request: IdempotencyRow) -> Claim:
    age = request.started_at - row.started_at
    if age > KEPT_FOR:
        return Fresh()
    if (row.route, row.body_hash) != (request.route, request.body_hash):
        return Reused()
    if row.status is None or row.body is None or row.media_type is None:
        was_left = row.finished_at is not None or age > GIVEN_UP_AFTER
        return Fresh() if was_left else InFlight()
    return Replay(status=row.status, body=row.body, media_type=row.media_type)


def _begin_anew(row: IdempotencyRow, request: IdempotencyRow) -> None:
    row.route = request.route
    row.body_hash = request.body_hash
    row.status = row.body = row.media_type = row.finished_at = None
    row.started_at = request.started_at
