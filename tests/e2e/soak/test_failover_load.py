"""One of two offers fails under load: no client sees it, nothing is charged twice, and the offer that fails is
left alone until it has recovered."""

from collections import Counter
from decimal import Decimal

import pytest
from harness import upstream as mock
from harness import wire
from harness.gateway import wait_for
from harness.limits import cost, limit_of, parallel, production_key, wait_idle
from harness.load import Load, scaled
from harness.several import answers, price_of, several_providers

REQUESTS = scaled(2_000, 10_000)
CONNECTIONS = 16
IN_A_ROW = 5  # failures, after which an offer is down
SERVED = (mock.USAGE["prompt_tokens"], mock.USAGE["completion_tokens"])
FAILING = mock.json_answer({"error": {"message": "boom"}}, status=500)
# Asks to be left alone for longer than the test runs.
FAILING_FOR_LONG = mock.json_answer({"error": {"message": "boom"}}, status=500, **{"Retry-After": "300"})


@pytest.fixture(scope="module")
def running_several(tmp_path_factory, binary):
    with several_providers(tmp_path_factory.mktemp("several")) as running:
        yield running


@pytest.fixture
def several(running_several):
    running_several.reset()
    yield running_several
    assert [upstream.problems for upstream in running_several.providers.values()] == [[], [], []]


def asked(key: dict, model: str):
    """Every other one streams."""
    headers = wire.json_headers(key["secret"])

    def request(number: int) -> tuple[bytes, bool]:
        stream = {"stream": True} if number % 2 else {}
        body = wire.chat_body(model, str(number), max_tokens=50, **stream)
        return wire.request_bytes("POST", "/v1/chat/completions",
                                  headers | {"X-Request-Id": f"{model[-3:]}-{number}"}, body), bool(stream)
    return request


def assert_charged_once(several, key: dict, count: int) -> list[dict]:
    """One row a request, each with one answer and its cost; the counter is their sum."""
    wait_idle(several.gateway, key)
    rows = several.gateway.rows_of(key)
    assert len(rows) == count and {len({row["request_id"] for row in rows})} == {count}
    for row in rows:
        assert row["status"] == 200 and row["error_code"] is None
        assert [one["status"] for one in row["attempts"]].count(200) == 1
        assert Decimal(row["cost"]) == price_of(row["provider"], *SERVED)
    used = Decimal(limit_of(several.gateway, key)["used"])
    assert used == sum(Decimal(row["cost"]) for row in rows)
    return rows


def assert_all_served(report) -> None:
    assert report.lost == [] and Counter(done.status for done in report.done) == {200: len(report.done)}


def test_nobody_notices_that_one_of_two_offers_fails(several):
    key = production_key(several.gateway, cost(1_000_000), parallel(1000))
    several.first.script = FAILING_FOR_LONG
    load = Load(several.gateway.address, CONNECTIONS, asked(key, several.model()))
    load.finished(REQUESTS)
    report = load.stop_after(0.0, 1)
    assert_all_served(report)
    wait_idle(several.gateway, key)
    # What was under way when the load stopped was served, or lost its client.
    rows = [row for row in several.gateway.rows_of(key) if row["error_code"] != "client_gone"]
    assert len(report.done) <= len(rows) <= len(report.done) + len(report.unfinished)
    failed = sum(one["status"] == 500 for row in rows for one in row["attempts"])
    assert len(several.first.requests) - CONNECTIONS <= failed <= len(several.first.requests)
    # Those that had begun when the fifth failure came may be as many as the connections.
    assert IN_A_ROW <= len(several.first.requests) < IN_A_ROW + CONNECTIONS
    for row in rows:
        assert Decimal(row["cost"]) == price_of("second", *SERVED) and row["provider"] == "second"
    assert Decimal(limit_of(several.gateway, key)["used"]) == \
        sum(Decimal(row["cost"]) for row in several.gateway.rows_of(key))


def test_offer_that_fails_and_recovers_harms_nobody(several):
    key = production_key(several.gateway, cost(1_000_000), parallel(1000))
    request = asked(key, several.model())
    number = 0

    def ask() -> wire.Answer:
        nonlocal number
        number += 1
        data, _ = request(number)
        with several.gateway.connect() as connection:
            connection.send(data)
            answer = connection.read_answer()
        assert answer.status == 200
        return answer

    for _ in range(scaled(2, 5)):
        several.first.script = FAILING
        before = len(several.first.requests)
        wait_for(lambda: ask() and len(several.first.requests) >= before + IN_A_ROW)
        several.first.script = answers("first")
        while_down = len(several.first.requests)
        wait_for(lambda: ask().header("X-Tollgate-Provider") == "first", seconds=40)
        assert len(several.first.requests) <= while_down + 2  # the last that met the failure, and one probe
    assert_charged_once(several, key, number)
