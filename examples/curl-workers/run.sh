#!/usr/bin/env bash
# Runs two coordinators on one PostgreSQL and two workers on the same streams. Kills one worker half way (SIGKILL). Then
# checks the logs: no two grants of a stream overlap, tokens rise, the killed worker's streams move within the ttl and one
# second, and every stream is held at the end. Exits with 1 if a check fails.
#
#   DATABASE_URL=postgres://user:password@host:5432/db run.sh
#
# Other variables: STREAMS (200), TTL_MS (5000), RUN_SECONDS (60), and KEEP (if set, the logs are kept).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
jar=$here/../../coordinator-server/target/coordinator.jar
streams=${STREAMS:-200}
ttl=${TTL_MS:-5000}
seconds=${RUN_SECONDS:-60}
: "${DATABASE_URL:?must be set, for example to postgres://user:password@host:5432/db}"
[[ -f $jar ]] || {
  echo "$jar does not exist. Build it with: mvn -q -DskipTests package" >&2
  exit 2
}

work=$(mktemp -d)
run=$(basename "$work")
pids=()
cleanup() {
  for pid in "${pids[@]}"; do
    kill -9 "$pid" 2>/dev/null || true
  done
  if [[ -n ${KEEP:-} ]]; then
    echo "Logs: $work"
  else
    rm -rf "$work"
  fi
}
trap cleanup EXIT

fail() {
  echo "$*" >&2
  tail -n 20 "$work"/*.err >&2
  exit 1
}

urls=()
for i in 1 2; do
  HTTP_PORT=0 LOCK_BACKEND=postgres java -jar "$jar" >"$work/coordinator-$i.out" 2>"$work/coordinator-$i.err" &
  pids+=($!)
done
for i in 1 2; do
  url=
  for _ in {1..150}; do
    url=$(sed -n 's/^Stream Lock Coordinator is ready at //p' "$work/coordinator-$i.out")
    [[ -z $url ]] || break
    sleep 0.2
  done
  [[ -n $url ]] || fail "Coordinator $i was not ready within 30 s."
  urls+=("$url")
done
echo "Coordinators: ${urls[*]}"

# list FILE NAME=VALUE...: writes all live locks of this run that match, one per line.
list() {
  local file=$1 token='' page parameters=()
  for parameter in "${@:2}"; do
    parameters+=(--data-urlencode "$parameter")
  done
  : >"$file"
  # The loop ends after the maximum number of pages.
  for ((page = 0; page <= streams / 1000 + 1; page++)); do
    curl -fsS -m 5 -G "${urls[RANDOM % 2]}/v1/locks" --data-urlencode "prefix=$run/" -d pageSize=1000 \
      "${parameters[@]}" ${token:+--data-urlencode "pageToken=$token"} >"$work/page" 2>>"$work/run.err" || return
    jq -c '.locks[]' "$work/page" >>"$file"
    token=$(jq -r '.nextPageToken // empty' "$work/page")
    [[ -n $token ]] || return 0
  done
}

must_list() {
  list "$@" || list "$@" || list "$@" || fail "The coordinators do not list the locks."
}

seq -f "$run/%05g" "$streams" >"$work/streams"
workers=()
for i in 1 2; do
  COORDINATORS="${urls[0]},${urls[1]}" WORKER_ID="worker-$i-$run" TTL_MS=$ttl ASK=$((streams < 3000 ? streams / 3 + 1 : 1000)) \
    "$here/worker.sh" "$work/streams" "$work/worker-$i.log" 2>"$work/worker-$i.err" &
  workers+=($!)
  pids+=($!)
done
echo "Workers: 2 on $streams streams, ttl $ttl ms, for $seconds s. The first worker is killed half way."

marker=
missed=0
for ((second = 1; second <= seconds; second++)); do
  sleep 1
  list "$work/sample" || missed=$((missed + 1))
  cat "$work/sample" >>"$work/samples"
  if ((second == seconds / 2)); then
    # A grant just before the kill shows the time of the kill on the database's clock.
    marker=$(curl -fsS -m 5 -X POST "${urls[0]}/v1/locks/marker%2F$run/acquire" -H 'Content-Type: application/json' \
      -d '{"ownerId":"run.sh","ttlMs":1000}' | jq -r .acquiredAt)
    disown "${workers[0]}" # Without this bash reports the kill.
    kill -9 "${workers[0]}"
    must_list "$work/dead" "ownerId=worker-1-$run"
    echo "Second $second: killed the first worker, which held $(wc -l <"$work/dead") streams."
  fi
done
must_list "$work/final"
cat "$work/final" >>"$work/samples"

# Stops processes with SIGTERM: first the worker, which releases its streams, then the coordinators, which drain.
stop() {
  local pid status=0
  kill -TERM "$@"
  for pid in "$@"; do
    for _ in {1..100}; do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -0 "$pid" 2>/dev/null && fail "Process $pid was not gone 10 s after SIGTERM."
    wait "$pid" || status=$?
    [[ $status == 0 ]] || fail "Process $pid ended with $status."
  done
}
stop "${workers[1]}"
stop "${pids[0]}" "${pids[1]}"

# The last line of a killed worker may be incomplete. It is left out.
jq -Rc 'fromjson? | select(.expiresAt) | {streamId, owner: .workerId, fencingToken, acquiredAt, expiresAt}' \
  "$work"/worker-*.log >"$work/facts"
jq -c '{streamId, owner: .ownerId, fencingToken, acquiredAt, expiresAt}' "$work/samples" >>"$work/facts"

echo "Losses logged:       $(cat "$work"/worker-*.log | grep -c '"event":"loss"' || true)"
echo "Calls unknown:       $(cat "$work"/worker-*.err | grep -c unknown || true) by workers, $missed samples"
jq -n --slurpfile facts "$work/facts" --slurpfile dead "$work/dead" --slurpfile final "$work/final" \
  '{$facts, $dead, $final}' |
  jq -r -f "$here/check.jq" --arg marker "$marker" --argjson streams "$streams" --argjson ttl "$ttl" \
    --arg survivor "worker-2-$run"
