#!/usr/bin/env bash
# Checks alerts.yml, its tests, prometheus.yml and dashboard.json. Checks that a coordinator reports every metric that they
# use. Usage: check.sh SCRAPE, which is the URL of its /metrics or a file with the response. Needs jq and promtool. Without
# promtool it extracts one from Debian's package prometheus, without installing that.
set -euo pipefail
scrape=${1:?the URL of /metrics, or a file}
[[ $scrape == http*://* ]] || scrape=$(realpath "$scrape")
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

if [[ $scrape == http*://* ]]; then
  curl -fsS -m 30 "$scrape" >"$work/metrics" || fail "no metrics at $scrape"
else
  cp "$scrape" "$work/metrics"
fi

jq -e '.panels | length > 0' dashboard.json >/dev/null || fail "dashboard.json"

# Prints every metric name in the expressions of file $1.
names() {
  sed -E 's/"[^"]*"//g; s/\{[^}]*\}//g; s/\[[^]]*\]//g; s/\b(by|without|on|ignoring) *\([^)]*\)//g;
    s/\boffset +[0-9a-z]+//g; s/\b[a-z_]+ *\(/(/g; s/\b(and|or|unless|bool)\b//g' "$1" |
    grep -oE '\b[a-zA-Z_:][a-zA-Z0-9_:]*' | sort -u
}
jq -r '.panels[].targets[]?.expr' dashboard.json >"$work/dashboard"
awk '/^ +(for|labels|annotations):/ {on = 0} sub(/^ +expr: *\|?/, "") {on = 1} on' alerts.yml >"$work/alerts"
for source in dashboard alerts; do
  count=0
  while read -r name; do
    [[ $name == up ]] || grep -qE "^$name(\{| )" "$work/metrics" || fail "$source: no server reports $name"
    count=$((count + 1))
  done < <(names "$work/$source")
  ((count > 5)) || fail "$source: only $count metrics"
  echo "$source: a server reports all $count metrics."
done

if command -v promtool >/dev/null; then
  promtool=promtool
elif command -v apt-get >/dev/null; then
  (
    cd "$work"
    apt-get -qq download prometheus 2>/dev/null || { apt-get -qq update && apt-get -qq download prometheus; }
    dpkg-deb -x prometheus_*.deb prometheus
  ) >/dev/null || { echo "SKIPPED: promtool cannot be downloaded, so the rules are not checked."; exit 0; }
  promtool=$work/prometheus/usr/bin/promtool
else
  echo "SKIPPED: promtool is not installed here, so the rules are not checked."
  exit 0
fi
"$promtool" --version 2>&1 | head -n 1
"$promtool" check config prometheus.yml
"$promtool" test rules alerts.test.yml
"$promtool" check metrics <"$work/metrics" || fail "promtool check metrics"
