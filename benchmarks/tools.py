"""Latency of MCP tools over HTTP, as the official client sees it."""

import time
from contextlib import AsyncExitStack

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from benchmarks.figures import Latency, Sizes
from benchmarks.providers import JUSTIFI_PAYMENT
from benchmarks.shop import PRODUCT, Sale, Shop, at_once

Arguments = dict[str, object]


async def tool_p95_ms(shop: Shop, sizes: Sizes) -> dict[str, float]:
    """As many clients as calls at a time: each call waits for the server alone."""
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(_client(shop)) for _ in range(sizes.tool_concurrency)
        ]
        sales = await shop.register(sizes.tool_calls)
        started = await _timed(clients, "initiate_purchase", [_started(sale) for sale in sales])
        bought = await shop.open((await shop.register(1))[0])
        asked: list[Arguments] = [{"payment_intent_id": bought.purchase_id}] * sizes.tool_calls
        checked = await _timed(clients, "check_payment_status", asked)
    return {"initiate_purchase": started.p95, "check_payment_status": checked.p95}


async def justifi_tool_p95_ms(shop: Shop, sizes: Sizes) -> float:
    """Of a tool that asks JustiFi, which takes a second to answer."""
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(_client(shop)) for _ in range(sizes.tool_concurrency)
        ]
        asked: list[Arguments] = [{"payment_id": JUSTIFI_PAYMENT}] * sizes.tool_calls
        return (await _timed(clients, "retrieve_payment", asked)).p95


async def _timed(clients: list[Client], tool: str, calls: list[Arguments]) -> Latency:
    free = list(clients)

    async def call(arguments: Arguments) -> float:
        client = free.pop()
        began = time.monotonic()
        result = await client.call_tool(tool, arguments)
        seconds = time.monotonic() - began
        free.append(client)
        if result.is_error:
            raise RuntimeError(f"{tool}: {result.content}")
        return seconds

    await at_once(len(clients), calls[: len(clients)], call)  # connections are open after these
    return Latency.of(await at_once(len(clients), calls, call))


def _started(sale: Sale) -> Arguments:
    return {**sale.wish, "product_name": PRODUCT}


def _client(shop: Shop) -> Client:
    url = f"{shop.running.settings.api_url}/mcp"
    key = {"Authorization": f"Bearer {shop.running.api_key}"}
    http = httpx2.AsyncClient(headers=key, timeout=60)
    return Client(streamable_http_client(url, http_client=http))
