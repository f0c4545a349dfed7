#!/usr/bin/env bash
# Runs real coordinators, PostgreSQL and workers under faults, and checks every response. README.md describes the
# settings.
#
#   run.sh short | all | run [--faults a,b] [--seconds n] [--runs n] [--seed n] ...
#   run.sh check DIRECTORY
#   run.sh patroni | patroni-short [--switchovers n] [--kills n] ...  fail-overs by a real Patroni
#   run.sh leaks [--seconds n]  callers that wait and behave badly, for ten minutes
#   run.sh servers [--seconds n]  Java clients that know two servers, of which one at a time fails
#   run.sh tokens [--fail-overs n] [--restores n] ...  a database that loses grants
#   run.sh abuse | abuse-short [--attacks a,b] [--seconds n] [--backends a,b] ...  one caller attacks all others
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
jar=$here/target/proof.jar
[[ $# -gt 0 ]] || { sed -n '5,11s/^#   //p' "$0" >&2; exit 2; }
if [[ ! -e $jar || ! -e $root/coordinator-server/target/coordinator.jar ]]; then
  (cd "$root" && mvn -B -q -DskipTests package)
fi
options=(-Xmx768m)
if [[ $1 == abuse* ]]; then
  options+=(-Dclient.log=OFF)
  # One attack opens 11,500 connections, and the server accepts as many of them as its limit allows.
  ulimit -n "$(ulimit -Hn)"
  if [[ $(ulimit -n) != unlimited ]] && (($(ulimit -n) < 12500)); then
    echo "A process can open $(ulimit -n) files here, so slow-heads opens fewer connections than 11,500"
  fi
fi
command=$1
shift
[[ $command == check ]] || set -- --root "$root" "$@"
[[ $command != patroni* && $command != servers ]] || options+=(-Dclient.log=${CLIENT_LOG:-OFF})
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" "${options[@]}" -jar "$jar" "$command" "$@"
