#!/usr/bin/env bash
# Lets Java workers of one group join, stop, die and hang, and measures how their streams move. Prints a table, and
# draws target/shares.svg. Exits with 1 if a limit is missed. examples/README.md explains the figures and the limits.
#
#   run.sh [--streams 60] [--ttl 6000] [--after 10] [--short]
#
# The ttl is in milliseconds. After each change, the run watches for --after seconds that nothing moves. The short form
# leaves out the last four changes, and judges no times.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

jars=(coordinator-server/target/coordinator.jar examples/stream-api/target/stream-api.jar
  examples/worker-java/target/worker.jar)
for jar in "${jars[@]}"; do
  if [[ ! -e $root/$jar ]]; then
    (cd "$root" && mvn -B -q -DskipTests package -pl coordinator-server,examples/stream-api,examples/worker-java -am)
    break
  fi
done

# The libraries of the worker contain one that reads JSON.
libraries=$root/examples/worker-java/target/lib/*
classes=$here/target/classes
rm -rf "$classes" "$here/target/logs"
"${JAVA_HOME:+$JAVA_HOME/bin/}javac" -proc:none -Xlint:all -Werror -cp "$libraries" -d "$classes" "$here"/*.java
# The program ends the processes that it has started, also on Ctrl-C.
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -cp "$classes:$libraries" EvenShares "$root" "$@"
