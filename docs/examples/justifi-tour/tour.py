"""Every tool of JustiFi, one after the other, as an editor's agent would call it.

    PAYBIND_MCP_TOOLSETS=justifi paybind up        # in another terminal
    PAYBIND=http://127.0.0.1:8085 KEY=pbk_… SIMULATORS=http://127.0.0.1:8086 python tour.py

With a person's yes to every question: it is a demonstration, on test keys.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping

import httpx2
from mcp import Client
from mcp.client.session import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitRequestParams, ElicitResult, TextContent

CARD = {
    "name": "Jenny Rosen",
    "number": "4242424242424242",
    "month": "12",
    "year": "2040",
    "verification": "123",
    "address_postal_code": "55555",
}
Answer = Mapping[str, object]
Turn = Callable[[float], Awaitable[None]]
HOUR = 3600


async def agree(
    context: ClientRequestContext,  # noqa: ARG001 - as the protocol has it
    params: ElicitRequestParams,
) -> ElicitResult:
    print("  asked:", params.message)  # noqa: T201
    return ElicitResult(action="accept", content={"approve": True})


class Tour:
    """``turn`` turns the simulator's clock: JustiFi makes payouts once a day."""

    def __init__(self, client: Client, turn: Turn) -> None:
        self.client = client
        self.turn = turn
        self.called: list[str] = []

    async def run(self) -> None:
        await self.payments(await self.methods())
        await self.funds()
        await self.call("list_webhook_endpoints")

    async def methods(self) -> str:
        stored = await self.call("create_payment_method", card=CARD)
        method = str(inner(stored, "payment_method")["id"])
        await self.call("retrieve_payment_method", payment_method_id=method)
        await self.call("list_payment_methods", limit=3)
        return method

    async def payments(self, method: str) -> None:
        wish = {"amount_cents": 1500, "currency": "usd", "payment_method_id": method}
        paid = inner(await self.call("create_payment", **wish), "payment")
        await self.call("retrieve_payment", payment_id=paid["id"])
        await self.call("list_payments", limit=3)
        await self.call("refund_payment", payment_intent_id=paid["id"], amount=500)
        await self.call("list_refunds", payment_id=paid["id"])
        await self.call("list_payment_refunds", payment_id=paid["id"])
        for decision in ("capture_payment", "void_payment"):
            held = await self.call("create_payment", **wish, capture_strategy="manual")
            await self.call(decision, payment_id=inner(held, "payment")["id"])

    async def funds(self) -> None:
        await self.call("retrieve_balance")
        await self.call("list_balance_transactions", limit=3)
        payout = await self.pending_payout()
        await self.call("retrieve_payout", payout_id=payout["id"])
        await self.call("get_payout_report", payout_id=payout["id"])
        await self.call("watch_payouts")

    async def pending_payout(self) -> Answer:
        for _ in range(5 * 24):
            pending = (await self.call("list_payouts", status="pending"))["payouts"]
            if isinstance(pending, list) and pending:
                return pending[0] if isinstance(pending[0], dict) else {}
            await self.turn(HOUR)
        raise SystemExit("no payout was made within five days")

    async def call(self, tool: str, **arguments: object) -> Answer:
        result = await self.client.call_tool(tool, arguments)
        told = next(each for each in result.content if isinstance(each, TextContent)).text
        print(f"{tool}: {told}")  # noqa: T201
        if result.is_error or not isinstance(result.structured_content, dict):
            raise SystemExit(f"{tool} failed")
        self.called.append(tool)
        return result.structured_content


def inner(answer: Answer, name: str) -> Answer:
    found = answer[name]
    if not isinstance(found, dict):
        raise SystemExit(f"no {name} in {json.dumps(answer)}")
    return found


async def main(paybind: str, key: str, simulators: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:

        async def turn(seconds: float) -> None:
            clock = f"{simulators}/_simulator/justifi/clock"
            (await http.post(clock, json={"seconds": seconds})).raise_for_status()

        door = streamable_http_client(f"{paybind}/mcp", http_client=http)
        async with Client(door, elicitation_callback=agree) as client:
            await Tour(client, turn).run()


if __name__ == "__main__":
    try:
        asyncio.run(main(*(os.environ[name] for name in ("PAYBIND", "KEY", "SIMULATORS"))))
    except KeyError as missing:
        sys.exit(f"set {missing}: see the top of this file")
