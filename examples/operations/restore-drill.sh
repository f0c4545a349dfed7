#!/usr/bin/env bash
# Runs the backup and restore of docs/operations.md on a PostgreSQL of its own: grants, the backup, more grants, the restore.
# It runs the runbook's blocks unchanged. Exits with 1 if a token is not above those that were granted after the backup.
#
# Needs bash, curl, coordinator.jar, and PostgreSQL's programs on the path or in /usr/lib/postgresql/<version>/bin.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
jar=$root/coordinator-server/target/coordinator.jar
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

if ! command -v initdb >/dev/null; then
  for bin in /usr/lib/postgresql/*/bin; do
    [[ -x $bin/initdb ]] && PATH=$bin:$PATH
  done
fi
for program in initdb pg_ctl pg_dump pg_restore psql createdb curl; do
  command -v "$program" >/dev/null || { echo "SKIPPED: $program is not installed here."; exit 0; }
done
[[ -e $jar ]] || { echo "$jar does not exist. Build it with: mvn -q -DskipTests package" >&2; exit 1; }

work=$(mktemp -d)
server=
as_owner() { # PostgreSQL refuses to run as root.
  if ((UID == 0)); then
    setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$work" "$@"
  else
    "$@"
  fi
}
cleanup() {
  [[ -z $server ]] || kill "$server" 2>/dev/null || true
  [[ ! -e $work/data/postmaster.pid ]] || as_owner pg_ctl -D "$work/data" -m immediate stop >/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
if ((UID == 0)); then
  chown 65534:65534 "$work"
fi
cd "$work"

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  cat "$work"/coordinator.* >&2 2>/dev/null || true
  exit 1
}

# block HEADING LANGUAGE: prints the first block of this language below this heading of the runbook.
block() {
  local text
  text=$(awk -v heading="$1" -v fence="\`\`\`$2" '
    /^#/ { here = $0; sub(/^#+ /, "", here); here = here == heading }
    { line = $0; sub(/^ +/, "", line) } # Blocks in a list are indented.
    inside && line == "```" { exit }
    inside { print line }
    here && line == fence { inside = 1 }' "$root/docs/operations.md")
  [[ -n $text ]] || fail "docs/operations.md has no $2 block under the heading $1"
  printf '%s\n' "$text"
}

# run HEADING: runs a block of commands of the runbook.
run() {
  printf '\n-- docs/operations.md, "%s"\n' "$1"
  block "$1" sh >"$work/block"
  bash -euxo pipefail "$work/block"
}

# grant: starts a coordinator on the database "locks", acquires and releases a lease, and sets $token.
grant() {
  local url='' lease
  lease=$(cat /proc/sys/kernel/random/uuid)
  : >coordinator.out # The file may contain the port of an earlier run.
  LOCK_BACKEND=postgres DATABASE_URL=postgres://$PGUSER@$PGHOST:$PGPORT/locks HTTP_PORT=0 SHUTDOWN_DRAIN_MS=0 \
    "$java" -jar "$jar" >coordinator.out 2>coordinator.err &
  server=$!
  for _ in {1..150}; do
    url=$(sed -n 's/^Stream Lock Coordinator is ready at //p' coordinator.out)
    [[ -z $url ]] || break
    kill -0 "$server" 2>/dev/null || fail "the coordinator ended while starting"
    sleep 0.2
  done
  [[ -n $url ]] || fail "the coordinator was not ready within 30 s"
  token=$(curl -fsS -m 30 -H 'Content-Type: application/json' "$url/v1/locks/orders/acquire" \
    -d "{\"ownerId\":\"drill\",\"leaseId\":\"$lease\"}" | grep -o '"fencingToken":[0-9]*' | cut -d: -f2)
  curl -fsS -m 30 -H 'Content-Type: application/json' "$url/v1/locks/orders/release" -d "{\"leaseId\":\"$lease\"}"
  kill "$server"
  wait "$server" || fail "the coordinator did not stop in order"
  server=
  echo "granted with fencing token $token"
}

port=$(shuf -i 20000-29999 -n 1)
as_owner initdb -D "$work/data" -U locks -E UTF8 --auth=trust >initdb.log
as_owner pg_ctl -D "$work/data" -o "-p $port -k $work -c listen_addresses=127.0.0.1" -l "$work/postgres.log" -w start >/dev/null ||
  fail "$(cat postgres.log)"
export PGHOST=127.0.0.1 PGPORT=$port PGUSER=locks
createdb locks

grant
run "Back up"
grant
last=$token

run "Restore"
grant
((token > last)) || fail "token $token is not above $last, which was granted before the restore"
echo
echo "The restore works: token $token is above $last."
