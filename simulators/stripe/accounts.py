"""The accounts, one for each secret key, and who signs what is sent to their endpoints."""

import hashlib
import hmac
import time
from collections.abc import Iterator

from simulators.options import Options
from simulators.store import Store
from simulators.stripe import records
from simulators.stripe.account import CHANNEL, CONFIGURED, Books, StripeAccount
from simulators.stripe.keys import shown
from simulators.webhook_delivery import Delivery, Signed, WebhookDelivery


class StripeAccounts:
    """An account is opened by its key's first request. The configured one is always there."""

    def __init__(self, store: Store, deliveries: WebhookDelivery, options: Options) -> None:
        self._store = store
        self._deliveries = deliveries
        self._options = options
        self._kept = store.table("account", records.Account)
        configured = _identity(options.stripe_key)
        self.configured = self._open(configured, Books(store))
        self._by_id = {kept.id: self._open(kept, Books(store, kept.id)) for kept in self._kept}
        self._by_id[configured.id] = self.configured
        self._by_key = {options.stripe_key: self.configured}
        deliveries.sign_with(CHANNEL, self._sign)

    def of_key(self, key: str) -> StripeAccount:
        account = self._by_key.get(key)
        if account is None:
            account = self._by_key[key] = self._of_identity(_identity(key))
        return account

    def of_session(self, session_id: str) -> StripeAccount:
        """A session that nobody has is looked for, in vain, in the configured account."""
        holders = (account for account in self if account.sessions.get(session_id))
        return next(holders, self.configured)

    def of_intent(self, intent_id: str) -> StripeAccount:
        holders = (account for account in self if account.intents.get(intent_id))
        return next(holders, self.configured)

    def named(self, name: str) -> StripeAccount | None:
        """By the last characters of its key."""
        return next((account for account in self if account.identity.shown == name), None)

    def __iter__(self) -> Iterator[StripeAccount]:
        return iter(list(self._by_id.values()))

    def clear(self) -> None:
        for account in self:
            account.clear()
        self._kept.clear()
        self._by_id = {self.configured.identity.id: self.configured}
        self._by_key = {self._options.stripe_key: self.configured}

    def _of_identity(self, identity: records.Account) -> StripeAccount:
        account = self._by_id.get(identity.id)
        if account is None:
            self._kept.put(identity)
            account = self._open(identity, Books(self._store, identity.id))
            self._by_id[identity.id] = account
        return account

    def _open(self, identity: records.Account, books: Books) -> StripeAccount:
        return StripeAccount(identity, books, self._deliveries, self._options)

    def _sign(self, delivery: Delivery) -> Signed | None:
        url, secret = self._receiver(delivery.target)
        if url is None:
            return None
        return Signed(
            url,
            {
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                "Stripe-Signature": signature(delivery.body, secret, int(time.time())),
            },
        )

    def _receiver(self, target: str) -> tuple[str | None, str]:
        if target == CONFIGURED:
            return self._options.stripe_webhook_url, self._options.stripe_webhook_secret
        found = (endpoint for account in self if (endpoint := account.endpoints.get(target)))
        endpoint = next(found, None)
        return (endpoint.url, endpoint.secret) if endpoint else (None, "")


def _identity(key: str) -> records.Account:
    """The id follows from the key, so that the key itself need not be kept."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    return records.Account(id=f"acct_1{digest[:15]}", created=int(time.time()), shown=shown(key))


def signature(body: str, secret: str, timestamp: int) -> str:
    signed = hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256)
    return f"t={timestamp},v1={signed.hexdigest()}"
