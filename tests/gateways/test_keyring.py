"""What is sealed opens under the same key and context only, also after keys have changed."""

import base64

import pytest
from cryptography.exceptions import InvalidTag

from gateways.keyring import NONCE_BYTES, Keyring

OLD, NEW = Keyring.generate("old"), Keyring.generate("new")


def test_what_is_sealed_opens_again() -> None:
    keyring = Keyring.parse(OLD)
    assert keyring.open("old", keyring.seal(b"plain", b"here"), b"here") == b"plain"


def test_the_same_words_are_never_sealed_alike() -> None:
    keyring = Keyring.parse(OLD)
    sealed = [keyring.seal(b"plain", b"here") for _ in range(100)]
    assert len({one[:NONCE_BYTES] for one in sealed}) == len(set(sealed)) == 100


def test_under_another_context_nothing_opens() -> None:
    keyring = Keyring.parse(OLD)
    with pytest.raises(InvalidTag):
        keyring.open("old", keyring.seal(b"plain", b"here"), b"there")


def test_what_was_altered_does_not_open() -> None:
    keyring = Keyring.parse(OLD)
    sealed = keyring.seal(b"plain", b"here")
    for place in (0, NONCE_BYTES, len(sealed) - 1):
        altered = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(InvalidTag):
            keyring.open("old", sealed[:place], b"here")
        with pytest.raises(InvalidTag):
            keyring.open("old", altered, b"here")


def test_after_a_rotation_the_new_key_seals_and_the_old_one_still_opens() -> None:
    before, after = Keyring.parse(OLD), Keyring.parse(f"{NEW},{OLD}")
    assert after.active == "new"
    assert after.open("old", before.seal(b"plain", b"here"), b"here") == b"plain"
    sealed = after.seal(b"plain", b"here")
    with pytest.raises(InvalidTag):
        after.open("old", sealed, b"here")
    with pytest.raises(KeyError):
        before.open("new", sealed, b"here")


@pytest.mark.parametrize(
    "text", ["", "old", "old:", ":AAAA", "old:AAAA", pytest.param(f"{OLD},", id="comma")]
)
def test_a_list_of_keys_that_is_none_is_refused_unsaid(text: str) -> None:
    with pytest.raises(ValueError, match="id:base64-of-32-bytes") as refused:
        Keyring.parse(text)
    assert OLD.partition(":")[2] not in str(refused.value)


def test_a_keyring_shows_no_key() -> None:
    keyring = Keyring.parse(OLD)
    shown = repr(keyring)
    assert "old" in shown
    assert repr(base64.b64decode(OLD.partition(":")[2])) not in shown


def test_two_keys_of_one_name_have_different_marks_and_a_mark_gives_no_key_away() -> None:
    one, other = Keyring.parse(OLD), Keyring.parse(Keyring.generate("old"))
    assert one.active_mark != other.active_mark
    assert Keyring.parse(f"{NEW},{OLD}").marks == {Keyring.parse(NEW).active_mark, one.active_mark}
    assert len(one.active_mark) == len("old:") + 8
