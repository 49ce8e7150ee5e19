"""Which integration a purchase is paid by, why, and which ones were passed over before it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from domain.model import Model

ENVIRONMENT = "the account of the environment"
# Providers at which an open checkout cannot be closed: whoever has its page can still pay.
CANNOT_CLOSE = frozenset({"justifi"})
# After a checkout ended unpaid we look once more: its last webhook may have been lost.
LATE_MONEY_GRACE = timedelta(hours=1)
# And where the provider cannot close it, until it has ended it: JustiFi does so after a week, and
# a bank may then still work on what was paid last.
LATE_MONEY_WINDOW = timedelta(weeks=3)


class Candidate(Model):
    """An integration that may be used. ``integration_id`` None is the environment's own account.

    ``hindrance`` says why it cannot be used at all, such as ``its status is inactive``.
    ``failover_decline_codes`` is the rule of the entity that it serves: its default's.
    """

    integration_id: str | None = None
    connection_code: str = "stripe"
    name: str = ENVIRONMENT
    because: str = "no default is linked"
    is_named: bool = False  # in the request
    hindrance: str | None = None
    failover_decline_codes: tuple[str, ...] = ()


class PassedOver(Model):
    """``session_id`` is set where a checkout was open there, and closed after a decline."""

    name: str
    integration_id: str | None
    why: str
    at: datetime
    session_id: str | None = None


class Route(Model):
    """What was decided, and when. It is written before the provider is asked.

    ``failover_decline_codes`` is the rule as it was when the purchase was first routed.
    """

    integration_id: str | None = None
    connection_code: str = "stripe"
    name: str = ENVIRONMENT
    because: str
    is_named: bool = False
    decided_at: datetime
    passed_over: tuple[PassedOver, ...] = ()
    failover_decline_codes: tuple[str, ...] = ()

    @property
    def may_be_left(self) -> bool:
        """Whether a checkout there can be closed for certain before another one is opened."""
        return self.connection_code not in CANNOT_CLOSE

    @property
    def left(self) -> tuple[PassedOver, ...]:
        """Those at which a checkout was closed. None of them is ever used again."""
        return tuple(each for each in self.passed_over if each.session_id is not None)

    @classmethod
    def to(cls, candidate: Candidate, at: datetime) -> "Route":
        return cls(
            integration_id=candidate.integration_id,
            connection_code=candidate.connection_code,
            name=candidate.name,
            because=candidate.because,
            is_named=candidate.is_named,
            decided_at=at,
            failover_decline_codes=candidate.failover_decline_codes,
        )

    def moved_on(self, candidate: Candidate, why: str, at: datetime) -> "Route":
        """To the next candidate, since this one definitely did not act.

        Each integration is told of once, by its latest: while all are paused they go round.
        """
        return self._after(candidate, why, None, at)

    def left_for(self, backup: Candidate, code: str, session_id: str, at: datetime) -> "Route":
        """To a backup, since the rule names the code of the decline. The checkout is closed."""
        why = f"declined with {code}, which the rule lets fail over to {backup.name}"
        return self._after(backup, why, session_id, at)

    def next_of(
        self, candidates: Sequence[Candidate], at_rest: Collection[str | None]
    ) -> Candidate | None:
        """Where a purchase may move to from here: in turn, and never where it has been.

        None also where this integration is a candidate no more: whose backups those are is unknown.
        """
        ids = [each.integration_id for each in candidates]
        if self.integration_id not in ids:
            return None
        here = ids.index(self.integration_id)
        used = {self.integration_id, *(each.integration_id for each in self.left), *at_rest}
        in_turn = (*candidates[here + 1 :], *candidates[:here])
        return next(
            (each for each in in_turn if not each.hindrance and each.integration_id not in used),
            None,
        )

    def _after(
        self, candidate: Candidate, why: str, session_id: str | None, at: datetime
    ) -> "Route":
        left = PassedOver(
            name=self.name,
            integration_id=self.integration_id,
            why=why,
            at=at,
            session_id=session_id,
        )
        before = [each for each in self.passed_over if each.integration_id != self.integration_id]
        return Route.to(candidate, at).model_copy(
            update={
                "because": f"backup of {self.name}: {why}",
                "passed_over": (*before, left),
                "failover_decline_codes": self.failover_decline_codes,
            }
        )
