"""What is granted or refused by the purchase as it stands."""

from datetime import UTC, datetime

import pytest

from domain.errors import Code, Conflict
from domain.purchases import Purchase
from domain.routing import Candidate, Route
from services.refusals import require_same_integration
from tests.persistence.samples import order

NORTH = Candidate(integration_id="int-north", name="North", because="the tenant's default")


@pytest.mark.parametrize("named", ["int-north", None])
def test_who_names_the_integration_of_the_open_purchase_or_none_joins_it(named: str | None) -> None:
    purchase = Purchase(order=order(), route=Route.to(NORTH, datetime.now(UTC)))

    require_same_integration(purchase, named)


def test_who_names_another_is_told_which_one_it_is() -> None:
    purchase = Purchase(order=order(), route=Route.to(NORTH, datetime.now(UTC)))

    with pytest.raises(Conflict, match="is open by int-north, not by int-south") as refused:
        require_same_integration(purchase, "int-south")

    assert refused.value.code is Code.OTHER_INTEGRATION
