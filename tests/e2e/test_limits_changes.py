"""Changes of limits and keys are true from the next request on, under load too; windows turn by a test clock;
the sandbox is held to limits and pays nothing."""

import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from harness import wire
from harness.crash import installation
from harness.gateway import wait_for
from harness.limits import (COST_BOUND, FREE_INPUT, MAX_TOKENS, PRICED, SMALL, act_for, ask, assert_books_agree,
                            body_of, bytes_of, cost, limit_of, new_workspace, parallel, production_key, requests,
                            tokens, wait_idle, workspace_of)
from harness.load import Load

CONNECTIONS = 12
EACH = 3  # requests of every connection after the change
LIMIT_FIELDS = {"id", "metric", "window", "amount", "used", "held", "remaining", "resets_at", "bound"}


def change(gateway, key: dict, **fields) -> dict:
    return gateway.admin_json("PATCH", f"/admin/v1/keys/{key['id']}", fields)


def under_load(gateway, key: dict, act, before: int = 60):
    """Runs the load, calls act() in its middle, and gives (those that had ended before, those begun after it
    had returned)."""
    def make(number: int):
        streamed = number % 3 == 0
        return bytes_of(key, act_for(key, output=2), stream=streamed or None), streamed

    load = Load(gateway.address, CONNECTIONS, make)
    load.finished(before)
    began = time.monotonic()
    moment = act() or time.monotonic()
    report = load.stop_after(moment, EACH)
    assert report.lost == []
    return ([done for done in report.done if done.ended < began], [done for done in report.done if done.began > moment])


def assert_refused_at_once(gateway, key: dict, act, status: int) -> None:
    before, after = under_load(gateway, key, act)
    assert {done.status for done in before} == {200} and len(after) >= CONNECTIONS * EACH
    assert {done.status for done in after} == {status}


def test_lowered_limit_refuses_from_the_next_request_on(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost("100"))
    assert_refused_at_once(gateway, key, lambda: change(gateway, key, limits=[cost("0.0001")]) and None, 429)
    wait_idle(gateway, key)
    limit = limit_of(gateway, key)
    assert Decimal(limit["used"]) == sum(Decimal(row["cost"]) for row in gateway.rows_of(key))  # the counter is kept
    assert_books_agree(gateway, provider, key)


def test_new_limit_begins_with_what_its_window_has_used(recorded):
    gateway, provider = recorded
    key = production_key(gateway)
    assert_refused_at_once(gateway, key, lambda: change(gateway, key, limits=[requests(20, "day")]) and None, 429)
    assert limit_of(gateway, key, "requests")["used"] == len(gateway.rows_of(key))
    assert_books_agree(gateway, provider, key)


def test_new_hard_limit_counts_what_is_in_flight_too(recorded):
    gateway, provider = recorded
    key = production_key(gateway)
    with gateway.connect() as one:
        one.send(bytes_of(key, act_for(key, gate="in-flight")))
        provider.wait_for_requests(1, key["id"])
        change(gateway, key, limits=[parallel(1), cost(COST_BOUND * Decimal("1.5"))])
        assert limit_of(gateway, key, "concurrency")["held"] == 1
        assert ask(gateway, key).status == 429
        provider.release("in-flight")
        assert one.read_answer().status == 200
    wait_idle(gateway, key)
    assert Decimal(limit_of(gateway, key)["used"]) == COST_BOUND
    assert ask(gateway, key).code == "limit_exceeded"


def test_lowered_workspace_limit_refuses_from_the_next_request_on(recorded):
    gateway, _ = recorded
    workspace = new_workspace(gateway, cost("100", "day"))
    key = production_key(gateway, workspace=workspace["id"])
    target = f"/admin/v1/workspaces/{workspace['id']}"
    assert_refused_at_once(gateway, key,
                           lambda: gateway.admin_json("PATCH", target, {"limits": [cost(0, "day")]}) and None, 429)


def test_prepaid_workspace_without_money_refuses_from_the_next_request_on(recorded):
    gateway, _ = recorded
    workspace = new_workspace(gateway)
    key = production_key(gateway, workspace=workspace["id"])
    target = f"/admin/v1/workspaces/{workspace['id']}"
    assert_refused_at_once(gateway, key,
                           lambda: gateway.admin_json("PATCH", target, {"balance": {"mode": "prepaid"}}) and None, 402)


def test_raised_limit_serves_from_the_next_request_on(recorded):
    gateway, _ = recorded
    key = production_key(gateway, cost(0))
    before, after = under_load(gateway, key, lambda: change(gateway, key, limits=[cost("100")]) and None)
    assert {done.status for done in before} == {429} and {done.status for done in after} == {200}


def test_removed_model_refuses_from_the_next_request_on(recorded):
    gateway, _ = recorded
    key = production_key(gateway, cost("100"))
    assert_refused_at_once(gateway, key, lambda: change(gateway, key, models=[SMALL]) and None, 403)


def test_disabled_key_refuses_from_the_next_request_on(recorded):
    gateway, _ = recorded
    key = production_key(gateway, cost("100"))
    assert_refused_at_once(gateway, key, lambda: change(gateway, key, enabled=False) and None, 401)
    wait_idle(gateway, key)


def test_expired_key_refuses_from_its_moment_on(recorded):
    gateway, _ = recorded
    key = production_key(gateway, cost("100"))

    def expire() -> float:
        at = datetime.now(timezone.utc) + timedelta(seconds=1)
        change(gateway, key, expires_at=at.isoformat())
        return time.monotonic() + (at - datetime.now(timezone.utc)).total_seconds() + 0.005

    assert_refused_at_once(gateway, key, expire, 401)


def test_same_limit_with_another_amount_keeps_its_counter_over_a_restart(start_gateway, tmp_path):
    gateway = start_gateway(data=tmp_path / "data")
    key = gateway.create_key(limits=[requests(5, "day"), requests(8, "lifetime")])
    for _ in range(5):
        assert gateway.chat(key["secret"]).status == 200
    assert gateway.chat(key["secret"]).code == "limit_exceeded"
    gateway.stop()
    gateway = start_gateway(data=tmp_path / "data")
    assert gateway.chat(key["secret"]).error["details"]["used"] == 5
    change(gateway, key, limits=[requests(6, "day"), requests(8, "lifetime")])
    assert [gateway.chat(key["secret"]).status for _ in range(2)] == [200, 429]
    change(gateway, key, limits=[requests(8, "lifetime")])
    assert [gateway.chat(key["secret"]).status for _ in range(3)] == [200, 200, 429]


def test_request_that_the_gateway_did_not_live_to_settle_is_charged_at_its_bound(tmp_path, binary):
    with installation(tmp_path) as running:
        gateway = running.start()
        key = production_key(gateway, cost("1"))
        act = act_for(key, hang="head")
        with gateway.connect() as client:
            client.send(bytes_of(key, act, PRICED))
            running.provider.wait_for_requests(1, key["id"])
            running.kill()
        gateway = running.start()
        [row] = gateway.rows_of(key)
        assert (row["metering"], row["status"], row["error_code"]) == ("interrupted", 500, "internal_error")
        assert (row["input_tokens"], row["output_tokens"]) == (len(body_of(act, PRICED)) + 1024, MAX_TOKENS)
        bound = row["input_tokens"] * Decimal("0.0000025") + COST_BOUND
        assert Decimal(row["cost"]) == Decimal(row["charged"]) == bound
        limit = limit_of(gateway, key)
        assert (Decimal(limit["used"]), Decimal(limit["held"])) == (bound, 0)


# The test clock.

def sandbox_key(gateway, workspace: dict, *limits: dict, **fields) -> dict:
    return production_key(gateway, *limits, workspace=workspace["id"], environment="sandbox", **fields)


def advance(gateway, workspace: dict, by: str) -> datetime:
    told = gateway.cli_json("workspaces", "advance-clock", workspace["id"], by)
    return datetime.fromisoformat(told["test_time"])


@pytest.mark.parametrize("window, almost, rest", [("hour", "0s", "1h"), ("day", "0s", "24h"),
                                                  ("week", "0s", "7d"), ("month", "0s", "31d"), ("year", "0s", "366d"),
                                                  ("3d", "71h", "2h")])
def test_window_turns_by_the_test_clock(recorded, window, almost, rest):
    gateway, _ = recorded
    workspace = new_workspace(gateway)
    key = sandbox_key(gateway, workspace, requests(2, window), tokens(10**6, window))
    assert [gateway.chat(key["secret"]).status for _ in range(3)] == [200, 200, 429]
    if almost != "0s":
        advance(gateway, workspace, almost)
        assert gateway.chat(key["secret"]).status == 429
    now = advance(gateway, workspace, rest)
    assert gateway.chat(key["secret"]).status == 200
    for limit in gateway.get_key(key["id"])["limits"]:
        assert datetime.fromisoformat(limit["resets_at"]) > now
        assert limit["used"] + limit["held"] < 1000 and (limit["metric"] != "requests" or limit["used"] == 1)


def test_lifetime_limit_never_turns(recorded):
    gateway, _ = recorded
    workspace = new_workspace(gateway)
    key = sandbox_key(gateway, workspace, requests(1, "lifetime"))
    assert [gateway.chat(key["secret"]).status for _ in range(2)] == [200, 429]
    advance(gateway, workspace, "3650d")
    assert gateway.chat(key["secret"]).code == "limit_exceeded"


def test_test_clock_turns_no_window_of_a_production_key(recorded):
    gateway, _ = recorded
    workspace = new_workspace(gateway)
    key = production_key(gateway, requests(1, "day"), workspace=workspace["id"],
                         expires_at=(datetime.now(timezone.utc) + timedelta(days=10)).isoformat())
    assert ask(gateway, key).status == 200
    advance(gateway, workspace, "400d")
    assert ask(gateway, key).code == "limit_exceeded"


def test_sandbox_key_expires_by_the_test_clock(recorded):
    gateway, _ = recorded
    workspace = new_workspace(gateway)
    expires = datetime.now(timezone.utc) + timedelta(days=30)
    key = sandbox_key(gateway, workspace, expires_at=expires.isoformat())
    assert gateway.chat(key["secret"]).status == 200
    advance(gateway, workspace, "31d")
    refused = gateway.chat(key["secret"])
    assert (refused.status, refused.code) == (401, "expired_api_key")
    assert gateway.get_key(key["id"])["status"] == "expired"


def test_row_keeps_real_time_beside_the_test_time(recorded):
    gateway, _ = recorded
    workspace = new_workspace(gateway)
    key = sandbox_key(gateway, workspace)
    test_time = advance(gateway, workspace, "100d")
    assert gateway.chat(key["secret"]).status == 200
    [row] = gateway.rows_of(key)
    assert abs((datetime.now(timezone.utc) - datetime.fromisoformat(row["admitted_at"])).total_seconds()) < 60
    assert abs((test_time - datetime.fromisoformat(row["test_time"])).total_seconds()) < 60


# The sandbox.

def test_sandbox_is_held_to_limits_and_charged_nothing(recorded):
    gateway, _ = recorded
    workspace = new_workspace(gateway, grant="0")
    key = sandbox_key(gateway, workspace, cost("1"), requests(3, "day"))
    for _ in range(3):
        answer = ask(gateway, key, model=PRICED, max_tokens=3)  # simulated, at that model's prices
        assert answer.json()["usage"]["completion_tokens"] == 3
    assert ask(gateway, key, model=PRICED).status == 429
    rows = gateway.rows_of(key)
    assert all(Decimal(row["cost"]) > 0 and Decimal(row["charged"]) == 0 for row in rows)
    wait_idle(gateway, key)
    assert Decimal(limit_of(gateway, key)["used"]) == sum(Decimal(row["cost"]) for row in rows)
    assert workspace_of(gateway, workspace)["balance"]["charged"] == "0"


def test_sandbox_cost_limit_is_hard(recorded):
    gateway, _ = recorded
    workspace = new_workspace(gateway)
    key = sandbox_key(gateway, workspace, cost("0.003"))
    served = 0
    while (answer := ask(gateway, key, model=FREE_INPUT)).status == 200:
        served += 1
    assert answer.code == "limit_exceeded" and served > 0
    wait_idle(gateway, key)
    assert Decimal(limit_of(gateway, key)["used"]) <= Decimal("0.003")


def test_workspace_counts_each_environment_apart(recorded):
    gateway, _ = recorded
    workspace = new_workspace(gateway, requests(2, "day"))
    sandbox, production = sandbox_key(gateway, workspace), production_key(gateway, workspace=workspace["id"])
    assert [gateway.chat(sandbox["secret"]).status for _ in range(3)] == [200, 200, 429]
    assert [ask(gateway, production).status for _ in range(3)] == [200, 200, 429]


def test_workspaces_limits_are_shown_as_each_environment_uses_them(recorded):
    gateway, provider = recorded
    workspace = new_workspace(gateway, cost("1", "day"), parallel(9))
    sandbox, production = sandbox_key(gateway, workspace), production_key(gateway, workspace=workspace["id"])
    assert ask(gateway, sandbox, model=FREE_INPUT, max_tokens=10).status == 200
    now = advance(gateway, workspace, "24h")
    with gateway.connect() as client:
        client.send(bytes_of(production, act_for(production, gate="shown")))
        provider.wait_for_requests(1, production["id"])
        listed = gateway.admin_json("GET", f"/admin/v1/workspaces?name={workspace['name'].replace(' ', '%20')}")["data"]
        shown = [workspace_of(gateway, workspace), *listed, gateway.cli_json("workspaces", "get", workspace["id"])]
        printed = gateway.cli("workspaces", "get", workspace["id"])
        provider.release("shown")
        assert client.read_answer().status == 200
    for one in shown:
        limit, running = one["limits"]
        assert limit.keys() == running.keys() == LIMIT_FIELDS
        assert (limit["id"], limit["used"], Decimal(limit["held"])) == (f"{workspace['id']}/cost/day", "0", COST_BOUND)
        assert Decimal(limit["remaining"]) == 1 - COST_BOUND
        assert (running["id"], running["held"]) == (f"{workspace['id']}/concurrency", 1)
        turned, idle = one["sandbox_limits"]
        assert (turned["id"], turned["used"], turned["held"], idle["held"]) == (limit["id"], "0", "0", 0)
        assert datetime.fromisoformat(turned["resets_at"]) > now > datetime.fromisoformat(limit["resets_at"])
    for word in ("production", "sandbox", "REMAINING", f"{COST_BOUND:f} USD"):
        assert word in printed


# One request after the other.

def test_concurrency_is_free_again_as_soon_as_an_answer_ends(recorded):
    gateway, _ = recorded
    key = production_key(gateway, parallel(1))
    with gateway.connect() as connection:
        for number in range(50):
            connection.send(bytes_of(key, act_for(key, output=2), stream=number % 2 == 0 or None))
            assert connection.read_answer().status == 200


def test_reload_that_changes_a_price_holds_for_later_requests(recorded):
    """The bound of a request is of the price that it is charged at."""
    gateway, _ = recorded
    key = production_key(gateway, cost(COST_BOUND * Decimal("1.5")))
    assert ask(gateway, key).status == 200
    text = gateway.config.read_text(encoding="utf-8")
    try:
        gateway.config.write_text(text.replace('"output": "10.00"', '"output": "4.00"'), encoding="utf-8")
        gateway.reload()
        wait_for(lambda: gateway.request("GET", "/v1/models", wire.bearer(key["secret"])).json()["data"][0]["pricing"]
                 ["output"] == "4", what="the new price")
        assert ask(gateway, key).status == 200
        wait_idle(gateway, key)
        assert Decimal(limit_of(gateway, key)["used"]) == COST_BOUND * Decimal("1.4")
    finally:
        gateway.config.write_text(text, encoding="utf-8")
        gateway.reload()
        wait_for(lambda: gateway.request("GET", "/v1/models", wire.bearer(key["secret"])).json()["data"][0]["pricing"]
                 ["output"] == "10", what="the old price")
