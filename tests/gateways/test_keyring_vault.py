"""Sealed credentials open in their own row alone, and a key that is lost is named."""

import pytest

from domain.integrations import Sealed, SecretPlace
from gateways.credentials import UnreadableCredentials
from gateways.keyring import Keyring
from gateways.keyring_vault import KeyringVault

OLD, NEW = Keyring.generate("2025"), Keyring.generate("2026")
SECRET = {"api_key": "sk_test_ümlaut", "webhook_secret": "whsec_1"}
HERE = SecretPlace(tenant_id="ten_acme", integration_id="int-1", connection_code="stripe")


def vault(*keys: str) -> KeyringVault:
    return KeyringVault(Keyring.parse(",".join(keys)))


def test_what_was_sealed_opens_in_its_own_row() -> None:
    sealed = vault(OLD).seal(SECRET, HERE)
    assert vault(OLD).open(sealed, HERE) == SECRET
    assert sealed.key_id == "2025"
    assert b"sk_test" not in sealed.ciphertext


@pytest.mark.parametrize(
    "elsewhere",
    [{"tenant_id": "ten_other"}, {"integration_id": "int-2"}, {"connection_code": "justifi"}],
)
def test_copied_into_another_row_it_does_not_open(elsewhere: dict[str, str]) -> None:
    sealed = vault(OLD).seal(SECRET, HERE)
    with pytest.raises(UnreadableCredentials, match="not sealed for this row, or altered"):
        vault(OLD).open(sealed, HERE.model_copy(update=elsewhere))


def test_a_place_cannot_be_spelt_so_that_it_is_another() -> None:
    apart = SecretPlace(tenant_id="a", integration_id='b", "c', connection_code="d")
    alike = SecretPlace(tenant_id='a", "b', integration_id="c", connection_code="d")
    with pytest.raises(UnreadableCredentials):
        vault(OLD).open(vault(OLD).seal(SECRET, apart), alike)


def test_a_key_that_is_lost_is_named() -> None:
    sealed = vault(OLD).seal(SECRET, HERE)
    with pytest.raises(UnreadableCredentials) as refused:
        vault(NEW).open(sealed, HERE)
    assert str(refused.value) == "the encryption key 2025 is not in PAYBIND_ENCRYPTION_KEYS"
    assert refused.value.__suppress_context__


def test_under_another_keys_name_it_does_not_open() -> None:
    sealed = vault(OLD).seal(SECRET, HERE)
    named = sealed.model_copy(update={"key_id": "2026"})
    with pytest.raises(UnreadableCredentials, match=r"altered \(key 2026\)"):
        vault(NEW, OLD).open(named, HERE)


@pytest.mark.parametrize("ciphertext", [b"", b"short", b"\0" * 64])
def test_bytes_that_were_never_sealed_are_told_as_altered(ciphertext: bytes) -> None:
    with pytest.raises(UnreadableCredentials, match="altered"):
        vault(OLD).open(Sealed(key_id="2025", ciphertext=ciphertext), HERE)


def test_after_a_rotation_the_new_key_seals_and_the_old_one_still_opens() -> None:
    sealed = vault(OLD).seal(SECRET, HERE)
    both = vault(NEW, OLD)
    assert both.open(sealed, HERE) == SECRET
    assert both.active_key_id == both.seal(SECRET, HERE).key_id == "2026"


def test_neither_vault_nor_failure_shows_a_key_or_a_secret() -> None:
    sealed = vault(OLD).seal(SECRET, HERE)
    with pytest.raises(UnreadableCredentials) as refused:
        vault(OLD).open(sealed, HERE.model_copy(update={"tenant_id": "ten_other"}))
    key = OLD.partition(":")[2]
    for shown in (repr(vault(OLD)), repr(refused.value), str(refused.value)):
        assert key not in shown
        assert "sk_test" not in shown
