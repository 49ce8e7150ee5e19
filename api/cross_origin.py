"""What pages of other sites may read: answers without secrets, and why there is none."""

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A token or a number in the address is all the right that these two need, and no cookie is.
_READ_ELSEWHERE = re.compile(r"/pages/purchases/[^/]+/state|/policies/[^/]+/verify")


class CrossOrigin:
    """Around everything that answers: without the header a widget could not tell 404 from 503."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _READ_ELSEWHERE.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Access-Control-Allow-Origin"] = "*"
            await send(message)

        await self._app(scope, receive, sending)
