"""API keys as rows: found by hash until they are revoked."""

from datetime import timedelta

from domain.tenants import Scope
from persistence.database import Database
from persistence.keys import KeyRecords
from tests.persistence.samples import LATER, NOON, TENANT

SCOPES = frozenset({Scope.READ, Scope.REFUND})


async def tenants_keys(database: Database) -> KeyRecords:
    keys = KeyRecords(database)
    await keys.ensure_tenant(TENANT, "Acme", NOON)
    await keys.ensure_tenant(TENANT, "Acme again", LATER)
    return keys


async def test_a_key_is_found_by_its_hash_until_it_is_revoked(database: Database) -> None:
    keys = await tenants_keys(database)
    key = await keys.create(TENANT, "till", SCOPES, "hash-1", "abcd", NOON, livemode=False)

    found = await keys.by_hash("hash-1")
    revoked = await keys.revoke(TENANT, key.key_id, LATER)
    again = await keys.revoke(TENANT, key.key_id, LATER + timedelta(hours=1))

    assert found == key
    assert key.scopes == SCOPES
    assert revoked is not None
    assert revoked.revoked_at == LATER
    assert again == revoked
    assert await keys.by_hash("hash-1") is None
    assert await keys.by_hash("hash-2") is None


async def test_the_same_key_is_created_once(database: Database) -> None:
    keys = await tenants_keys(database)

    first = await keys.create(TENANT, "till", SCOPES, "hash-1", "abcd", NOON, livemode=False)

    assert (
        await keys.create(TENANT, "till", SCOPES, "hash-1", "abcd", LATER, livemode=False) == first
    )


async def test_another_tenant_neither_sees_nor_revokes_a_key(database: Database) -> None:
    keys = await tenants_keys(database)
    key = await keys.create(TENANT, "till", SCOPES, "hash-1", "abcd", NOON, livemode=False)

    assert await keys.revoke("ten_other", key.key_id, LATER) is None
    assert (await keys.page("ten_other")).items == ()
    assert await keys.by_hash("hash-1") == key


async def test_keys_are_paged_newest_first(database: Database) -> None:
    keys = await tenants_keys(database)
    for number in range(3):
        await keys.create(
            TENANT, f"key {number}", SCOPES, f"hash-{number}", "abcd", NOON, livemode=False
        )

    first = await keys.page(TENANT, None, 2)
    second = await keys.page(TENANT, first.next_cursor, 2)

    names = {key.name for key in (*first.items, *second.items)}
    assert names == {"key 0", "key 1", "key 2"}
