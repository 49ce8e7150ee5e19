"""Refuses what must never come in, before anything is logged: payment data, too much, ambiguity."""

from collections.abc import Callable, Iterable, Mapping

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import refusal
from domain.errors import Code
from domain.payment_data import NAMES, payment_data_in
from domain.strict_json import FLAWS, flaw_in

# Secrets, signatures, traces, addresses of networks: long numbers by chance, never written by a
# person.
_NOT_READ = {
    *("authorization", "x-api-key", "cookie", "content-length", "content-type"),
    *("traceparent", "tracestate", "b3", "sentry-trace", "baggage", "x-request-id"),
    *("x-cloud-trace-context", "x-amzn-trace-id", "if-none-match", "sec-websocket-key"),
    *("forwarded", "x-forwarded-for", "x-real-ip", "true-client-ip", "cf-connecting-ip"),
}
_NOT_READ_PREFIXES = ("x-datadog-", "x-b3-")


class RequestGuard:
    """What ``is_trusted`` gets its bodies as they are: providers sign them, and limit themselves.

    ``as_read``: paths of whose bodies something is known to be nobody's; each makes of a body what
    is looked at. ``in_their_words``: paths whose callers read no problems. Each makes of a body,
    and of what was found in it, the JSON that tells them so, or None where a problem must do.
    """

    def __init__(
        self,
        app: ASGIApp,
        max_body_bytes: int,
        is_trusted: Callable[[str], bool],
        in_their_words: Mapping[str, Callable[[bytes, Code], str | None]],
        as_read: Mapping[str, Callable[[bytes], bytes]],
    ) -> None:
        self._app = app
        self._max = max_body_bytes
        self._is_trusted = is_trusted
        self._in_their_words = in_their_words
        self._as_read = as_read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_trusted(scope["path"]):
            await self._app(scope, receive, send)
            return
        body = await self._body(scope, receive)
        if body is None:
            answer = refusal(413, Code.PAYLOAD_TOO_LARGE, f"the limit is {self._max} bytes")
        elif found := next(filter(None, map(payment_data_in, _written_in_head(scope))), None):
            answer = _refusal_of(found, "address or a header")
        elif body and (found := self._refused_in(scope["path"], body)):
            answer = self._in_their_words_or_ours(scope["path"], body, found)
        elif b"\0" in body:  # UTF-16 is full of them
            answer = refusal(400, Code.NOT_UTF8, "the body is not UTF-8 text: it holds NUL bytes")
        elif _carries_nul(scope, body):
            answer = refusal(400, Code.INVALID_REQUEST, "the request holds a NUL character")
        else:
            await self._app(scope, _again(body, receive), send)
            return
        await answer(scope, receive, send)

    def _in_their_words_or_ours(self, path: str, body: bytes, found: Code) -> Response:
        told = self._in_their_words[path](body, found) if path in self._in_their_words else None
        if told is None and found in FLAWS:
            return refusal(400, found, f"the body is ambiguous: {FLAWS[found]}")
        if told is None:
            return _refusal_of(found, "body")
        return Response(told, media_type="application/json")

    def _refused_in(self, path: str, body: bytes) -> Code | None:
        """What is ambiguous is refused as it was sent: two readers may see two bodies."""
        read = self._as_read[path](body) if path in self._as_read else body
        return payment_data_in(read.decode("utf-8", "replace")) or flaw_in(body)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """All of it, or None when it is too large."""
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._max:
            return None
        if length == b"0" and b"transfer-encoding" not in headers:
            return b""
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self._max:
                return None
            if not message.get("more_body", False):
                return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """What was read is handed on once; then the connection speaks for itself."""
    handed_on = False

    async def receive_again() -> Message:
        nonlocal handed_on
        if handed_on:
            return await receive()
        handed_on = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def _refusal_of(found: Code, place: str) -> Response:
    detail = f"{NAMES[found]}s are never to be sent here; the request's {place} carries one"
    return refusal(422, found, detail)


def _carries_nul(scope: Scope, body: bytes) -> bool:
    """No name has one, and no database keeps one."""
    return b"\\u0000" in body or "\0" in scope["path"] or b"%00" in scope["query_string"]


def _written_in_head(scope: Scope) -> Iterable[str]:
    yield scope["path"]
    yield scope["query_string"].decode("latin-1")
    for name, value in scope["headers"]:
        header = name.decode("latin-1")
        if header not in _NOT_READ and not header.startswith(_NOT_READ_PREFIXES):
            yield value.decode("latin-1")
