# Sourced by the scripts beside it: one line per step, with how long it took.

LC_NUMERIC=C
SKIPPED=77  # a step that could not be tried; its output says why
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# step WHAT COMMAND...   Runs it silently; shows its output only when it fails.
step() {
    local what=$1 begun=${EPOCHREALTIME:-$SECONDS} status=0
    shift
    printf '  %-58s ' "$what"
    "$@" >"$log" 2>&1 || status=$?
    printf '%5s s  %s\n' "$(since "$begun")" "$(verdict $status)"
    [ $status -eq 0 ] || sed 's/^/    | /' "$log"
    [ $status -eq $SKIPPED ] || return $status
}

since() {
    awk -v begun="$1" -v now="${EPOCHREALTIME:-$SECONDS}" 'BEGIN { printf "%.1f", now - begun }'
}

verdict() {
    case $1 in
        0) echo ok ;;
        "$SKIPPED") echo skipped ;;
        *) echo FAILED ;;
    esac
}

stop() {
    printf '%s\n' "$*" >&2
    exit 1
}
