#!/usr/bin/env python3
"""Measures what limits cost: the same requests by keys without a limit, with a rate limit, with a hard budget,
and among few and many keys (`script/bench ledger`).

usage: script/bench ledger [--quick] [--rounds N] [--keys N] [--cases TEXT]
  --quick       one short round, and a tenth of the keys
  --rounds N    default 5
  --keys N      of the large installation (default 1000000)
  --cases TEXT  only the cases whose name holds TEXT

In every round each kind of key runs in turn against the same gateway, with `durability: process` and with
`full`: one connection (p50 and p99 of a request, beside the provider alone), 64 connections (admissions a
second, CPU of a request). Then installations of 10, 1,000 and N keys, each with a hard budget, answer the same:
10 of the keys call, or 1,000, because who calls costs too: each has aggregates of its own. Prints medians and ratios within the rounds, says which bounds hold, and writes build/bench/ledger.json.
Fails if a request failed or if the usage rows do not equal the answers; a missed bound is said and does not
fail.
"""

import argparse
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench/proxy"))

from gateways import LocalAdmin, Mock, Tollgate, stop  # noqa: E402
from programs import build_programs  # noqa: E402
from report import Bound, Results, cpu_us, median, p50_us, per_second  # noqa: E402

CONNECTIONS = 64
HOW = {"one connection": 1, f"{CONNECTIONS} connections": CONNECTIONS}
LOAD_SECONDS_MAX = 120
DESCRIPTORS = 16384
FEW_KEYS, SOME_KEYS = 10, 1000
BUDGET = {"metric": "cost", "window": "month", "amount": "9000000"}
RATE = {"metric": "requests", "window": "60s", "amount": 10**12}
# What a careful operator sets.
MANY = [BUDGET, RATE, {"metric": "tokens", "window": "day", "amount": 10**15},
        {"metric": "cost", "window": "day", "amount": "9000000"}, {"metric": "concurrency", "amount": 100_000}]
KINDS = {"no limit": ([], 1), "rate limit": ([RATE], 1), "hard budget": ([BUDGET], 1), "five limits": (MANY, 1),
         "1,000 keys, no limit": ([], SOME_KEYS), "1,000 keys, hard budget": ([BUDGET], SOME_KEYS)}
FEW_COLUMN, SOME_COLUMN = "10 keys", "1,000 keys, all call"
ADDED_MS_MAX = 0.5  # by a hard budget at p50
KEYS_RATIO_MAX = 1.15  # CPU of a request, many keys to few


def p99_us(run: dict) -> float:
    return run["p99_us"]


class LimitedTollgate(Tollgate):
    """The release binary with keys of every kind of KINDS."""

    def __init__(self, kinds: dict, *arguments):
        self.kinds = kinds
        super().__init__(*arguments)

    def create_keys(self) -> dict[str, list[str]]:
        admin = LocalAdmin(self.data)
        secrets = {}
        for kind, (limits, count) in self.kinds.items():
            secrets[kind] = [self.create_key(admin, f"{kind} {number}", limits) for number in range(count)]
        admin.close()
        return secrets

    def create_key(self, admin: LocalAdmin, name: str, limits: list) -> str:
        admin.request("POST", "/admin/v1/keys", json.dumps({"name": name, "limits": limits}),
                      {"Content-Type": "application/json"})
        answer = admin.getresponse()
        document = json.loads(answer.read())
        if answer.status != 201:
            raise RuntimeError(f"POST /admin/v1/keys: {document}")
        return document["secret"]

    def keys_of(self, folder: Path, kind: str, count: int) -> Path:
        path = folder / "keys"
        path.write_text("\n".join(self.secrets[kind][:count]))
        return path


def add_keys(data: Path, count: int) -> None:
    """Copies of the first key, limits and all, with secrets that nobody knows, in a stopped installation."""
    with sqlite3.connect(data / "tollgate.db") as database:
        def copy(table: str, changed: dict[str, str]) -> None:
            names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            values = ", ".join(changed.get(name, f"t.{name}") for name in names)
            database.execute(
                f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
                f" INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM n,"
                f" (SELECT * FROM {table} ORDER BY number LIMIT 1) t")
        first = database.execute("SELECT max(number) FROM keys").fetchone()[0]
        copy("keys", {"number": f"{first} + i", "id": "'key_' || lower(hex(randomblob(10)))", "name": "'copy ' || i"})
        first_secret = database.execute("SELECT max(number) FROM secrets").fetchone()[0]
        copy("secrets", {"number": f"{first_secret} + i", "key_number": f"{first} + i", "hash": "randomblob(32)",
                         "id": "'sec_' || lower(hex(randomblob(10)))"})


class Bench:
    def __init__(self, arguments: argparse.Namespace, programs: Path, folder: Path):
        self.arguments, self.folder = arguments, folder
        self.load = programs / "bench_load"
        self.mock = Mock(programs / "bench_mock_upstream", folder, 1, 1)
        self.binary = Path(os.environ.get("TOLLGATE_BINARY", ROOT / "build/release/tollgate"))
        self.gateways: list[LimitedTollgate] = []
        self.results = Results()
        self.answers: dict[str, int] = {}
        self.failures: list[str] = []
        self.body = folder / "body"
        self.body.write_text(json.dumps({"model": "bench/plain", "max_tokens": 64, "messages": [
            {"role": "user", "content": "All work and no play makes a long prompt. " * 5}]}, separators=(",", ":")))

    def start(self, name: str, kinds: dict, durability: str) -> LimitedTollgate:
        gateway = LimitedTollgate(kinds, self.binary, self.folder / name, self.mock, 1, durability)
        gateway.name = name
        self.gateways.append(gateway)
        return gateway

    def stop(self) -> None:
        for gateway in self.gateways:
            gateway.stop()
        self.mock.stop()

    def run(self, case: str, column: str, gateway, keys: Path, connections: int) -> None:
        """One run of the load generator, kept under its case and column."""
        port = gateway.port("plain", "json")
        command = [self.load, "--port", str(port), "--body", self.body, "--keys", keys, "--connections",
                   str(connections), "--milliseconds", str(self.arguments.milliseconds)]
        for pid in gateway.pids():
            command += ["--pid", str(pid)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LOAD_SECONDS_MAX)
        if done.returncode != 0:
            raise RuntimeError(f"{case}, {column}: {done.stderr.strip()}")
        run = json.loads(done.stdout)
        if gateway is not self.mock:
            self.answers[gateway.name] = self.answers.get(gateway.name, 0) + run["answers"]
        if run["failures"]:
            self.failures.append(f"{case}, {column}: {run['failures']} failed ({run['first_failure']})")
        self.results.add(case, column, run)

    def run_kinds(self) -> None:
        cases = [f"{how}, {durability}" for how in HOW for durability in ("process", "full")]
        if not any(map(self.wanted, cases)):
            return
        gateways = [self.start(durability, KINDS, durability) for durability in ("process", "full")]
        any_key = self.folder / "any.keys"
        any_key.write_text("x" * 48)
        for number in self.rounds("kinds of keys"):
            for gateway in gateways:
                if self.wanted(f"one connection, {gateway.name}"):
                    self.run(f"one connection, {gateway.name}", "direct", self.mock, any_key, 1)
                kinds = list(KINDS.items())
                first = number % len(kinds)  # no kind has always the same neighbour
                for kind, (_, count) in kinds[first:] + kinds[:first]:
                    for how, connections in HOW.items():
                        if self.wanted(f"{how}, {gateway.name}"):
                            keys = gateway.keys_of(self.folder, kind, count)
                            self.run(f"{how}, {gateway.name}", kind, gateway, keys, connections)

    def run_key_counts(self) -> None:
        if not self.wanted("few and many keys"):
            return
        few = self.start("few", {"budget": ([BUDGET], FEW_KEYS)}, "process")
        some = self.start("some", {"budget": ([BUDGET], SOME_KEYS)}, "process")
        many = self.start("many", {"budget": ([BUDGET], SOME_KEYS)}, "process")
        many.stop()
        add_keys(many.data, self.arguments.keys - SOME_KEYS)
        many.start()
        columns = [(FEW_COLUMN, few, FEW_KEYS), (SOME_COLUMN, some, SOME_KEYS),
                   (f"{self.arguments.keys:,} keys, 10 call", many, FEW_KEYS),
                   (f"{self.arguments.keys:,} keys, 1,000 call", many, SOME_KEYS)]
        for number in self.rounds("few and many keys"):
            first = number % len(columns)
            for column, gateway, count in columns[first:] + columns[:first]:
                keys = gateway.keys_of(self.folder, "budget", count)
                self.run("few and many keys", column, gateway, keys, CONNECTIONS)

    def wanted(self, case: str) -> bool:
        return self.arguments.cases in case

    def rounds(self, what: str):
        for number in range(self.arguments.rounds):
            print(f"{what}: round {number + 1} of {self.arguments.rounds}", file=sys.stderr, flush=True)
            yield number

    def check_rows(self) -> list[str]:
        lines = []
        for gateway in self.gateways:
            served, reported = self.answers.get(gateway.name, 0), gateway.reported_rows()
            stop(gateway.process)
            stored = gateway.stored_rows()
            lines.append(f"{gateway.name}: {served} answers served, {stored} usage rows, {reported} in the totals")
            if not served == stored == reported:
                self.failures.append(f"{gateway.name}: the usage rows do not equal the answers served")
        return lines


def added_us(results: Results, case: str, kind: str, against: str, value) -> float:
    runs, base = results.cells[case, kind].runs, results.cells[case, against].runs
    return median(value(a) - value(b) for a, b in zip(runs, base))


def table(results: Results) -> list[str]:
    lines = []
    for case in results.cases():
        columns = results.gateways(case)
        base = next(column for column in columns if column != "direct")
        direct = "direct" in columns
        head = f"{case:36}{'req/s':>9}{'CPU us/req':>12}{'x ' + base:>14}{'p50 us':>9}{'p99 us':>9}"
        lines += ["", head + (f"{'added p50':>11}{'added p99':>11}" if direct else "")]
        for column in columns:
            def middle(value, name=column):
                return results.median(case, name, value)
            ratio = "" if column == "direct" else f"{results.ratio(case, column, cpu_us, base):.2f}"
            cpu = "" if column == "direct" else f"{middle(cpu_us):.1f}"
            line = f"  {column:34}{middle(per_second):9.0f}{cpu:>12}{ratio:>14}"
            line += "".join(f"{middle(value):9.0f}" for value in (p50_us, p99_us))
            if direct and column != "direct":
                added = (added_us(results, case, column, "direct", value) for value in (p50_us, p99_us))
                line += "".join(f"{value:11.0f}" for value in added)
            lines.append(line)
    return lines


def bounds(results: Results) -> list[Bound]:
    found = []
    for case in results.cases():
        if case.startswith("one connection"):
            for kind in ("hard budget", "five limits"):
                added = added_us(results, case, kind, "no limit", p50_us) / 1000
                found.append(Bound(f"ms added at p50 by {kind}, {case}", added, ADDED_MS_MAX))
        if case == "few and many keys":
            for column in results.gateways(case):
                base = SOME_COLUMN if "1,000 call" in column else FEW_COLUMN
                if column not in (FEW_COLUMN, SOME_COLUMN):
                    found.append(Bound(f"x CPU per request, {column}, to {base}",
                                       results.ratio(case, column, cpu_us, base), KEYS_RATIO_MAX))
    return found


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench ledger", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--keys", type=int)
    parser.add_argument("--cases", default="")
    parser.add_argument("--programs", type=Path, help="where bench_load stands already built")
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 5)
    arguments.keys = arguments.keys or (100_000 if arguments.quick else 1_000_000)
    arguments.milliseconds = 400 if arguments.quick else 1000
    return arguments


def main() -> int:
    arguments = read_arguments()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(DESCRIPTORS, hard), hard))
    programs = arguments.programs or build_programs()
    folder = ROOT / "build/bench"
    work = folder / "ledger"  # on the disk, not in /tmp: there `full` might cost nothing
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    bench = Bench(arguments, programs, work)
    try:
        bench.run_kinds()
        bench.run_key_counts()
        rows = bench.check_rows()
    finally:
        bench.stop()
    found = bounds(bench.results)
    print(f"medians of {arguments.rounds} round(s); 1 I/O thread; {os.cpu_count()} CPUs; "
          f"load average {os.getloadavg()[0]:.1f}")
    print("\n".join(table(bench.results)))
    print("\nbounds\n" + "\n".join(map(str, found)))
    print("\nrows\n" + "\n".join(rows))
    print("\nfailed requests\n" + ("\n".join(bench.failures) or "none"))
    document = {"rounds": arguments.rounds, "keys": arguments.keys, "cpus": os.cpu_count(), "rows": rows,
                "cases": bench.results.to_json(), "failures": bench.failures,
                "bounds": [{"what": b.what, "value": b.value, "most": b.most, "holds": b.holds} for b in found]}
    (folder / "ledger.json").write_text(json.dumps(document, indent=1))
    shutil.rmtree(work, ignore_errors=True)
    return 1 if bench.failures else 0


if __name__ == "__main__":
    sys.exit(main())
