# Sourced: the Python of the virtual environment, and uv as it runs there.

python=.venv/bin/python

# uv does not read pip's variables; where pip is sent to a mirror, uv goes there too.
uv() {
    local mirror=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-}}
    VIRTUAL_ENV=.venv ${mirror:+env UV_DEFAULT_INDEX="$mirror"} "$python" -m uv "$@"
}
