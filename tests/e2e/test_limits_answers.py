"""What people read of their limits: the body and headers of a refusal, the headers of every answer, the
holder's own view, and totals that equal the rows."""

import json
import re
import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from harness import wire
from harness.limits import (COST_BOUND, MAX_TOKENS, PRICED, SMALL, TOKEN_BOUND, act_for, ask, bytes_of, cost,
                            new_workspace, parallel, production_key, requests, tokens, wait_idle)

FIELDS = {"id", "metric", "window", "amount", "used", "held", "remaining", "resets_at", "bound"}
DURATION = re.compile(r"^(\d+h)?(\d+m)?(\d+(\.\d+)?s|\d+ms)?$")


def next_day() -> datetime:
    now = datetime.now(timezone.utc)
    return datetime(now.year, now.month, now.day, tzinfo=timezone.utc) + timedelta(days=1)


def next_month() -> datetime:
    now = datetime.now(timezone.utc)
    return datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=timezone.utc)


def own_view(gateway, key: dict) -> dict:
    return gateway.request("GET", "/v1/key", wire.bearer(key["secret"])).json()


def seconds_of(duration: str) -> float:
    """6m0s, 1.5s, 20ms"""
    assert DURATION.match(duration) and duration, duration
    unit = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}
    return sum(float(number) * unit[name] for number, name in re.findall(r"([\d.]+)(ms|h|m|s)", duration))


def refused_by(gateway, limit: dict, spend: int = 1, **members) -> tuple[dict, wire.Answer]:
    key = production_key(gateway, limit)
    for _ in range(spend):
        assert ask(gateway, key, act_for(key, input=1024), SMALL).status == 200
    answer = ask(gateway, key, model=SMALL, **members)
    assert answer.status == 429, answer.body
    assert answer.error["type"] == "rate_limit_error"
    return key, answer


# metric and window, what fits, what of it is used, what a further request would hold, its code
SPENT = [
    (cost(COST_BOUND, "day"), f"{COST_BOUND:f}", f"{COST_BOUND:f}", "limit_exceeded"),
    (tokens(TOKEN_BOUND, "month"), TOKEN_BOUND, TOKEN_BOUND, "limit_exceeded"),
    (tokens(TOKEN_BOUND, "lifetime"), TOKEN_BOUND, TOKEN_BOUND, "limit_exceeded"),
    (requests(1, "hour"), 1, 1, "limit_exceeded"),
    (requests(1, "7d"), 1, 1, "limit_exceeded"),
    (requests(1, "60s"), 1, 1, "rate_limit_exceeded"),
    (tokens(TOKEN_BOUND, "60s"), TOKEN_BOUND, None, "rate_limit_exceeded"),
    (cost(COST_BOUND, "60s"), f"{COST_BOUND:f}", f"{COST_BOUND:f}", "rate_limit_exceeded"),
]


@pytest.mark.parametrize("limit, used, bound, code", SPENT,
                         ids=[f"{one[0]['metric']}-{one[0]['window']}" for one in SPENT])
def test_refusal_names_the_limit_with_all_its_figures(recorded, limit, used, bound, code):
    gateway, _ = recorded
    key, answer = refused_by(gateway, limit)
    assert answer.code == code
    details = answer.error["details"]
    assert details.keys() == FIELDS
    named = (details["id"], details["metric"], details["window"])
    assert named == (key["limits"][0]["id"], limit["metric"], limit["window"])
    assert details["amount"] == limit["amount"] and details["used"] == used
    assert Decimal(details["held"]) == 0 and Decimal(details["remaining"]) == 0
    if bound is not None:
        assert details["bound"] == bound
    assert "sk-" not in answer.body.decode()


def test_reset_is_told_and_whether_to_retry(recorded):
    gateway, _ = recorded
    for window, resets in (("day", next_day), ("month", next_month), ("lifetime", lambda: None)):
        expected = resets()
        _, answer = refused_by(gateway, requests(1, window))
        told = answer.error["details"]["resets_at"]
        assert (told and datetime.fromisoformat(told)) == expected
        soon = expected is not None and (expected - datetime.now(timezone.utc)).total_seconds() <= 60
        assert (answer.header("x-should-retry") == "false") != soon
        assert (answer.header("Retry-After") is not None) == soon


def test_rolling_window_says_when_to_come_back(recorded):
    gateway, _ = recorded
    _, answer = refused_by(gateway, requests(1, "60s"))
    assert 1 <= int(answer.header("Retry-After")) <= 61
    assert answer.header("x-should-retry") is None
    resets = datetime.fromisoformat(answer.error["details"]["resets_at"])
    assert 0 < (resets - datetime.now(timezone.utc)).total_seconds() <= 62


def test_of_several_limits_the_one_that_resets_last_is_named(recorded):
    gateway, _ = recorded
    key = production_key(gateway, requests(1, "day"), requests(1, "lifetime"), requests(1, "60s"), requests(1, "month"))
    assert ask(gateway, key).status == 200
    answer = ask(gateway, key)
    # Those that apply in the order of SPEC §4: the rolling window's code comes first.
    assert answer.status == 429 and answer.code in ("rate_limit_exceeded", "limit_exceeded")
    assert answer.error["details"]["window"] == "lifetime"


def test_bound_above_the_whole_limit_is_told_before_anything_else(recorded):
    gateway, _ = recorded
    _, answer = refused_by(gateway, cost(COST_BOUND, "60s"), max_tokens=MAX_TOKENS + 1)
    assert answer.code == "limit_exceeded" and answer.header("x-should-retry") == "false"


def test_workspace_limit_is_named_by_its_own_id(recorded):
    gateway, _ = recorded
    workspace = new_workspace(gateway, requests(1, "day"))
    key = production_key(gateway, workspace=workspace["id"])
    assert ask(gateway, key).status == 200
    assert ask(gateway, key).error["details"]["id"] == f"{workspace['id']}/requests/day"


def test_streamed_request_is_refused_in_json_too(recorded):
    gateway, _ = recorded
    key = production_key(gateway, cost(0))
    answer = ask(gateway, key, stream=True)
    assert answer.status == 429 and answer.header("Content-Type").startswith("application/json")


def test_refusal_leaves_no_row_but_counts(recorded):
    gateway, provider = recorded
    key = production_key(gateway, requests(1, "day"))
    assert ask(gateway, key).status == 200
    for _ in range(4):
        assert ask(gateway, key).status == 429
    assert len(gateway.rows_of(key)) == len(provider.requests(key["id"])) == 1
    shown = gateway.get_key(key["id"])
    assert (shown["request_count"], shown["error_count"], shown["status"]) == (5, 4, "limited")


# Headers of every authenticated answer.

def test_header_families_follow_the_tightest_limit(recorded):
    gateway, _ = recorded
    key = production_key(gateway, requests(100, "60s"), requests(20, "day"), tokens(50_000, "60s"))
    before = time.time()
    answer = ask(gateway, key)
    assert (answer.header("X-RateLimit-Limit"), answer.header("X-RateLimit-Remaining")) == ("20", "19")
    assert before < int(answer.header("X-RateLimit-Reset")) <= next_day().timestamp() + 1
    assert answer.header("x-ratelimit-limit-requests") == "100"
    assert answer.header("x-ratelimit-remaining-requests") == "99"
    assert answer.header("x-ratelimit-limit-tokens") == "50000"
    assert 0 < int(answer.header("x-ratelimit-remaining-tokens")) < 50_000
    for name in ("requests", "tokens"):
        assert 0 <= seconds_of(answer.header(f"x-ratelimit-reset-{name}")) <= 61
    again = ask(gateway, key)
    assert again.header("X-RateLimit-Remaining") == "18"


def test_header_families_are_absent_without_such_a_limit(recorded):
    gateway, _ = recorded
    for limits in ([], [cost("5")]):
        answer = ask(gateway, production_key(gateway, *limits))
        assert [name for name, _ in answer.fields if "ratelimit" in name.lower()] == []
        assert answer.header("X-Credit-Balance") == "unlimited"


def test_streamed_unreadable_and_refused_requests_are_told_them_too(recorded):
    gateway, _ = recorded
    key = production_key(gateway, requests(2, "60s"))
    answers = [ask(gateway, key, stream=True), gateway.chat(key["secret"], b"{"), ask(gateway, key), ask(gateway, key)]
    assert [answer.status for answer in answers] == [200, 400, 200, 429]
    for answer, left in zip(answers, ("1", "1", "0", "0")):
        assert answer.header("x-ratelimit-limit-requests") == answer.header("X-RateLimit-Limit") == "2"
        assert answer.header("x-ratelimit-remaining-requests") == answer.header("X-RateLimit-Remaining") == left
        assert time.time() < int(answer.header("X-RateLimit-Reset")) <= time.time() + 63
        assert 50 < seconds_of(answer.header("x-ratelimit-reset-requests")) <= 61
        assert answer.header("X-Credit-Balance") == "unlimited" and answer.header("X-Tollgate-Generation-Id")


def test_credit_balance_is_told_in_credits(recorded):
    gateway, _ = recorded
    workspace = new_workspace(gateway, grant="2")
    key = production_key(gateway, workspace=workspace["id"])
    served = ask(gateway, key)
    wait_idle(gateway, workspace=workspace)
    # A credit is worth a cent; an answer knows its own cost.
    for answer in (served, gateway.request("GET", "/v1/models", wire.bearer(key["secret"]))):
        assert Decimal(answer.header("X-Credit-Balance")) == (2 - COST_BOUND) * 100


# The holder's own view.

def test_own_view_shows_settled_and_held_apart(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost(10 * COST_BOUND), parallel(4), requests(50, "day"))
    assert ask(gateway, key).status == 200
    with gateway.connect() as one:
        one.send(bytes_of(key, act_for(key, gate="own-view")))
        provider.wait_for_requests(2, key["id"])
        shown = {limit["metric"]: limit for limit in own_view(gateway, key)["limits"]}
        provider.release("own-view")
        assert one.read_answer().status == 200
    assert all(limit.keys() == FIELDS for limit in shown.values())
    assert (Decimal(shown["cost"]["used"]), Decimal(shown["cost"]["held"])) == (COST_BOUND, COST_BOUND)
    assert Decimal(shown["cost"]["remaining"]) == 8 * COST_BOUND
    assert (shown["concurrency"]["held"], shown["concurrency"]["remaining"]) == (1, 3)
    assert shown["requests"]["used"] + shown["requests"]["held"] == 2
    wait_idle(gateway, key)
    assert own_view(gateway, key)["status"] == "active"


def test_status_is_limited_while_a_limit_is_spent(recorded):
    gateway, _ = recorded
    key = production_key(gateway, requests(1, "day"))
    assert own_view(gateway, key)["status"] == "active"
    assert ask(gateway, key).status == 200
    assert own_view(gateway, key)["status"] == gateway.get_key(key["id"])["status"] == "limited"


# Totals.

def test_totals_equal_the_rows_to_the_nano_dollar(recorded):
    gateway, _ = recorded
    workspace = new_workspace(gateway)
    keys = [production_key(gateway, cost("9"), workspace=workspace["id"]) for _ in range(3)]
    for number in range(45):
        model = (PRICED, SMALL, "acme/free-input")[number % 3]
        act = act_for(keys[number % 3], input=7 + number, output=1 + number % 90, status=200 if number % 9 else 500)
        ask(gateway, keys[number % 3], act, model, stream=number % 2 == 0 or None)
    rows = gateway.rows(f"workspace={workspace['id']}")
    assert len(rows) == 45
    for by in ("key", "model", "day"):
        totals = gateway.cli_json("usage", "--by", by, "--workspace", workspace["id"])["data"]
        told = {total[by]: total for total in totals}
        for name, total in told.items():
            mine = [row for row in rows if name in (row["key"], row["model"], row["admitted_at"][:10])]
            for field in ("cost", "charged"):
                assert Decimal(total[field]) == sum(Decimal(row[field]) for row in mine), (by, name, field)
            for field in ("input_tokens", "output_tokens"):
                assert total[field] == sum(row[field] for row in mine), (by, name, field)
            assert total["requests"] == len(mine)
        assert sum(Decimal(total["cost"]) for total in totals) == sum(Decimal(row["cost"]) for row in rows)
    csv = gateway.cli("usage", "--csv", "--workspace", workspace["id"]).splitlines()
    at = csv[0].split(",").index("cost")
    assert sum(Decimal(line.split(",")[at]) for line in csv[1:]) == sum(Decimal(row["cost"]) for row in rows)


def test_limit_counts_equal_its_rows(recorded):
    gateway, _ = recorded
    key = production_key(gateway, cost("9"), tokens(10**9), requests(1000, "day"))
    for number in range(20):
        ask(gateway, key, act_for(key, input=11 + number, output=3 + number), PRICED)
    wait_idle(gateway, key)
    rows = gateway.rows_of(key)
    shown = {limit["metric"]: limit for limit in own_view(gateway, key)["limits"]}
    assert Decimal(shown["cost"]["used"]) == sum(Decimal(row["cost"]) for row in rows)
    assert shown["tokens"]["used"] == sum(row["input_tokens"] + row["output_tokens"] for row in rows)
    assert shown["requests"]["used"] == len(rows) == 20


def test_costs_of_rows_are_exact(recorded):
    """Each row rounded up once, from the exact product."""
    gateway, _ = recorded
    key = production_key(gateway)
    for number in range(10):
        act = act_for(key, input=1 + 13 * number, output=1 + number)
        assert ask(gateway, key, act, PRICED).status == 200
    for row in gateway.rows_of(key):
        exact = row["input_tokens"] * Decimal("0.0000025") + row["output_tokens"] * Decimal("0.00001")
        assert Decimal(row["cost"]) == exact
        assert "e" not in json.dumps(row["cost"]).lower()
