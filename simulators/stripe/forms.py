"""Form bodies with bracketed keys, typed by a model; a misfit is answered as Stripe does."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, TypeVar, Union
from urllib.parse import parse_qsl

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from simulators.stripe.errors import UnfitParamsError

Tree = dict[str, Union[str, list[str], "Tree"]]

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")


class Nested(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Params(Nested):
    """The parameters of one operation; every operation takes `expand`."""

    expand: "Texts" = ()


P = TypeVar("P", bound=Params)


def _whole_number(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"-?\d{1,18}", value):
        raise PydanticCustomError("int_parsing", "Invalid integer: {given}", {"given": value})
    return value


def _truth(value: object) -> object:
    if isinstance(value, str) and value not in ("true", "false"):
        raise PydanticCustomError("bool_parsing", "Invalid boolean: {given}", {"given": value})
    return value


def _in_index_order(value: object) -> object:
    """`{'0': x, '1': y}` and `{'': [x, y]}` are both arrays."""
    if not isinstance(value, Mapping):
        return value
    if set(value) == {""}:
        return tuple(value[""])
    if all(str(key).isdigit() for key in value):
        return tuple(value[key] for key in sorted(value, key=int))
    raise PydanticCustomError("array", "Invalid array", {})


def _given(value: object) -> object:
    """An empty value is no entry."""
    checked = _within_limits(value)
    if not isinstance(checked, Mapping):
        return {}
    return {key: entry for key, entry in checked.items() if entry != ""}


def _within_limits(value: object) -> object:
    if value == "":
        return None
    if not isinstance(value, Mapping):
        raise PydanticCustomError("metadata", "Invalid metadata: expected a hash", {})
    if len(value) > 50:
        raise PydanticCustomError("metadata", "Metadata can have up to 50 keys", {})
    for key, entry in value.items():
        if len(str(key)) > 40:
            raise PydanticCustomError("metadata", "Metadata keys can have up to 40 characters", {})
        if isinstance(entry, str) and len(entry) > 500:
            raise PydanticCustomError(
                "metadata", "Metadata values can have up to 500 characters", {}
            )
    return value


Integer = Annotated[int, BeforeValidator(_whole_number)]
Boolean = Annotated[bool, BeforeValidator(_truth)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=5000)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_in_index_order)]
InIndexOrder = BeforeValidator(_in_index_order)
Erasable = Annotated[str, StringConstraints(max_length=5000)]
Metadata = Annotated[dict[str, str], BeforeValidator(_given)]
# None takes every entry away, an empty value its own.
MetadataChange = Annotated[dict[str, str] | None, BeforeValidator(_within_limits)]

Params.model_rebuild()


def merged(metadata: dict[str, str], change: dict[str, str] | None) -> dict[str, str]:
    if change is None:
        return {}
    return {key: entry for key, entry in (metadata | change).items() if entry != ""}


def parse(model: type[P], encoded: str) -> P:
    try:
        return model.model_validate(decode(encoded))
    except ValidationError as refused:
        raise _explained(refused, model) from None


def decode(encoded: str) -> Tree:
    root: Tree = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        matched = _KEY.fullmatch(name)
        if matched is None:
            raise UnfitParamsError(f"Received malformed parameter name: {name}", param=name)
        _plant(root, [matched[1], *_PART.findall(matched[2])], value, name)
    return root


def _plant(root: Tree, path: list[str], value: str, name: str) -> None:
    node = root
    for part in path[:-1]:
        branch = node.setdefault(part, {})
        if not isinstance(branch, dict):
            raise UnfitParamsError(f"Invalid hash: {name}", param=name)
        node = branch
    if path[-1] == "":
        leaves = node.setdefault("", [])
        if isinstance(leaves, list):
            leaves.append(value)
    else:
        node[path[-1]] = value


def _explained(refused: ValidationError, model: type[P]) -> UnfitParamsError:
    problems = refused.errors(include_url=False)
    unknown = [_name(problem) for problem in problems if problem["type"] == "extra_forbidden"]
    if unknown:
        return _unknown(unknown, model)
    problem = problems[0]
    name = _name(problem)
    match problem["type"]:
        case "missing":
            return UnfitParamsError(
                f"Missing required param: {name}.", code="parameter_missing", param=name
            )
        case "int_parsing":
            return UnfitParamsError(problem["msg"], code="parameter_invalid_integer", param=name)
        case "string_too_short":
            message = f"You passed an empty string for '{name}'. You should remove '{name}'."
            return UnfitParamsError(message, code="parameter_invalid_empty", param=name)
        case "literal_error":
            expected = problem.get("ctx", {}).get("expected", "")
            return UnfitParamsError(f"Invalid {name}: must be one of {expected}", param=name)
        case _:
            return UnfitParamsError(f"Invalid {name}: {problem['msg']}", param=name)


def _unknown(names: list[str], model: type[P]) -> UnfitParamsError:
    plural = "s" if len(names) > 1 else ""
    message = f"Received unknown parameter{plural}: {', '.join(names)}"
    near = get_close_matches(names[0], model.model_fields, n=1)
    if near and not plural:
        message += f". Did you mean {near[0]}?"
    return UnfitParamsError(message, code="parameter_unknown", param=names[0])


def _name(problem: ErrorDetails) -> str:
    # Branches of a union and tuple positions stand in the location too; both read as brackets.
    first, *rest = [str(part) for part in problem["loc"]]
    return first + "".join(f"[{part}]" for part in rest)
