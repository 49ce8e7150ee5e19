"""A tenant's own SendGrid: its credentials, a letter by it, and what is told of its failures."""

from collections.abc import AsyncIterator

import pytest

from domain.connections import JsonObject
from domain.errors import Code, InvalidParameters
from domain.schemas import require_match
from gateways.faults import Busy, Misconfigured, OutcomeUnknown, RefusedByProvider
from gateways.integrations import Ask
from gateways.providers import installed_providers
from gateways.sendgrid_integration import SendGridIntegration, SendGridProvider
from tests.gateways.scripted_sendgrid import ScriptedSendGrid, answer, scripted_sendgrid
from tests.gateways.stripe_asking import shipped_schemas

CREDENTIALS = {"api_key": "SG.of-the.tests", "from_email": "desk@broker.example"}
LETTER: JsonObject = {"to": "wei@example.com", "subject": "Your cover", "text": "It begins today."}


def ask(repeated: bool = False) -> Ask:
    return Ask(
        execution_id="exe_1", parameters=LETTER, idempotency_key="exe_1:1", repeated=repeated
    )


@pytest.fixture
async def sendgrid() -> AsyncIterator[ScriptedSendGrid]:
    async with scripted_sendgrid() as running:
        yield running


@pytest.fixture
async def integration(sendgrid: ScriptedSendGrid) -> AsyncIterator[SendGridIntegration]:
    gateway = SendGridProvider(sendgrid.url).connect({**CREDENTIALS, "from_name": "The desk"})
    yield gateway
    await gateway.close()


async def test_a_plain_letter_goes_out_in_the_tenants_name(
    sendgrid: ScriptedSendGrid, integration: SendGridIntegration
) -> None:
    sendgrid.answer = answer("202 Accepted", X_Message_Id="msg-1")
    asked, answered = shipped_schemas("sendgrid")["SEND_EMAIL"]
    require_match(LETTER, asked, "parameters")

    done = await integration.abilities["SEND_EMAIL"](ask())

    require_match(done.result, answered, "result")
    assert done.result == {"message_id": "msg-1"}
    ((head, body),) = sendgrid.asked
    assert "Bearer SG.of-the.tests" in head
    assert body == {
        "from": {"email": "desk@broker.example", "name": "The desk"},
        "personalizations": [{"to": [{"email": "wei@example.com"}]}],
        "subject": "Your cover",
        "content": [{"type": "text/plain", "value": "It begins today."}],
        "custom_args": {"execution_id": "exe_1"},
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
        },
    }


async def test_what_the_catalogue_names_is_what_it_can_do(
    integration: SendGridIntegration,
) -> None:
    assert integration.abilities.keys() == shipped_schemas("sendgrid").keys()
    assert integration.payments is None


async def test_a_letter_whose_answer_was_lost_is_never_sent_again(
    sendgrid: ScriptedSendGrid, integration: SendGridIntegration
) -> None:
    sendgrid.answer = None
    with pytest.raises(RefusedByProvider) as lost:
        await integration.send_email(ask())
    with pytest.raises(RefusedByProvider) as repeated:
        await integration.send_email(ask(repeated=True))

    assert (lost.value.code, repeated.value.code) == ("outcome_unknown", "outcome_unknown")
    assert lost.value.__cause__ is None
    assert len(sendgrid.asked) == 1


async def test_a_busy_sendgrid_took_nothing_and_may_be_asked_again(
    sendgrid: ScriptedSendGrid, integration: SendGridIntegration
) -> None:
    sendgrid.answer = answer("429 Too Many Requests", Retry_After="7")
    with pytest.raises(Busy):
        await integration.send_email(ask())


async def test_a_key_that_may_send_is_right(
    sendgrid: ScriptedSendGrid, integration: SendGridIntegration
) -> None:
    sendgrid.answer = answer("200 OK", '{"scopes": ["alerts.read", "mail.send"]}')
    await integration.probe()
    ((head, body),) = sendgrid.asked
    assert head.startswith("GET /v3/scopes ")
    assert body is None


async def test_a_key_that_may_not_send_is_an_operators_matter(
    sendgrid: ScriptedSendGrid, integration: SendGridIntegration
) -> None:
    for refusal in (answer("401 Unauthorized"), answer("200 OK", '{"scopes": ["alerts.read"]}')):
        sendgrid.answer = refusal
        with pytest.raises(Misconfigured) as fault:
            await integration.probe()
        assert fault.value.service == "sendgrid"


@pytest.mark.parametrize("nonsense", ["", "[]", "<html>", '{"scopes": 5}'])
async def test_nonsense_for_scopes_is_told_as_such(
    sendgrid: ScriptedSendGrid, integration: SendGridIntegration, nonsense: str
) -> None:
    sendgrid.answer = answer("200 OK", nonsense)
    with pytest.raises(RefusedByProvider) as unreadable:
        await integration.probe()
    assert unreadable.value.code == "unreadable"


async def test_a_probe_without_an_answer_says_so(
    sendgrid: ScriptedSendGrid, integration: SendGridIntegration
) -> None:
    sendgrid.answer = None
    with pytest.raises(OutcomeUnknown):
        await integration.probe()


def test_it_is_found_by_its_connection_code() -> None:
    provider = installed_providers({"sendgrid": "http://127.0.0.1:9"})["sendgrid"]
    assert provider == SendGridProvider("http://127.0.0.1:9")


def test_credentials_are_held_to_their_form() -> None:
    provider = SendGridProvider()
    require_match(CREDENTIALS, provider.credentials_schema, "credentials")
    assert provider.secret_field == "api_key"

    wrong = {"api_key": "sk_test_1", "from_email": "nobody", "from_name": "a\nb", "to": "x"}
    with pytest.raises(InvalidParameters) as refused:
        require_match(wrong, provider.credentials_schema, "", Code.INVALID_CREDENTIALS)
    pointers = {fault.pointer for fault in refused.value.faults}
    assert pointers == {"/api_key", "/from_email", "/from_name", "/to"}
