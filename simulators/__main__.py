"""`python -m simulators`: starts the simulators and says in one JSON line where they listen."""

import argparse
import json
import socket
import sys
from pathlib import Path

import uvicorn

from simulators.cuttable_protocol import CuttableProtocol
from simulators.justifi.exchange import PREFIX
from simulators.main import create_app
from simulators.options import Options, RetrySchedule


class AnnouncedServer(uvicorn.Server):
    """Prints the announcement only when connections are really taken."""

    def __init__(self, config: uvicorn.Config, announcement: dict[str, str]) -> None:
        super().__init__(config)
        self._announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(json.dumps(self._announcement) + "\n")
        sys.stdout.flush()


def main(arguments: list[str] | None = None) -> None:
    given = _parser().parse_args(arguments)
    listener = _listen(given.host, given.port)
    url = given.public_url or f"http://{given.host}:{listener.getsockname()[1]}"
    app = create_app(_options(given, url))
    config = uvicorn.Config(
        app,
        http=CuttableProtocol,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,  # clients keep their connections; the default would cut idle ones
    )
    announcement = {
        "simulators": url,
        "justifi": url + PREFIX,
        "sendgrid_public_key": app.state.sendgrid_public_key,
    }
    AnnouncedServer(config, announcement).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


def _options(given: argparse.Namespace, url: str) -> Options:
    return Options(
        public_url=url,
        data=given.data,
        log=given.log,
        stripe_key=given.stripe_key,
        stripe_webhook_url=given.stripe_webhook_url,
        stripe_webhook_secret=given.stripe_webhook_secret,
        stripe_webhook_events=tuple(given.stripe_webhook_events.split(",")),
        justifi_client_id=given.justifi_client_id,
        justifi_webhook_url=given.justifi_webhook_url,
        justifi_webhook_secret=given.justifi_webhook_secret,
        justifi_token_seconds=given.justifi_token_seconds,
        justifi_tells_expiry=given.justifi_tells_expiry,
        sendgrid_webhook_url=given.sendgrid_webhook_url,
        sendgrid_private_key=given.sendgrid_private_key,
        settle_after=given.settle_after,
        retries=RetrySchedule(
            first=given.webhook_first_retry,
            cap=given.webhook_longest_wait,
            tries=given.webhook_tries,
            timeout=given.webhook_timeout,
        ),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulators", description=__doc__)
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=0, help="0 picks a free one")
    add("--public-url", help="where browsers reach it; host and port unless given")
    add("--data", type=Path, help="SQLite file that keeps everything over a restart")
    add("--log", type=Path, help="file to append every request and webhook to, as JSON lines")
    add("--stripe-key", default=Options.stripe_key, help="whose events go to the webhook")
    add("--stripe-webhook-url")
    add("--stripe-webhook-secret", default=Options.stripe_webhook_secret)
    add("--stripe-webhook-events", default="*", help="comma-separated; * is all")
    add("--justifi-client-id", default=Options.justifi_client_id, help="whose events are told")
    add("--justifi-webhook-url")
    add("--justifi-webhook-secret", default=Options.justifi_webhook_secret)
    add("--justifi-token-seconds", type=float, default=Options.justifi_token_seconds)
    add("--justifi-tells-expiry", action="store_true", help="tokens come with expires_in")
    add("--sendgrid-webhook-url")
    add("--sendgrid-private-key", help="base64 of a PKCS #8 DER P-256 key; made and kept if absent")
    add("--settle-after", type=float, default=Options.settle_after, help="seconds")
    add("--webhook-first-retry", type=float, default=RetrySchedule.first, help="seconds")
    add("--webhook-longest-wait", type=float, default=RetrySchedule.cap, help="seconds")
    add("--webhook-tries", type=int, default=RetrySchedule.tries)
    add("--webhook-timeout", type=float, default=RetrySchedule.timeout, help="seconds")
    return parser


if __name__ == "__main__":
    main()
