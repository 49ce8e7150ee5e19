#!/usr/bin/env bash
# Every check that needs no running system. All run, then all failures are named together.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh
. scripts/uv.sh

failed=()

check() { step "$@" || failed+=("$1"); }

tool() { "$python" -m "$@"; }

# Both run on a database of their own: the tables as migrated must be the tables as declared.
migrations() {
    local scratch status=0
    scratch=$(mktemp -d)
    local -x DATABASE_URL=sqlite:///$scratch/check.db
    { tool alembic upgrade head && tool alembic check; } || status=$?
    rm -rf "$scratch"
    return $status
}

# Resolving anew, starting from the locks, must change nothing. Without a way to an index there is
# nothing to resolve with, and the step says so.
lock_in_step() {
    local scratch status=0
    local -x UV_HTTP_TIMEOUT=10 UV_HTTP_RETRIES=1
    scratch=$(mktemp -d)
    cp ./*.lock "$scratch"
    if scripts/lock.sh "$scratch" 2>"$scratch/errors"; then
        same_pins "$scratch" || status=1
    else
        cat "$scratch/errors"
        grep -q 'No solution found' "$scratch/errors" && status=1 || status=$SKIPPED
    fi
    rm -rf "$scratch"
    return $status
}

# Hashes are left out: an index may have gained a file for a version we use.
same_pins() {
    local lock
    for lock in *.lock; do
        diff <(grep '^[^ ]' "$lock") <(grep '^[^ ]' "$1/$lock") ||
            { echo "$lock is behind pyproject.toml: make lock"; return 1; }
    done
}

# Written so that this file does not name what it looks for.
no_address_of_a_machine() {
    ! git grep --untracked -nIE \
        '(^|[^A-Za-z0-9_.<])/(w[o]rk|r[o]ot|h[o]me)/|https?://[^ ]*(p[y]pi|python[h]osted|debian[.]org)'
}

printf 'make check\n'
check "lint (ruff)" tool ruff check .
check "format (ruff)" tool ruff format --check .
check "types (mypy --strict)" tool mypy .
check "security (bandit)" tool bandit -q -c pyproject.toml -r .
check "import rules, names and sizes" tool pytest -q -p no:cacheprovider tests/test_architecture.py
check "migrations match the tables (alembic)" migrations
check "docker-compose.yml against its schema" \
    tool check_jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
check "GitHub workflows against their schema" \
    tool check_jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
check "locks are in step with pyproject.toml" lock_in_step
check "no address of an index, no path of a machine" no_address_of_a_machine

if [ ${#failed[@]} -gt 0 ]; then
    printf 'make check: failed:\n'
    printf '  %s\n' "${failed[@]}"
    exit 1
fi
printf 'make check: all passed\n'
