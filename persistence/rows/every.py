"""Every table, so that whoever imports this has all of them in the metadata."""

from sqlmodel import SQLModel

from persistence.rows import (
    audit,
    connections,
    emails,
    events,
    executions,
    health,
    idempotency,
    integrations,
    links,
    payouts,
    policies,
    purchases,
    quotes,
    refunds,
    reviews,
    tenants,
    turns,
)

TABLES = SQLModel.metadata

__all__ = [
    "TABLES",
    "audit",
    "connections",
    "emails",
    "events",
    "executions",
    "health",
    "idempotency",
    "integrations",
    "links",
    "payouts",
    "policies",
    "purchases",
    "quotes",
    "refunds",
    "reviews",
    "tenants",
    "turns",
]
