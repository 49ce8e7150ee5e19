"""Every answer that is not the one asked for says what to do next."""

import pytest

from domain.advice import ADVICE
from domain.errors import (
    Code,
    Conflict,
    Gone,
    Invalid,
    NotFound,
    PaybindError,
    Refused,
    Unavailable,
    refusal,
)


@pytest.mark.parametrize("code", Code)
def test_every_code_has_words_for_the_customer_and_a_next_step(code: Code) -> None:
    advice = ADVICE[code]
    assert advice.user_message.strip()
    assert advice.suggested_action.strip()
    assert "_" not in advice.user_message  # a customer reads words, not names


@pytest.mark.parametrize("code", [each for each in Code if each is not Code.UNAVAILABLE])
def test_a_code_that_came_through_a_workflow_becomes_an_error_again(code: Code) -> None:
    error = refusal(code, "why", purchase_id="pur_1")
    assert isinstance(error, Refused)
    assert (error.code, error.message, error.purchase_id) == (code, "why", "pur_1")
    assert error.advice == ADVICE[code]


@pytest.mark.parametrize(
    ("code", "family"),
    [
        (Code.PURCHASE_NOT_FOUND, NotFound),
        (Code.REFUND_ABOVE_CAP, Invalid),
        (Code.CURRENCY_MISMATCH, Invalid),
        (Code.LINK_REVOKED, Gone),
        (Code.ALREADY_PAID, Conflict),
    ],
)
def test_a_code_belongs_to_its_family(code: Code, family: type[PaybindError]) -> None:
    assert type(refusal(code, "why")) is family


def test_what_is_down_says_when_to_come_back() -> None:
    down = Unavailable("the database is away", retry_after=7)
    assert (down.code, down.retry_after, down.advice.can_retry) == (Code.UNAVAILABLE, 7, True)
