"""Idempotency keys: the first answer is stored, even a 500, and given to every equal repeat."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from simulators.store import Table
from simulators.stripe.errors import StripeError
from simulators.stripe.records import StoredAnswer

LONGEST_KEY = 255


def fingerprint(method: str, path: str, form: str) -> str:
    return hashlib.sha256(f"{method} {path}\n{form}".encode()).hexdigest()


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
            raise StripeError("Idempotency keys can have up to 255 characters.")
        if key in self._in_flight:
            raise StripeError(
                "There is currently another in-progress request using this Idempotent Key "
                "(that probably means you submitted twice, and the other request is still "
                f"going through): {key}. Please try again later.",
                409,
                "idempotency_error",
                "idempotency_key_in_use",
            )
        self._in_flight.add(key)
        try:
            yield
        finally:
            self._in_flight.discard(key)

    def replay(self, key: str | None, asked: str) -> StoredAnswer | None:
        stored = self._answers.get(key) if key else None
        if stored and stored.fingerprint != asked:
            raise StripeError(
                "Keys for idempotent requests can only be used with the same parameters they "
                f"were first used with. Try using a key other than '{key}' if you meant to "
                "execute a different request.",
                400,
                "idempotency_error",
            )
        return stored

    def keep(self, answer: StoredAnswer) -> None:
        self._answers.put(answer)
