"""What of Stripe's interface Paybind relies on, as the installed SDK declares it.

The SDK is written by Stripe from its published document, and pins the version that is spoken.
"""

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator, Mapping

from gateways.spec_facts import Fact, Facts, UnreadableSpec
from gateways.stripe_webhooks import LISTENED_TYPES

_CREATE = "SessionCreateParams"
_ITEM = f"{_CREATE}LineItem"
# By what each declares. A parameter is required unless it is marked; a field is never told to be.
_DECLARED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "stripe": (
        "answer",
        (
            *("PaymentIntent", "Charge", "Refund", "Dispute", "Event", "Customer", "PaymentMethod"),
            *("Balance", "BalanceTransaction", "Payout"),
        ),
    ),
    "stripe.checkout": ("answer", ("Session",)),
    "stripe.params": (
        "parameter",
        (
            *("PaymentIntentCreateParams", "PaymentIntentListParams", "RefundCreateParams"),
            *("RefundListParams", "CustomerCreateParams", "CustomerListParams"),
            *("PaymentMethodAttachParams", "PayoutListParams", "BalanceTransactionListParams"),
        ),
    ),
    "stripe.params.checkout": (
        "parameter",
        (
            *(_CREATE, _ITEM, f"{_ITEM}PriceData", f"{_ITEM}PriceDataProductData"),
            *(f"{_CREATE}PaymentIntentData", "SessionListParams"),
        ),
    ),
}


def stripe_facts() -> Facts:
    """Raises ``UnreadableSpec`` where there is no SDK to read."""
    try:
        version = str(importlib.import_module("stripe").api_version)
        found = {
            f"{module}.{name}": dict(sorted(_facts(where, _source(module, name))))
            for module, (where, names) in _DECLARED.items()
            for name in names
        }
    except (ImportError, OSError, SyntaxError) as error:
        raise UnreadableSpec(f"Stripe's SDK ({type(error).__name__})") from None
    told = {subject: facts for subject, facts in found.items() if facts}
    return {"API": {"version": Fact(types=(version,))}, **told}


def _source(module: str, name: str) -> str:
    declared = getattr(importlib.import_module(module), name, None)
    return "" if declared is None else textwrap.dedent(inspect.getsource(declared))


def _facts(where: str, source: str) -> Iterator[tuple[str, Fact]]:
    declared = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    for node in (inner for one in declared for inner in one.body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name, words = node.target.id, list(_words(node.annotation))
            if name == "OBJECT_NAME":
                continue
            enum = [word.removeprefix("=") for word in words if word.startswith("=")]
            if where == "answer" and set(LISTENED_TYPES) & set(enum):  # of all, those we listen to
                enum = [each for each in enum if each in LISTENED_TYPES]
            types = dict.fromkeys(word for word in words if not word.startswith(("=", "?")))
            required = where == "parameter" and "?" not in words
            yield f"{where} {name}", Fact(types=tuple(types), required=required, enum=tuple(enum))


def _words(node: ast.expr) -> Iterator[str]:
    """The names of its types; a value that it may have after ``=``; and ``?`` where it may lack."""
    match node:
        case ast.Constant(value=str(text)):
            yield from _words(ast.parse(text, mode="eval").body)
        case ast.Constant(value=None):
            yield "null"
        case ast.BinOp(left=left, right=right):
            yield from _words(left)
            yield from _words(right)
        case ast.Subscript(value=outer, slice=inner):
            yield from _words_within(ast.unparse(outer).rpartition(".")[2], inner)
        case _:
            yield ast.unparse(node).rpartition(".")[2]


def _words_within(outer: str, inner: ast.expr) -> Iterator[str]:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if outer == "Literal":
        yield from (f"={ast.literal_eval(part)}" for part in parts)
    elif outer in ("Optional", "Union", "NotRequired"):
        yield from {"Optional": ("null",), "NotRequired": ("?",)}.get(outer, ())
        yield from (word for part in parts for word in _words(part))
    else:
        within = [word for part in parts for word in _words(part)]
        yield f"{outer} of {', '.join(word for word in within if word[0] != '=') or 'str'}"
        yield from (word for word in within if word.startswith("="))
