"""As much of a Redis as one shared token needs, on this machine; it speaks RESP 2."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class SmallRedis:
    url: str = ""
    kept: dict[bytes, bytes] = field(default_factory=dict)
    lifetimes: dict[bytes, int] = field(default_factory=dict)  # ms
    is_silent: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while words := await _command(reader):
                if self.is_silent:
                    await self.over.wait()
                writer.write(self.answer(words))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def answer(self, words: list[bytes]) -> bytes:
        match words:
            case [b"GET", place]:
                value = self.kept.get(place)
                return b"$-1\r\n" if value is None else b"$%d\r\n%b\r\n" % (len(value), value)
            case [b"SET", place, value, b"PX", lifetime]:
                self.kept[place] = value
                self.lifetimes[place] = int(lifetime)
                return b"+OK\r\n"
            case [b"CLIENT", *_]:
                return b"+OK\r\n"
        return b"-ERR unknown command\r\n"


async def _command(reader: asyncio.StreamReader) -> list[bytes]:
    head = await reader.readline()
    words = []
    for _ in range(int(head[1:] or 0)):
        length = int((await reader.readline())[1:])
        words.append((await reader.readexactly(length + 2))[:-2])
    return words


@asynccontextmanager
async def small_redis() -> AsyncIterator[SmallRedis]:
    redis = SmallRedis()
    server = await asyncio.start_server(redis.meet, "127.0.0.1", 0)
    redis.url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0?protocol=2"
    try:
        yield redis
    finally:
        redis.over.set()
        server.close()
        await server.wait_closed()
