"""How long we wait and how hard we try, in one place."""

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

PURCHASES = "purchases"  # task queue of workflows, rows, money and mail
DOCUMENTS = "documents"  # task queue of the renderers, which scale apart

# A checkout lives a little under Stripe's 24 h, so that its own clock never refuses ours.
CHECKOUT_LIFETIME = timedelta(hours=23, minutes=30)
SHORTEST_CHECKOUT = timedelta(minutes=31)  # Stripe's own minimum is thirty
JUST_AFTER = timedelta(seconds=10)  # for the provider to have ended what is over
FIRST_LOOKS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
NEXT_LOOKS = timedelta(hours=1)
# Bank debits, vouchers and some refunds settle in days; long after that a person should ask.
SETTLEMENT_LOOKS = timedelta(hours=6)
SETTLEMENT_WINDOW = timedelta(days=14)
LATE_MONEY_LOOKS = timedelta(days=1)  # for as long as a checkout that ended unpaid stays open
APPROVAL_WINDOW = timedelta(hours=72)
REFUND_WINDOW = timedelta(days=30)

# Each step that is short and only writes rows or reads the provider is tried at once, inside the
# workflow task; where that fails, PATIENTLY or one of its kin goes on where operators see it.
PROMPTLY = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=5),
    schedule_to_close_timeout=timedelta(seconds=8),
    retry_policy=RetryPolicy(maximum_attempts=1),
)
PATIENTLY = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=30),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)
    ),
)

# The account of a purchase that is over may be gone for good.
LATE_LOOK = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=30),
    schedule_to_close_timeout=timedelta(hours=20),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=15)
    ),
)


def moving_money(key: str) -> ActivityConfig:
    """For a call that acts at the provider; ``key`` is shown in the UI.

    Stripe forgets an idempotency key after 24 hours: a later retry could charge twice.
    """
    return ActivityConfig(
        summary=key,
        start_to_close_timeout=timedelta(seconds=40),
        schedule_to_close_timeout=timedelta(hours=20),
        retry_policy=RetryPolicy(
            initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)
        ),
    )


# Nothing that was asked for before this, and answered 409 ever since, is still at work: no provider
# says how long a request may take, and none keeps one open for minutes.
AT_WORK_AT_MOST = timedelta(minutes=10)

# Somebody waits to see whether an integration works.
PROBE = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=8),
    schedule_to_close_timeout=timedelta(seconds=10),
    retry_policy=RetryPolicy(maximum_attempts=2),
)
# A look at payouts that fails is left to the next one, hours later.
LOOK_AT_PAYOUTS = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=2),
    schedule_to_close_timeout=timedelta(hours=3),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=15)
    ),
)
READ_PAYOUTS: ActivityConfig = {  # one by one, each of which may be waited for
    **LOOK_AT_PAYOUTS,
    "start_to_close_timeout": timedelta(minutes=10),
}
TAKE_SNAPSHOTS = ActivityConfig(
    start_to_close_timeout=timedelta(hours=1),
    schedule_to_close_timeout=timedelta(hours=20),  # the next day's takes what this one missed
    heartbeat_timeout=timedelta(minutes=2),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=30)
    ),
)
# Somebody waits for the comparison of one payout.
RECONCILE = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=5),
    schedule_to_close_timeout=timedelta(minutes=10),
    heartbeat_timeout=timedelta(minutes=1),
    retry_policy=RetryPolicy(maximum_attempts=3),
)
# Somebody waits for what a provider's account holds; pages of it may take a while.
READING = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=22),
    schedule_to_close_timeout=timedelta(seconds=23),
    retry_policy=RetryPolicy(maximum_attempts=2),
)
STORED_FAULTS_ENOUGH = 3  # each but the last calls for a new key, after a look finds nothing
ISSUE_POLICY = ActivityConfig(
    task_queue=DOCUMENTS,
    start_to_close_timeout=timedelta(minutes=1),
    schedule_to_close_timeout=timedelta(hours=1),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)
    ),
)
NEXT_ISSUE = timedelta(hours=6)  # a policy in review is tried again by itself, too
# A mail outage of days delays a policy and never un-issues it.
DELIVER_MAIL = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=40),
    schedule_to_close_timeout=timedelta(days=7),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=30)
    ),
)
