#!/usr/bin/env bash
# Stages of script/test and script/soak: each is run with its output in build/test-logs/NAME.log,
# gives one line, and is counted; finish() prints the sum and exits. Sourced, not run.
set -euo pipefail

logs=$TOLLGATE_ROOT/build/test-logs
mkdir -p "$logs"
passed=0 failed=0 skipped=0
failed_stages=()
started=$SECONDS

# Sums the number before WORD over a log's lines that match PATTERN.
count_in() {
  local log=$1 pattern=$2
  { grep -aoE "$pattern" "$log" || true; } | { grep -oE '[0-9]+' || true; } |
    awk '{ sum += $1 } END { print sum + 0 }'
}

# What a stage's log says was run: GoogleTest's and pytest's own sums, or lines of the form
# "count: N passed" that our stages print. Sets ok, bad and left_out.
read_counts() {
  local log=$1 summary
  ok=$(count_in "$log" '\[  PASSED  \] [0-9]+ tests?\.')
  bad=$(count_in "$log" '\[  FAILED  \] [0-9]+ tests?,')
  left_out=$(count_in "$log" '\[  SKIPPED \] [0-9]+ tests?,')
  ok=$((ok + $(count_in "$log" '^count: [0-9]+ passed')))
  bad=$((bad + $(count_in "$log" '^count: [0-9]+ failed')))
  left_out=$((left_out + $(count_in "$log" '^count: [0-9]+ skipped')))
  # pytest's last line, e.g. "== 2 failed, 40 passed, 1 skipped in 12.3s ==" (bare with -q).
  summary=$(grep -aE '^(=+ )?[0-9]+ (failed|passed|skipped|error|deselected).* in [0-9.]+s' "$log" | tail -1 || true)
  if [[ -n $summary ]]; then
    ok=$((ok + $(count_in <(echo "$summary") '[0-9]+ passed')))
    bad=$((bad + $(count_in <(echo "$summary") '[0-9]+ (failed|error)')))
    left_out=$((left_out + $(count_in <(echo "$summary") '[0-9]+ skipped')))
  fi
}

# What a reader needs of a failing stage's log: the lines that name the failure, and the end.
show_failure() {
  local log=$1
  grep -anE -A 6 ': Failure$|^(FAILED|ERROR) |error:|ERROR: |WARNING: ThreadSanitizer|^E  ' "$log" |
    head -n 60 | sed 's/^/    /' || true
  say_out "    … the end of ${log#"$TOLLGATE_ROOT"/}:"
  tail -n 40 "$log" | sed 's/^/    /'
}

say_out() { printf '%s\n' "$*"; }

# stage NAME COMMAND…: never ends the script; a stage that failed makes finish() do that.
stage() {
  local name=$1 log="$logs/$1.log" status=0 began=$SECONDS ok bad left_out verdict=ok
  shift
  printf '%-22s ' "$name"
  "$@" >"$log" 2>&1 </dev/null || status=$?
  read_counts "$log"
  if ((status != 0)); then
    verdict=FAILED
    failed_stages+=("$name")
    if ((bad == 0)); then bad=1; fi
  elif ((bad > 0)); then
    verdict=FAILED
    failed_stages+=("$name")
  elif ((ok == 0 && left_out == 0)); then
    ok=1
  fi
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + left_out))
  printf '%-6s %4d s  %d passed' "$verdict" $((SECONDS - began)) "$ok"
  if ((bad)); then printf ', %d failed' "$bad"; fi
  if ((left_out)); then printf ', %d skipped' "$left_out"; fi
  echo
  # What a stage wants its reader to see even when all is well: counts, things left out.
  grep -aE '^note: ' "$log" | sort -u | sed 's/^/    /' | head -20 || true
  if [[ $verdict == FAILED ]]; then show_failure "$log"; fi
  return 0
}

# skip_stage NAME REASON
skip_stage() {
  printf '%-22s skipped        %s\n' "$1" "$2"
  skipped=$((skipped + 1))
}

# broken: whether a stage of that name failed.
broken() {
  local name
  for name in ${failed_stages[@]+"${failed_stages[@]}"}; do
    [[ $name == "$1" ]] && return 0
  done
  return 1
}

finish() {
  local total=$((SECONDS - started))
  say_out ''
  if ((${#failed_stages[@]})); then say_out "failed: ${failed_stages[*]} (logs in build/test-logs)"; fi
  say_out "took $((total / 60)) min $((total % 60)) s"
  if ((skipped)); then
    say_out "$passed passed, $failed failed, $skipped skipped"
  else
    say_out "$passed passed, $failed failed"
  fi
  exit $((failed > 0))
}
