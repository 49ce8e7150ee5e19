"""What JustiFi answers, as an agent is shown it; nonsense is said to be nonsense."""

import pytest

from domain.errors import BadAnswer, Code
from mcp_server.justifi_answers import Payment

PAID: dict[str, object] = {"id": "py_1", "status": "succeeded", "amount": 1500, "currency": "usd"}


@pytest.mark.parametrize("told", ["paid", {**PAID, "amount": "4242424242424242 or so"}, {}])
def test_what_lacks_what_it_should_have_is_told_without_what_it_has(told: object) -> None:
    with pytest.raises(BadAnswer) as nonsense:
        Payment.of(told)

    assert nonsense.value.code is Code.PROVIDER_ANSWERED_NONSENSE
    assert "4242" not in f"{nonsense.value} {nonsense.value.__cause__}"


def test_newer_words_and_fields_pass() -> None:
    assert Payment.of({**PAID, "status": "pondered", "colour": "blue"}).status == "pondered"
