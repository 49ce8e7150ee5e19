"""The next step where the answer to an operation of a provider's API was lost.

It is no execution, which could be read or cancelled: it is joined by its key, if the asker has one.
"""

from domain.guidance import advised

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
