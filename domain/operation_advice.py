"""The next step where an operation of a provider's API was refused, or its answer was lost.

It is no execution, which could be read or cancelled: it is joined by its key, if the asker has one.
"""

from domain.connections import JsonObject
from domain.guidance import Advice, advised

_NOT_YET = "We do not know yet whether this was done."
_GOES_ON = "It goes on by itself as the operation that the message names."

JOINED_BY_ITS_KEY = advised(
    _NOT_YET,
    f"{_GOES_ON} Call the same tool again with the same arguments, and the same idempotency_key "
    "if you gave one: that joins what is under way or tells what came of it, and does nothing "
    "twice.",
    retry=True,
)
WITHOUT_A_KEY = advised(
    _NOT_YET,
    f"{_GOES_ON} Do not repeat the call: a second one is another change. Look in a minute at what "
    "it was to change: retrieve_payment, list_payments or list_payment_refunds.",
)
IN_DOUBT = advised(
    "We could not learn whether this was done.",
    "Look into the provider's account first: what the message names by its operation id may have "
    "been done. Ask for it again, under another idempotency_key, only where it was not.",
)
NOT_IN_THIS_ACCOUNT = advised(
    "We could not find that.",
    "Check the id, and the integration_id and sub_account_id: the message says which account was "
    "asked, and no account knows the ids of another.",
)
WRONG_CURSOR = advised(
    "The page could not be found.",
    "Use the cursor of the page before, unchanged (page_info.end_cursor as after_cursor, "
    "start_cursor as before_cursor), or none for the first page; correct what else the message "
    "names.",
)
FOR_WHO_RUNS_THE_ACCOUNT = advised(
    "This cannot be done until somebody has mended the account. Nothing was done.",
    "Do not repeat it: have the person who runs the account replace the credentials that the "
    "provider refused (401), give their key the permission that it lacks (403), or mend what else "
    "the message names. Then ask again.",
)
_NOT_FOUND = "resource_not_found"


def advice_on_refusal(provider_code: str | None, parameters: JsonObject) -> Advice | None:
    """None where nothing more is known than that the provider said no."""
    if provider_code == _NOT_FOUND:
        return NOT_IN_THIS_ACCOUNT
    if parameters.keys() & {"after_cursor", "before_cursor"}:
        return WRONG_CURSOR
    return None
