#!/usr/bin/env bash
# Kills, suspends and disconnects two Java and two TypeScript workers on a real coordinator and PostgreSQL while they
# publish. Then runs the control, which is the same without the sink's fence. README.md describes the settings.
# With joins, the workers are a group. They stop and start again every ten seconds, for ten minutes, without faults and
# without a control.
# Usage: publishing.sh [short | joins]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
cd "$root"

case ${1:-} in
  short) streams=50 events=1000 seconds=15 control=8 ttl=1000 ;;
  '') streams=500 events=20000 seconds=180 control=60 ttl=3000 ;;
  joins) streams=60 events=30000 seconds=600 control=0 ttl=6000 ;;
  *) sed -n '2,6s/^# //p' "$0" >&2; exit 2 ;;
esac
export ROOT=$root
export STREAMS=${STREAMS:-$streams} EVENTS=${EVENTS:-$events} RUN_SECONDS=${RUN_SECONDS:-$seconds} TTL_MS=${TTL_MS:-$ttl}

jar=$here/target/proof.jar
if [[ ! -e $jar || ! -e coordinator-server/target/coordinator.jar || ! -e examples/worker-java/target/worker.jar ]]; then
  mvn -B -q -DskipTests package
fi

export TYPESCRIPT=off
if command -v npm >/dev/null && node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null; then
  [[ -d examples/worker-typescript/target/client ]] || mvn -B -q generate-sources -pl examples/worker-typescript
  (cd examples/worker-typescript && npm ci --no-fund --no-audit && npm run build)
  TYPESCRIPT=on
else
  echo "SKIPPED: Node 20 with npm is not installed here, so all four workers are the Java one."
fi

if [[ ${1:-} == joins ]]; then
  export GROUP=${GROUP:-publishing} DISTURB=joins
fi
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
LOGS=$here/target/logs/fence-on FENCE=on "$java" -jar "$jar" publishing

[[ ${1:-} == joins ]] && exit

# The control has the same density of events in less time. It only has to show that the fence is necessary.
EVENTS=$((EVENTS * control / seconds)) RUN_SECONDS=$control LOGS=$here/target/logs/fence-off FENCE=off \
  "$java" -jar "$jar" publishing
