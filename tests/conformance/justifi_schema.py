"""What JustiFi's published document says of the operations that we use: names, types and enums.

    python -m tests.conformance.justifi_schema ../shared/specs/justifi-openapi.2026-06-30.json

writes `justifi_schema.json` anew. What is known to be wrong in the document is mended on the way.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

KEPT = Path(__file__).with_name("justifi_schema.json")
Schema = dict[str, Any]

OPERATIONS = (
    "POST /oauth/token",
    *("POST /payment_methods", "GET /payment_methods"),
    *("GET /payment_methods/{token}", "PATCH /payment_methods/{token}"),
    *("POST /payments", "GET /payments", "GET /payments/{id}", "PATCH /payments/{id}"),
    *("POST /payments/{id}/capture", "POST /payments/{id}/void", "POST /payments/{id}/refunds"),
    "GET /payments/{id}/payment_balance_transactions",
    *("GET /refunds", "GET /refunds/{id}", "PATCH /refunds/{id}"),
    *("POST /checkouts", "GET /checkouts", "GET /checkouts/{id}", "PATCH /checkouts/{id}"),
    *("POST /checkouts/{id}/complete", "POST /checkouts/{id}/refunds"),
    *("GET /balance_transactions", "GET /balance_transactions/{id}"),
    *("GET /payouts", "GET /payouts/{id}", "PATCH /payouts/{id}", "GET /reports/payouts/{id}"),
)
EVENTS = (
    *("payments", "refunds", "payment_methods", "checkouts", "checkout_completions", "payouts"),
)
TYPES = {"object", "array", "string", "number", "integer", "boolean"}
MOMENT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"
TEXT: Schema = {"type": "string"}

# Lists are paged, as the document says in words alone.
PAGING: Schema = {"limit": {"type": "integer"}, "after_cursor": TEXT, "before_cursor": TEXT}
# Null in an answer where there is nothing, as its examples show.
NULLABLE = {
    *("account_id", "application_fee", "application_fee_rate_id", "checkout_id", "customer_id"),
    *("decline_code", "description", "error_code", "error_description", "expedited", "metadata"),
    *("payment_error_code", "payment_error_description", "payment_id", "payment_intent_id"),
    *("payment_method_group_id", "payment_method_id", "payment_response", "payout_id", "reason"),
    *("refund_response", "statement_descriptor", "successful_payment_id", "terminal_id"),
    *("transaction_hold", "page_info", "invalid_reason", "bin_details"),
}
# Answered, as its examples show, and not among the properties.
_PAYMENT: Schema = {
    "amount_returned": {"type": "number"},
    "returned": {"type": "boolean"},
    "refunds": {"type": "array", "items": {"$ref": "#/components/schemas/Refund"}},
    "statement_descriptor": TEXT,
}
_METHOD: Schema = {name: {**TEXT, "format": "date-time"} for name in ("created_at", "updated_at")}
LACKING: Mapping[str, Schema] = {
    "CardPayment": _PAYMENT,
    "BankAccountPayment": _PAYMENT,
    "CardPaymentMethodWithBinDetails": _METHOD,
    "BankAccountPaymentMethodWithStatus": _METHOD,
}
# In capitals, as was seen.
IN_CAPITALS = "Payout"
ASKED = ("Create", "Update")


class Reader:
    def __init__(self, document: Schema) -> None:
        self._document = document
        self._schemas: Schema = document["components"]["schemas"]
        self._referred: list[str] = []
        self._is_answer = True

    def compact(self) -> Schema:
        operations = {name: self._operation(name) for name in OPERATIONS}
        events = {name: self._event(name) for name in EVENTS}
        definitions: Schema = {}
        while self._referred:  # a definition refers to others
            name = self._referred.pop()
            if name not in definitions:
                self._is_answer = not name.startswith(ASKED)
                definitions[name] = self._schema(self._schemas[name], LACKING.get(name))
        definitions[IN_CAPITALS]["properties"]["currency"]["enum"] += ["USD", "CAD"]
        definitions = dict(sorted(definitions.items())) | {"Moment": {**TEXT, "pattern": MOMENT}}
        return {"operations": operations, "events": events, "$defs": definitions}

    def _operation(self, name: str) -> Schema:
        method, _, path = name.partition(" ")
        operation = self._document["paths"][path][method.lower()]
        is_list = method == "GET" and not path.endswith("}")
        parameters = [self._parameter(one) for one in operation.get("parameters", ())]
        query = {
            one["name"]: self._schema(one["schema"]) for one in parameters if one["in"] == "query"
        }
        body = operation.get("requestBody")
        return {
            "headers": sorted(
                one["name"]
                for one in parameters
                if one["in"] == "header" and one["required"] and one["name"] != "Authorization"
            ),
            "query": query | (PAGING if is_list else {}),
            "body": self._asked(_content(body)) if body else None,
            "answers": {
                status: self._answer(_content(answer), is_list)
                for status, answer in operation["responses"].items()
            },
        }

    def _asked(self, body: Schema) -> Schema:
        """Nothing is sent as null that is not said to take it."""
        self._is_answer = False
        schema = self._schema(body)
        self._is_answer = True
        return schema

    def _parameter(self, parameter: Schema) -> Schema:
        reference = parameter.get("$ref")
        if reference is None:
            return parameter
        named: Schema = self._document["components"]["parameters"][_name(reference)]
        return named

    def _event(self, name: str) -> Schema:
        post = self._document["x-webhooks"][name]["post"]
        return self._schema(_content(post["requestBody"]))

    def _answer(self, schema: Schema, is_list: bool) -> Schema:
        """The ids of envelopes are no numbers, and a list of checkouts is one."""
        answer = self._schema(schema)
        properties = answer.get("properties", {})
        if "page_info" in properties and not is_list:
            properties |= {"id": TEXT, "page_info": {"type": "null"}}
        if is_list:
            properties["id"] = {"type": "null"}
            data = properties["data"]
            properties["data"] = data if "items" in data else {"type": "array", "items": data}
        return answer

    def _schema(self, node: Schema, lacking: Schema | None = None) -> Schema:
        if "$ref" in node:
            self._referred.append(_name(node["$ref"]))
            return {"$ref": f"#/$defs/{_name(node['$ref'])}"}
        if "allOf" in node:
            parts = [part for part in node["allOf"] if part.keys() & {"$ref", "properties"}]
            if len(parts) == 1:
                return self._schema(parts[0])
            return self._schema(self._merged(parts), lacking)
        if node.get("format") == "date-time":
            return {"$ref": "#/$defs/Moment"}
        return dict(self._keywords(node, lacking))

    def _merged(self, parts: list[Schema]) -> Schema:
        """What a later part says of a property takes the place of what an earlier one said."""
        properties: Schema = {}
        for part in parts:
            part = self._schemas[_name(part["$ref"])] if "$ref" in part else part
            for name, schema in part["properties"].items():
                properties[name] = properties.get(name, {}) | schema
        return {"type": "object", "properties": properties}

    def _keywords(self, node: Schema, lacking: Schema | None) -> Iterator[tuple[str, Any]]:
        for several in ("oneOf", "anyOf"):
            if several in node:
                yield "anyOf", [self._schema(one) for one in node[several]]
        if "properties" in node:
            fields = node["properties"] | (lacking or {})
            yield "type", "object"
            yield "properties", {name: self._field(name, one) for name, one in fields.items()}
            yield "additionalProperties", False
            if "required" in node:
                yield "required", node["required"]
        elif node.get("type") in TYPES:
            yield "type", node["type"]
        elif str(node.get("type")).startswith("array"):
            yield "type", "array"
        if "items" in node:
            items = node["items"]
            yield "items", self._schema({"anyOf": items} if isinstance(items, list) else items)
        if "enum" in node:
            yield "enum", _words(node["enum"])

    def _field(self, name: str, node: Schema) -> Schema:
        """Ids are text, and an error may name a parameter."""
        schema = dict(TEXT) if name == "id" else self._schema(node)
        if name == "error":
            schema["properties"]["param"] = TEXT
        if node.get("nullable") or (self._is_answer and name in NULLABLE):
            return {"anyOf": [schema, {"type": "null"}]}
        return schema


def _content(described: Schema) -> Schema:
    schema: Schema = described["content"]["application/json"]["schema"]
    return schema


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]


def _words(enum: list[str | None]) -> list[str | None]:
    """Some were written without commas: one word that holds them all."""
    return [word for one in enum for word in (one.split() if one else [None])]


def written(compact: Schema) -> str:
    """A line for each operation, event and definition."""
    sections = []
    for name, described in compact.items():
        lines = [f" {json.dumps(one)}: {json.dumps(schema)}" for one, schema in described.items()]
        sections.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(sections) + "\n}\n"


if __name__ == "__main__":
    made = Reader(json.loads(Path(sys.argv[1]).read_text("utf-8"))).compact()
    KEPT.write_text(written(made), "utf-8")
