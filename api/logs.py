"""Logs are JSON lines on stderr: what happened, never what a customer sent."""

import json
import logging
import sys
from datetime import UTC, datetime

_STANDARD = logging.LogRecord("", 0, "", 0, "", (), None).__dict__.keys() | {"message", "asctime"}


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__qualname__  # its message may be personal
        line.pop("color_message", None)  # uvicorn says everything twice
        return json.dumps(line, default=str)


def log_as_json(level: int = logging.INFO) -> None:
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[stderr], force=True)
