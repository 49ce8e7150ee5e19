"""A key may do what its scopes say, and admin may do all of it."""

import pytest

from domain.errors import Code, Forbidden
from domain.tenants import Caller, Scope


def _caller(*scopes: Scope) -> Caller:
    return Caller(tenant_id="ten_1", key_id="key_1", scopes=frozenset(scopes))


@pytest.mark.parametrize("scope", Scope)
def test_a_key_may_do_what_its_scope_says(scope: Scope) -> None:
    _caller(scope).require(scope)
    _caller(Scope.ADMIN).require(scope)


@pytest.mark.parametrize("scope", Scope)
def test_a_key_may_do_nothing_else(scope: Scope) -> None:
    others = [each for each in Scope if each not in (scope, Scope.ADMIN)]
    with pytest.raises(Forbidden) as refused:
        _caller(*others).require(scope)
    assert refused.value.code is Code.MISSING_SCOPE
