#!/usr/bin/env bash
# Two Java and two TypeScript workers on a real coordinator and PostgreSQL, killed, suspended and cut off while they
# publish; then the control, the same with the sink's fence off. Usage: run.sh [short]. README.md tells the settings.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"

case ${1:-} in
  short) streams=50 events=1000 seconds=15 control=8 ttl=1000 ;;
  '') streams=500 events=20000 seconds=180 control=60 ttl=3000 ;;
  *) sed -n '2,3s/^# //p' "$0" >&2; exit 2 ;;
esac
export ROOT=$root
export STREAMS=${STREAMS:-$streams} EVENTS=${EVENTS:-$events} RUN_SECONDS=${RUN_SECONDS:-$seconds} TTL_MS=${TTL_MS:-$ttl}

jar=$here/target/no-double-publishing.jar
if [[ ! -e $jar || ! -e coordinator-server/target/coordinator.jar || ! -e examples/worker-java/target/worker.jar ]]; then
  mvn -B -q -DskipTests package
fi

export TYPESCRIPT=off
if command -v npm >/dev/null && node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null; then
  [[ -d examples/worker-typescript/target/client ]] || mvn -B -q generate-sources -pl examples/worker-typescript
  (cd examples/worker-typescript && npm ci --no-fund --no-audit && npm run build)
  TYPESCRIPT=on
else
  echo "SKIPPED: no Node 20 with npm here, so all four workers are the Java one."
fi

java=${JAVA_HOME:+$JAVA_HOME/bin/}java
LOGS=$here/target/logs/fence-on FENCE=on "$java" -jar "$jar"

# As dense in time as the run before, and shorter: it only has to show what the fence was for.
EVENTS=$((EVENTS * control / seconds)) RUN_SECONDS=$control LOGS=$here/target/logs/fence-off FENCE=off "$java" -jar "$jar"
