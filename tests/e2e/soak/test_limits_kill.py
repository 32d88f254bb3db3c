"""kill -9 under load with 200 open streams, and a kill at every Nth sync of a fixed script: afterwards every
guarded request that the provider saw has exactly one row, and no cap was exceeded."""

import json
import time
from decimal import Decimal

import pytest
from harness import gateway as gateways
from harness import wire
from harness.crash import installation
from harness.faults import Faults
from harness.gateway import wait_for
from harness.limits import COST_BOUND, act_for, ask, cost, tokens
from harness.load import Load, scaled

KILLS = scaled(3, 100)
STREAMS = scaled(60, 200)
OTHERS = 12  # connections with short requests beside them
READY_SECONDS = 2.0
ROWS_BEFORE = scaled(0, 1_000_000)
SYNC_STEP = scaled(5, 1)  # every so manieth sync of the fixed script


@pytest.fixture
def running(tmp_path, binary):
    with installation(tmp_path) as one:
        yield one


def start_again(running) -> float:
    """Seconds from the start of the process until it says that it is ready."""
    began = time.monotonic()
    gateway = running.start()
    assert gateway.request("GET", "/readyz").status == 200
    return time.monotonic() - began


def add_rows(running, key: dict, count: int) -> None:
    """Real rows of a key that no test looks at, by asking for them."""
    body = wire.chat_body("sandbox/echo", "x")
    request = wire.request_bytes("POST", "/v1/chat/completions", wire.json_headers(key["secret"]), body)
    load = Load(running.gateway.address, 64, lambda number: (request, False))
    for finished in range(10_000, count + 1, 10_000):
        load.finished(finished)
    load.stop()


def kill_under_load(running, round_: int, numbers: dict[str, int]) -> None:
    gateway, provider = running.gateway, running.provider

    def stream(number: int):
        return running.request(number, "stream", stream=True, pace_ms=10), True

    def short(number: int):
        streamed = number % 2 == 0
        return running.request(number, "short", output="1%", stream=streamed or None), streamed

    loads = {"stream": Load(gateway.address, STREAMS, stream, first_number=numbers["stream"])}
    wait_for(lambda: provider.control("state")["open"] >= STREAMS // 2, what="the open streams")
    loads["short"] = Load(gateway.address, OTHERS, short, rate=300, first_number=numbers["short"])
    loads["short"].finished(40 + 13 * round_ % 97)
    running.kill()
    for name, load in loads.items():
        report = load.stop()
        running.seen |= {f"{name}-{done.number}" for done in report.done if done.status == 200}
        numbers[name] = max([numbers[name], *[done.number for done in report.done], *report.lost,
                             *report.unfinished]) + 1


@pytest.mark.timeout(7200)
def test_every_guarded_request_has_its_row_after_kill_9(running):
    gateway = running.start()
    running.make_keys()
    if ROWS_BEFORE:
        add_rows(running, gateway.create_key(), ROWS_BEFORE)
    numbers, ready = {"stream": 1, "short": 1}, []
    for kill in range(KILLS):
        kill_under_load(running, kill, numbers)
        ready.append(start_again(running))
        rows = running.assert_books_agree() if kill % 10 == 9 or kill == KILLS - 1 or kill < 3 else []
    interrupted = sum(row["metering"] == "interrupted" for row in rows)
    assert running.true_cost("capped") <= Decimal("60") * COST_BOUND
    stored = sum(total["requests"] for total in running.gateway.cli_json("usage", "--by", "model")["data"])
    print(f"\nnote: limits_kill: {KILLS} kills with {STREAMS} streams, {len(running.provider.requests())} requests, "
          f"{len(rows)} rows, {interrupted} of them interrupted; with {stored} rows in all ready again in "
          f"{max(ready):.2f} s at most")
    assert stored >= ROWS_BEFORE
    assert interrupted > 0
    assert running.gateway.cli_json("audit", "verify")["valid"]
    if not gateways.is_sanitized():
        assert max(ready) <= READY_SECONDS
    running.gateway.stop()


# A kill at every Nth sync.

def ended_by_kill(running, calls) -> str:
    """Starts the gateway and makes the calls: "yes" or "no"; any other end than a kill is a failure."""
    try:
        running.start()
        calls()
    except (AssertionError, EOFError, OSError, json.JSONDecodeError):
        if running.gateway.process.wait(10) != -9:
            raise
        running.wait_for_quiet_provider()
        return "yes"
    return "no"


class Script:
    """The same calls every time; what was acknowledged must be there after any crash."""

    def __init__(self, running):
        self.running = running
        self.granted = Decimal(0)
        self.amount: str | None = None  # of the key's cost limit, as last acknowledged
        self.revoked: str | None = None
        self.done = False

    def run(self) -> None:
        self.done = ended_by_kill(self.running, self.calls) == "no"

    def calls(self) -> None:
        running, gateway = self.running, self.running.gateway
        running.make_keys()
        self.amount = "1000"
        for number in range(8):
            self.ask(number)
        key = running.keys["cost"]
        gateway.admin_json("PATCH", f"/admin/v1/keys/{key['id']}", {"limits": [cost("900"), tokens(10**12)]})
        self.amount = "900"
        for _ in range(2):
            gateway.admin_json("POST", f"/admin/v1/workspaces/{running.workspace['id']}/grants", {"amount": "1"})
            self.granted += 1
        extra = gateway.create_key()
        gateway.revoke(extra["id"])
        self.revoked = extra["id"]
        for number in range(8, 16):
            self.ask(number)

    def ask(self, number: int) -> None:
        running = self.running
        streamed = number % 2 == 0
        with running.gateway.connect() as connection:
            connection.send(running.request(number, "nth", stream=streamed or None, output=7))
            answer = connection.read_answer()
        assert answer.status == 200
        if not streamed or answer.events()[-1] == "[DONE]":
            running.seen.add(f"nth-{number}")

    def assert_kept(self) -> None:
        running, gateway = self.running, self.running.gateway
        for name, key in running.keys.items():
            assert gateway.get_key(key["id"])["status"] in ("active", "limited"), name
        if self.amount is not None:
            shown = gateway.get_key(running.keys["cost"]["id"])["limits"]
            allowed = {self.amount, "900"}  # one that was not acknowledged may hold already
            assert next(limit for limit in shown if limit["metric"] == "cost")["amount"] in allowed
            granted = Decimal(gateway.admin_json("GET", f"/admin/v1/workspaces/{running.workspace['id']}")
                              ["balance"]["granted"]) - 1000
            assert self.granted <= granted <= self.granted + 1
        if self.revoked is not None:
            assert gateway.get_key(self.revoked)["status"] == "revoked"
        assert gateway.cli_json("audit", "verify")["valid"]
        running.assert_books_agree()
        if running.keys:
            assert ask(gateway, running.keys["cost"], act_for(running.keys["cost"], output=1)).status == 200


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.timeout(7200)
def test_what_was_acknowledged_is_there_after_a_kill_at_any_sync(tmp_path, binary, when):
    """The first start of an installation is part of the script; and each second restart is killed, too."""
    faults = Faults(tmp_path)
    number = kills = 0
    done = False
    while not done:
        number += SYNC_STEP
        folder = tmp_path / f"{number}"
        folder.mkdir()
        with installation(folder, faults.environment) as running:
            script = Script(running)
            faults.kill_at(number, when)
            script.run()
            done = script.done
            if done:
                running.gateway.kill()
            else:
                kills += 1
            if number % 2 == 0:
                faults.kill_at(1 + number % 3, when)
                if ended_by_kill(running, lambda: None) == "no":
                    running.gateway.kill()
            faults.kill_at(0, when)
            ready = start_again(running)
            script.assert_kept()
            if not gateways.is_sanitized():
                assert ready <= READY_SECONDS
            running.gateway.stop()
    print(f"\nnote: limits_kill: killed {when} {kills} of the {number} syncs of a fixed script")
    assert kills > 0
