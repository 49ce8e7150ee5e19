#!/usr/bin/env bash
# One open issue for each TITLE, made by our workflow: scripts/report_drift.sh FILE
# It is opened, gets a comment where the words in FILE are new to it, and is else left alone.
set -euo pipefail

LONGEST=60000 # characters; GitHub takes 65,536

body() {
    local words
    # Indented it is shown as it is, whatever it contains; a lone carriage return would end that.
    words=$(head -c $((5 * LONGEST)) "$1" | tr -d '\000-\010\013-\037\177' | sed 's/^/    /')
    if [ ${#words} -gt $LONGEST ]; then
        words=$(printf "%s" "${words:0:LONGEST}" | sed '$d') # without the line that was cut
        words+=$'\n\nThe rest is in the log of the run.'
    fi
    printf 'What is published is not what Paybind relies on (%s):\n\n%s\n\n%s\n' "$mark" "$words" "$RUN_URL"
}

mark="state $(sha256sum <"$1" | cut -c1-16)"
body=$(mktemp)
trap 'rm -f "$body"' EXIT
body "$1" >"$body"

open=$(gh issue list --state open --app github-actions --limit 100 --json number,title \
    --jq '[.[] | select(.title == env.TITLE)][0].number // empty')
if [ -z "$open" ]; then
    gh issue create --title "$TITLE" --body-file "$body"
    exit
fi
told=$(gh issue view "$open" --json body,comments --jq '.body, .comments[].body')
case $told in
    *"($mark)"*) printf 'Issue %s tells of it already.\n' "$open" ;;
    *) gh issue comment "$open" --body-file "$body" ;;
esac
