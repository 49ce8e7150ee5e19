"""Why an execution waits, as the fault tells that ended its last attempt."""

from datetime import datetime

from activities.faults import pause_after
from domain.executions import Waiting, WaitingFor
from gateways.faults import (
    Busy,
    CircuitOpen,
    GatewayFault,
    Misconfigured,
    Parked,
    Throttled,
    Unreachable,
)

# The first that fits; after any other fault nobody knows whether the provider has acted.
_REASONS: tuple[tuple[type[GatewayFault], WaitingFor], ...] = (
    (CircuitOpen, WaitingFor.CIRCUIT),
    (Parked, WaitingFor.RESUME),
    (Throttled, WaitingFor.RATE_LIMIT),
    (Unreachable, WaitingFor.CONNECTION),
    (Busy, WaitingFor.PROVIDER),
    (Misconfigured, WaitingFor.CONFIGURATION),
)


def waiting_after(fault: GatewayFault, at: datetime) -> Waiting:
    fitting = (reason for kind, reason in _REASONS if isinstance(fault, kind))
    return Waiting(
        reason=next(fitting, WaitingFor.OUTCOME),
        detail=str(fault),
        since=at,
        next_try_at=at + pause_after(fault),
    )
