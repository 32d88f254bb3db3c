"""Nine failures that gateways are known for, put into a copy of the sources one at a time: each must be
noticed by the test named with it (SPEC §5). A mutant that nothing notices fails the run, and so does one whose
place in the sources is gone."""

import argparse
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD_SECONDS = 1800
TEST_SECONDS = 120


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    before: str
    after: str
    tests: str  # TARGET:FILTER


MUTANTS = [
    Mutant("requests are checked and not held (check-then-act, spend counted afterwards)", "src/ledger/budget_level.cc",
           "if (holds(*counter)) counter->hold(", "if (!holds(*counter)) counter->hold(",
           "ledger_test:BudgetsAdmissionTest.AdmitsExactlyAsManyBoundsAsTheLimitHolds"),
    Mutant("what is small is let through without a look (a trusted shortcut)", "src/ledger/budgets.cc",
           "if (key.unlimited()) return open(key, ask, now);",
           "if (key.unlimited() || ask.cost.value_or(0) < 200) return open(key, ask, now);",
           "ledger_test:EnforcementTest.BudgetForTenAdmitsExactlyTenOfHundredAtOnce"),
    Mutant("a hold is leaked when its reservation cannot be written", "src/ledger/live_keys_requests.cc",
           "budgets_.undo(std::move(open_[place].hold), at, resolved_);", "",
           "ledger_test:EnforcementTest.FailedReservationHoldsNothing"),
    Mutant("a request that settles in a later window is charged there", "src/ledger/limit_counter.cc",
           "period(*period_start(admitted)).settled += amount;", "period(*period_start(now)).settled += amount;",
           "ledger_test:BudgetsAdmissionTest.ChargesTheWindowOfTheAdmissionWhenTheClockHasPassedIntoTheNext"),
    Mutant("orphans are released at restart", "src/ledger/ledger.cc",
           "for (auto& [id, row] : promised) found.push_back(std::move(row));", "",
           "ledger_test:EnforcementTest.OrphansAreChargedAtTheirBoundAfterACrash"),
    Mutant("a client that leaves is refunded", "src/gateway/receipt.cc",
           "outcome.reach == Reach::kNothingSent || outcome.reach == Reach::kRefused",
           "outcome.reach == Reach::kNothingSent || outcome.reach == Reach::kRefused || outcome.reach == Reach::kLeft",
           "gateway_test:Meter.*"),
    Mutant("a provider's error bills the user", "src/gateway/receipt.cc",
           "outcome.reach == Reach::kNothingSent || outcome.reach == Reach::kRefused",
           "outcome.reach == Reach::kNothingSent", "gateway_test:Meter.WhatTheProviderCannotHaveServedIsFree"),
    Mutant("worst-case holds refuse at once what would fit", "src/ledger/budgets.cc",
           "if (verdict_.in_flight) return wait(key, ask, now);",
           "if (verdict_.in_flight) return refusal_of(*verdict_.in_flight, local);",
           "ledger_test:BudgetsWaitingTest.WaitsForWhatIsHeldAndIsAdmittedWhenItSettles"),
    Mutant("bytes are taken for tokens", "src/domain/usage.cc",
           "std::max(std::min(content_deltas, text_bytes / 4), text_bytes / 16)", "std::max(content_deltas, text_bytes)",
           "domain_test:Usage.CountsDeltasUntilTheirTextIsTooSmallForThem"),
]


def run(command: list[str], folder: Path, seconds: int) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=folder, timeout=seconds, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)


def build(folder: Path, targets: set[str]) -> None:
    done = run(["cmake", "--build", "build/dev", "--target", *sorted(targets)], folder, BUILD_SECONDS)
    if done.returncode != 0:
        sys.exit(f"the build of the mutants failed:\n{done.stdout[-4000:]}")


def copy_sources(folder: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    for name in filter(None, listed.decode().split("\0")):
        source, target = ROOT / name, folder / name
        if not source.is_file() or (target.is_file() and target.read_bytes() == source.read_bytes()):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        shutil.copymode(source, target)


def is_killed(mutant: Mutant, folder: Path) -> bool:
    """Whether its test fails on it. The sources are as they were afterwards."""
    place = folder / mutant.file
    text = place.read_text()
    if text.count(mutant.before) != 1:
        sys.exit(f"{mutant.name}: its place in {mutant.file} is gone; bring tests/mutants.py up to date")
    target, wanted = mutant.tests.split(":", 1)
    try:
        place.write_text(text.replace(mutant.before, mutant.after))
        build(folder, {target})
        try:
            done = run([f"build/dev/{target}", f"--gtest_filter={wanted}"], folder, TEST_SECONDS)
        except subprocess.TimeoutExpired:
            return True
        return done.returncode != 0
    finally:
        place.write_text(text)


def check_tests_pass(folder: Path) -> None:
    """On the sources as they are, or a failure would say nothing."""
    for mutant in MUTANTS:
        target, wanted = mutant.tests.split(":", 1)
        done = run([f"build/dev/{target}", f"--gtest_filter={wanted}"], folder, TEST_SECONDS)
        if done.returncode != 0 or not re.search(r"\[  PASSED  \] [1-9]", done.stdout):
            sys.exit(f"{mutant.tests} does not pass without a mutant:\n{done.stdout[-2000:]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "build" / "mutants",
                        help="where the copy is kept between runs (%(default)s)")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    copy_sources(folder)
    os.environ.setdefault("CCACHE_BASEDIR", str(folder))
    configured = run(["cmake", "--preset", "dev"], folder, BUILD_SECONDS)
    if configured.returncode != 0:
        sys.exit(configured.stdout)
    build(folder, {mutant.tests.split(":", 1)[0] for mutant in MUTANTS})
    check_tests_pass(folder)
    alive = []
    for mutant in MUTANTS:
        killed = is_killed(mutant, folder)
        print(f"{'killed' if killed else 'ALIVE'}  {mutant.name}  ({mutant.tests})", flush=True)
        if not killed:
            alive.append(mutant.name)
    print(f"count: {len(MUTANTS) - len(alive)} passed\ncount: {len(alive)} failed")
    sys.exit(1 if alive else 0)


if __name__ == "__main__":
    main()
