"""Record the histories that replay is tested with: ``python -m tests.workflows.record_histories``.

A new story is recorded by its name as an argument. Record all of them anew when a workflow has
changed on purpose and no run of the old code is under way; otherwise a failing replay means that
running purchases would break: use ``workflow.patched``.
"""

import asyncio
import json
import logging
import re
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Set
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from domain.executions import workflow_id_of as execution_workflow_id_of
from domain.key_rotation import ROTATION_ID
from domain.links import workflow_id_of as link_workflow_id_of
from domain.payouts import balance_id_of, payout_id_of
from domain.payouts import workflow_id_of as watch_id_of
from domain.purchases import workflow_id_of as purchase_workflow_id_of
from domain.refunds import Asker
from domain.refunds import workflow_id_of as refund_workflow_id_of
from services.payout_runs import ROUND
from tests.fake_account import order as operation_order
from tests.fake_payouts import ACCOUNT
from tests.fake_world import World
from tests.workflows import test_approvals as approvals
from tests.workflows import test_cancelling as cancelling
from tests.workflows import test_conflicts as conflicts
from tests.workflows import test_executions as executions
from tests.workflows import test_failover as failover
from tests.workflows import test_found_refunds as found_refunds
from tests.workflows import test_issuing as issuing
from tests.workflows import test_key_rotation as key_rotation
from tests.workflows import test_late_money as late_money
from tests.workflows import test_link as link
from tests.workflows import test_looks as looks
from tests.workflows import test_mailing as mailing
from tests.workflows import test_opening as opening
from tests.workflows import test_operations as operations
from tests.workflows import test_parking as parking
from tests.workflows import test_payment as payment
from tests.workflows import test_payout_events as payout_events
from tests.workflows import test_payout_watch as payout_watch
from tests.workflows import test_refunds as refunds
from tests.workflows import test_refunds_elsewhere as elsewhere
from tests.workflows import test_returned_refunds as returned
from tests.workflows import test_settlement as settlement
from tests.workflows.bank import Bank, empty_rows, opened_bank
from tests.workflows.servers import start_dev_server, start_skipping_server
from tests.workflows.stories import Stories
from tests.workflows.workers import WATCHING, workers

HISTORIES = Path(__file__).with_name("histories")
Story = Callable[[Stories], Awaitable[None]]


async def _watched_late_money(stories: Stories) -> None:
    late_money.sell_at_justifi(stories)
    await late_money.test_money_that_comes_days_after_a_cancellation_goes_back_without_any_word(
        stories
    )


# These need no time to pass and run on the real server; the others on the one that skips it.
SHORT: Mapping[str, Story] = {
    "paid": payment.test_a_paid_purchase_becomes_a_delivered_policy,
    "declined_then_paid": (
        payment.test_a_declined_card_leaves_the_purchase_failed_and_retryable_and_then_paid
    ),
    "paid_while_cancelling": cancelling.test_a_payment_that_is_faster_than_the_cancellation_wins,
    "asked_for": looks.test_a_lost_webhook_is_made_up_for_at_once_when_somebody_asks,
    "wrong_amount": payment.test_a_wrong_amount_goes_to_review_and_issues_nothing,
    "stored_fault": (
        opening.test_a_stored_fault_gets_a_new_key_only_after_a_look_that_finds_no_checkout
    ),
    "refused_opening": (
        opening.test_a_provider_that_refuses_the_checkout_ends_the_purchase_and_frees_the_quote
    ),
    "retried_issue": (
        issuing.test_a_policy_that_cannot_be_printed_waits_for_a_person_who_has_it_printed
    ),
    "bounced": mailing.test_a_bounce_flags_the_purchase_and_takes_the_delivery_back,
    "full_refund": refunds.test_a_full_refund_gives_all_of_it_back_and_cancels_the_policy,
    "failed_later": returned.test_a_refund_that_succeeded_and_failed_later_flags_the_purchase,
    "failed_at_once": (
        returned.test_a_refund_that_the_provider_fails_at_once_is_a_matter_for_a_person
    ),
    "returned_refund": returned.test_a_full_refund_that_came_back_is_told_and_revives_the_policy,
    "disputed": issuing.test_a_dispute_flags_the_purchase_for_review,
    "refused_refund": refunds.test_a_refund_that_the_provider_refuses_fails_and_frees_its_claim,
    "adopted_refund": found_refunds.test_a_refund_made_in_the_providers_dashboard_is_adopted,
    "found_refund": found_refunds.test_a_refund_made_in_the_providers_dashboard_is_adopted,
    "failed_found_refund": (
        found_refunds.test_a_dashboards_refund_that_came_back_is_told_and_a_matter_for_a_person
    ),
    "returned_found_refund": (
        found_refunds.test_a_dashboards_refund_that_came_back_is_told_and_a_matter_for_a_person
    ),
    "executed": executions.test_what_the_provider_answers_is_the_result,
    "executed_under_next_key": (
        executions.test_under_a_spoilt_key_it_is_looked_for_and_asked_under_the_next
    ),
    "probed": executions.test_a_probe_that_is_answered_says_nothing,
    "unanswered_probe": executions.test_a_provider_that_cannot_be_reached_leaves_the_question_open,
    "sealed_anew": key_rotation.test_every_row_is_sealed_anew_and_the_lost_ones_are_named,
    "operated": operations.test_what_the_provider_answers_is_told_with_what_it_was_asked,
    "refused_operation": partial(
        operations.test_what_did_nothing_fails_and_may_be_asked_for_again, changes=True
    ),
    "revoked": link.test_a_revoked_link_ends_at_once,
}
LONG: Mapping[str, Story] = {
    "declined_and_left": payment.test_a_declined_customer_who_leaves_is_told_once,
    "cancelled": cancelling.test_a_cancelled_purchase_can_no_longer_be_paid,
    "expired": payment.test_an_abandoned_checkout_expires_and_frees_the_quote,
    "late_money": (
        cancelling.test_money_after_a_cancellation_is_refunded_once_and_the_customer_is_told
    ),
    "lost_webhook": looks.test_a_lost_webhook_is_made_up_for_by_the_poll,
    "settled_later": settlement.test_complete_but_unpaid_issues_nothing_until_the_bank_has_paid,
    "debit_bounced": (
        settlement.test_a_debit_that_bounces_fails_the_purchase_and_the_customer_is_told
    ),
    "declined_then_bounced": (
        settlement.test_a_debit_that_was_heard_of_only_when_it_bounced_is_told_as_well
    ),
    "bounced_after_decline": (
        settlement.test_a_debit_that_was_heard_of_only_when_it_bounced_is_told_as_well
    ),
    "database_outage": payment.test_a_database_outage_delays_a_purchase_and_loses_nothing,
    "mail_outage": (
        mailing.test_a_mail_outage_of_two_days_delays_the_message_and_never_un_issues_the_policy
    ),
    "refund_in_review": issuing.test_a_refund_ends_a_policy_that_cannot_be_printed,
    "approved": approvals.test_what_an_agent_asks_for_waits_for_a_human_who_agrees,
    "unanswered": approvals.test_nobodys_answer_within_three_days_is_a_no,
    "pending_refund": refunds.test_a_pending_refund_is_settled_by_the_webhook,
    "polled_refund": (refunds.test_a_pending_refund_whose_webhook_was_lost_is_found_by_the_poll),
    "looked_for_again": (
        elsewhere.test_a_refund_in_doubt_is_looked_for_again_once_a_person_has_decided
    ),
    "outcome_unknown": (
        executions.test_an_outcome_that_nobody_learns_within_a_day_is_left_to_a_person
    ),
    "unknown_operation": operations.test_what_stays_unknown_for_a_day_is_for_a_person,
    "seven_days": (
        link.test_an_unpaid_link_reminds_on_day_three_and_six_and_says_farewell_on_day_seven
    ),
    "link_paid": link.test_a_link_paid_after_a_reminder_gets_no_other,
    "declined_elsewhere": failover.test_a_decline_that_the_rule_names_is_paid_at_the_backup,
    "stray_money": partial(
        failover.test_money_that_comes_to_a_checkout_that_was_left_goes_back_from_there,
        when="before",
    ),
    "paused": parking.test_a_purchase_waits_for_as_long_as_its_one_integration_is_paused,
    "paused_refund": parking.test_a_refund_waits_for_as_long_as_the_integration_is_paused,
    "conflicted_opening": conflicts.test_a_checkout_goes_on_under_a_new_key_likewise,
    "conflicted_cancellation": conflicts.test_a_cancellation_goes_on_under_a_new_key_likewise,
    "conflicted_refund": (
        conflicts.test_a_refund_goes_on_under_a_new_key_once_nothing_can_be_at_work_under_the_first
    ),
    "watched_late_money": _watched_late_money,
}
WATCH = watch_id_of(ACCOUNT)


class PayoutStory(NamedTuple):
    """``workflow_id``: the one of its runs that is recorded."""

    story: Callable[[Bank], Awaitable[None]]
    workflow_id: str


# By the name of their file; time passes in all of them.
PAYOUTS: Mapping[str, PayoutStory] = {
    "polled.watch": PayoutStory(
        partial(payout_watch.test_a_payout_is_followed_to_its_end_by_polls_alone, end="paid"), WATCH
    ),
    "told_of.watch": PayoutStory(
        payout_watch.test_a_failed_payout_is_seen_by_its_event_alone_and_told_of_once, WATCH
    ),
    "failed.watch": PayoutStory(
        payout_watch.test_a_review_that_is_resolved_is_shown_no_more, WATCH
    ),
    "overdue.watch": PayoutStory(
        payout_watch.test_an_overdue_payout_whose_review_is_resolved_is_followed_on, WATCH
    ),
    "unreachable.watch": PayoutStory(
        payout_events.test_a_look_that_fails_is_made_good_by_the_next, WATCH
    ),
    "mail_outage.watch": PayoutStory(
        payout_watch.test_an_outage_of_the_mail_delays_the_one_letter_and_makes_no_second, WATCH
    ),
    "long.watch": PayoutStory(
        payout_watch.test_a_long_watch_goes_on_in_a_new_run_and_neither_loses_nor_repeats_anything,
        WATCH,
    ),
    "account_gone.watch": PayoutStory(
        payout_watch.test_the_watch_ends_when_its_account_is_gone, WATCH
    ),
    "second.round": PayoutStory(
        payout_watch.test_the_daily_round_watches_every_account_once_and_takes_its_balance, ROUND
    ),
    "taken.balance": PayoutStory(
        payout_watch.test_the_daily_round_watches_every_account_once_and_takes_its_balance,
        balance_id_of(ACCOUNT),
    ),
    "compared.reconciliation": PayoutStory(
        payout_watch.test_a_payout_is_compared_with_its_transactions_for_whoever_waits,
        f"reconcile-{payout_id_of(ACCOUNT, 'po_1')}",
    ),
}


async def record(names: Set[str]) -> None:
    """The stories of these names: what was recorded before stays, as what runs in production."""
    async with await start_dev_server() as env:
        for name in SHORT.keys() & names:
            await _record(env, name, SHORT[name])
    for name in LONG.keys() & names:
        async with await start_skipping_server() as env:
            await _record(env, name, LONG[name])
    for name in PAYOUTS.keys() & names:
        with TemporaryDirectory() as folder:
            await _record_payouts(Path(folder), name, PAYOUTS[name])


async def _record(env: WorkflowEnvironment, name: str, story: Story) -> None:
    world = World()
    stories = Stories(env, env.client, world)
    async with workers(env.client, world):
        await story(stories)
    for kind, workflow_id in _workflows_of(world):
        history = await env.client.get_workflow_handle(workflow_id).fetch_history()
        _write(f"{name}.{kind}", history)


async def _record_payouts(folder: Path, name: str, told: PayoutStory) -> None:
    """The last run, and those that it went on from."""
    async with opened_bank(folder, await empty_rows(folder), WATCHING) as bank:
        await told.story(bank)
        file, run_id = name, None
        while file:
            run = bank.env.client.get_workflow_handle(told.workflow_id, run_id=run_id)
            history = await run.fetch_history()
            _write(file, history)
            begun = history.events[0].workflow_execution_started_event_attributes
            run_id = begun.continued_execution_run_id
            file = f"before_{file}" if run_id else ""


def _write(file: str, history: WorkflowHistory) -> None:
    (HISTORIES / f"{file}.json").write_text(_published(history), "utf-8")
    print(f"{file}: {len(history.events)} events")  # noqa: T201


def _workflows_of(world: World) -> Iterator[tuple[str, str]]:
    """The first of each kind: what the others did is told by a story of their own."""
    own = [each for each in world.rows.refunds.values() if each.asker is not Asker.PROVIDER]
    for kind, ids in (
        ("purchase", [purchase_workflow_id_of(each) for each in world.rows.purchases]),
        ("refund", [refund_workflow_id_of(each.refund_id) for each in own]),
        ("link", [link_workflow_id_of(each) for each in world.rows.links]),
        ("execution", [execution_workflow_id_of(each) for each in world.executions.rows]),
        ("probe", [f"probe-{executions.PROBED}-1"] if world.executions.tested else []),
        ("rotation", [ROTATION_ID] if world.sealed.rows else []),
        ("operation", [operation_order().workflow_id] if world.operated.asked else []),
    ):
        yield from ((kind, workflow_id) for workflow_id in ids[:1])


def _published(history: WorkflowHistory) -> str:
    """Without what tells of the machine it was recorded on: traces, process and host names."""
    events = json.loads(history.to_json(), object_hook=_without_traces)
    return re.sub(r"\d+@[\w.-]+", "worker", json.dumps(events, indent=1)) + "\n"


def _without_traces(fields: dict[str, object]) -> dict[str, object]:
    hidden = ("stackTrace", "binaryChecksum")
    return {name: value for name, value in fields.items() if name not in hidden}


if __name__ == "__main__":
    logging.disable()  # the stories are full of faults that are meant to be
    asyncio.run(record(set(sys.argv[1:]) or {*SHORT, *LONG, *PAYOUTS}))
