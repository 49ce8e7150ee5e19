"""What the services tell each other of purchases."""

import pytest

from domain.errors import Code, NotFound
from domain.identifiers import new_id
from tests.services.conftest import Premises

pytestmark = pytest.mark.slow  # on a real server


async def test_a_purchase_that_nobody_made_has_no_order(premises: Premises) -> None:
    with pytest.raises(NotFound) as refused:
        await premises.shop.services.purchases.order(new_id("pur"))
    assert refused.value.code is Code.PURCHASE_NOT_FOUND
