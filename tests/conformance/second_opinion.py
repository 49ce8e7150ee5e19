"""Another check of Stripe's wire, made by other hands; asked where it lies beside this tree."""

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from pydantic import JsonValue

PLACE = Path(__file__).parents[3] / "shared" / "conformance"
UNKNOWN_TO_IT = frozenset({"/v1/balance_transactions"})


class WireCheck(Protocol):
    def request(self, method: str, path: str, form: str, query: str) -> list[str]: ...

    def response(self, method: str, path: str, status: int, obj: JsonValue) -> list[str]: ...

    def event(self, evt: JsonValue) -> list[str]: ...


@dataclass(frozen=True)
class _WithinItsKnowledge:
    check: WireCheck

    def request(self, method: str, path: str, form: str, query: str) -> list[str]:
        return [] if path in UNKNOWN_TO_IT else self.check.request(method, path, form, query)

    def response(self, method: str, path: str, status: int, obj: JsonValue) -> list[str]:
        return [] if path in UNKNOWN_TO_IT else self.check.response(method, path, status, obj)

    def event(self, evt: JsonValue) -> list[str]:
        return self.check.event(evt)


@cache
def second_opinion() -> WireCheck | None:
    """Strict: answers may hold no field that the SDK does not name."""
    script = PLACE / "stripe_wire.py"
    found = importlib.util.spec_from_file_location("stripe_wire", script)
    if not script.exists() or found is None or found.loader is None:
        return None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    spec = module.Spec(str(PLACE / "stripe_schema.json"), strict_response=True)
    return _WithinItsKnowledge(cast(WireCheck, spec))
