"""What can be set when the simulators start; every default suits a developer's machine."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class RetrySchedule:
    """Seconds between two tries of one webhook: first, doubled each time, never above the cap."""

    first: float = 0.5
    cap: float = 60.0
    tries: int = 20
    timeout: float = 30.0

    def wait_after(self, tries_made: int) -> float:
        return min(self.first * 2.0 ** (tries_made - 1), self.cap)


@dataclass(frozen=True, kw_only=True)
class Options:
    public_url: str = "http://127.0.0.1"
    data: Path | None = None
    log: Path | None = None
    # Its account is the one that the configured webhook hears of.
    stripe_key: str = "sk_test_simulated"
    stripe_webhook_url: str | None = None
    stripe_webhook_secret: str = "whsec_simulator"
    stripe_webhook_events: tuple[str, ...] = ("*",)
    # Its platform is the one that the configured webhook hears of.
    justifi_client_id: str = "test_simulated"
    justifi_webhook_url: str | None = None
    justifi_webhook_secret: str = "sigk_simulator"
    # How long an access token is good, and whether its answer says so.
    justifi_token_seconds: float = 24 * 3600.0
    justifi_tells_expiry: bool = False
    sendgrid_webhook_url: str | None = None
    sendgrid_private_key: str | None = None
    # Seconds until a delayed payment or a pending refund reaches its end.
    settle_after: float = 10.0
    retries: RetrySchedule = RetrySchedule()
