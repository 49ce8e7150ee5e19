"""Idempotency keys: what succeeded is answered again, what failed or is under way is a conflict."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from simulators.justifi.errors import JustifiError, UnfitRequestError
from simulators.justifi.records import StoredAnswer
from simulators.store import Table

LONGEST_KEY = 100


def fingerprint(method: str, path: str, body: str, sub_account: str) -> str:
    return hashlib.sha256(f"{method} {path}\n{sub_account}\n{body}".encode()).hexdigest()


def required(key: str | None) -> None:
    if key is None:
        raise UnfitRequestError(
            422, "idempotency_key_required", "Missing required header: Idempotency-Key"
        )


class Idempotency:
    def __init__(self, answers: Table[StoredAnswer]) -> None:
        self._answers = answers
        self._in_flight: set[str] = set()

    @contextmanager
    def hold(self, key: str | None) -> Iterator[None]:
        """While one request holds a key, another with the same key is refused."""
        if key is None:
            yield
            return
        if len(key) > LONGEST_KEY:
            raise UnfitRequestError(
                422,
                "idempotency_key_too_long",
                "Validation failed: Idempotency key is too long (maximum is 100 characters)",
            )
        if key in self._in_flight:
            raise UnfitRequestError(
                409,
                "idempotency_request_in_progress",
                "A request with this Idempotency-Key is in progress",
            )
        self._in_flight.add(key)
        try:
            yield
        finally:
            self._in_flight.discard(key)

    def replay(self, key: str | None, asked: str) -> StoredAnswer | None:
        stored = self._answers.get(key) if key else None
        if stored and stored.fingerprint != asked:
            raise UnfitRequestError(
                422,
                "idempotency_params_mismatch",
                "The Idempotency-Key was used before with other parameters",
            )
        if stored and stored.body is None:
            raise JustifiError(
                409,
                "idempotency_concurrent_request",
                "An earlier request with this Idempotency-Key failed",
            )
        return stored

    def keep(self, answer: StoredAnswer) -> None:
        self._answers.put(answer)
