"""What the measurements of `script/bench proxy` come to: medians, ratios to nginx, and the bounds."""

import math
import statistics
from dataclasses import dataclass, field

NANO = 1_000_000_000


def median(values) -> float:
    """Of the values that could be measured; nan, which is within no bound, if none could."""
    measured = [value for value in values if not math.isnan(value)]
    return statistics.median(measured) if measured else math.nan


@dataclass
class Cell:
    """One case at one gateway: a measurement per round."""

    runs: list[dict] = field(default_factory=list)

    def median(self, value) -> float:
        return median(value(run) for run in self.runs)


def cpu_us(run: dict) -> float:
    return run["cpu_ns"] / 1000 / max(1, run["measured"])


def per_second(run: dict) -> float:
    return run["measured"] * NANO / run["elapsed_ns"]


def p50_us(run: dict) -> float:
    return run["p50_us"]


def event_us(run: dict) -> float:
    """CPU per event while every stream is open: opening and settling are shown apart."""
    if run["open_events"] <= 0:  # the first ended before the last had begun
        return math.nan
    return run["open_cpu_ns"] / 1000 / max(1, run["open_events"])


def stream_us(run: dict) -> float:
    """CPU per stream of all that is not an event's: opening, admission, the row, the end."""
    return (run["cpu_ns"] / 1000 - event_us(run) * run["events"]) / max(1, run["measured"])


def stream_kb(run: dict) -> float:
    return (run["memory_open_kb"] - run["memory_before_kb"]) / max(1, run["measured"])


class Results:
    def __init__(self):
        self.cells: dict[tuple[str, str], Cell] = {}

    def add(self, case: str, gateway: str, run: dict) -> None:
        self.cells.setdefault((case, gateway), Cell()).runs.append(run)

    def median(self, case: str, gateway: str, value) -> float:
        return self.cells[case, gateway].median(value)

    def ratio(self, case: str, gateway: str, value, against: str = "nginx") -> float:
        """The median of the rounds' ratios: what slows a whole round down stays out of it."""
        return median(
            value(run) / max(1e-9, value(base))
            for run, base in zip(self.cells[case, gateway].runs, self.cells[case, against].runs))

    def cases(self) -> list[str]:
        return list(dict.fromkeys(case for case, _ in self.cells))

    def gateways(self, case: str) -> list[str]:
        return [gateway for name, gateway in self.cells if name == case]

    def added_us(self, case: str, gateway: str) -> float:
        runs, direct = self.cells[case, gateway].runs, self.cells[case, "direct"].runs
        return median(p50_us(a) - p50_us(b) for a, b in zip(runs, direct))

    def to_json(self) -> dict:
        return {case: {gateway: self.cells[case, gateway].runs for gateway in self.gateways(case)}
                for case in self.cases()}


def request_table(results: Results) -> list[str]:
    lines = [f"{'case':32}{'gateway':9}{'CPU us/req':>11}{'x nginx':>9}{'req/s':>9}{'x nginx':>9}"
             f"{'p50 us':>9}{'p99 us':>9}"]
    for case in results.cases():
        if case.startswith("streams"):
            continue
        for gateway in results.gateways(case):
            cpu = results.median(case, gateway, cpu_us)
            is_direct = gateway == "direct"
            lines.append(
                f"{case:32}{gateway:9}"
                + (f"{'':11}{'':9}" if is_direct else f"{cpu:11.1f}{results.ratio(case, gateway, cpu_us):9.2f}")
                + f"{results.median(case, gateway, per_second):9.0f}"
                + (f"{'':9}" if is_direct else f"{results.ratio(case, gateway, per_second):9.2f}")
                + f"{results.median(case, gateway, p50_us):9.0f}"
                + f"{results.median(case, gateway, lambda run: run['p99_us']):9.0f}")
    return lines


def stream_table(results: Results) -> list[str]:
    lines = [f"{'case':32}{'gateway':9}{'CPU us/event':>13}{'x nginx':>9}{'CPU us/stream':>15}"
             f"{'KB/stream':>11}"]
    for case in results.cases():
        if not case.startswith("streams"):
            continue
        for gateway in results.gateways(case):
            lines.append(
                f"{case:32}{gateway:9}{results.median(case, gateway, event_us):13.2f}"
                f"{results.ratio(case, gateway, event_us):9.2f}"
                f"{results.median(case, gateway, stream_us):15.0f}"
                f"{results.median(case, gateway, stream_kb):11.1f}")
    return lines


@dataclass(frozen=True)
class Bound:
    what: str
    value: float
    most: float

    @property
    def holds(self) -> bool:
        return self.value <= self.most

    def __str__(self) -> str:
        return f"{'holds ' if self.holds else 'MISSED'}  {self.value:8.2f} <= {self.most:<6g} {self.what}"


def cpu_bound(case: str, gateway: str) -> float:
    """How many times nginx's CPU per request a case may cost."""
    if gateway == "full":
        return 1.8
    return 1.6 if "107 KB" in case else 1.5


def bounds(results: Results) -> list[Bound]:
    found = []
    for case in results.cases():
        gateways = [name for name in results.gateways(case) if name in ("process", "full")]
        if case.startswith("one connection"):
            nginx = results.added_us(case, "nginx")
            if "process" in gateways:
                found.append(Bound("x nginx's added p50, one connection, process",
                                   results.added_us(case, "process") / max(1.0, nginx), 1.5))
            if "full" in gateways:
                found.append(Bound("ms more than nginx at p50, one connection, full",
                                   (results.added_us(case, "full") - nginx) / 1000, 0.6))
            continue
        for gateway in gateways:
            if not case.startswith("streams"):
                found.append(Bound(f"x nginx's CPU per request, {case}, {gateway}",
                                   results.ratio(case, gateway, cpu_us), cpu_bound(case, gateway)))
                continue
            found.append(Bound(f"x nginx's CPU per event, {case}, {gateway}",
                               results.ratio(case, gateway, event_us), 1.1))
            found.append(Bound(f"KB per stream, {case}, {gateway}",
                               results.median(case, gateway, stream_kb), 35 if "tls" in case else 16))
    return found
