"""From what a schema refused to our codes, the same at both doors."""

from domain.codes import Code

_OF_SHAPE = {
    "missing": Code.MISSING_FIELD,
    "extra_forbidden": Code.UNKNOWN_FIELD,
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), Code.INVALID_REQUEST),
}
# A wrong value of these has a code of its own; every other is an invalid request.
_OF_FIELD = {
    **dict.fromkeys(("amount", "minor"), Code.INVALID_AMOUNT),
    **dict.fromkeys(("customer_email", "to"), Code.INVALID_EMAIL),
    "currency": Code.UNKNOWN_CURRENCY,
}


def code_of_field(name: str, kind: str) -> Code:
    """``kind``: pydantic's name of the error, or a code of ours where a rule of ours broke."""
    if kind in set(Code):
        return Code(kind)
    return _OF_SHAPE.get(kind) or _OF_FIELD.get(name, Code.INVALID_REQUEST)
