#!/usr/bin/env bash
# Everything a fresh machine needs: scripts/setup.sh check | run | test
# check: the virtual environment; run: and what prints PDFs; test: and PostgreSQL and Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh
. scripts/uv.sh

purpose=${1:-run}
fingerprint=$({ cat requirements.lock pyproject.toml; pwd; } | cksum | tr ' ' -)
stamp=.venv/.stamp-$fingerprint

find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11 python3.14 python; do
        "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (4,))' 2>/dev/null &&
            { command -v "$name"; return; }
    done
    stop "Paybind needs Python 3.11 or newer; none was found on the PATH."
}

purposes=() packages=()

# need WHY PACKAGE...   Noted first, so that whoever must install them is told of all at once.
need() {
    purposes+=("$1")
    shift
    packages+=("$@")
}

install_what_is_needed() {
    [ ${#packages[@]} -gt 0 ] || return 0
    local why
    printf -v why '%s, ' "${purposes[@]}"
    why=${why%, }
    has_any apt-get || stop "Missing for $why. Please install what Debian calls: ${packages[*]}"
    [ "$(id -u)" = 0 ] || stop "Missing for $why. Please install: sudo apt-get install -y ${packages[*]}"
    step "Debian packages for $why" apt_install "${packages[@]}"
}

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y --no-install-recommends "$@" ||
        { apt-get update && apt-get install -y --no-install-recommends "$@"; }
}

make_venv() {
    local base
    base=$(find_python)
    rm -rf .venv 2>/dev/null || stop ".venv cannot be made anew: it belongs to another user. Remove it."
    step "virtual environment of $("$base" --version)" "$base" -m venv .venv
}

# Debian splits venv off per version: python3.12-venv for python3.12.
venv_package() {
    "$1" -c 'import sys; print("python{}.{}-venv".format(*sys.version_info))'
}

# The lines of the lock that pin one package, with its hashes.
pinned() {
    awk -v name="$1==" 'index($0, name) == 1 { on = 1 } on { print } on && !/\\$/ { exit }' requirements.lock
}

install_uv() {
    pinned uv >.venv/uv.lock
    "$python" -m pip install --quiet --require-hashes -r .venv/uv.lock
}

install_locked() {
    if "$python" -m uv --version && uv pip sync --compile-bytecode --require-hashes requirements.lock; then return; fi
    "$python" -m pip install --quiet --require-hashes -r requirements.lock
}

install_ourselves() {
    uv pip install --no-deps --no-build-isolation --editable . ||
        "$python" -m pip install --quiet --no-deps --no-build-isolation --editable .
}

has_venv() { "$1" -c 'import ensurepip' 2>/dev/null; }

is_sound() { "$python" -c 'import pip' 2>/dev/null && grep -qF "$PWD/.venv" .venv/bin/activate; }

set_up_venv() {
    is_sound || make_venv
    step "uv, the installer" install_uv || echo "  uv cannot be had here; pip does its work, more slowly"
    step "libraries of requirements.lock, by their hashes" install_locked
    step "the paybind command" install_ourselves
    rm -f .venv/.stamp-*
    touch "$stamp"
}

# has_libraries PYTHON NAME:VERSION...   By loading them, as those who need them will.
has_libraries() {
    local base=$1
    shift
    "$base" - "$@" <<'PROBE'
import ctypes, ctypes.util, sys
for name in sys.argv[1:]:
    stem, _, version = name.partition(":")
    try:
        ctypes.CDLL(f"lib{stem}.so.{version}")
    except OSError:
        if not ctypes.util.find_library(stem):
            sys.exit(1)
PROBE
}

has_any() {
    local program
    for program in "$@"; do command -v "$program" >/dev/null && return; done
    return 1
}

has_postgres() { has_any initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

has_chromium() { has_any chromium-headless-shell chromium chromium-browser google-chrome; }

chromium_package() {
    apt-cache show chromium-headless-shell >/dev/null 2>&1 && echo chromium-headless-shell || echo chromium
}

look_for_packages() {
    local base=$python
    if ! is_sound; then
        base=$(find_python)
        has_venv "$base" || need "virtual environments" "$(venv_package "$base")"
    fi
    [ "$purpose" != check ] || return 0
    has_libraries "$base" pango-1.0:0 pangoft2-1.0:0 harfbuzz-subset:0 ||
        need "printing PDFs" libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
    [ "$purpose" = test ] || return 0
    has_postgres || need "tests on PostgreSQL" postgresql
    has_chromium || need "tests in a browser" "$(chromium_package)"
}

look_for_packages
install_what_is_needed
if ! [ -f "$stamp" ] || ! is_sound; then set_up_venv; fi
