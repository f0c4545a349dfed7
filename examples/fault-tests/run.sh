#!/usr/bin/env bash
# Real coordinators, PostgreSQL and workers under faults, and a check of all that was answered. README.md tells the
# settings. Usage: run.sh short | all | run [--faults a,b] [--seconds n] [--runs n] [--seed n] ... | check DIRECTORY
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
jar=$here/target/fault-tests.jar
[[ $# -gt 0 ]] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
if [[ ! -e $jar || ! -e $root/coordinator-server/target/coordinator.jar ]]; then
  (cd "$root" && mvn -B -q -DskipTests package)
fi
command=$1
shift
[[ $command == check ]] || set -- --root "$root" "$@"
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -Xmx768m -jar "$jar" "$command" "$@"
