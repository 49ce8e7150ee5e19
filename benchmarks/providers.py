"""Stripe and SendGrid that answer at once, JustiFi that takes a second, in a process of their own.

Every session is paid.

They send no webhooks: whoever measures does, and so decides what is measured.
"""

import asyncio
import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field

from aiohttp import web

from benchmarks import stripe_objects
from processes import told_to_stop

LARGEST_BODY = 10_000_000
JUSTIFI_SECONDS = 1.0
JUSTIFI_PAYMENT = "py_1"


@dataclass
class Providers:
    sessions: dict[str, dict[str, object]] = field(default_factory=dict)
    mailbox: dict[str, "asyncio.Future[float]"] = field(
        default_factory=lambda: defaultdict(asyncio.get_running_loop().create_future)
    )

    async def create_session(self, request: web.Request) -> web.Response:
        form = await request.post()
        price = "line_items[0][price_data]"
        opened = stripe_objects.session(
            number=len(self.sessions),
            amount=int(str(form[f"{price}[unit_amount]"])),
            currency=str(form[f"{price}[currency]"]),
            metadata={
                name: str(form[f"metadata[{name}]"])
                for name in ("purchase_id", "tenant_id", "quote_id")
            },
            base=str(request.url.origin()),
        )
        self.sessions[str(opened["id"])] = opened
        return web.json_response(opened)

    async def retrieve_session(self, request: web.Request) -> web.Response:
        opened = self.sessions[request.match_info["session_id"]]
        return web.json_response(stripe_objects.paid(opened, expanded=True))

    async def take_mail(self, request: web.Request) -> web.Response:
        message = json.loads(await request.read())
        to = str(message["personalizations"][0]["to"][0]["email"])
        arrived = self.mailbox[to]
        if not arrived.done():
            arrived.set_result(time.monotonic())
        return web.Response(status=202, headers={"X-Message-Id": f"message-{len(self.mailbox)}"})

    async def arrival(self, request: web.Request) -> web.Response:
        """When the first mail to an address was taken, by the machine's monotonic clock."""
        async with asyncio.timeout(60):
            return web.json_response({"at": await self.mailbox[request.match_info["address"]]})


async def token(_: web.Request) -> web.Response:
    told = {"access_token": "bench", "expires_in": 86_400}  # nosec B105 - no secret: it opens nothing
    return web.json_response(told)


async def justifi_payment(_: web.Request) -> web.Response:
    await asyncio.sleep(JUSTIFI_SECONDS)
    payment = {"id": JUSTIFI_PAYMENT, "status": "succeeded", "amount": 100, "currency": "usd"}
    return web.json_response({"id": JUSTIFI_PAYMENT, "type": "payment", "data": payment})


async def serve() -> None:
    providers = Providers()
    app = web.Application(client_max_size=LARGEST_BODY)
    app.add_routes(
        [
            web.post("/v1/checkout/sessions", providers.create_session),
            web.get("/v1/checkout/sessions/{session_id}", providers.retrieve_session),
            web.post("/v3/mail/send", providers.take_mail),
            web.post("/justifi/oauth/token", token),
            web.get("/justifi/v1/payments/{payment_id}", justifi_payment),
            web.get("/arrivals/{address}", providers.arrival),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    sys.stdout.write(json.dumps({"providers": f"http://{host}:{port}"}) + "\n")
    sys.stdout.flush()
    await told_to_stop()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve())
