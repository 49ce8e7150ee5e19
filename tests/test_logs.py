"""No log line quotes a customer, whatever fails and however often."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import ValidationError
from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.faults import told_to_temporal
from domain.errors import Code, Conflict, NotFound
from domain.quotes import InsuredPerson
from gateways.faults import RefusedByProvider
from logs import JsonLines
from settings import Settings
from tests.workflows.servers import start_skipping_server

NAME, EMAIL = "Mei Tan Planted", "mei.planted@example.com"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """All that this process logs, as ``log_as_json`` would write it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def lines_of(written: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


@activity.defn
async def read_what_is_no_name() -> None:
    InsuredPerson.model_validate({"name": [NAME], "e_mail": EMAIL})


@activity.defn
async def quote_the_customer() -> None:
    raise RuntimeError(f"cannot write to {NAME} <{EMAIL}>")


@activity.defn
async def miss_a_row() -> None:
    with told_to_temporal():
        raise NotFound(Code.PURCHASE_NOT_FOUND, "no purchase pur_1")


FAILING = (read_what_is_no_name, quote_the_customer, miss_a_row)


@workflow.defn
class FailingWorkflow:
    @workflow.run
    async def run(self) -> None:
        for step in FAILING:
            try:
                await workflow.execute_activity(
                    step,
                    start_to_close_timeout=timedelta(seconds=5),
                    retry_policy=RetryPolicy(maximum_attempts=2),
                )
            except FailureError:
                workflow.logger.info("%s failed", step.__name__)


async def test_a_failing_step_is_logged_without_the_customers_words(written: io.StringIO) -> None:
    async with (
        await start_skipping_server() as server,
        Worker(
            server.client,
            task_queue="failing",
            workflows=[FailingWorkflow],
            activities=FAILING,
            workflow_runner=UnsandboxedWorkflowRunner(),
        ),
    ):
        await server.client.execute_workflow(
            FailingWorkflow.run, id="failing", task_queue="failing"
        )

    failures = [line for line in lines_of(written) if "error" in line]
    assert {"ValidationError", "RuntimeError", "ApplicationError"} <= {
        str(line["error"]) for line in failures
    }
    assert "no purchase pur_1" in {line.get("reason") for line in failures}
    assert any("quote_the_customer" in str(line["where"]) for line in failures)
    assert NAME not in written.getvalue()
    assert EMAIL not in written.getvalue()


async def test_a_task_that_nobody_awaits_is_logged_without_its_words(written: io.StringIO) -> None:
    asyncio.create_task(quote_the_customer())  # noqa: RUF006
    await asyncio.sleep(0)  # it fails
    await asyncio.sleep(0)  # and is forgotten

    [line] = [line for line in lines_of(written) if line["logger"] == "asyncio"]
    assert (line["message"], line["error"]) == (
        "Task exception was never retrieved",
        "RuntimeError",
    )
    assert EMAIL not in written.getvalue()


@pytest.mark.parametrize(
    "error",
    [
        Conflict(Code.ALREADY_PAID, "pur_1 is paid"),
        RefusedByProvider("pur_1 is paid"),
        ApplicationError("pur_1 is paid"),
    ],
)
def test_our_own_words_are_told(written: io.StringIO, error: Exception) -> None:
    logging.getLogger("paybind").error("refused", exc_info=error)

    [line] = lines_of(written)
    assert (line["error"], line["reason"]) == (type(error).__qualname__, "pur_1 is paid")


def test_a_refused_value_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as refused:
        InsuredPerson.model_validate({"name": [NAME], "e_mail": EMAIL})
    assert NAME not in str(refused.value)
    assert EMAIL not in str(refused.value)


def test_refused_settings_are_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_planted")
    monkeypatch.setenv("API_PORT", "planted")
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert "planted" not in str(refused.value)
