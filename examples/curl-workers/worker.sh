#!/usr/bin/env bash
# A worker of curl and jq. It tries to hold every stream of a list, renews its leases, and stops a stream when its lease is
# lost. It shows the loop that every worker needs, without the work itself.
#
#   worker.sh STREAMS_FILE LOG_FILE
#
# STREAMS_FILE contains one stream id per line. Each grant, renewal and loss is appended to LOG_FILE as a line of JSON.
# Settings are variables:
#   COORDINATORS  base URLs, separated by commas; after a failed call the next one is used
#   WORKER_ID     the owner id, unique per start            (default: host-pid-time)
#   TTL_MS        the length of a lease                     (default: 30000)
#   MARGIN_MS     the time before its end at which a lease is given up, for clocks of different speeds
#                                                           (default: TTL_MS / 20)
#   BEAT_MS       the time between two calls                (default: 200)
#   ASK           the number of streams that one call acquires, at most 1000. A small number lets workers that start
#                 together share the streams                (default: 50)
# Needs Linux (its monotonic clock is /proc/uptime), bash, curl and jq 1.6. On SIGTERM it releases all leases and exits.
set -euo pipefail

here=$(dirname "$0")
streams=$1
log=$2
IFS=, read -ra coordinators <<<"${COORDINATORS:-http://127.0.0.1:8080}"
worker=${WORKER_ID:-$(hostname)-$$-$(date +%s)}
ttl=${TTL_MS:-30000}
margin=${MARGIN_MS:-$((ttl / 10))}
beat=${BEAT_MS:-200}
ask=${ASK:-50}

dir=$(mktemp -d)
trap stop EXIT
stopping=
trap 'stopping=1' TERM INT

# Sets now, in ms. This is not the time of day, because a change of that would prolong or end leases.
read_clock() {
  local seconds
  read -r seconds _ </proc/uptime
  now=$((10#${seconds/./} * 10))
}

# Sends $dir/request to a path and writes the response to $dir/answer. Fails if the status is not 200. Then the result is
# unknown, and the worker goes on as before. The next call goes to the next coordinator.
turn=$((RANDOM % ${#coordinators[@]}))
call() {
  local status
  status=$(curl -s -m 2 -o "$dir/answer" -w '%{http_code}' -H 'Content-Type: application/json' \
    --data-binary "@$dir/request" "${coordinators[turn]}$1") || status=000
  if [[ $status != 200 ]]; then
    echo "$worker: $1 at ${coordinators[turn]} returned $status: unknown, going on" >&2
    turn=$(((turn + 1) % ${#coordinators[@]}))
    return 1
  fi
}

# Releases all leases, so that other workers can acquire the streams at once. Releases without a response are repeated with
# pauses for 5 s. After that the leases run out, and the log names their streams.
stop() {
  trap '' TERM INT
  local pause=0.1 tries=0 failed request until
  read_clock
  until=$((now + 5000))
  jq -c '[.held | to_entries[] | {streamId: .key, leaseId: .value.leaseId}]' "$dir/state" >"$dir/left"
  until [[ $(<"$dir/left") == '[]' ]]; do
    read_clock
    if ((++tries > 1 && now >= until)); then
      jq -c --arg worker "$worker" '.[] | {event: "held", workerId: $worker, streamId,
        reason: "no release had a response, so the lease runs out"}' "$dir/left" >>"$log"
      echo "$worker: $(jq length "$dir/left") leases stay held until they run out" >&2
      break
    fi
    ((tries == 1)) || sleep "$pause"
    ((tries == 1)) || pause=$(jq -n "[$pause * 2, 2] | min")
    failed=
    jq -c 'range(0; length; 1000) as $from | {items: .[$from:$from + 1000]}' "$dir/left" >"$dir/releases"
    while IFS= read -r request; do
      printf '%s\n' "$request" >"$dir/request"
      # 204: released. 410: the lease had ended before. A response that is not JSON counts as none.
      if [[ -z $failed ]] && call /v1/batch/release &&
        jq -c --slurpfile answer "$dir/answer" '.items | to_entries[] |
          . as $item | select($answer[0].results[.key] | (.status != 204 and .status != 410) or
            (.streamId != null and .streamId != $item.value.streamId)) | .value' "$dir/request" >"$dir/part"; then
        cat "$dir/part"
      else
        # The other calls of this try could hang as long.
        failed=1
        jq -c '.items[]' "$dir/request"
      fi
    done <"$dir/releases" >"$dir/unanswered"
    jq -cs . "$dir/unanswered" >"$dir/left"
  done
  rm -rf "$dir"
}

shuf "$streams" | jq -Rnc '{streams: [inputs], next: 0, held: {}, asked: {}}' >"$dir/state"

while [[ -z $stopping ]]; do
  read_clock
  sent=$now
  jq -c -f "$here/plan.jq" --arg worker "$worker" --argjson now "$now" --argjson ttl "$ttl" --argjson ask "$ask" \
    --arg random "$(head -c $((16 * ask)) /dev/urandom | od -An -v -tx1 | tr -d ' \n')" "$dir/state" >"$dir/plan"
  {
    # The new lease ids are in the state before the request is sent.
    IFS= read -r state && printf '%s\n' "$state" >"$dir/state"
    read -r path
    IFS= read -r request && printf '%s\n' "$request" >"$dir/request"
    cat >>"$log"
  } <"$dir/plan"

  path=${path//\"/}
  # jq fails on a response that is not JSON and reports that. The result is unknown as well.
  if [[ $path != null ]] && call "$path" &&
    jq -c -f "$here/apply.jq" --arg worker "$worker" --argjson sent "$sent" --argjson ttl "$ttl" \
      --argjson margin "$margin" --slurpfile request "$dir/request" --slurpfile answer "$dir/answer" \
      "$dir/state" >"$dir/applied"; then
    {
      IFS= read -r state && printf '%s\n' "$state" >"$dir/state"
      cat >>"$log"
    } <"$dir/applied"
  fi

  read_clock
  left=$((beat - (now - sent)))
  if ((left > 0)); then
    # Ctrl-C also reaches the sleep.
    sleep "$(printf '%d.%03d' $((left / 1000)) $((left % 1000)))" || true
  fi
done
