"""Which integration a purchase is paid by, why, and which ones were passed over before it."""

from datetime import datetime

from domain.model import Model

ENVIRONMENT = "the account of the environment"


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
    name: str
    integration_id: str | None
    why: str
    at: datetime


class Route(Model):
    """What was decided, and when. It is written before the provider is asked."""

    integration_id: str | None = None
    connection_code: str = "stripe"
    name: str = ENVIRONMENT
    because: str
    is_named: bool = False
    decided_at: datetime
    passed_over: tuple[PassedOver, ...] = ()

    @classmethod
    def to(cls, candidate: Candidate, at: datetime) -> "Route":
        return cls(
            integration_id=candidate.integration_id,
            connection_code=candidate.connection_code,
            name=candidate.name,
            because=candidate.because,
            is_named=candidate.is_named,
            decided_at=at,
        )

    def moved_on(self, candidate: Candidate, why: str, at: datetime) -> "Route":
        """To the next candidate, since this one definitely did not act.

        Each integration is told of once, by its latest: while all are paused they go round.
        """
        left = PassedOver(name=self.name, integration_id=self.integration_id, why=why, at=at)
        before = [each for each in self.passed_over if each.integration_id != self.integration_id]
        moved = Route.to(candidate, at)
        return moved.model_copy(
            update={
                "because": f"backup of {self.name}: {why}",
                "passed_over": (*before, left),
            }
        )
