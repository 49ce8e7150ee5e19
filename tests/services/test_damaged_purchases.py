"""Verification names what a bought purchase has once too often, or lacks."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, update
from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from domain.emails import EmailOrder, EmailStatus, EmailTemplate, email_id_of
from domain.purchases import workflow_id_of
from domain.verification import Finding, Irregularity, Verdict
from gateways.fsspec_documents import FsspecDocuments
from persistence.database import Database
from persistence.emails import EmailRecords
from persistence.policies import PolicyRecords
from persistence.refunds import RefundRecords
from persistence.rows.purchases import PurchaseRow
from persistence.verification import VerificationRecords
from services.verification import VerificationService
from tests.persistence.samples import PRICE, TENANT, refund_request
from tests.services.conftest import Premises

pytestmark = pytest.mark.slow  # on a real server

# The schema forbids a purchase a second policy: only a table without its rules holds one.
_WITHOUT_RULES = (
    "CREATE TABLE copied AS SELECT * FROM policies",
    "DROP TABLE policies",
    "ALTER TABLE copied RENAME TO policies",
)
_OF_IT = "WHERE purchase_id = :purchase_id"


@dataclass(frozen=True)
class Damaged:
    """One bought purchase, and copies of the rows and documents behind it to be damaged."""

    purchase_id: str
    rows: Path
    documents: Path
    database: Database
    verification: VerificationService

    def write(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.rows)) as connection, connection:
            for statement in statements:
                connection.execute(statement, {"purchase_id": self.purchase_id})

    async def verdict(self) -> Verdict:
        """On rows, documents and histories: the provider is asked of nothing paid before now."""
        return await self.verification.verify(since=datetime.now(UTC))

    async def held_against_it(self) -> list[tuple[Irregularity, str]]:
        return named(await self.verdict(), self.purchase_id)


def named(verdict: Verdict, purchase_id: str) -> list[tuple[Irregularity, str]]:
    def concerns(finding: Finding) -> bool:
        return purchase_id in finding.purchase_ids

    return [(each.irregularity, each.subject) for each in filter(concerns, verdict.findings)]


async def bought_by(premises: Premises) -> str:
    """The id of a purchase at rest."""
    purchase_id = await premises.shop.paid_purchase()
    await premises.client.get_workflow_handle(workflow_id_of(purchase_id)).result()
    return purchase_id


@pytest.fixture(scope="module")
async def bought(premises: Premises) -> str:
    return await bought_by(premises)


@pytest.fixture
async def damaged(premises: Premises, bought: str, tmp_path: Path) -> AsyncIterator[Damaged]:
    settings = premises.shop.settings
    rows, documents = tmp_path / "paybind.db", tmp_path / "documents"
    with closing(sqlite3.connect(settings.paybind_home / "paybind.db")) as connection:
        connection.execute("VACUUM INTO ?", (str(rows),))
    shutil.copytree(settings.documents, documents)
    database = Database(f"sqlite:///{rows}")
    verification = replace(
        premises.verification,
        records=VerificationRecords(database),
        policies=PolicyRecords(database),
        store=FsspecDocuments(str(documents)),
    )
    yield Damaged(bought, rows, documents, database, verification)
    await database.close()


async def test_nothing_is_held_against_a_bought_purchase(damaged: Damaged) -> None:
    assert await damaged.held_against_it() == []


@pytest.mark.parametrize(
    ("irregularity", "damage"),
    [
        (Irregularity.NO_CHARGE, [f"UPDATE purchases SET payment_id = NULL {_OF_IT}"]),
        (Irregularity.NO_POLICY, [f"DELETE FROM policies {_OF_IT}"]),
        (
            Irregularity.SEVERAL_POLICIES,
            [*_WITHOUT_RULES, f"INSERT INTO policies SELECT * FROM policies {_OF_IT}"],
        ),
        (Irregularity.NOT_DELIVERED, [f"DELETE FROM emails {_OF_IT}"]),
        (Irregularity.NOT_DELIVERED, [f"UPDATE emails SET status = 'superseded' {_OF_IT}"]),
        (
            Irregularity.LATE_MONEY_KEPT,
            [
                f"DELETE FROM policies {_OF_IT}",
                f"UPDATE purchases SET status = 'expired', late_payment_id = payment_id {_OF_IT}",
            ],
        ),
    ],
)
async def test_rows_that_do_not_hold_are_named_with_their_purchase(
    damaged: Damaged, irregularity: Irregularity, damage: list[str]
) -> None:
    damaged.write(*damage)

    assert await damaged.held_against_it() == [(irregularity, damaged.purchase_id)]


async def test_what_has_no_charge_is_not_counted_as_one(damaged: Damaged) -> None:
    sound = await damaged.verdict()
    damaged.write(f"UPDATE purchases SET payment_id = NULL {_OF_IT}")

    lacking = await damaged.verdict()

    assert lacking.paid_purchases == sound.paid_purchases
    assert lacking.charges == sound.charges - 1


@pytest.mark.parametrize("damage", ["status = 'bounced'", "status = 'dropped'"])
async def test_a_message_that_came_back_is_a_persons_matter(damaged: Damaged, damage: str) -> None:
    damaged.write(f"UPDATE emails SET {damage} {_OF_IT}")

    assert await damaged.held_against_it() == []


async def test_what_a_person_is_asked_to_see_to_lacks_nothing(damaged: Damaged) -> None:
    damaged.write(
        f"DELETE FROM policies {_OF_IT}", f"UPDATE purchases SET needs_review = 1 {_OF_IT}"
    )

    assert await damaged.held_against_it() == []


async def test_what_goes_back_in_full_lacks_nothing(damaged: Damaged) -> None:
    damaged.write(f"DELETE FROM policies {_OF_IT}")
    refunds, all_but_one = RefundRecords(damaged.database), PRICE.minor - 1
    now = datetime.now(UTC)
    await refunds.request(refund_request(damaged.purchase_id, "ref_most", all_but_one), now)
    assert await damaged.held_against_it() == [(Irregularity.NO_POLICY, damaged.purchase_id)]

    await refunds.request(refund_request(damaged.purchase_id, "ref_rest", 1), now)

    assert await damaged.held_against_it() == []


async def test_a_document_that_is_gone_or_was_written_on_is_named_with_its_purchase(
    damaged: Damaged,
) -> None:
    policy = await PolicyRecords(damaged.database).of_purchase(damaged.purchase_id)
    assert policy is not None
    assert policy.document is not None
    document = damaged.documents / policy.document.location

    document.write_bytes(document.read_bytes() + b"and a million more")
    assert await damaged.held_against_it() == [(Irregularity.DOCUMENT_ALTERED, policy.number)]

    document.unlink()
    assert await damaged.held_against_it() == [(Irregularity.DOCUMENT_MISSING, policy.number)]


async def test_a_message_given_up_that_arrives_late_beside_its_successor_is_named(
    damaged: Damaged,
) -> None:
    emails = EmailRecords(damaged.database)
    damaged.write(f"UPDATE emails SET status = 'superseded' {_OF_IT}")
    [first] = await emails.of_purchase(damaged.purchase_id)
    successor = EmailOrder(
        email_id=email_id_of(first.email_id, EmailTemplate.PAYMENT_CONFIRMATION, 2),
        template=EmailTemplate.PAYMENT_CONFIRMATION,
        tenant_id=TENANT,
        purchase_id=damaged.purchase_id,
    )
    now = datetime.now(UTC)
    await emails.begin(successor, first.recipient, None, now)
    await emails.mark_accepted(successor.email_id, "sg-2", now)
    assert await damaged.held_against_it() == []

    await emails.record_event(first.email_id, EmailStatus.DELIVERED, None, now)

    assert await damaged.held_against_it() == [(Irregularity.DELIVERED_TWICE, damaged.purchase_id)]


@activity.defn
async def open_purchase(refused: bool) -> None:
    if refused:
        raise ApplicationError("the provider is not at home", non_retryable=True)


@workflow.defn(sandboxed=False)
class OpensTwice:
    """What no version of the product may do, and a damaged one could."""

    @workflow.run
    async def run(self, refused_first: bool) -> None:
        for refused in (refused_first, False):
            opening = workflow.execute_activity(
                open_purchase, refused, schedule_to_close_timeout=timedelta(seconds=10)
            )
            await asyncio.gather(opening, return_exceptions=True)


@pytest.mark.parametrize("refused_first", [False, True])
async def test_a_checkout_that_one_run_opened_twice_is_named_unless_the_first_was_refused(
    premises: Premises, refused_first: bool
) -> None:
    client, purchase_id = premises.client, await bought_by(premises)
    run = workflow_id_of(purchase_id)
    async with Worker(
        client, task_queue="openings", workflows=[OpensTwice], activities=[open_purchase]
    ):
        again = await client.start_workflow(
            OpensTwice.run, refused_first, id=run, task_queue="openings"
        )
        await again.result()
    await until_listed(premises, run, runs=2)

    verdict = await premises.verification.verify()

    twice = [] if refused_first else [(Irregularity.CHECKOUT_OPENED_TWICE, run)]
    assert named(verdict, purchase_id) == twice


async def test_a_checkout_opened_after_another_was_left_is_not_one_too_many(
    premises: Premises,
) -> None:
    client, purchase_id = premises.client, await bought_by(premises)
    run = workflow_id_of(purchase_id)
    async with premises.database.transaction() as session:
        moved = update(PurchaseRow).where(col(PurchaseRow.purchase_id) == purchase_id)
        await session.exec(moved.values(failovers=1))
    async with Worker(
        client, task_queue="openings", workflows=[OpensTwice], activities=[open_purchase]
    ):
        again = await client.start_workflow(OpensTwice.run, False, id=run, task_queue="openings")
        await again.result()
    await until_listed(premises, run, runs=2)

    assert named(await premises.verification.verify(), purchase_id) == []


async def until_listed(premises: Premises, workflow_id: str, runs: int) -> None:
    query = f"WorkflowId = '{workflow_id}'"
    async with asyncio.timeout(20):
        while (await premises.client.count_workflows(query)).count < runs:  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # the list of runs lags behind
