"""Stripe's wire as the installed SDK describes it: its annotations, read into JSON Schema."""

import ast
import gc
import importlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from types import ModuleType, NoneType, SimpleNamespace, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import JsonValue
from stripe import ListObject, StripeObject
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import is_typeddict

Schema = dict[str, JsonValue]

SCALARS: Mapping[object, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Decimal: {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
    NoneType: {"type": "null"},
}
HEADERS = RequestOptions.__annotations__  # in the same class as a form's fields, but never sent so


class SdkSchemas:
    """Schemas by annotation. ``known`` kinds are closed to fields that the SDK does not name."""

    def __init__(self, known: frozenset[type[StripeObject]]) -> None:
        self._known = known
        self.definitions: dict[str, JsonValue] = {}

    def of(self, annotation: object) -> Schema:
        if annotation in SCALARS:
            return SCALARS[annotation]
        if annotation is Any:
            return {}
        if isinstance(annotation, type) and get_origin(annotation) is None:
            return self._of_class(annotation)
        return self._of_generic(get_origin(annotation), get_args(annotation))

    def _of_generic(self, origin: object, arguments: tuple[object, ...]) -> Schema:
        if origin is Literal:
            return {"enum": [str(word) for word in arguments]}
        if origin in (Union, UnionType):
            return {"anyOf": [self.of(choice) for choice in _closed(arguments)]}
        if origin is list:
            return {"type": "array", "items": self.of(arguments[0])}
        if origin in (dict, UntypedStripeObject):
            return {"type": "object", "additionalProperties": self.of(arguments[-1])}
        if origin is ListObject:
            return _page_of(self.of(arguments[0]))
        return {}  # a type variable

    def _of_class(self, kind: type) -> Schema:
        if is_typeddict(kind):
            return self._of_typed_dict(kind)
        if not issubclass(kind, StripeObject) or kind is UntypedStripeObject:
            return {"type": "object"}
        object_name = getattr(kind, "OBJECT_NAME", None)
        if object_name is not None and kind not in self._known:
            return {"type": "object", "properties": {"object": {"const": object_name}}}
        return self._reference(kind)

    def _of_typed_dict(self, kind: type) -> Schema:
        required: list[JsonValue] = sorted(getattr(kind, "__required_keys__", ()))
        return {
            "type": "object",
            "properties": {name: self.of(hint) for name, hint in hints_of(kind).items()},
            "required": required,
            "additionalProperties": False,
        }

    def _reference(self, kind: type[StripeObject]) -> Schema:
        name = f"{kind.__module__}.{kind.__qualname__}"
        if name not in self.definitions:
            self.definitions[name] = True  # an object may hold itself
            self.definitions[name] = self._of_object(kind)
        return {"$ref": f"#/$defs/{name}"}

    def _of_object(self, kind: type[StripeObject]) -> Schema:
        on_the_wire = kind._field_remappings
        hints = {on_the_wire.get(name, name): hint for name, hint in hints_of(kind).items()}
        return {
            "type": "object",
            "properties": {name: self.of(hint) for name, hint in hints.items()},
            # The SDK's Optional says both: it may be null, and it may be left out.
            "required": [name for name, hint in hints.items() if NoneType not in get_args(hint)],
            "additionalProperties": not hints,
        }


def hints_of(thing: object) -> dict[str, object]:
    """The annotations of a class or a function, with every name in them looked up."""
    own = {
        name: hint
        for name, hint in inspect.get_annotations(thing).items()  # type: ignore[arg-type]
        if not name.startswith("_") and name != "OBJECT_NAME" and HEADERS.get(name) != hint
    }
    names = _names_of(sys.modules[str(getattr(thing, "__module__", ""))])
    return get_type_hints(SimpleNamespace(__annotations__=own), {}, names)


def _parsed(source: str) -> ast.Module:
    """Undisturbed: what is collected meanwhile may have a traceback logged, for which Python parses
    too, and 3.11 then loses count of its depth (python/cpython#106905).
    """
    gc.disable()
    try:
        return ast.parse(source)
    finally:
        gc.enable()


def _closed(choices: tuple[object, ...]) -> Iterator[object]:
    """The SDK adds ``str`` to each list of words, for words to come; here only today's count."""
    literals = [choice for choice in choices if get_origin(choice) is Literal]
    has_words = any(word != "" for literal in literals for word in get_args(literal))
    return (choice for choice in choices if not (choice is str and has_words))


def _page_of(items: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {
            "object": {"const": "list"},
            "data": {"type": "array", "items": items},
            "has_more": {"type": "boolean"},
            "url": {"type": "string"},
        },
        "required": ["object", "data", "has_more", "url"],
        "additionalProperties": False,
    }


class _Names(dict[str, object]):
    """A module's names, with those that it imports for type checkers alone."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__(vars(module))
        self._for_checkers = dict(_imports_for_checkers(module))

    def __missing__(self, name: str) -> object:
        module, original = self._for_checkers[name]
        return getattr(importlib.import_module(module), original)


@cache
def _names_of(module: ModuleType) -> _Names:
    return _Names(module)


def _imports_for_checkers(module: ModuleType) -> Iterator[tuple[str, tuple[str, str]]]:
    for statement in _parsed(inspect.getsource(module)).body:
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
            for line in statement.body:
                if isinstance(line, ast.ImportFrom) and line.module is not None:
                    for name in line.names:
                        yield name.asname or name.name, (line.module, name.name)
