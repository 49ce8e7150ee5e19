"""Write gateways/justifi_models.py anew from the facts in gateways/facts/justifi.lock.json.

    python scripts/justifi_models.py

`paybind spec-drift --write` takes those facts from JustiFi's published document; what is known to
be wrong in that document is mended here, before datamodel-code-generator sees it.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).parents[1]
sys.path.insert(0, str(HOUSE))

from gateways.spec_facts import Fact, FactsOfOne, Lock  # noqa: E402

LOCK = HOUSE / "gateways/facts/justifi.lock.json"
MODELS = HOUSE / "gateways/justifi_models.py"
HEADER = '''"""What JustiFi answers, as far as it is published: made by scripts/justifi_models.py.

Do not edit: mend the script, or the facts that it reads, and run it again.
"""
'''

Schema = dict[str, Any]

# Each model: whose facts it is made of, below which path, and what never lacks in it.
ROOTS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "Payment": ("GET /payments/{id}", "answer data.", ("id", "amount", "currency", "status")),
    "PaymentMethod": ("GET /payment_methods/{id}", "answer data.", ()),
    "Refund": ("GET /refunds/{id}", "answer data.", ("id", "amount", "status")),
    "Payout": ("GET /payouts/{id}", "answer data.", ("id", "amount", "currency", "status")),
    "BalanceTransaction": (
        "GET /balance_transactions/{id}",
        "answer data.",
        ("id", "amount", "fee", "net", "currency", "txn_type"),
    ),
    "Checkout": ("GET /checkouts/{id}", "answer data.", ("id", "payment_amount", "status")),
    "CheckoutCompletion": ("POST /checkouts/{id}/complete", "answer data.", ("id",)),
    "PageInfo": ("GET /payouts", "answer page_info.", ()),
    "Envelope": ("GET /payouts/{id}", "answer ", ()),
    "Decline": ("POST /payments", "decline error.", ()),
    "Event": ("EVENT payouts", "event ", ("id", "event_name", "data")),
}
# Parts that are one of the models above, wherever they stand; and parts that are left as they come.
SAME: Mapping[str, str] = {
    "PaymentPaymentMethod": "PaymentMethod",
    "CheckoutCompletion": "CheckoutCompletion",
    "CheckoutCompletionPaymentResponse": "Envelope",
    "CheckoutPaymentFee": "PaymentFee",
}
AS_IT_COMES = {"EnvelopeData", "EventData", "CheckoutApplicationFees", "CheckoutCompletionCheckout"}

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
# Answered, as its own examples and kits show, and not in the document.
LACKING: Mapping[str, Mapping[str, Schema]] = {
    "Payment": {
        "amount_returned": WHOLE,
        "returned": {"type": "boolean"},
        "refunds": {"type": "array", "items": {"$ref": "#/$defs/Refund"}},
        "statement_descriptor": TEXT,
    },
    "PaymentMethod": {"id": TEXT},
    "PaymentMethodBankAccount": {"name": TEXT, "brand": TEXT, "acct_last_four": TEXT},
    "BalanceTransaction": {"description": TEXT},
    "Envelope": {"data": {}, "page_info": {"$ref": "#/$defs/PageInfo"}},
    "Decline": {"param": TEXT},
}


def main() -> None:
    lock = Lock.read(LOCK.read_text("utf-8"))
    MODELS.write_text(generated(lock), "utf-8")


def generated(lock: Lock) -> str:
    definitions: dict[str, Schema] = {}
    for name, (subject, below, required) in ROOTS.items():
        _define(definitions, name, _tree(lock.facts[subject], below), required)
    return _run({"$defs": definitions})


class _Tree(dict[str, "_Tree"]):
    """Fields by name, each with the fact of itself."""

    fact: Fact | None = None
    is_list = False


def _tree(facts: FactsOfOne, below: str) -> _Tree:
    root = _Tree()
    for path, fact in facts.items():
        if not path.startswith(below):
            continue
        node = root
        for step in path.removeprefix(below).split("."):
            node = node.setdefault(step.removesuffix("[]"), _Tree())
            node.is_list = node.is_list or step.endswith("[]")
        node.fact = fact
    return root


def _define(
    definitions: dict[str, Schema], name: str, tree: _Tree, required: tuple[str, ...] = ()
) -> None:
    definitions[name] = {"type": "object", "title": name}
    fields = {
        field: _schema(definitions, name + _pascal(field), inner) for field, inner in tree.items()
    }
    fields |= LACKING.get(name, {})
    definitions[name] |= {"properties": dict(sorted(fields.items())), "required": list(required)}


def _schema(definitions: dict[str, Schema], name: str, tree: _Tree) -> Schema:
    if not tree or name in AS_IT_COMES:
        return dict(_mended(tree.fact.types if tree.fact else ()))
    name = name.removesuffix("s") if tree.is_list else name
    if name not in SAME:
        _define(definitions, name, tree)
    reference = {"$ref": f"#/$defs/{SAME.get(name, name)}"}
    return {"type": "array", "items": reference} if tree.is_list else reference


def _mended(types: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Ids are no UUIDs, amounts are whole, what has no type is text, and enums are not closed."""
    plain = [kind.partition(" ")[0] for kind in types if kind != "null"]
    if "string date-time" in types:
        yield from {"type": "string", "format": "date-time"}.items()
    elif plain in (["number"], ["integer"]):
        yield "type", "integer"
    elif plain in ([], ["string"]):
        yield "type", "string"
    elif plain == ["boolean"]:
        yield "type", "boolean"
    elif plain == ["object"]:
        yield from {"type": "object", "additionalProperties": True}.items()
    elif plain == ["array"]:
        yield from {"type": "array", "items": {}}.items()


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _run(schema: Schema) -> str:
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "facts.json"), Path(folder, "models.py")
        source.write_text(json.dumps(schema), "utf-8")
        command = [sys.executable, "-m", "datamodel_code_generator", *OPTIONS]
        subprocess.run([*command, "--input", source, "--output", made], check=True)
        text = made.read_text("utf-8")
        made.write_text(_ours(text), "utf-8")
        for tool in (("check", "--fix", "--select", "I"), ("format",)):
            subprocess.run([*RUFF, *tool, made], check=True, cwd=HOUSE)
        return made.read_text("utf-8")


RUFF = (sys.executable, "-m", "ruff", "--quiet", "--config", HOUSE / "pyproject.toml")
OPTIONS = (
    *("--input-file-type", "jsonschema"),
    *("--output-model-type", "pydantic_v2.BaseModel"),
    *("--base-class", "gateways.justifi_object.JustifiObject"),
    *("--target-python-version", "3.11"),
    *("--output-datetime-class", "datetime"),
    "--use-title-as-name",
    "--use-annotated",
    "--use-standard-collections",
    "--use-generic-container-types",
    "--use-union-operator",
    "--disable-timestamp",
    "--formatters=builtin",
)


def _ours(text: str) -> str:
    """Our docstring, our words for a moment and for JSON, and nothing for the document as such."""
    _, _, code = text.partition("from __future__")
    code = re.sub(r"\nclass Model\(RootModel.*?\n\n\n", "\n", code, flags=re.DOTALL)
    code = code.replace("from typing import Any\n", "").replace("RootModel", "JsonValue")
    code = code.replace("import JustifiObject\n", "import JustifiMoment, JustifiObject\n")
    code = code.replace("from datetime import datetime\n", "")
    code = re.sub(r"\bAny\b", "JsonValue", re.sub(r"\bdatetime\b", "JustifiMoment", code))
    return f"{HEADER}\nfrom __future__{code}"


if __name__ == "__main__":
    main()
