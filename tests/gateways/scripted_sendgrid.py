"""A SendGrid that answers what it is told to, and a message to send there."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pydantic import JsonValue

from domain.emails import Attachment, Message

MESSAGE = Message(
    email_id="eml_1",
    to="wei@example.com",
    to_name="Tan, Wei Ling 陈",
    subject="Your policy",
    text="Hello",
    html="<p>Hello</p>",
    attachments=(
        Attachment(filename="POL-1.pdf", media_type="application/pdf", content=b"%PDF\x00\xff"),
    ),
)


@dataclass
class ScriptedSendGrid:
    """Answers every request with `answer`, byte for byte; None cuts the connection."""

    url: str = ""
    answer: bytes | None = b""
    asked: list[tuple[str, JsonValue]] = field(default_factory=list)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0] or 0)
        body = await reader.readexactly(length)
        self.asked.append((head, json.loads(body) if body else None))
        if self.answer is None:
            writer.transport.abort()
            return
        writer.write(self.answer)
        await writer.drain()
        writer.close()


def answer(status: str, body: str = "", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@asynccontextmanager
async def scripted_sendgrid(
    encrypted: ssl.SSLContext | None = None,
) -> AsyncIterator[ScriptedSendGrid]:
    sendgrid = ScriptedSendGrid()
    async with await asyncio.start_server(sendgrid.meet, "127.0.0.1", 0, ssl=encrypted) as server:
        scheme = "https" if encrypted else "http"
        sendgrid.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield sendgrid
