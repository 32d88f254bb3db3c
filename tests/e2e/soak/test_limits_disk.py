"""A full or broken disk: while nothing can be written nothing is admitted, what was under way keeps its hold,
and all of it is settled, once, when writes work again or after a restart."""

import time
from decimal import Decimal

import pytest
from harness.burst import Burst
from harness.crash import installation
from harness.faults import Faults
from harness.gateway import wait_for
from harness.limits import COST_BOUND, act_for, ask, bytes_of, limit_of
from harness.load import Load, scaled

REFUSED_SECONDS = 0.5
RECOVERED_SECONDS = 5.0
OPEN = scaled(10, 100)  # streams under way when the disk fails
TURNS = scaled(3, 30)
FAULTS = [("write", "ENOSPC"), ("torn write", "ENOSPC"), ("write", "EIO"), ("sync", "EIO")]


@pytest.fixture
def broken(tmp_path, binary):
    """(an installation that runs, its faults)"""
    faults = Faults(tmp_path)
    with installation(tmp_path, faults.environment) as running:
        running.start()
        running.make_keys()
        yield running, faults


def assert_refused(running) -> None:
    for key in running.keys.values():
        began = time.monotonic()
        answer = ask(running.gateway, key, act_for(key, mark=f"refused-{key['id']}-{began}"))
        took = time.monotonic() - began
        assert (answer.status, answer.code) == (503, "service_unavailable")
        assert took < REFUSED_SECONDS, took
    assert running.gateway.request("GET", "/readyz").status == 503


def assert_served_again(running) -> float:
    began = time.monotonic()
    key = running.keys["cost"]
    wait_for(lambda: ask(running.gateway, key, act_for(key, output=1)).status == 200, RECOVERED_SECONDS, "service")
    return time.monotonic() - began


def open_streams(running, key: dict, gate: str) -> Burst:
    asked = [bytes_of(key, act_for(key, mark=f"{gate}-{number}", gate=gate), stream=True) for number in range(OPEN)]
    streams = Burst(running.gateway.address, asked)
    running.provider.wait_for_requests(OPEN, key["id"])
    return streams


@pytest.mark.parametrize("what, error", FAULTS)
def test_streams_keep_their_hold_until_they_can_be_settled(broken, what, error):
    running, faults = broken
    key = running.keys["cost"]
    with open_streams(running, key, "settled-later") as streams:
        with faults.failing(what, error):
            assert_refused(running)
            running.provider.release("settled-later")
            streams.collect()
            ended = [one.received for one in streams.asked]
            assert not any(b"[DONE]" in received for received in ended)
            assert Decimal(limit_of(running.gateway, key)["held"]) == OPEN * COST_BOUND
            assert faults.get("failed") > 0
        took = assert_served_again(running)
    rows = running.assert_books_agree()
    late = [row for row in rows if row["request_id"].startswith("settled-later")]
    assert len(late) == OPEN and {row["metering"] for row in late} == {"reported"}
    print(f"\nnote: limits_disk: {what} {error}: {OPEN} streams settled late, served again after {took:.2f} s")
    running.gateway.stop()
    running.start()
    assert running.assert_books_agree() == rows
    running.gateway.stop()


@pytest.mark.parametrize("what, error", FAULTS)
def test_crash_while_nothing_can_be_written_charges_the_reserve(broken, what, error):
    running, faults = broken
    key = running.keys["cost"]
    with open_streams(running, key, "crashed") as streams:
        with faults.failing(what, error):
            assert_refused(running)
            running.provider.release("crashed")
            streams.collect()
            running.kill()
        running.start()
    rows = [row for row in running.assert_books_agree() if row["key"] == key["id"]]
    assert len(rows) == OPEN and {Decimal(row["cost"]) for row in rows} == {COST_BOUND}
    # What was written and could not be synced has outlived the process, which is more than was promised.
    expected = {"interrupted", "reported"} if what == "sync" else {"interrupted"}
    assert {row["metering"] for row in rows} <= expected
    running.gateway.stop()


@pytest.mark.timeout(1800)
def test_disk_that_comes_and_goes_under_load_loses_and_doubles_nothing(broken):
    running, faults = broken

    def make(number: int):
        streamed = number % 2 == 0
        return running.request(number, "turn", output=1 + number % 9, stream=streamed or None), streamed

    load = Load(running.gateway.address, 24, make, rate=400)
    for turn in range(TURNS):
        load.finished(60 + 200 * turn)
        what, error = FAULTS[turn % len(FAULTS)]
        with faults.failing(what, error):
            wait_for(lambda: faults.get("failed") > 3, what="failed writes")
        assert_served_again(running)
    report = load.stop()
    assert {done.status for done in report.done} <= {200, 429, 503}
    # The load does not read events: an answer counts as seen whole only where it was not a stream.
    running.seen |= {f"turn-{done.number}" for done in report.done if done.status == 200 and not done.streamed}
    running.wait_for_quiet_provider()
    rows = running.assert_books_agree()
    print(f"\nnote: limits_disk: {TURNS} faults under load, {len(report.done)} answers, {len(rows)} rows")
    running.gateway.stop()
