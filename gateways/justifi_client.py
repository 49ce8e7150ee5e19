"""One JustiFi account's API: a request at a time, without retries, its failures in our words.

Only a request that met an expired token is asked again: once, under its own key.
"""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from gateways.faults import (
    UNREADABLE,
    Busy,
    GatewayFault,
    Misconfigured,
    OutcomeUnknown,
    RefusedByProvider,
    Unreachable,
)
from gateways.justifi_endpoints import ENDPOINTS, OAUTH, Endpoint, Endpoints, is_an_id
from gateways.justifi_faults import SERVICE, Answer, fault_of
from gateways.justifi_models import Decline, Envelope, PageInfo
from gateways.justifi_object import JustifiObject
from gateways.justifi_tokens import AccessTokens, SharedTokens
from gateways.justifi_wire import JustifiWire

ANSWER_WITHIN = timedelta(seconds=20)
LARGEST_PAGE = 100  # objects
MOST_PAGES = 1_000
DECLINED = 402
_KEY = re.compile(r"[!-~]{1,100}")

T = TypeVar("T", bound=JustifiObject)
Parameters = Mapping[str, str | int | None]


@dataclass(frozen=True)
class Page(Generic[T]):
    """Newest first. ``info`` has the cursors of its first and its last object."""

    items: tuple[T, ...]
    info: PageInfo

    def following(self, cursor: str | None) -> str | None:
        """The next page's cursor; None where this one, to which ``cursor`` led, is the last."""
        if not self.info.has_next:
            return None
        if self.info.end_cursor in (None, cursor):
            raise RefusedByProvider("JustiFi's page does not lead to the next", UNREADABLE)
        return self.info.end_cursor


class JustifiClient:
    """``sub_account`` is whose account is asked, where a request names no other.

    Call ``close`` when done.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        base_url: str | None = None,
        sub_account: str | None = None,
        answer_within: timedelta = ANSWER_WITHIN,
        redis_url: str | None = None,
        endpoints: Endpoints = ENDPOINTS,
    ) -> None:
        self.endpoints = endpoints
        self._credentials = {"client_id": client_id, "client_secret": client_secret}
        self._sub_account = sub_account
        self._wire = JustifiWire(base_url, answer_within)
        shared = self._shared(redis_url) if redis_url else None
        self._tokens = AccessTokens(self._token, shared)

    async def retrieve(
        self,
        kind: type[T],
        endpoint: Endpoint,
        provider_id: str | None = None,
        *,
        params: Parameters | None = None,
        sub_account: str | None = None,
    ) -> T:
        asked = _Asked(endpoint, provider_id, params or {}, sub_account=sub_account)
        answer = await self._ask(asked)
        if answer.status >= 300:
            raise fault_of(answer, endpoint)
        return _object(kind, _envelope(answer, endpoint))

    async def write(
        self,
        kind: type[T],
        endpoint: Endpoint,
        provider_id: str | None = None,
        *,
        idempotency_key: str,
        body: Mapping[str, object] | None = None,
        sub_account: str | None = None,
    ) -> T | Decline:
        """What was made or changed; or why the card or account behind it was declined."""
        if not _KEY.fullmatch(idempotency_key):
            raise RefusedByProvider("an idempotency key has 1 to 100 characters of ASCII", "key")
        asked = _Asked(endpoint, provider_id, {}, body, idempotency_key, sub_account)
        answer = await self._ask(asked)
        if answer.status == DECLINED:
            return Decline.of(answer.error)
        if answer.status >= 300:
            raise fault_of(answer, endpoint)
        try:
            return _object(kind, _envelope(answer, endpoint))
        except RefusedByProvider as unreadable:  # it acted: what came of it is to be looked up
            raise OutcomeUnknown(str(unreadable)) from None

    async def page(
        self,
        kind: type[T],
        endpoint: Endpoint,
        *,
        params: Parameters | None = None,
        limit: int | None = None,
        after_cursor: str | None = None,
        before_cursor: str | None = None,
        sub_account: str | None = None,
    ) -> Page[T]:
        """Some of a list: JustiFi's own number of objects unless ``limit`` says how many."""
        if after_cursor is not None and before_cursor is not None:
            raise RefusedByProvider("after_cursor and before_cursor exclude each other", "cursors")
        if limit is not None and not 0 < limit <= LARGEST_PAGE:
            raise RefusedByProvider(f"limit is 1 to {LARGEST_PAGE}", "limit")
        place = {"limit": limit, "after_cursor": after_cursor, "before_cursor": before_cursor}
        asked = _Asked(endpoint, None, {**(params or {}), **place}, sub_account=sub_account)
        answer = await self._ask(asked)
        if answer.status >= 300:
            raise fault_of(answer, endpoint)
        return _page(kind, _envelope(answer, endpoint))

    async def listed(
        self,
        kind: type[T],
        endpoint: Endpoint,
        *,
        params: Parameters | None = None,
        sub_account: str | None = None,
        most_pages: int = MOST_PAGES,
    ) -> AsyncIterator[T]:
        """All of a list, page after page; refused where it is longer than ``most_pages``."""
        cursor: str | None = None
        for _ in range(most_pages):
            page = await self.page(
                kind,
                endpoint,
                params=params,
                limit=LARGEST_PAGE,
                after_cursor=cursor,
                sub_account=sub_account,
            )
            for item in page.items:
                yield item
            cursor = page.following(cursor)
            if cursor is None:
                return
        raise RefusedByProvider(f"{endpoint} has more than {most_pages} pages", "too_many_pages")

    async def probe(self) -> None:
        """A token, and one answer to it: the credentials are right, and work."""
        await self.page(JustifiObject, self.endpoints.list_payments, limit=1)

    async def close(self) -> None:
        await self._tokens.close()
        await self._wire.close()

    async def _ask(self, asked: "_Asked") -> Answer:
        token = await self._tokens.current()
        answer = await self._send(asked, token)
        if answer.status == 401:
            token = await self._tokens.instead_of(token)
            answer = await self._send(asked, token)
        return answer

    async def _send(self, asked: "_Asked", token: str) -> Answer:
        sub_account = asked.sub_account or self._sub_account
        if sub_account and not is_an_id(sub_account):
            raise RefusedByProvider("this is no account of JustiFi's", "invalid_sub_account")
        headers = {
            "Authorization": f"Bearer {token}",
            **({"Sub-Account": sub_account} if sub_account else {}),
            **({"Idempotency-Key": asked.idempotency_key} if asked.idempotency_key else {}),
        }
        url = self._wire.api_url + asked.endpoint.path_of(asked.provider_id)
        params = {name: str(value) for name, value in asked.params.items() if value is not None}
        return await self._wire.ask(asked.endpoint.method, url, headers, params, asked.body)

    async def _token(self) -> tuple[str, float | None]:
        """Whatever goes wrong here, nothing of what was asked for has been sent."""
        try:
            answer = await self._wire.ask("POST", self._wire.token_url, {}, body=self._credentials)
        except OutcomeUnknown as silence:
            raise Unreachable(f"{silence}, when asked for a token; nothing was sent") from None
        if answer.status >= 300:
            raise _without_a_token(answer)
        return _token_of(answer)

    def _shared(self, redis_url: str) -> SharedTokens:
        from gateways.justifi_shared_tokens import RedisTokens

        client_id, client_secret = self._credentials.values()
        return RedisTokens(redis_url, client_id, client_secret, self._wire.token_url)


@dataclass(frozen=True)
class _Asked:
    endpoint: Endpoint
    provider_id: str | None
    params: Parameters
    body: Mapping[str, object] | None = None
    idempotency_key: str | None = None
    sub_account: str | None = None


def _without_a_token(answer: Answer) -> GatewayFault:
    fault = fault_of(answer, OAUTH)
    if isinstance(fault, OutcomeUnknown):
        return Busy(f"{fault}, when asked for a token; nothing was sent", fault.retry_after)
    if isinstance(fault, RefusedByProvider):  # a wrong key is answered by 404 as well as by 401
        return Misconfigured(f"{fault}, when asked for a token", SERVICE)
    return fault


def _token_of(answer: Answer) -> tuple[str, float | None]:
    told = answer.body if isinstance(answer.body, dict) else {}
    token, lifetime = told.get("access_token"), told.get("expires_in")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        raise Busy("JustiFi's token is unreadable; nothing was sent")
    return token, lifetime if isinstance(lifetime, int | float) else None


def _envelope(answer: Answer, endpoint: Endpoint) -> Envelope:
    if not isinstance(answer.body, dict):
        raise OutcomeUnknown(f"JustiFi's answer {answer.status} to {endpoint} is unreadable")
    return Envelope.of(answer.body)


def _object(kind: type[T], envelope: Envelope) -> T:
    return kind.of(_with_its_id(envelope.data, envelope.id))


def _page(kind: type[T], envelope: Envelope) -> Page[T]:
    if not isinstance(envelope.data, list) or envelope.page_info is None:
        raise RefusedByProvider("JustiFi's list lacks its data or its page_info", UNREADABLE)
    items = tuple(kind.of(_with_its_id(item, None)) for item in envelope.data)
    return Page(items, envelope.page_info)


def _with_its_id(data: object, envelope_id: str | None) -> object:
    """A payment method is the one object whose id stands beside it, or in its card or account."""
    if not isinstance(data, dict) or "id" in data:
        return data
    inner = (data.get(name) for name in ("card", "bank_account", "card_present"))
    ids = (each.get("id") for each in inner if isinstance(each, dict))
    return {**data, "id": envelope_id or next(ids, None)}
