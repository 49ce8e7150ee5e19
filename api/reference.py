"""The reference at /docs: made from the description alone, so it works without the internet."""

from collections.abc import Iterator
from typing import Any  # the description is JSON of any shape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.description import ABOUT, TAGS
from api.page_renderer import page
from domain.advice import ADVICE
from domain.model import Model

router = APIRouter(include_in_schema=False)

Json = dict[str, Any]


class Row(Model):
    name: str
    kind: str
    is_required: bool
    text: str


class Operation(Model):
    """One operation, ready to be shown. ``example`` is a body that works."""

    anchor: str
    method: str
    path: str
    text: str
    is_public: bool
    parameters: tuple[Row, ...]
    body: tuple[Row, ...]
    answers: tuple[Row, ...]
    example: Json | None


@router.get("/docs")
async def reference(request: Request) -> HTMLResponse:
    described = request.app.openapi()
    operations = list(_operations(described))
    groups = {
        tag: (text, [operation for name, operation in operations if name == tag])
        for tag, text in TAGS.items()
    }
    about = ABOUT.strip().split("\n\n")
    return page(request, "reference.html", about=about, groups=groups, codes=ADVICE)


def _operations(described: Json) -> Iterator[tuple[str, Operation]]:
    schemas = described["components"]["schemas"]
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield operation["tags"][0], _operation(schemas, method, path, operation)


def _operation(schemas: Json, method: str, path: str, operation: Json) -> Operation:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    examples = list(content.get("examples", {}).values())
    ok = next(status for status in operation["responses"] if status.startswith("2"))
    answer = operation["responses"][ok].get("content", {}).get("application/json", {})
    return Operation(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        text=operation.get("description") or operation["summary"],
        is_public=not operation.get("security"),
        parameters=tuple(_parameter(schemas, each) for each in operation.get("parameters", [])),
        body=_rows(schemas, content.get("schema", {})),
        answers=_rows(schemas, answer.get("schema", {})),
        example=examples[0]["value"] if examples else None,
    )


def _parameter(schemas: Json, given: Json) -> Row:
    place = "" if given["in"] == "query" else f" ({given['in']})"
    return Row(
        name=given["name"] + place,
        kind=_kind(schemas, given["schema"]),
        is_required=given.get("required", False),
        text=given.get("description", ""),
    )


def _rows(schemas: Json, schema: Json) -> tuple[Row, ...]:
    shape = _resolved(schemas, schema)
    required = set(shape.get("required", ()))
    return tuple(
        Row(
            name=name,
            kind=_kind(schemas, each),
            is_required=name in required,
            text=each.get("description", ""),
        )
        for name, each in shape.get("properties", {}).items()
    )


def _resolved(schemas: Json, schema: Json) -> Json:
    """The object behind a reference, also where it may be null."""
    for choice in (schema, *schema.get("anyOf", ())):
        if "$ref" in choice:
            return dict(schemas[choice["$ref"].rpartition("/")[2]])
    return schema


def _kind(schemas: Json, schema: Json) -> str:
    """``string or null``, ``list of Review``: a type as a person says it."""
    if "$ref" in schema:
        name = str(schema["$ref"].rpartition("/")[2])
        return " | ".join(schemas[name].get("enum", [name]))
    if "anyOf" in schema:
        return " or ".join(_kind(schemas, each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schemas, schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")
