#!/usr/bin/env bash
# Resolve pyproject.toml into the locks under a folder (here by default), moving no version that
# need not move. Pass --upgrade after the folder to move them all. No address is recorded.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/uv.sh

into=${1:-.}

resolve() {
    uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
        --generate-hashes --no-header --no-annotate --no-emit-index-url "$@"
}

resolve --all-extras --output-file "$into/requirements.lock" "${@:2}"
resolve --extra s3 --extra redis --extra build --constraint "$into/requirements.lock" \
    --output-file "$into/requirements-production.lock"
