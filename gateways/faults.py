"""How the world outside fails, in the few ways that call for different behaviour.

GatewayFault
├── Busy             429 or 503: it did not act; ``retry_after`` says when to come back
│   ├── Unreachable  no connection: nothing was sent
│   ├── Parked       nothing was sent, because it is paused
│   │   └── CircuitOpen  or has failed too often just now
│   ├── Throttled    nothing was sent, because it has had as many calls as it may have
│   └── CredentialsChanged  nothing was sent, because others were meant
├── OutcomeUnknown   no answer came: it may or may not have acted; repeat only under the same key
│   ├── AtWork       an earlier request under this key is at work
│   ├── PaymentElsewhere  it was asked with other credentials than the payment was taken with
│   └── Conflict     409: an earlier request under this key is at work, or it failed: nobody says
├── StoredFault      a 5xx that the provider replays for this key: look up, then use a new key
├── RefusedByProvider   a definite no (4xx): repeating it is pointless
│   ├── KeyUsedOtherwise   for its key only: under that something else was asked for before
│   └── LookRefused  for the look alone: whether it had acted before, nobody knows
└── Misconfigured    our key or account is wrong: an operator must act, then it works
    └── NotPermitted  403: the key is right, and may not do this one thing
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from domain.executions import ProviderCustomer

LOOK_AGAIN = timedelta(seconds=15)  # whether what is parked may go on
UNREADABLE = "unreadable"  # the code of a refusal that is ours: the answer makes no sense here


class GatewayFault(Exception):
    """``made`` is a customer that the call has made before it failed: kept for the next attempt."""

    made: ProviderCustomer | None = None


class Busy(GatewayFault):
    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(Busy): ...


class Parked(Busy): ...


class CircuitOpen(Parked): ...


class Throttled(Busy): ...


class CredentialsChanged(Busy): ...


class OutcomeUnknown(GatewayFault):
    """``retry_after`` is there where a 5xx asked for it."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class AtWork(OutcomeUnknown): ...


class PaymentElsewhere(OutcomeUnknown):
    """This account does not have what was paid: what became of its refund, another one knows."""

    def __init__(self, service: str, payment_id: str) -> None:
        super().__init__(
            f"this account of {service} does not have payment {payment_id}: "
            "put back the credentials it was taken with"
        )


class Conflict(OutcomeUnknown):
    """``code`` is the provider's own word, as in a refusal."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class StoredFault(GatewayFault): ...


class RefusedByProvider(GatewayFault):
    """``code`` is the provider's own word, such as ``charge_already_refunded``.

    ``answer`` is all that it said, for the gateway that can read it: it may name a person.
    """

    def __init__(self, message: str, code: str | None = None, answer: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.answer = answer


class KeyUsedOtherwise(RefusedByProvider): ...


class LookRefused(RefusedByProvider): ...


class Misconfigured(GatewayFault):
    """``service`` is whose key or account it is, in lower case: ``stripe``."""

    def __init__(self, message: str, service: str) -> None:
        super().__init__(message)
        self.service = service


class NotPermitted(Misconfigured):
    """What needs no other permission works. ``code`` is the provider's own word."""

    def __init__(self, message: str, service: str, code: str | None = None) -> None:
        super().__init__(message, service)
        self.code = code


@contextmanager
def of_payment(service: str, payment_id: str, missing: str) -> Iterator[None]:
    """What is ``missing``, in the provider's word, is the payment: a refund needs nothing else."""
    try:
        yield
    except RefusedByProvider as refused:
        if refused.code != missing:
            raise
        raise PaymentElsewhere(service, payment_id) from refused
