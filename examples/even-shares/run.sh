#!/usr/bin/env bash
# Lets Java workers of one group join, stop, die and hang, and measures how their streams move. Prints a table, and draws
# target/shares.svg. Exits with 1 if a limit of docs/scaling.md is missed. examples/README.md explains the figures.
#
#   run.sh [--streams 60] [--ttl 6000] [--after 10] [--short]
#
# The ttl is in milliseconds. After each change, the run watches for --after seconds that nothing moves. The short form
# leaves out the last four changes, and judges no times.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

for jar in coordinator-server/target/coordinator.jar examples/{stream-api/target/stream-api,worker-java/target/worker}.jar; do
  if [[ ! -e $root/$jar ]]; then
    (cd "$root" && mvn -B -q -DskipTests package -pl coordinator-server,examples/stream-api,examples/worker-java -am)
    break
  fi
done

# The worker's libraries contain the one that reads JSON. The program ends the processes that it starts, also on Ctrl-C.
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -cp "$root/examples/worker-java/target/lib/*" "$here/EvenShares.java" "$root" "$@"
