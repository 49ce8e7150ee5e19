"""Sealing every integration's credentials anew under the active key: how far it is, what it met."""

from domain.integrations import Integration
from domain.model import Model

ROTATION_ID = "key-rotation"  # its workflow, and its name in the audit log
_NAMED = 100  # a lost key may concern every row, and a payload has its limit


class SealedCount(Model):
    """Rows under the key that was asked for, and those that could be sealed anew under it."""

    fresh: int
    due: int


class UnreadableIntegration(Model):
    integration_id: str
    tenant_id: str
    reason: str


class Resealed(Model):
    """What became of some rows. Those that were deleted meanwhile are in neither."""

    resealed: int = 0
    unreadable: tuple[UnreadableIntegration, ...] = ()

    def plus(self, integration: Integration) -> "Resealed":
        if not integration.is_unreadable:
            return self.model_copy(update={"resealed": self.resealed + 1})
        met = UnreadableIntegration(
            integration_id=integration.integration_id,
            tenant_id=integration.tenant_id,
            reason=integration.status_reason or "",
        )
        return self.model_copy(update={"unreadable": (*self.unreadable, met)})


class Rotation(Model):
    """``named`` are the first of the ``unreadable`` ones; ``left`` were sealed by a process that
    had an older key all the while, after the rotation had passed by.
    """

    key_id: str
    batch_size: int = 100
    after: str = ""  # the last integration that was looked at
    fresh: int | None = None  # under the key before anything was done; None until it is counted
    resealed: int = 0
    unreadable: int = 0
    named: tuple[UnreadableIntegration, ...] = ()
    left: int = 0

    def with_batch(self, after: str, done: Resealed) -> "Rotation":
        return self.model_copy(
            update={
                "after": after,
                "resealed": self.resealed + done.resealed,
                "unreadable": self.unreadable + len(done.unreadable),
                "named": (*self.named, *done.unreadable)[:_NAMED],
            }
        )
