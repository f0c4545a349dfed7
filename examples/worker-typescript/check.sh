#!/usr/bin/env bash
# Builds the TypeScript worker, and tests its code for leases and groups (src/leases.ts, src/shares.ts, src/group.ts)
# against scripted servers. Needs Node 20.3 or later with npm, and Maven unless the client is generated.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

if ! command -v npm >/dev/null || ! node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null; then
  echo "SKIPPED: Node 20 with npm is not installed here, so the TypeScript worker is not tested."
  exit 0
fi
[[ -d $here/target/client ]] || (cd "$here/../.." && mvn -B -q generate-sources -pl examples/worker-typescript)
cd "$here"
npm ci --no-fund --no-audit
npm run build
npm test
