#!/usr/bin/env bash
# Checks the manifests here, docker-compose.yml and the Dockerfile, without a cluster and without Docker. Needs Node 20.3
# or later with npm. With kubectl it also checks the output of kustomize. See README.md.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

if ! command -v npm >/dev/null || ! node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null; then
  echo "SKIPPED: Node 20 with npm is not installed here, so the manifests are not checked."
  exit 0
fi
(cd "$here/check" && npm ci --no-fund --no-audit --loglevel=error)

rendered=()
if command -v kubectl >/dev/null && kubectl kustomize --help >/dev/null 2>&1; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  # Each combination of components is made by removing the # before their lines.
  for components in '' monitoring tls 'monitoring tls'; do
    folder="$work/manifests"
    rm -rf "$folder" && mkdir "$folder"
    cp -r "$here"/*.yaml "$here"/*.env "$here/monitoring" "$here/tls" "$folder"
    for component in $components; do
      sed -i "s/^  # - $component\$/  - $component/" "$folder/kustomization.yaml"
      grep -q "^  - $component\$" "$folder/kustomization.yaml"
    done
    out="$work/base${components:+ with $components}.yaml"
    kubectl kustomize "$folder" >"$out"
    rendered+=("$out")
  done
else
  echo "SKIPPED: kubectl is not installed here, so the output of kustomize is not checked."
fi
node "$here/check/check.mjs" ${rendered[@]+"${rendered[@]}"}
