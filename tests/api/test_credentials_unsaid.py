"""What carries credentials inwards shows them nowhere: not printed, and not in what refuses it."""

import pytest
from pydantic import BaseModel, ValidationError

from api.integrations import IntegrationBody, IntegrationUpdate
from services.integrations import IntegrationChange, IntegrationWish
from tests.api.planted import MARK, planted

CARRIERS = (IntegrationBody, IntegrationUpdate, IntegrationWish, IntegrationChange)


def carried(carrier: type[BaseModel], credentials: object) -> dict[str, object]:
    given = {"connection_code": "stripe", "name": "Account", "metadata": {}}
    known = {name: value for name, value in given.items() if name in carrier.model_fields}
    return {**known, "credentials": credentials}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_printed_it_shows_no_credentials(carrier: type[BaseModel]) -> None:
    given = carrier.model_validate(carried(carrier, {"api_key": planted("sk_test_")}))
    assert "Account" in repr(given)
    assert MARK not in repr(given)
    assert MARK not in str(given)


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("credentials", [planted("sk_"), [planted("sk_")], {"k": [planted("sk_")]}])
def test_what_refuses_it_repeats_nothing(carrier: type[BaseModel], credentials: object) -> None:
    with pytest.raises(ValidationError) as refused:
        carrier.model_validate(carried(carrier, credentials))
    assert MARK not in str(refused.value)
    assert MARK not in repr(refused.value)
