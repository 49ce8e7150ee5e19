"""An operation of the API: a function of the account and one typed call, free of HTTP."""

from dataclasses import dataclass
from typing import Generic

from simulators.stripe.account import Origin
from simulators.stripe.forms import P


@dataclass(frozen=True)
class Call(Generic[P]):
    """`subject` is the id in the path, empty for a collection."""

    params: P
    subject: str
    origin: Origin
