"""kill -9 under load: every answer whose end a client saw has exactly one row, and none has two; and the
gateway is ready again at once."""

import time
from collections import Counter

import pytest
from harness import gateway as gateways
from harness import wire
from harness.load import Load, scaled

KILLS = scaled(3, 20)
RATE = 500  # requests a second
CONNECTIONS = 16
READY_SECONDS = 2.0
ANSWERS_BEFORE_KILL = 150


def request_of(secret: str):
    """Every third asks for a stream; the request id tells them apart in the rows."""
    def make(number: int):
        streamed = number % 3 == 0
        headers = wire.json_headers(secret, **{"X-Request-Id": f"kill-{number}"})
        return wire.request_bytes("POST", "/v1/chat/completions", headers,
                                  wire.chat_body(stream=streamed)), streamed
    return make


@pytest.mark.parametrize("durability", ["full", "process"])
def test_every_answer_seen_whole_has_exactly_one_row(start_gateway, tmp_path, durability):
    data = tmp_path / "data"
    gateway = start_gateway(data=data, durability=durability)
    key = gateway.create_key()
    seen, number, ready, rates = [], 1, [], []
    for kill in range(KILLS):
        load = Load(gateway.address, CONNECTIONS, request_of(key["secret"]), RATE, first_number=number)
        began = time.monotonic()
        load.finished(ANSWERS_BEFORE_KILL + 7 * kill)
        rates.append((ANSWERS_BEFORE_KILL + 7 * kill) / (time.monotonic() - began))
        gateway.kill()
        report = load.stop()
        assert {done.status for done in report.done} == {200}
        seen += [done.number for done in report.done]
        number = max([*seen, *report.lost, *report.unfinished]) + 1
        began = time.monotonic()
        gateway = start_gateway(data=data, durability=durability)
        assert gateway.request("GET", "/readyz").status == 200
        ready.append(time.monotonic() - began)
    rows = Counter(row["request_id"] for row in gateway.rows_of(key))
    twice = [request for request, count in rows.items() if count > 1]
    missing = [one for one in seen if rows[f"kill-{one}"] == 0]
    print(f"\nnote: kill ({durability}): {KILLS} kills at {min(rates):.0f}–{max(rates):.0f} requests/s, "
          f"{len(seen)} answers seen whole, {sum(rows.values())} rows, {len(missing)} missing, {len(twice)} twice; "
          f"ready again in {max(ready):.2f} s at most")
    assert missing == [] and twice == []
    assert len(seen) >= KILLS * ANSWERS_BEFORE_KILL
    assert gateway.cli_json("audit", "verify")["valid"]
    if not gateways.is_sanitized():
        assert max(ready) <= READY_SECONDS
