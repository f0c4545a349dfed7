#!/usr/bin/env bash
# Checks how the worker applies responses (apply.jq). Needs jq 1.6. Exits with 0 if all checks pass.
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=

# check NAME RESPONSE EVENT HELD: applies the response to a renewal of stream a by its holder. EVENT is the expected log
# event ("" for none), and HELD whether the stream must be held afterwards.
check() {
  local event held
  echo '{"streams":["a"],"next":0,"held":{"a":{"leaseId":"l","token":7,"safeUntil":5,"renewAt":3}},"asked":{}}' >"$work/state"
  echo '{"items":[{"streamId":"a","leaseId":"l"}]}' >"$work/request"
  echo "$2" >"$work/answer"
  jq -c -f apply.jq --arg worker w --argjson sent 3 --argjson ttl 9 --argjson margin 1 \
    --slurpfile request "$work/request" --slurpfile answer "$work/answer" "$work/state" >"$work/applied"
  event=$(jq -r 'select(has("event")) | .event' "$work/applied")
  held=$(jq -r 'select(has("held")) | .held | has("a")' "$work/applied")
  if [[ $event != "$3" || $held != "$4" ]]; then
    echo "$1: logged \"$event\" and held is $held, expected \"$3\" and $4" >&2
    failed=1
  fi
}

lease() {
  echo "{\"streamId\":\"$1\",\"leaseId\":\"$2\",\"fencingToken\":7,\"expiresInMs\":9,\"acquiredAt\":\"x\",\"expiresAt\":\"y\"}"
}

check "a renewal" "{\"results\":[{\"status\":200,\"lease\":$(lease a l)}]}" renew true
check "a renewal of another stream" "{\"results\":[{\"status\":200,\"lease\":$(lease b l)}]}" unknown true
check "a renewal of another lease" "{\"results\":[{\"status\":200,\"lease\":$(lease a m)}]}" unknown true
check "a renewal without a lease" '{"results":[{"status":200}]}' unknown true
check "a loss" '{"results":[{"status":410,"streamId":"a","problem":{"reason":"expired"}}]}' loss false
check "a loss of an older server" '{"results":[{"status":410,"problem":{"reason":"expired"}}]}' loss false
check "a loss of another stream" '{"results":[{"status":410,"streamId":"b","problem":{"reason":"unknown"}}]}' unknown true
check "a failure" '{"results":[{"status":503,"streamId":"a","problem":{"code":"storage-unavailable"}}]}' "" true
check "a response without results" '{}' "" true
check "an empty response" '' "" true

[[ -z $failed ]]
echo "The worker of curl and jq applies all responses correctly."
