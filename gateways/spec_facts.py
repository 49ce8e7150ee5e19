"""What a client relies on in a provider's published interface, and how two states of it differ."""

import json
from collections.abc import Iterable, Iterator, Mapping

from pydantic import Field, TypeAdapter

from domain.model import Model


class UnreadableSpec(Exception):
    """It could not be read whole: that is never the same as no change. One line for a person."""


class Fact(Model):
    """Of a parameter, or of a field. ``types`` are several where alternatives differ."""

    types: tuple[str, ...] = ()
    required: bool = False
    enum: tuple[str, ...] = ()


FactsOfOne = Mapping[str, Fact]  # "answer data.amount", "query limit", "body payment_method.token"
Facts = Mapping[str, FactsOfOne]  # by what they are of: "GET /payments/{id}"


class Lock(Model):
    """``of`` names the state that was locked: a date, or a version."""

    of: str = Field(min_length=1)
    facts: dict[str, dict[str, Fact]]

    @classmethod
    def read(cls, text: str) -> "Lock":
        try:
            return _LOCK.validate_json(text)
        except ValueError:
            raise UnreadableSpec("the lock file is unreadable") from None

    def write(self) -> str:
        """A fact on each line, so that a change of it is a line of a diff."""
        subjects = (
            f"    {json.dumps(subject)}: {{\n{_lines(facts)}\n    }}"
            for subject, facts in self.facts.items()
        )
        told = ",\n".join(subjects)
        return f'{{\n  "of": {json.dumps(self.of)},\n  "facts": {{\n{told}\n  }}\n}}\n'


_LOCK = TypeAdapter(Lock)


def _lines(facts: FactsOfOne) -> str:
    return ",\n".join(
        f"      {json.dumps(path)}: {json.dumps(fact.model_dump(exclude_defaults=True))}"
        for path, fact in facts.items()
    )


def merged(first: Fact, second: Fact) -> Fact:
    """What lies under one name in two alternatives."""
    return Fact(
        types=_union(first.types, second.types),
        required=first.required and second.required,
        enum=_union(first.enum, second.enum),
    )


def _union(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def drift(locked: Facts, found: Facts) -> Iterator[str]:
    """Each difference in words."""
    for subject in sorted(locked.keys() | found.keys()):
        before, after = locked.get(subject), found.get(subject)
        if after is None:
            yield f"{subject} is gone"
        elif before is None:
            yield f"{subject} is new"
        else:
            for path in sorted(before.keys() | after.keys()):
                for change in _changes(before.get(path), after.get(path)):
                    yield f"{subject}: {path} {change}"


def _changes(before: Fact | None, after: Fact | None) -> Iterator[str]:
    if after is None:
        yield "was removed"
        return
    if before is None:
        yield f"was added ({_words(after)})"
        return
    if set(before.types) != set(after.types):
        yield f"changed from {_or(before.types)} to {_or(after.types)}"
    if before.required != after.required:
        yield "became required" if after.required else "is no longer required"
    yield from (f"gained the value {v}" for v in after.enum if v not in before.enum)
    yield from (f"lost the value {v}" for v in before.enum if v not in after.enum)


def _words(fact: Fact) -> str:
    required = ["required"] if fact.required else []
    values = [f"one of {', '.join(fact.enum)}"] if fact.enum else []
    return "; ".join([_or(fact.types), *required, *values])


def _or(types: Iterable[str]) -> str:
    return " or ".join(sorted(types)) or "no type"
