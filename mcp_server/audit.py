"""One line per call: who, what, how it ended. Personal words and card numbers never enter it."""

import hashlib
import json
import logging
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.model import Model
from domain.tenants import Caller

LOGGER = logging.getLogger("paybind.audit")
# Ids and amounts are told; whatever else an agent may send is personal until proven otherwise.
_TOLD = frozenset(
    {
        *("payment_intent_id", "quote_id", "amount", "currency", "policy_id", "user_id"),
        *("integration_id", "capability_code", "sub_account_id", "amount_cents"),
        *("payment_id", "payment_method_id", "payment_method_group_id", "payout_id"),
        *("source_payment_id",),
    }
)
_ID_LIKE = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
MASK = "***"

Arguments = dict[str, object]


class AuditLine(Model):
    """``arguments_sha256`` lets an operator see that two calls were the same."""

    at: datetime
    tool: str
    key_id: str | None
    tenant_id: str | None
    arguments_sha256: str | None
    arguments: dict[str, str | int | None]
    outcome: str
    purchase_id: str | None
    duration_ms: float


@dataclass
class Call:
    """One call, and what there is to say about it afterwards."""

    tool: str
    arguments: Arguments
    began: float = field(default_factory=time.perf_counter)
    caller: Caller | None = None
    outcome: str = "ok"
    purchase_id: str | None = None

    @property
    def line(self) -> AuditLine:
        return AuditLine(
            at=datetime.now(UTC),
            tool=self.tool if self.tool.isidentifier() else MASK,
            key_id=self.caller.key_id if self.caller else None,
            tenant_id=self.caller.tenant_id if self.caller else None,
            arguments_sha256=digest(self.arguments) if self.arguments else None,
            arguments=redacted(self.arguments),
            outcome=self.outcome,
            purchase_id=self.purchase_id,
            duration_ms=round((time.perf_counter() - self.began) * 1000, 1),
        )


def write(line: AuditLine) -> None:
    LOGGER.info(line.model_dump_json())


def write_to_stderr() -> None:
    """Once per process: whole lines of JSON, whatever the other loggers look like."""
    if not LOGGER.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        LOGGER.addHandler(handler)
        LOGGER.setLevel(logging.INFO)
        LOGGER.propagate = False


def redacted(arguments: Mapping[str, object]) -> dict[str, str | int | None]:
    return {_name(name): _told(name, value) for name, value in list(arguments.items())[:20]}


def digest(arguments: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(arguments, sort_keys=True, default=str).encode()).hexdigest()


def _name(name: str) -> str:
    return name if _ID_LIKE.fullmatch(name) else MASK


def _told(name: str, value: object) -> str | int | None:
    if value is None:
        return None
    if name in _TOLD and isinstance(value, int):
        return value
    if name in _TOLD and isinstance(value, str) and _ID_LIKE.fullmatch(value):
        return value
    return MASK
