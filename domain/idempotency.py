"""What a repeated request gets: the first answer again, or why not."""

from datetime import timedelta

from pydantic import Field

from domain.model import Model

# A request that never finished (its process died) may be made anew after this long.
GIVEN_UP_AFTER = timedelta(seconds=60)
# The life of a key, as at the payment provider: afterwards it is free again.
KEPT_FOR = timedelta(hours=24)


class Fresh(Model):
    """No answer stands under the key: do the work, then finish or abandon it."""


class InFlight(Model):
    """The same request is being worked on elsewhere."""


class Replay(Model):
    """The answer first given. It may hold personal data, so it stays out of any repr."""

    status: int
    body: str = Field(repr=False)
    media_type: str


class Reused(Model):
    """The key was first sent with another route or body, or by somebody else."""


Claim = Fresh | InFlight | Replay | Reused
