"""What stands beside the codes of the catalogue, of integrations and of their links."""

from domain.codes import Code
from domain.guidance import Advice, advised

INTEGRATION_ADVICE: dict[Code, Advice] = {
    Code.PAYOUT_NOT_FOUND: advised(
        "We could not find that payout.",
        "Check its id; GET /payouts lists those that were seen here. One made just now is seen "
        "with the next look: `paybind payouts watch`.",
    ),
    Code.PAYOUTS_NOT_OFFERED: advised(
        "This account's payouts cannot be followed.",
        "Name an integration of a provider that tells of payouts, such as justifi.",
    ),
    Code.PAYMENTS_NOT_OFFERED: advised(
        "This cannot be paid in that way.",
        "Name, or link for payment_processing, an integration of a provider that takes payments, "
        "such as stripe or justifi; others are linked for purposes of their own.",
    ),
    Code.CONNECTION_NOT_FOUND: advised(
        "We do not know this provider.", "GET /internal/connections lists those there are."
    ),
    Code.CONNECTION_EXISTS: advised(
        "This provider is in the catalogue already.",
        "Change it with PUT /internal/connections/{connection_code}, or choose another code.",
    ),
    Code.CONNECTION_DEPRECATED: advised(
        "This provider is no longer offered.", "Choose a connection whose status is not deprecated."
    ),
    Code.CONNECTION_IN_USE: advised(
        "This provider is in use.",
        "Delete the integrations that the message counts first, or set the status `deprecated`.",
    ),
    Code.CAPABILITY_NOT_FOUND: advised(
        "This provider cannot do that.",
        "GET /integrations/{integration_id}/capabilities lists what it can do.",
    ),
    Code.CAPABILITY_EXISTS: advised(
        "This provider has that capability already.",
        "Change it with PUT, or choose another capability_code.",
    ),
    Code.INVALID_SCHEMA: advised(
        "The schema is not valid.",
        "Send a JSON Schema of the draft 2020-12 that refers to nothing outside of itself.",
    ),
    Code.SCHEMA_VIOLATION: advised(
        "Something in the request is not as it should be.",
        "Correct what each JSON pointer in `errors` names; the capability's parameters_schema "
        "says what is expected.",
    ),
    Code.CONTROL_CHARACTER_REFUSED: advised(
        "Something in the request holds characters that cannot be seen.",
        "Leave control characters out of the named field; a name or a reason is one line.",
    ),
    Code.SECRET_REFUSED: advised(
        "Keys and secrets are not to be written there.",
        "Send secrets among `credentials` alone: they are sealed, and what stands elsewhere is "
        "shown. Replace a secret that was sent to the wrong place.",
    ),
    Code.INVALID_METADATA: advised(
        "Something in the request is not as it should be.",
        "Send at most 50 members, names of up to 40 characters, and plain values of up to 500.",
    ),
    Code.INTEGRATION_NOT_FOUND: advised(
        "We could not find that integration.", "GET /integrations lists yours."
    ),
    Code.INTEGRATION_INACTIVE: advised(
        "This integration is not in use at the moment.",
        "Set its status to active (PUT /integrations/{integration_id}); where its status is error "
        "or pending_configuration, do what its status_reason calls for: give it its credentials, "
        "or put the lost key back; and test it.",
        retry=True,  # once somebody has acted: nothing was done under the request's key
    ),
    Code.OTHER_INTEGRATION: advised(
        "This is being bought already, by another way of paying.",
        "Repeat the request with the integration_id that the message names, or without one. To buy "
        "by another, cancel that purchase and start again.",
    ),
    Code.INTEGRATION_IN_USE: advised(
        "This integration is in use.",
        "Remove what the message names first: links with DELETE /entities/{entity_type}/"
        "{entity_id}/integrations/{integration_id}; purchases, refunds and executions by their "
        "end, for its credentials are needed until then. Until it can be deleted, set its status "
        "to inactive: then nothing new begins by it.",
    ),
    Code.INTEGRATION_DELETED: advised(
        "This cannot be paid back from here any more.",
        "Give the money back in the provider's own dashboard, by the payment that the message "
        "names, and tell the customer: the integration that took it was deleted, and its "
        "credentials were destroyed.",
    ),
    Code.INVALID_CREDENTIALS: advised(
        "These credentials do not fit this provider.",
        "Correct what each JSON pointer in `errors` names.",
    ),
    Code.CREDENTIALS_UNREADABLE: advised(
        "This integration cannot be used until its credentials are given again.",
        "An operator puts the lost key back into PAYBIND_ENCRYPTION_KEYS, or the credentials are "
        "given anew with PUT /integrations/{integration_id}. Nothing was destroyed.",
    ),
    Code.LIVEMODE_MISMATCH: advised(
        "Test and live credentials are kept apart.",
        "Use credentials of the mode of this installation (PAYBIND_MODE).",
    ),
    Code.GATEWAY_NOT_INSTALLED: advised(
        "This provider cannot be used here yet.",
        "Install a package that names this connection_code in the entry points paybind.gateways, "
        "and restart API and worker.",
    ),
    Code.DEFAULT_EXISTS: advised(
        "There is a default for this purpose already.",
        "Link this one without is_default; then make it the default in one step: PUT "
        "/entities/{entity_type}/{entity_id}/integrations/{integration_id} with is_default true.",
    ),
    Code.DEFAULT_NEEDED: advised(
        "One of the integrations that are linked here has to be the default.",
        "Make another one the default first: PUT /entities/{entity_type}/{entity_id}/integrations/"
        "{integration_id} with is_default true. The first link of all is the default.",
    ),
    Code.FAILOVER_RULE_MISPLACED: advised(
        "Which declines may move to a backup is said by the default for payments alone.",
        "Give failover_decline_codes to the link that is the default for payment_processing.",
    ),
    Code.ENTITY_LINK_EXISTS: advised(
        "This integration is linked there already.",
        "Change it with PUT /entities/{entity_type}/{entity_id}/integrations/{integration_id}.",
    ),
    Code.ENTITY_LINK_NOT_FOUND: advised(
        "This integration is not linked there.",
        "GET /entities/{entity_type}/{entity_id}/integrations lists the links.",
    ),
    Code.IDEMPOTENCY_KEY_MISSING: advised(
        "This request must carry an idempotency key.",
        "Send the header Idempotency-Key with a value of your own; repeat both to ask again.",
    ),
    Code.PERMISSION_MISSING: advised(
        "The integration's key lacks a permission at its provider.",
        "Give the key that permission there, or the integration another key, and ask again under a "
        "new Idempotency-Key. Nothing was done; what needs no such permission works.",
    ),
    Code.PROVIDER_ANSWERED_NONSENSE: advised(
        "The provider's answer could not be understood.",
        "Look into the provider's account before asking again: it may have acted. The gateway's "
        "answer and the capability's result_schema do not fit each other.",
    ),
    Code.OUTCOME_UNKNOWN: advised(
        "We could not learn whether this was done.",
        "Look into the provider's account for the execution's id before asking again under another "
        "Idempotency-Key: it may have been done.",
    ),
    Code.OUTCOME_NOT_YET_KNOWN: advised(
        "It is not known yet whether this was done, so it cannot be cancelled.",
        "Read GET /executions/{execution_id}: it goes on until the provider has told. Cancel it "
        "again once its outcome_unknown is false; give back what was done by its own capability.",
        retry=True,
    ),
    Code.EXECUTION_ENDED: advised(
        "This has ended already, so it cannot be cancelled.",
        "Read its status and result; give back what was done by a capability of its own.",
    ),
    Code.EXECUTION_GIVEN_UP: advised(
        "This waited for too long and was given up. Nothing was done.",
        "Mend what it waited for, which the detail says; then ask again under a new "
        "Idempotency-Key.",
    ),
    Code.EXECUTION_TERMINATED: advised(
        "An operator has stopped this.",
        "Repeat the request under its Idempotency-Key: it goes on, and does nothing twice. Where "
        "outcome_unknown is false, it can be cancelled instead.",
        retry=True,
    ),
    Code.EXECUTION_CANCELLED: advised(
        "This was cancelled before anything was done.",
        "Ask again under another Idempotency-Key if it is wanted after all.",
    ),
    Code.EXECUTION_NOT_FOUND: advised(
        "We could not find that.", "Check the execution_id that execute answered."
    ),
    Code.APPROVAL_REQUIRED: advised(
        "A person has to agree to this first. Nothing was done.",
        "Have a person run it: POST /integrations/{integration_id}/execute with an API key of the "
        "scope write, and refund where money goes back; what no capability does, in the provider's "
        "dashboard. Do not call this tool again for it.",
    ),
    Code.READ_ONLY: advised(
        "This can only be looked at here.",
        "Run a capability whose only_reads is true, or use a server without PAYBIND_MCP_READ_ONLY.",
    ),
}
