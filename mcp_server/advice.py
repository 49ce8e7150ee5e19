"""The next step in the words of tools, where what stands beside a code names routes of HTTP."""

from domain.advice import ADVICE
from domain.codes import Code
from domain.errors import InvalidParameters, PaybindError

_BY_TOOLS = {
    Code.INTEGRATION_NOT_FOUND: "Check the integration_id: the tool list_integrations lists yours, "
    "where the tool set integrations is on offer; else ask an operator for it.",
    Code.CAPABILITY_NOT_FOUND: "The tool list_capabilities lists what it can do.",
    Code.SCHEMA_VIOLATION: "Correct what the message names; parameters_schema, which "
    "list_capabilities tells, says what is expected.",
    Code.IDEMPOTENCY_KEY_REUSED: "Use a new idempotency_key for a new call; repeat a call "
    "unchanged.",
    Code.PERMISSION_MISSING: "Have an operator give the key that permission at the provider, or "
    "the integration another key, and call again. Nothing was done; what needs no such permission "
    "works.",
    Code.OUTCOME_UNKNOWN: "Look into the provider's account for the execution's id before calling "
    "again: it may have been done.",
    Code.EXECUTION_GIVEN_UP: "Mend what it waited for, which the message says; then call again.",
}


def next_step(error: PaybindError) -> str:
    if error.advice is ADVICE[error.code]:
        return _BY_TOOLS.get(error.code, error.advice.suggested_action)
    return error.advice.suggested_action  # it was chosen for this very error


def words_of(error: PaybindError) -> str:
    """With all that does not fit: a tool's failure has no list of it."""
    if not isinstance(error, InvalidParameters):
        return error.message
    more = (f"{fault.pointer}: {fault.message}" for fault in error.faults[1:5])
    return "; ".join([error.message, *more])
