#!/usr/bin/env python3
"""Measures Tollgate beside nginx, in one go, against one mock upstream (`script/bench proxy`).

usage: script/bench proxy [--quick] [--rounds N] [--threads N] [--nginx-only] [--cases TEXT]
  --quick       one short round instead of five (about a minute)
  --threads N   I/O threads of Tollgate and workers of nginx (default 1)
  --nginx-only  leaves Tollgate out: tries the rig
  --cases TEXT  only the cases whose name holds TEXT

In every round each case runs at each gateway in turn: nginx as a plain keep-alive proxy, Tollgate
with `durability: process`, Tollgate with `durability: full`, rows and all. Prints the medians, says
which bounds hold, and writes build/bench/proxy.json. Fails if a request failed, or if the usage
rows do not equal the answers served; a missed bound is said and does not fail.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import report
from gateways import KEY_COUNT, Mock, Nginx, Tollgate, stop
from programs import build_programs

ROOT = Path(__file__).resolve().parent.parent.parent
STREAMS = 2000
EVENTS = 26
PACE_MS = 150
CONNECTIONS = 64
SIZES = {"320 B": 320, "10 KB": 10 * 1024, "107 KB": 107 * 1024}
RATES = {"320 B": 1000, "10 KB": 1000, "107 KB": 400}
LOAD_SECONDS_MAX = 90
DESCRIPTORS = 16384


@dataclass(frozen=True)
class Case:
    name: str
    size: str = "320 B"
    upstream: str = "plain"
    connections: int = CONNECTIONS
    rate: int = 0
    keys: int = 1
    streams: int = 0
    direct: bool = False  # also without a gateway: what is left is added by one
    full: bool = True  # also with `durability: full`


def all_cases() -> list[Case]:
    cases = []
    for upstream in ("plain", "tls"):
        for size in SIZES:
            cases.append(Case(f"{size}, {upstream}, saturated", size, upstream))
            rate = RATES[size]
            cases.append(Case(f"{size}, {upstream}, {rate}/s", size, upstream, rate=rate))
    cases.append(Case(f"320 B, plain, {KEY_COUNT} keys", keys=KEY_COUNT))
    cases.append(Case("one connection, 320 B, plain", connections=1, direct=True))
    for upstream in ("plain", "tls"):
        cases.append(Case(f"streams, {upstream}", upstream=upstream, connections=STREAMS,
                          streams=STREAMS, full=False))
    return cases


def prompt(size: int, upstream: str, streamed: int) -> str:
    """A chat request of exactly `size` bytes."""
    document = {"model": f"bench/{upstream}", "max_tokens": 64}
    if streamed:
        document |= {"stream": True, "stream_options": {"include_usage": True}}
    document["messages"] = [{"role": "user", "content": ""}]
    empty = len(json.dumps(document, separators=(",", ":")))
    text = "All work and no play makes a long prompt. " * (size // 40 + 1)
    document["messages"][0]["content"] = text[: size - empty]
    return json.dumps(document, separators=(",", ":"))


class Bench:
    def __init__(self, arguments: argparse.Namespace, programs: Path, folder: Path):
        self.arguments = arguments
        self.load = programs / "bench_load"
        self.folder = folder
        self.results = report.Results()
        self.answers: dict[str, int] = {}
        self.failures: list[str] = []
        self.mock = Mock(programs / "bench_mock_upstream", folder, EVENTS, PACE_MS)
        self.gateways = []

    def start_gateways(self) -> None:
        threads = self.arguments.threads
        self.gateways.append(Nginx(self.folder / "nginx", self.mock, threads))
        if self.arguments.nginx_only:
            return
        binary = Path(os.environ.get("TOLLGATE_BINARY", ROOT / "build/release/tollgate"))
        for durability in ("process", "full"):
            self.gateways.append(
                Tollgate(binary, self.folder / durability, self.mock, threads, durability))

    def stop(self) -> None:
        for gateway in self.gateways:
            gateway.stop()
        self.mock.stop()

    def ask(self, gateway, case: Case, milliseconds: int) -> dict:
        """One run of the load generator; its failures and answers are kept."""
        body = self.folder / "body"
        body.write_text(prompt(SIZES[case.size], case.upstream, case.streams))
        # Without a gateway, any key will do.
        keys = (self.gateways[0] if gateway is self.mock else gateway).keys(self.folder, case.keys)
        name = "direct" if gateway is self.mock else gateway.name
        command = [self.load, "--port", str(gateway.port(case.upstream, "stream" if case.streams else "json")),
                   "--body", body, "--keys", keys, "--connections", str(case.connections),
                   "--milliseconds", str(milliseconds), "--rate", str(case.rate)]
        for pid in gateway.pids():
            command += ["--pid", str(pid)]
        if case.streams:
            command += ["--streams", "yes"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LOAD_SECONDS_MAX)
        if done.returncode != 0:
            raise RuntimeError(f"{case.name} at {name}: {done.stderr.strip()}")
        run = json.loads(done.stdout)
        self.answers[name] = self.answers.get(name, 0) + run["answers"]
        if run["failures"]:
            self.failures.append(f"{case.name} at {name}: {run['failures']} failed ({run['first_failure']})")
        return run

    def run_case(self, case: Case, number: int) -> None:
        gateways = [gateway for gateway in self.gateways if case.full or gateway.name != "full"]
        if case.direct:
            gateways.append(self.mock)
        first = number % len(gateways)  # no gateway has always the same neighbour
        for gateway in gateways[first:] + gateways[:first]:
            if case.streams:  # memory is told from a fresh process, warmed
                gateway.stop()
                gateway.start()
                self.ask(gateway, Case("warm-up", upstream=case.upstream, connections=8), 50)
            run = self.ask(gateway, case, self.arguments.milliseconds)
            self.results.add(case.name, "direct" if gateway is self.mock else gateway.name, run)

    def restart_upstream(self) -> None:
        """Between requests the upstream starts anew: pooled connections must not cost an answer."""
        case = Case("upstream restarted between requests")
        for gateway in self.gateways:
            self.ask(gateway, case, 200)
            self.mock.stop()
            self.mock.start()
            self.ask(gateway, case, 200)

    def run(self, cases: list[Case]) -> None:
        self.start_gateways()
        for number in range(self.arguments.rounds):
            print(f"round {number + 1} of {self.arguments.rounds}", file=sys.stderr, flush=True)
            for case in cases:
                self.run_case(case, number)
        self.restart_upstream()

    def check_rows(self) -> list[str]:
        """One line per Tollgate; a difference is a failure."""
        lines = []
        for gateway in self.gateways:
            if not isinstance(gateway, Tollgate):
                continue
            served, reported = self.answers.get(gateway.name, 0), gateway.reported_rows()
            stop(gateway.process)
            stored = gateway.stored_rows()
            lines.append(f"{gateway.name}: {served} answers served, {stored} usage rows, {reported} in the totals")
            if not served == stored == reported:
                self.failures.append(f"{gateway.name}: the usage rows do not equal the answers served")
        return lines


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench proxy", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter,
                                     usage=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--nginx-only", action="store_true")
    parser.add_argument("--cases", default="")
    parser.add_argument("--programs", type=Path, help="where bench_load stands already built")
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 5)
    arguments.milliseconds = 300 if arguments.quick else 700
    return arguments


def say(bench: Bench, rows: list[str], folder: Path) -> None:
    arguments, results = bench.arguments, bench.results
    print(f"medians of {arguments.rounds} round(s); {arguments.threads} thread(s) each; {os.cpu_count()} CPUs;"
          f" load average {os.getloadavg()[0]:.1f}\n")
    print("\n".join(report.request_table(results) + [""] + report.stream_table(results)))
    found = report.bounds(results)
    print("\nbounds\n" + "\n".join(map(str, found)))
    print("\nrows\n" + "\n".join(rows))
    print("\nfailed requests\n" + ("\n".join(bench.failures) or "none"))
    document = {"rounds": arguments.rounds, "threads": arguments.threads, "cpus": os.cpu_count(),
                "cases": results.to_json(), "failures": bench.failures, "rows": rows,
                "bounds": [{"what": b.what, "value": b.value, "most": b.most, "holds": b.holds} for b in found]}
    (folder / "proxy.json").write_text(json.dumps(document, indent=1))


def main() -> int:
    arguments = read_arguments()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(DESCRIPTORS, hard), hard))
    programs = arguments.programs or build_programs()
    folder = ROOT / "build/bench"
    work = folder / "proxy"  # on the disk, not in /tmp: there `full` might cost nothing
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    cases = [case for case in all_cases() if arguments.cases in case.name]
    bench = Bench(arguments, programs, work)
    try:
        bench.run(cases)
        rows = bench.check_rows()
    finally:
        bench.stop()
    say(bench, rows, folder)
    shutil.rmtree(work, ignore_errors=True)
    return 1 if bench.failures else 0


if __name__ == "__main__":
    sys.exit(main())
