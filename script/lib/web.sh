#!/usr/bin/env bash
# The dashboard's tools and its build. Sourced, not run. Everything here fails softly: without Node
# packages the C++ build goes on, and the binary says on its page how to get the dashboard.
set -euo pipefail

readonly kDashboardPack=build/dashboard/dashboard.pack

# Whether the node that PATH finds is one that Vite supports (20.19 or newer, or 22.12 or newer).
node_fits() {
  command -v node >/dev/null || return 1
  node -e 'const [a, b] = process.versions.node.split(".").map(Number);
    process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)'
}

# Puts a node that fits on PATH: the system's, or one from the npm registry under .tools.
use_node() {
  node_fits && return 0
  PATH=$TOLLGATE_ROOT/.tools/node_modules/.bin:$PATH
  node_fits && return 0
  command -v npm >/dev/null || return 1
  say 'web: fetching Node 24 into .tools'
  npm install --prefix .tools --no-save --no-audit --no-fund --fetch-retries=1 --loglevel=error node@24 >&2 &&
    hash -r && node_fits
}

# web/node_modules as the lock file says; instant when they are.
use_web_packages() {
  local stamp=web/node_modules/.installed digest
  use_node || return 1
  digest=$(cat web/package.json web/package-lock.json | sha256sum)
  [[ -f $stamp && $(<"$stamp") == "$digest" ]] && return 0
  say 'web: Node packages into web/node_modules'
  # Not `npm ci`: it refuses a lock file in which the binaries of other platforms are not listed, and
  # which are depends on what the registry had when it was written.
  npm install --prefix web --no-save --ignore-scripts --no-audit --no-fund --fetch-retries=1 --loglevel=error >&2 || return 1
  printf '%s\n' "$digest" >"$stamp"
}

# What the dashboard is made of, as one digest.
web_digest() {
  {
    find web/src web/tools -type f ! -name 'schema.d.ts' -print0 | sort -z | xargs -0 sha256sum
    sha256sum web/index.html web/vite.config.ts web/package-lock.json api/openapi.yaml
  } | sha256sum
}

# Builds and packs the dashboard when something it is made of changed.
build_dashboard() {
  local stamp=build/dashboard/.built digest
  mkdir -p build/dashboard
  digest=$(web_digest)
  [[ -s $kDashboardPack && -f $stamp && $(<"$stamp") == "$digest" ]] && return 0
  if ! use_web_packages; then
    say 'web: Node packages cannot be had; the binary is built without its dashboard'
    return 0
  fi
  (cd web && npm run --silent api && npm run --silent build) >&2
  node web/tools/pack.mjs web/dist "$kDashboardPack.new"
  mv "$kDashboardPack.new" "$kDashboardPack"
  printf '%s\n' "$digest" >"$stamp"
}

# The stage `web` of script/test: types, lint, unit tests, and the size of what a first visit loads.
check_web() {
  local results status=0
  (cd web && npm run --silent api && npm run --silent check) || return 1
  results=$(cd web && NO_COLOR=1 npx --no-install vitest run 2>&1) || status=$?
  printf '%s\n' "$results"
  sed -nE 's/^ *Tests .*[^0-9]([0-9]+) passed.*/count: \1 passed/p' <<<"$results"
  ((status == 0)) || return 1
  build_dashboard
  node web/tools/size.mjs web/dist
}

# check_browser BINARY FILES…: tests/browser, or only those FILES of it, against a binary that has the dashboard in it.
check_browser() {
  local results status=0
  use_web_packages || return 1
  results=$(TOLLGATE_BINARY=$TOLLGATE_ROOT/$1 web/node_modules/.bin/playwright test --config tests/browser/playwright.config.ts "${@:2}" 2>&1) || status=$?
  printf '%s\n' "$results"
  sed -nE 's/^ +([0-9]+) (passed|failed|skipped)( .*)?$/count: \1 \2/p' <<<"$results"
  return "$status"
}
