"""What was asked and answered, and which webhooks were tried: for tests and curious people."""

import json
from collections import deque
from pathlib import Path
from typing import TextIO

from pydantic import BaseModel, ConfigDict, JsonValue, field_serializer

KEPT = 20_000


class RequestEntry(BaseModel):
    """`form` and `query` are as they came over the wire; `answer` is the JSON body sent back.

    `account` is the last four characters of the Stripe key or the JustiFi client id, of requests
    and of deliveries. Of JustiFi's bodies no secret is kept, and no number but a test's.
    """

    model_config = ConfigDict(frozen=True)

    at: float
    api: str
    account: str | None = None
    method: str
    path: str
    query: str = ""
    form: str = ""
    sub_account: str | None = None
    idempotency_key: str | None = None
    status: int
    fault: str | None = None
    answer: str = ""

    @field_serializer("answer")
    def parsed(self, answer: str) -> JsonValue:
        read: JsonValue = json.loads(answer) if answer else None
        return read


class DeliveryEntry(BaseModel):
    """One try of a webhook; `status` is 0 when no answer came."""

    model_config = ConfigDict(frozen=True)

    at: float
    channel: str
    account: str | None = None
    url: str
    event_types: list[str]
    attempt: int
    status: int


class RequestLog:
    def __init__(self, path: Path | None) -> None:
        self.requests: deque[RequestEntry] = deque(maxlen=KEPT)
        self.deliveries: deque[DeliveryEntry] = deque(maxlen=KEPT)
        self._file: TextIO | None = path.open("a", encoding="utf-8") if path else None

    def record_request(self, entry: RequestEntry) -> None:
        self.requests.append(entry)
        self._write("request", entry)

    def record_delivery(self, entry: DeliveryEntry) -> None:
        self.deliveries.append(entry)
        self._write("delivery", entry)

    def clear(self) -> None:
        self.requests.clear()
        self.deliveries.clear()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, kind: str, entry: RequestEntry | DeliveryEntry) -> None:
        if self._file is not None:
            self._file.write(f'{{"{kind}": {entry.model_dump_json()}}}\n')
            self._file.flush()
