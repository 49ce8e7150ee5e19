"""The wire check of JustiFi: what is sent to it and what it answers, by its published document."""

import json
from collections.abc import Iterator
from functools import cache
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from pydantic import JsonValue

from tests.conformance.justifi_schema import KEPT, Schema

Json = dict[str, JsonValue]

# Which events carry what; the longest beginning that fits says it.
CARRIED = {
    "payment.": "payments",
    "payment.refund": "refunds",
    "payment_method.": "payment_methods",
    "checkout.": "checkouts",
    "checkout.completion.": "checkout_completions",
    "payout.": "payouts",
}
# What every refusal looks like; the document describes some operations' alone.
REFUSAL: Schema = {"$ref": "#/$defs/PaymentError"}


def operation_of(method: str, path: str) -> str | None:
    """As it is published; `path` begins with `/v1`, but for the token's."""
    asked = path.removeprefix("/v1").strip("/").split("/")
    operations: Schema = _schemas()["operations"]
    for name in operations:
        known, _, steps = name.partition(" ")
        if known == method and _fits(steps.strip("/").split("/"), asked):
            return name
    return None


def problems_in_request(entry: Json) -> set[str]:
    """Of an entry of the double's log: its headers, query and body."""
    described = _described(entry)
    if described is None:
        return {f"JustiFi does not publish {entry['method']} {entry['path']}"}
    sent = {"Idempotency-Key": entry["idempotency_key"], "Sub-Account": entry["sub_account"]}
    found = {f"{name} is missing" for name in described["headers"] if not sent[name]}
    found |= {
        f"{name} is no parameter of the query"
        for name, _ in parse_qsl(str(entry["query"]))
        if name not in described["query"]
    }
    try:
        body: JsonValue = json.loads(str(entry["form"]) or "null")
    except ValueError:
        return found | {"the body is no JSON"}
    if body is not None:
        found |= set(_problems(described["body"] or {"enum": [{}]}, body))
    return found


def problems_in_answer(entry: Json) -> set[str]:
    described = _described(entry)
    status = entry["status"]
    assert isinstance(status, int)
    if status >= 400:
        return set(_problems(REFUSAL, entry["answer"]))
    schema = described["answers"].get(str(status)) if described else None
    if schema is None:
        return {f"{entry['method']} {entry['path']} is not answered {status}"}
    return set(_problems(schema, entry["answer"]))


def problems_in_event(event: Json) -> set[str]:
    name = str(event["event_name"])
    begun = max((begin for begin in CARRIED if name.startswith(begin)), key=len, default=None)
    if begun is None:
        return {f"JustiFi publishes no event {name}"}
    return set(_problems(_schemas()["events"][CARRIED[begun]], event))


@cache
def _schemas() -> Schema:
    kept: Schema = json.loads(KEPT.read_text("utf-8"))
    return kept


def _described(entry: Json) -> Schema | None:
    name = operation_of(str(entry["method"]), str(entry["path"]))
    operations: dict[str, Schema] = _schemas()["operations"]
    return operations[name] if name else None


def _fits(steps: list[str], asked: list[str]) -> bool:
    return len(steps) == len(asked) and all(
        step.startswith("{") or step == given for step, given in zip(steps, asked, strict=True)
    )


def _problems(schema: Schema, value: JsonValue) -> Iterator[str]:
    validator = Draft202012Validator(schema | {"$defs": _schemas()["$defs"]})
    for error in validator.iter_errors(value):
        # Of alternatives the one that was nearest says more than that none fitted.
        nearest = best_match([error]) or error
        yield f"{nearest.json_path}: {nearest.message[:300]}"
