"""Another check of Stripe's wire, made by other hands; asked where it lies beside this tree."""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from pydantic import JsonValue

PLACE = Path(__file__).parents[3] / "shared" / "conformance"


class WireCheck(Protocol):
    def request(self, method: str, path: str, form: str, query: str) -> list[str]: ...

    def response(self, method: str, path: str, status: int, obj: JsonValue) -> list[str]: ...

    def event(self, evt: JsonValue) -> list[str]: ...


@cache
def second_opinion() -> WireCheck | None:
    """Strict: answers may hold no field that the SDK does not name."""
    script = PLACE / "stripe_wire.py"
    found = importlib.util.spec_from_file_location("stripe_wire", script)
    if not script.exists() or found is None or found.loader is None:
        return None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return cast(WireCheck, module.Spec(str(PLACE / "stripe_schema.json"), strict_response=True))
