"""The OpenAPI description: what FastAPI reads from the routes, and what holds for all of them."""

from collections.abc import Iterator
from typing import Any  # the description is JSON of any shape, and nothing else is made of it

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from api.idempotent_route import HEADER, LONGEST_KEY
from api.problems import MEDIA_TYPE, Problem

ABOUT = """
Sell an insurance policy from quote to delivered document. The usual way:

1. `POST /quotes` registers what is for sale.
2. `POST /purchases` opens its checkout: send the customer to `checkout_url`.
3. The payment provider tells us; we issue the policy and e-mail it.
4. `POST /purchases/{id}/complete` waits for the policy; `GET /purchases/{id}` tells the state.

Money is whole minor units and a currency: `15000` and `SGD` are SGD 150.00. Lists are paged by
`cursor`, newest first. Every POST takes an `Idempotency-Key`: repeated with the same body it gives
the first answer again. Every refusal is a problem (RFC 9457) whose `code` a program can act on and
whose `user_message` a customer can read. Never send a card number, a security code or a bank
account number (IBAN): such requests are refused.
"""
TAGS = {
    "quotes": "What is for sale.",
    "purchases": "From checkout to policy.",
    "links": "Payment links, payable for seven days.",
    "refunds": "Money going back.",
    "payouts": "Money on its way to your bank, and the balance it is taken from.",
    "policies": "What was issued.",
    "public": "For whoever holds the address or the number.",
    "webhook events": "What providers sent, and what became of it.",
    "API keys": "Who may call.",
    "connections": "The catalogue of providers, and what each can do.",
    "integrations": "Your own accounts at providers.",
    "entity links": "Which integration serves whom, and which one follows when it fails.",
    "audit log": "Who changed or used what.",
    "webhooks": "For the providers.",
    "pages": "For the pages customers see.",
    "operations": "For those who run it.",
}
_WEBHOOKS = {
    "/webhooks/stripe": ("receiveStripeEvent", "Stripe-Signature", False),
    "/webhook/stripe": ("receiveStripeEventAtOldPath", "Stripe-Signature", True),
    "/webhooks/justifi": ("receiveJustifiEvent", "JUSTIFI-SIGNATURE", False),
    "/webhooks/sendgrid": (
        "receiveSendGridEvents",
        "X-Twilio-Email-Event-Webhook-Signature",
        False,
    ),
}
_REFUSALS = {
    "400": "The body is not JSON (`malformed_body`), or not UTF-8 (`not_utf8`).",
    "401": "No key, or not a valid one.",
    "403": "The key lacks the scope.",
    "404": "Nothing by that id belongs to this tenant.",
    "409": "It contradicts what already is.",
    "413": "The body is too large.",
    "422": "It breaks a rule; the code says which.",
    "503": "A part of the house is down; repeat after `Retry-After`.",
}
_ONLY_WITH_BODY = {"400", "409", "413"}

Json = dict[str, Any]


class DescribedAPI(FastAPI):
    def openapi(self) -> Json:
        if self.openapi_schema is None:
            self.openapi_schema = _completed(super().openapi())
        return self.openapi_schema


def _completed(described: Json) -> Json:
    described["info"]["description"] = ABOUT.strip()
    described["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    described["paths"] |= {path: {"post": _webhook(path)} for path in _WEBHOOKS}
    for method, operation in _operations(described):
        if operation.get("security"):
            _complete(method, operation)
        else:
            operation["responses"].pop("422", None)
            operation["responses"].setdefault("503", _refusal("503"))
    schemas = described["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _, problem = models_json_schema(
        [(Problem, "serialization")], ref_template="#/components/schemas/{model}"
    )
    schemas |= problem["$defs"]
    return described


def _operations(described: Json) -> Iterator[tuple[str, Json]]:
    for path in described["paths"].values():
        yield from path.items()


def _complete(method: str, operation: Json) -> None:
    changes = method == "post"
    for status in _REFUSALS:
        if changes or status not in _ONLY_WITH_BODY:
            operation["responses"][status] = _refusal(status)
    if changes:
        operation.setdefault("parameters", []).append(
            {
                "name": HEADER,
                "in": "header",
                "required": False,
                "description": "Any word of yours; a repeated request gets the first answer.",
                "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
            }
        )


def _refusal(status: str) -> Json:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": _REFUSALS[status], "content": {MEDIA_TYPE: {"schema": schema}}}


def _webhook(path: str) -> Json:
    operation_id, signature, is_old = _WEBHOOKS[path]
    refusals = {status: _refusal(status) for status in ("404", "413", "503")}
    unproved = {**_refusal("400"), "description": "Unsigned, stale or malformed."}
    return {
        "operationId": operation_id,
        "summary": "Receive what the provider sends",
        "description": "2xx means that it is stored and handed over; 503 asks to repeat it. "
        "The route does not exist (404) until its secret is set.",
        "tags": ["webhooks"],
        "deprecated": is_old,
        "parameters": [
            {"name": signature, "in": "header", "required": True, "schema": {"type": "string"}}
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {}}}},
        "responses": {"200": {"description": "Taken."}, "400": unproved, **refusals},
    }
