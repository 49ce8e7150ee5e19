"""Logs are JSON lines on stderr: what happened, never what a customer sent.

The words of an error may quote what was sent, and so may its traceback: of an error a line tells
the type and the places it came through, and the words only where they are our own.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

from temporalio.exceptions import ApplicationError

from domain.errors import PaybindError
from gateways.faults import GatewayFault

_STANDARD = logging.LogRecord("", 0, "", 0, "", (), None).__dict__.keys() | {"message", "asctime"}
OUR_WORDS = (PaybindError, GatewayFault, ApplicationError)
PLACES = 12  # the innermost ones


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info and record.exc_info[1] is not None:
            line |= _told(record.exc_info[1])
        line.pop("color_message", None)  # uvicorn says everything twice
        return json.dumps(line, default=str)


def log_as_json(level: int = logging.INFO) -> None:
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[stderr], force=True)


def _message(record: logging.LogRecord) -> str:
    message = record.getMessage()
    if record.name == "asyncio":  # its further lines print the task, and with it the error's words
        return message.partition("\n")[0]
    return message


def _told(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)[-PLACES:]
    told: dict[str, object] = {
        "error": type(error).__qualname__,
        "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, OUR_WORDS):
        told["reason"] = getattr(error, "message", str(error))
    return told
