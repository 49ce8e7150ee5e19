"""The platforms, one for each client id, and who signs what is sent to their receivers."""

import hashlib
import hmac
import time
from collections.abc import Iterator
from heapq import merge

from pydantic import JsonValue, TypeAdapter

from simulators.identifiers import new_id
from simulators.justifi import records
from simulators.justifi.credentials import check, digest, platform_id, shown
from simulators.justifi.platform import CHANNEL, CONFIGURED, JustifiPlatform, World
from simulators.webhook_delivery import Delivery, Signed

_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


class JustifiPlatforms:
    """A platform is opened by its first token. The configured one is always there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.token_seconds = world.options.justifi_token_seconds
        self.tells_expiry = world.options.justifi_tells_expiry
        self._kept = world.store.table("justifi_platform", records.Platform)
        self.configured = self._open(_identity(world.options.justifi_client_id), hears=True)
        self._by_id = {kept.id: self._open(kept) for kept in self._kept}
        self._by_id[self.configured.identity.id] = self.configured
        world.deliveries.sign_with(CHANNEL, self._sign)

    def of_client(self, client_id: str) -> JustifiPlatform:
        identity = _identity(client_id)
        platform = self._by_id.get(identity.id)
        if platform is None:
            self._kept.put(identity)
            platform = self._by_id[identity.id] = self._open(identity)
        return platform

    def issue_token(self, client_id: str, client_secret: str) -> str:
        check(client_id, client_secret)
        platform = self.of_client(client_id)
        token = new_id("eyJ", 180)
        expires = platform.now() + self.token_seconds
        platform.tokens.put(records.Token(id=digest(token), expires=expires))
        return token

    def of_token(self, token: str) -> JustifiPlatform | None:
        known_as = digest(token)
        for platform in self:
            kept = platform.tokens.get(known_as)
            if kept and kept.expires > platform.now():
                return platform
        return None

    def revoke_tokens(self) -> None:
        for platform in self:
            platform.tokens.clear()

    def of_checkout(self, checkout_id: str) -> JustifiPlatform:
        """A checkout that nobody has is looked for, in vain, on the configured platform."""
        holders = (platform for platform in self if platform.checkouts.get(checkout_id))
        return next(holders, self.configured)

    def of_payout(self, payout_id: str) -> JustifiPlatform:
        holders = (platform for platform in self if platform.payouts.get(payout_id))
        return next(holders, self.configured)

    def newest_checkouts(self) -> Iterator[records.Checkout]:
        each = (platform.checkouts.newest_first() for platform in self)
        return merge(*each, key=lambda checkout: -checkout.created)

    def events(self) -> list[JsonValue]:
        """Of all platforms, oldest first, as they were sent."""
        told = [(platform, event) for platform in self for event in platform.events]
        told.sort(key=lambda one: one[1].created)
        wires = (platform.event_wire(event) for platform, event in told)
        return [_JSON.validate_python(wire) for wire in wires]

    def __iter__(self) -> Iterator[JustifiPlatform]:
        return iter(list(self._by_id.values()))

    def clear(self) -> None:
        for platform in self:
            platform.clear()
        self._kept.clear()
        self._by_id = {self.configured.identity.id: self.configured}
        self.token_seconds = self.world.options.justifi_token_seconds
        self.tells_expiry = self.world.options.justifi_tells_expiry
        self.world.clock.reset()

    def _open(self, identity: records.Platform, *, hears: bool = False) -> JustifiPlatform:
        told = hears and self.world.options.justifi_webhook_url is not None
        return JustifiPlatform(identity, self.world, hears=told)

    def _sign(self, delivery: Delivery) -> Signed | None:
        url, secret = self._receiver(delivery.target)
        if url is None:
            return None
        # A signature is made now, whatever JustiFi's clock shows.
        timestamp = str(int(time.time()))
        return Signed(
            url,
            {
                "Content-Type": "application/json",
                "User-Agent": "JustiFi/1.0",
                "JUSTIFI-TIMESTAMP": timestamp,
                "JUSTIFI-SIGNATURE": signature(delivery.body, secret, timestamp),
            },
        )

    def _receiver(self, target: str) -> tuple[str | None, str]:
        options = self.world.options
        if target == CONFIGURED:
            return options.justifi_webhook_url, options.justifi_webhook_secret
        found = (publisher for platform in self if (publisher := platform.publishers.get(target)))
        publisher = next(found, None)
        return (publisher.url, publisher.secret) if publisher else (None, "")


def _identity(client_id: str) -> records.Platform:
    return records.Platform(id=platform_id(client_id), shown=shown(client_id))


def signature(body: str, secret: str, timestamp: str) -> str:
    signed = hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256)
    return signed.hexdigest()
