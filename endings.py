"""How a command that cannot do what it was asked says so: one line on stderr, and the status 2."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

_NO_TEMPORAL = "Temporal cannot be reached; start it by `paybind up`, or set TEMPORAL_ADDRESS"


@contextmanager
def said_in_one_line() -> Iterator[None]:
    """What may be expected to fail; a fault of ours keeps its traceback."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError
    from temporalio.service import RPCError

    from domain.errors import PaybindError
    from processes import NotStarted

    try:
        yield
    except PaybindError as error:
        give_up(f"{error.code}: {error.message}. {error.advice.suggested_action}")
    except (NotStarted, SettingsError) as error:
        give_up(str(error))
    except RPCError:  # it went away meanwhile
        give_up(_NO_TEMPORAL)
    except ValidationError as error:
        give_up("; ".join(each["msg"] for each in error.errors()))
    except (RuntimeError, ValueError) as unreachable:  # Temporal's client says so, in these words
        if not str(unreachable).startswith(("Failed client connect", "invalid target URL")):
            raise
        give_up(_NO_TEMPORAL)


def give_up(line: str) -> NoReturn:
    """Never the status 1: that is what `paybind verify` answers."""
    sys.stderr.write(f"paybind: {line}\n")
    raise SystemExit(2)
