#!/usr/bin/env bash
# Writes a report as a comment on a pull request of GitHub or a merge request of GitLab. A later run updates the comment
# in place: it is found by a mark in its first line.
#
#   comment.sh REPORT.md [MARK]
#
# GitHub: GITHUB_TOKEN, GITHUB_REPOSITORY, PULL_REQUEST, and GITHUB_API_URL unless it is github.com.
# GitLab: GITLAB_TOKEN, CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID.
# Needs curl and jq.
set -euo pipefail

report=${1:?usage: comment.sh REPORT.md [MARK]}
mark="<!-- faultline-gate: ${2:-default} -->"

fail() { echo "comment.sh: $*" >&2; exit 1; }
[[ -r $report ]] || fail "$report cannot be read"
command -v jq >/dev/null || fail "jq is not installed"
command -v curl >/dev/null || fail "curl is not installed"

if [[ -n ${PULL_REQUEST:-} ]]; then
  : "${GITHUB_TOKEN:?must be set}" "${GITHUB_REPOSITORY:?must be set}"
  auth="Authorization: Bearer $GITHUB_TOKEN"
  api=${GITHUB_API_URL:-https://api.github.com}/repos/$GITHUB_REPOSITORY
  list=$api/issues/$PULL_REQUEST/comments
  one=$api/issues/comments
  update=PATCH
  limit=65536
elif [[ -n ${CI_MERGE_REQUEST_IID:-} ]]; then
  : "${GITLAB_TOKEN:?must be set}" "${CI_API_V4_URL:?must be set}" "${CI_PROJECT_ID:?must be set}"
  auth="PRIVATE-TOKEN: $GITLAB_TOKEN"
  list=$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes
  one=$list
  update=PUT
  limit=1000000
else
  echo "comment.sh: not in a pull request or merge request, nothing to comment on" >&2
  exit 0
fi

# The token goes to curl by a file, since arguments can be read by other users of the machine.
config=$(mktemp)
body=$(mktemp)
trap 'rm -f "$config" "$body"' EXIT
chmod 600 "$config"
printf 'header = "%s"\nheader = "Content-Type: application/json"\n' "$auth" >"$config"
call() { curl --silent --show-error --fail --retry 3 --max-time 30 --config "$config" "$@"; }

jq -n --arg mark "$mark" --argjson limit "$limit" --rawfile report "$report" \
  '{body: (($mark + "\n" + $report)[:$limit])}' >"$body"

# The comment may stand on any page.
id=
for ((page = 1; page <= 100; page++)); do
  comments=$(call "$list?per_page=100&page=$page")
  id=$(jq -r --arg mark "$mark" 'map(select((.body // "") | startswith($mark))) | .[0].id // empty' <<<"$comments")
  if [[ -n $id || $(jq length <<<"$comments") -lt 100 ]]; then
    break
  fi
done

if [[ -n $id ]]; then
  call --request "$update" --data @"$body" "$one/$id" >/dev/null
  echo "comment $id is updated"
else
  id=$(call --request POST --data @"$body" "$list" | jq -r .id)
  echo "comment $id is new"
fi
