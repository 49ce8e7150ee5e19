"""`paybind demo` as a newcomer sees it."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.journeys.command.shell import Shell

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
STEPS = [
    "starting Temporal and the database",
    "starting the worker and the API",
    "Temporal  shows every step at http://127.0.0.1:",
    "Quoting   registered quote_travel_",
    "Agent     calls the tool initiate_purchase",
    "Agent     got the checkout page http://127.0.0.1:",
    "Customer  paid on that page with the test card 4242 4242 4242 4242",
    "Stripe    sent its signed webhook: pur_",
    "Agent     calls the tool complete_purchase",
    "Paybind   issued policy POL-",
    "Customer  downloaded the policy: ",
    "Mailbox   alice@example.com got “[TEST] Your policy POL-",
    "Verify    1 paid: 1 charge, 1 policy, 1 message, 0 findings",
]


def test_the_demo_buys_one_policy_tells_each_step_and_proves_it(tmp_path: Path) -> None:
    played = Shell(tmp_path / "home").run("demo", "--json")

    assert played.returncode == 0, played.stderr
    told = played.stderr.splitlines()
    assert [line for line, step in zip(told, STEPS, strict=True) if not line.startswith(step)] == []
    facts = json.loads(played.stdout)
    pdf, number = Path(facts["policy_pdf"]), facts["policy_number"]
    assert pdf.is_relative_to(tmp_path)
    assert hashlib.sha256(pdf.read_bytes()).hexdigest() == facts["sha256"]  # the mail's
    assert number in facts["mail_subject"]
    assert (facts["mail_to"], facts["mail_attachments"]) == ("alice@example.com", [f"{number}.pdf"])
    assert facts["workflow_id"] == f"purchase-{facts['purchase_id']}"
    assert facts["session_id"] in facts["checkout_url"]
    assert facts["payment_id"].startswith("pi_")
    verdict = facts["verdict"]
    once = ("paid_purchases", "charges", "policies", "delivered_messages", "provider_payments")
    assert [verdict[each] for each in once] == [1] * len(once)
    assert verdict["findings"] == []


STEPS_OF_FAILOVER = [
    "starting Temporal and the database",
    "starting the worker and the API",
    "Temporal  shows every step at http://127.0.0.1:",
    "Operator  made the integration primary: ",
    "Operator  made the integration backup: ",
    "Operator  linked it as the tenant's default",
    "Operator  linked it as the tenant's backup",
    "Operator  paused the primary: ",
    "Service   started pur_",
    "Customer  paid on its page with the test card 4242 4242 4242 4242",
    "Stripe    told the backup's address: pur_",
    "Timeline  passed over primary: integration ",
    "Timeline  routed to backup (stripe): backup of primary: integration ",
    "Stripe    the books of the primary: 0 payments",
    "Stripe    the books of the backup: 1 payments",
]


def test_the_demo_of_a_failover_completes_on_the_backup_and_tells_why(tmp_path: Path) -> None:
    played = Shell(tmp_path / "home").run("demo", "--failover", "--json")

    assert played.returncode == 0, played.stderr
    told = played.stderr.splitlines()
    pairs = zip(told, STEPS_OF_FAILOVER, strict=True)
    assert [line for line, step in pairs if not line.startswith(step)] == []
    facts = json.loads(played.stdout)
    assert facts["payment_status"] == "completed"
    assert facts["policy_number"].startswith("POL-")
    assert (len(facts["primary"]["payments"]), len(facts["backup"]["payments"])) == (0, 1)
    passed_over, chosen = facts["routing"]
    assert "is paused (Stripe maintains this account); nothing was sent" in passed_over["detail"]
    assert chosen["detail"] == f"backup of primary: {passed_over['detail']}"
    assert "sk_test" not in played.stdout + played.stderr


STEPS_ON_JUSTIFI = [
    "starting Temporal and the database",
    "starting the worker and the API",
    "Temporal  shows every step at http://127.0.0.1:",
    "Operator  made the integration ",
    "Quoting   registered quote_justifi_",
    "Service   started pur_",
    "Service   got the page with JustiFi's form http://127.0.0.1:",
    "Customer  paid on that page with the test card 4242 4242 4242 4242",
    "JustiFi   sent its signed webhook: pur_",
    "Paybind   issued policy POL-",
    "Payout    po_",
    "Payout    po_",
    "Payout    po_",
    "Finance   USD ",
]


def test_the_demo_on_justifi_follows_the_money_to_the_bank(tmp_path: Path) -> None:
    played = Shell(tmp_path / "home").run("demo", "--justifi", "--json")

    assert played.returncode == 0, played.stderr
    told = played.stderr.splitlines()
    pairs = zip(told, STEPS_ON_JUSTIFI, strict=True)
    assert [line for line, step in pairs if not line.startswith(step)] == []
    facts = json.loads(played.stdout)
    assert (facts["provider"], facts["payment_status"]) == ("justifi", "completed")
    assert facts["payout_statuses"] == ["scheduled", "in_transit", "paid"]
    assert 0 < facts["payout"]["amount"]["minor"] < 15000  # the price, less what JustiFi keeps
    assert "test_demo" not in played.stdout + played.stderr
