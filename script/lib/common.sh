#!/usr/bin/env bash
# What every script begins with: where the project stands, and how to speak. Sourced, not run.
set -euo pipefail

TOLLGATE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export TOLLGATE_ROOT
cd "$TOLLGATE_ROOT"

# Messages go to standard error: script/server's standard output belongs to the server.
say() { printf '%s\n' "$*" >&2; }
die() {
  say "${0##*/}: $*"
  exit 1
}

# usage_if_asked TEXT ARGUMENTS…: prints TEXT and ends when an argument asks for help.
usage_if_asked() {
  local text=$1 argument
  shift
  for argument in "$@"; do
    if [[ $argument == --help || $argument == -h ]]; then
      printf '%s\n' "$text"
      exit 0
    fi
  done
}
