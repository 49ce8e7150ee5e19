"""Events and the webhook endpoints that hear of them."""

from typing import Annotated

from pydantic import Field

from simulators.identifiers import new_id
from simulators.stripe import objects, records
from simulators.stripe.account import StripeAccount
from simulators.stripe.errors import StripeError
from simulators.stripe.forms import InIndexOrder, Metadata, Params, Text
from simulators.stripe.lists import ListParams, page
from simulators.stripe.objects import Wire
from simulators.stripe.operations import Call


class ListEvents(ListParams):
    type: Text | None = None
    types: Annotated[tuple[Text, ...], InIndexOrder] | None = None


class CreateEndpoint(Params):
    url: Text
    enabled_events: Annotated[tuple[Text, ...], InIndexOrder]
    description: Text | None = None
    api_version: Text | None = None
    metadata: Metadata = Field(default_factory=dict)


def retrieve_event(account: StripeAccount, call: Call[Params]) -> Wire:
    return account.event_wire(account.find(account.events, call.subject, "event"))


def list_events(account: StripeAccount, call: Call[ListEvents]) -> Wire:
    wanted = call.params
    if wanted.type and wanted.types is not None:
        raise StripeError("You may only provide one of type or types.", code="parameters_exclusive")
    names = (wanted.type,) if wanted.type else wanted.types
    fitting = (
        event for event in account.events.newest_first() if names is None or _fits(event, names)
    )
    return page("/v1/events", wanted, fitting, account.event_wire)


def _fits(event: records.Event, names: tuple[str, ...]) -> bool:
    """A name may end in `*`, as in `charge.*`."""
    return any(
        event.type.startswith(name[:-1]) if name.endswith("*") else event.type == name
        for name in names
    )


def create_endpoint(account: StripeAccount, call: Call[CreateEndpoint]) -> Wire:
    params = call.params
    if not params.url.startswith(("http://", "https://")):
        raise StripeError("Invalid URL", code="url_invalid", param="url")
    endpoint = account.endpoints.put(
        records.WebhookEndpoint(
            id=new_id("we_"),
            created=account.now(),
            url=params.url,
            secret=new_id("whsec_", 32),
            enabled_events=list(params.enabled_events),
            description=params.description,
            api_version=params.api_version,
            metadata=params.metadata,
        )
    )
    return objects.webhook_endpoint(endpoint, with_secret=True)


def retrieve_endpoint(account: StripeAccount, call: Call[Params]) -> Wire:
    endpoint = account.find(account.endpoints, call.subject, "webhook endpoint")
    return objects.webhook_endpoint(endpoint, with_secret=False)


def list_endpoints(account: StripeAccount, call: Call[ListParams]) -> Wire:
    return page(
        "/v1/webhook_endpoints",
        call.params,
        account.endpoints.newest_first(),
        lambda endpoint: objects.webhook_endpoint(endpoint, with_secret=False),
    )


def delete_endpoint(account: StripeAccount, call: Call[Params]) -> Wire:
    endpoint = account.find(account.endpoints, call.subject, "webhook endpoint")
    account.endpoints.drop(endpoint.id)
    wire = objects.webhook_endpoint(endpoint, with_secret=False)
    return wire | {"deleted": True}
