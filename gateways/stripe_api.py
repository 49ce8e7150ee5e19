"""One Stripe account's API: a request at a time, without retries, its failures in our words."""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import quote

from gateways.stripe_faults import translated
from gateways.stripe_snapshots import Page, Thing

if TYPE_CHECKING:
    import stripe

ANSWER_WITHIN = timedelta(seconds=20)
CONNECT_WITHIN = timedelta(seconds=5)
CLOCK_SKEW = timedelta(minutes=5)  # Stripe's clock against ours, when listing "since"
LARGEST_PAGE = 100  # objects

T = TypeVar("T", bound=Thing)


class StripeApi:
    """One long-lived client: connections are kept. Call ``close`` when done."""

    def __init__(
        self,
        secret_key: str,
        api_base: str | None = None,
        answer_within: timedelta = ANSWER_WITHIN,
    ) -> None:
        import aiohttp
        import stripe

        # At INFO the SDK logs Stripe's messages, which may quote a customer's e-mail address.
        logging.getLogger("stripe").setLevel(logging.WARNING)
        timeout = aiohttp.ClientTimeout(
            total=answer_within.total_seconds(), sock_connect=CONNECT_WITHIN.total_seconds()
        )
        self._http = stripe.AIOHTTPClient(timeout=timeout)
        self._client = stripe_client(secret_key, api_base, self._http)

    async def ask(
        self,
        method: Literal["get", "post"],
        path: str,
        params: Mapping[str, object] | None = None,
        idempotency_key: str | None = None,
    ) -> object:
        """Stripe's answer as JSON: the SDK's own objects cost more to build than all the rest."""
        with translated():
            answer = await self._client.raw_request_async(
                method, path, **(params or {}), idempotency_key=idempotency_key
            )
        return answer.data

    async def listed(
        self, kind: type[T], path: str, params: Mapping[str, object]
    ) -> AsyncIterator[T]:
        """All of a list, page after page."""
        asked, more = {**params, "limit": LARGEST_PAGE}, True
        while more:
            page = Page.of(await self.ask("get", path, asked))
            for listed in page.data:
                thing = kind.of(listed)
                yield thing
                asked["starting_after"] = thing.id
            more = page.has_more and bool(page.data)

    async def close(self) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]  # the SDK has no types here


def stripe_client(
    secret_key: str, api_base: str | None, http: "stripe.AIOHTTPClient"
) -> "stripe.StripeClient":
    import stripe

    base = api_base.rstrip("/") if api_base else None
    return stripe.StripeClient(
        secret_key,
        # All four: whatever is left out goes to the live hosts.
        base_addresses={"api": base, "connect": base, "files": base, "meter_events": base}
        if base
        else None,
        stripe_version=stripe.api_version,
        max_network_retries=0,
        http_client=http,
    )


def path_of(collection: str, provider_id: str) -> str:
    return f"{collection}/{quote(provider_id, safe='')}"
