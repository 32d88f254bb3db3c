#!/usr/bin/env bash
# What script/test does in small and script/soak in full: format, clang-tidy, fuzzing, soaks.
# Each function is one stage's command (script/lib/stages.sh). Sourced, not run.
set -euo pipefail

cores=$(nproc)

check_format() {
  local files
  mapfile -t files < <(find src fuzz bench -name '*.h' -o -name '*.cc')
  clang-format-19 --dry-run --Werror "${files[@]}"
  mapfile -t files < <(find script .ci -type f)
  shellcheck --external-sources "${files[@]}"
}

# The commit that the work at hand grew from: where main has it, else the one before.
base_commit() {
  local base
  base=$(git merge-base HEAD origin/main 2>/dev/null || true)
  if [[ -z $base || $base == "$(git rev-parse HEAD)" ]]; then
    base=$(git rev-parse --verify --quiet HEAD~1 || true)
  fi
  echo "$base"
}

# The .cc files to look at for what changed since base_commit, committed or not: a changed header
# stands for its own .cc and test.
changed_sources() {
  local base file
  base=$(base_commit)
  {
    if [[ -n $base ]]; then git diff --name-only --diff-filter=d "$base" -- src; fi
    git ls-files --others --exclude-standard -- src
  } | sort -u | while read -r file; do
    case $file in
      *.cc) echo "$file" ;;
      *.h) for file in "${file%.h}.cc" "${file%.h}_test.cc"; do
        if [[ -f $file ]]; then echo "$file"; fi
      done ;;
    esac
  done | sort -u
}

# lint_one FILE: one file of clang_tidy(), which gives the time and the folder for results.
lint_one() {
  local left result=$LINT_RESULTS/${1//\//_} status=0
  left=$((LINT_UNTIL - $(date +%s)))
  if ((left <= 0)); then
    touch "$result.left"
    return 0
  fi
  timeout "$left" clang-tidy-19 --quiet -p build/dev "$1" >"$result.out" 2>&1 || status=$?
  case $status in
    0) touch "$result.ok" ;;
    124) touch "$result.left" ;;
    *)
      touch "$result.bad"
      cat "$result.out"
      ;;
  esac
}

# clang_tidy SECONDS FILES…: every file that fits into the time, as many at once as there are cores.
# Uses the commands (and the precompiled header) of build/dev.
clang_tidy() {
  local seconds=$1 results
  shift
  results=$(mktemp -d "${TMPDIR:-/tmp}/tollgate-lint.XXXXXX")
  LINT_UNTIL=$(($(date +%s) + seconds)) LINT_RESULTS=$results
  export LINT_UNTIL LINT_RESULTS
  export -f lint_one
  # shellcheck disable=SC2016
  printf '%s\0' "$@" | xargs -0 -P "$cores" -n 1 bash -c 'lint_one "$1"' lint
  local good bad left
  good=$(find "$results" -name '*.ok' | wc -l)
  bad=$(find "$results" -name '*.bad' | wc -l)
  left=$(find "$results" -name '*.left' | wc -l)
  rm -rf "$results"
  echo "count: $good passed"
  if ((left)); then echo "note: clang-tidy: $left of $# files did not fit into $seconds s"; fi
  if ((bad)); then
    echo "count: $bad failed"
    return 1
  fi
}

check_tidy_changed() {
  local files
  mapfile -t files < <(changed_sources)
  if ((${#files[@]} == 0)); then
    echo 'note: no C++ file changed'
    return 0
  fi
  clang_tidy "${TOLLGATE_TIDY_SECONDS:-240}" "${files[@]}"
}

check_tidy_all() {
  local files
  mapfile -t files < <(find src -name '*.cc' | sort)
  clang_tidy 7200 "${files[@]}"
}

fuzz_names() {
  local source
  for source in fuzz/*_fuzz.cc; do
    if [[ -f $source ]]; then basename "$source" .cc; fi
  done
}

# fuzz_one NAME: one target of fuzz_all().
fuzz_one() {
  local name=$1 corpus=build/fuzz-corpus/$1 log=build/test-logs/fuzz-$1.log folder runs seeds=()
  mkdir -p "$corpus"
  for folder in "fuzz/corpus/$name" "fuzz/corpus/${name%_fuzz}"; do
    if [[ -d $folder ]]; then seeds+=("$folder"); fi
  done
  if "build/fuzz/fuzz/$name" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=3000 \
    -print_final_stats=1 "-artifact_prefix=build/test-logs/$name-" \
    "$corpus" ${seeds[@]+"${seeds[@]}"} >"$log" 2>&1; then
    touch "${log%.log}.ok"
    runs=$(awk '/number_of_executed_units/ { print $2 }' "$log")
    echo "note: $name: $runs inputs in $FUZZ_SECONDS s"
  else
    echo "error: $name found something:"
    tail -n 40 "$log"
  fi
}

# fuzz_all SECONDS: every target for that long, as many at once as there are cores. New inputs are
# kept in build/fuzz-corpus, findings in build/test-logs.
fuzz_all() {
  local names
  mapfile -t names < <(fuzz_names)
  if ((${#names[@]} == 0)); then return 0; fi
  rm -f build/test-logs/fuzz-*.ok
  FUZZ_SECONDS=$1
  export FUZZ_SECONDS
  export -f fuzz_one
  # shellcheck disable=SC2016
  printf '%s\0' "${names[@]}" | xargs -0 -P "$cores" -n 1 bash -c 'fuzz_one "$1"' fuzz
  local name good=0
  for name in "${names[@]}"; do
    if [[ -f build/test-logs/fuzz-$name.ok ]]; then good=$((good + 1)); fi
  done
  echo "count: $good passed"
  if ((good < ${#names[@]})); then
    echo "count: $((${#names[@]} - good)) failed"
    return 1
  fi
}

# simulate_budgets OPERATIONS: src/ledger/budgets_simulation_test.cc, with ASan + UBSan. A failure
# names the seed of its world.
simulate_budgets() {
  TOLLGATE_SIMULATION_OPERATIONS=$1 build/dev/ledger_test --gtest_filter='BudgetsSimulation.*'
}

# price_rows ROWS: src/domain/price_exact_test.cc, with ASan + UBSan.
price_rows() {
  TOLLGATE_PRICE_ROWS=$1 build/dev/domain_test --gtest_filter='PriceExact.*'
}

# The named soaks: NAME is tests/e2e/soak/test_NAME.py. Each reads TOLLGATE_SOAK_SCALE (small, full)
# and prints a line "note: …" with the counts it ran.
soak_names() {
  local file
  for file in tests/e2e/soak/test_*.py; do
    if [[ -f $file ]]; then
      file=${file##*/test_}
      echo "${file%.py}"
    fi
  done
}

# run_pytest BINARY ARGUMENTS…: the virtual environment's pytest, or Debian's where there is none.
# The Node that the SDK needs comes first on the path.
run_pytest() {
  local python=/usr/bin/python3
  if [[ -x .venv/bin/python ]]; then python=.venv/bin/python; fi
  TOLLGATE_BINARY=$TOLLGATE_ROOT/$1 \
    PATH="$TOLLGATE_ROOT/tests/e2e/node/node_modules/.bin:$PATH" PYTHONDONTWRITEBYTECODE=1 \
    "$python" -m pytest -p no:cacheprovider -rs "${@:2}"
}

# run_soak BINARY SCALE NAME
run_soak() {
  TOLLGATE_SOAK_SCALE=$2 run_pytest "$1" -s "tests/e2e/soak/test_$3.py"
}
