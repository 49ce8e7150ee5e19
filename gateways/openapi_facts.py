"""The facts of a published OpenAPI document: names, types and enums, and nothing of its text.

They are told flat, one for each path: a field of an object in a list is ``data[].amount``, and
alternatives lie on top of each other, as they do in what is answered.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from gateways.spec_facts import Fact, Facts, UnreadableSpec, merged

DEEPEST = 8  # fields within fields
_JSON = "application/json"
_ALTERNATIVES = ("allOf", "oneOf", "anyOf")

Schema = Mapping[str, object]


def facts_of_openapi(document: object, subjects: Iterable[str]) -> Facts:
    """Of the subjects that are there: endpoints as ``GET /payments/{id}``, webhooks as
    ``EVENT payments``. Raises ``UnreadableSpec`` where it is no whole OpenAPI document.
    """
    reader = _Reader(document)
    found = {subject: dict(sorted(reader.facts(subject).items())) for subject in subjects}
    told = {subject: facts for subject, facts in found.items() if facts}
    if not told:
        raise UnreadableSpec("it knows nothing of what is relied on: is it the right document?")
    return told


class _Reader:
    def __init__(self, document: object) -> None:
        self._document = _mapping(document)
        paths = _mapping(self._document.get("paths"))
        if not self._document.get("openapi") or not paths:
            raise UnreadableSpec("it is no OpenAPI document, or not a whole one")
        for reference in _references(document):
            self._resolved({"$ref": reference})
        self._paths = {re.sub(r"\{[^}]*\}", "{id}", path): item for path, item in paths.items()}
        self._events = _mapping(self._document.get("x-webhooks"))

    def facts(self, subject: str) -> dict[str, Fact]:
        method, _, name = subject.partition(" ")
        facts: dict[str, Fact] = {}
        if method == "EVENT":
            operation = _mapping(_mapping(self._events.get(name)).get("post"))
            found = self._fields("event", self._body(operation))
        else:
            operation = _mapping(_mapping(self._paths.get(name)).get(method.lower()))
            found = self._told(operation)
        for path, fact in found:
            facts[path] = merged(facts[path], fact) if path in facts else fact
        return facts

    def _told(self, operation: Schema) -> Iterator[tuple[str, Fact]]:
        for parameter in map(self._resolved, _list(operation.get("parameters"))):
            path = f"{parameter.get('in')} {parameter.get('name')}"
            schema = self._resolved(parameter.get("schema"))
            yield path, _fact([schema], required=parameter.get("required") is True)
        yield from self._fields("body", self._body(operation))
        for status, response in _mapping(operation.get("responses")).items():
            content = _content(self._resolved(response))
            if str(status).startswith("2"):
                yield from self._fields("answer", content)
            elif str(status) == "402":
                yield from self._fields("decline", content)

    def _body(self, operation: Schema) -> object:
        return _content(self._resolved(operation.get("requestBody")))

    def _fields(self, where: str, schema: object) -> Iterator[tuple[str, Fact]]:
        yield from self._below(f"{where} ", self._alternatives(schema), 0)

    def _below(self, path: str, parts: list[Schema], depth: int) -> Iterator[tuple[str, Fact]]:
        if depth >= DEEPEST:
            return
        required = {name for part in parts for name in _list(part.get("required"))}
        for part in parts:
            for name, inner in _mapping(part.get("properties")).items():
                inners = self._alternatives(inner)
                yield path + name, _fact(inners, required=name in required)
                yield from self._below(f"{path}{name}.", inners, depth + 1)
                yield from self._below(f"{path}{name}[].", self._items(inners), depth + 1)

    def _items(self, parts: list[Schema]) -> list[Schema]:
        """Written as a list of schemas, items are alternatives too."""
        items = [part["items"] for part in parts if "items" in part]
        each = [one for item in items for one in (item if isinstance(item, list) else [item])]
        return [part for one in each for part in self._alternatives(one)]

    def _alternatives(self, schema: object, depth: int = 0) -> list[Schema]:
        part = self._resolved(schema)
        inner = [one for key in _ALTERNATIVES for one in _list(part.get(key))]
        if depth >= DEEPEST:
            return [part]
        return [part, *(each for one in inner for each in self._alternatives(one, depth + 1))]

    def _resolved(self, schema: object) -> Schema:
        found, followed = _mapping(schema), 0
        while isinstance(reference := found.get("$ref"), str):
            target: object = self._document
            for step in reference.removeprefix("#/").split("/"):
                target = _mapping(target).get(step.replace("~1", "/").replace("~0", "~"))
            followed += 1
            if target is None or followed > DEEPEST:
                raise UnreadableSpec(f"it refers to {reference}, which it does not hold")
            found = _mapping(target)
        return found


def _fact(parts: list[Schema], *, required: bool) -> Fact:
    types = [_type(part) for part in parts if isinstance(part.get("type"), str)]
    types += ["null" for part in parts if part.get("nullable") is True]
    values = (_value(value) for part in parts for value in _list(part.get("enum")))
    return Fact(
        types=tuple(dict.fromkeys(types)), required=required, enum=tuple(dict.fromkeys(values))
    )


def _type(part: Schema) -> str:
    words = (part.get("type"), part.get("format"))
    return " ".join(str(word) for word in words if word)


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _content(described: Schema) -> object:
    return _mapping(_mapping(described.get("content")).get(_JSON)).get("schema")


def _references(document: object) -> Iterator[str]:
    """Each part is looked at once, however often YAML's aliases repeat it."""
    seen: set[int] = set()
    left = [document]
    while left:
        value = left.pop()
        if id(value) in seen or not isinstance(value, dict | list):
            continue
        seen.add(id(value))
        if isinstance(value, dict) and isinstance(reference := value.get("$ref"), str):
            yield reference
        left += value.values() if isinstance(value, dict) else value


def _mapping(value: object) -> Schema:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
