#!/usr/bin/env python3
"""Measures what routing costs a request: the classifier, the choice of a named model and the choice among 1,000
offers, by itself and on one thread (`script/bench routing`).

usage: script/bench routing [--quick] [--rounds N] [--cases TEXT]
  --quick       one short round
  --rounds N    default 5
  --cases TEXT  only the cases whose name holds TEXT

Prints the median round of each case in microseconds of CPU, says which bounds hold, and writes
build/bench/routing.json. A missed bound is said and does not fail.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench/proxy"))

from programs import build_programs  # noqa: E402
from report import Bound, median  # noqa: E402

US_OF = {"ns": 0.001, "us": 1.0, "ms": 1000.0, "s": 1_000_000.0}
# Cases that begin so, and what they may cost.
MOST_US = {"classifier": 20, "whole choice": 50, "named model": 2}


def run_round(program: Path, arguments: argparse.Namespace) -> dict[str, float]:
    command = [program, "--benchmark_format=json", f"--benchmark_min_time={arguments.seconds}",
               f"--benchmark_filter={re.escape(arguments.cases) or '.'}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    return {run["name"]: run["cpu_time"] * US_OF[run["time_unit"]] for run in json.loads(done.stdout)["benchmarks"]}


def bounds(medians: dict[str, float]) -> list[Bound]:
    return [Bound(f"us, {case}", medians[case], most)
            for case in medians for start, most in MOST_US.items() if case.startswith(start)]


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench routing", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--cases", default="")
    parser.add_argument("--programs", type=Path, help="where bench_routing stands already built")
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 5)
    arguments.seconds = 0.05 if arguments.quick else 0.3
    return arguments


def main() -> int:
    arguments = read_arguments()
    program = (arguments.programs or build_programs()) / "bench_routing"
    rounds = []
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
        rounds.append(run_round(program, arguments))
    medians = {case: median(run[case] for run in rounds) for case in rounds[0]}
    print(f"{'case':44}{'us':>12}")
    for case, value in medians.items():
        print(f"{case:44}{value:12.3f}")
    print()
    found = bounds(medians)
    for bound in found:
        print(bound)
    folder = ROOT / "build/bench"
    folder.mkdir(parents=True, exist_ok=True)
    document = {"rounds": rounds, "bounds": [{"what": b.what, "value": b.value, "most": b.most} for b in found]}
    (folder / "routing.json").write_text(json.dumps(document, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
