"""Hard means hard: what a limit or a balance has room for is served, and not one request more, at any
concurrency; and nothing that fits is refused in the end. script/soak limits runs the same at full counts."""

import json
import threading
from decimal import Decimal

import pytest
from harness.limits import (CONTEXT, COST_BOUND, FREE_INPUT, LONG, LONG_OUTPUT_MAX, MAX_TOKENS, OUTPUT_MAX, PRICED,
                            RENAMED, SMALL, TOKEN_BOUND, WIDE, WIDE_CONTEXT, Storm, act_for, ask, assert_books_agree,
                            body_of, bytes_of, cost, limit_of, new_workspace, parallel, production_key, requests,
                            spend_in_sequence, spend_with_clients, tokens, wait_idle, workspace_of)

AT_ONCE = 250


@pytest.mark.parametrize("delay_ms", [0, 400])
@pytest.mark.parametrize("kind", Storm.KINDS)
def test_exactly_ten_of_many_at_once_reach_the_provider(recorded, kind, delay_ms):
    getattr(Storm(*recorded, AT_ONCE, delay_ms), kind)()


def test_exactly_ten_of_a_thousand_at_once_reach_the_provider(recorded):
    Storm(*recorded, 1000, delay_ms=1000).cost()


def test_several_limits_hold_together_at_once(recorded):
    """The tightest is the sixth of eight requests; the others have room for more."""
    gateway, provider = recorded
    key = production_key(gateway, cost(10 * COST_BOUND), tokens(6 * TOKEN_BOUND, "lifetime"), requests(8, "hour"))
    storm = Storm(gateway, provider, 60)
    storm.ADMITTED = 6
    storm.blow([key], {(429, "limit_exceeded"), (429, "limit_in_flight")}, SMALL)
    assert limit_of(gateway, key, "requests")["used"] == 6
    assert Decimal(limit_of(gateway, key)["used"]) == 6 * COST_BOUND


def test_key_limit_is_all_that_one_key_of_a_workspace_gets(recorded):
    gateway, provider = recorded
    workspace = new_workspace(gateway, cost(10 * COST_BOUND, "day"))
    narrow = production_key(gateway, cost(3 * COST_BOUND), workspace=workspace["id"])
    wide = production_key(gateway, workspace=workspace["id"])
    for key, fits in ((narrow, 3), (wide, 7)):
        for number in range(fits + 2):
            assert ask(gateway, key).status == (200 if number < fits else 429)
    assert_books_agree(gateway, provider, narrow, wide)


# No false refusal.

def test_one_client_can_spend_all_but_one_bound_of_its_budget(recorded):
    """True cost a tenth of the bound: a budget of 20 bounds takes 191 requests one after the other."""
    gateway, provider = recorded
    bounds = 20
    key = production_key(gateway, cost(bounds * COST_BOUND))
    served, refusal = spend_in_sequence(gateway, key, {"output": MAX_TOKENS // 10}, 12 * bounds)
    assert (refusal.status, refusal.code) == (429, "limit_exceeded")
    assert served == (bounds - 1) * 10 + 1
    wait_idle(gateway, key)
    assert Decimal(limit_of(gateway, key)["used"]) == served * COST_BOUND / 10
    assert_books_agree(gateway, provider, key)


def test_clients_that_retry_what_is_in_flight_spend_their_budget(recorded):
    gateway, provider = recorded
    bounds = 40
    key = production_key(gateway, cost(bounds * COST_BOUND))
    ends = spend_with_clients(gateway, key, 64, {"output": MAX_TOKENS // 10})
    assert {(end.status, end.code) for end in ends} == {(429, "limit_exceeded")}
    wait_idle(gateway, key)
    used = Decimal(limit_of(gateway, key)["used"])
    assert Decimal("0.95") * bounds * COST_BOUND <= used <= bounds * COST_BOUND
    assert_books_agree(gateway, provider, key)


def test_request_waits_for_what_is_held_and_is_served(recorded):
    """A budget of one bound and two requests at a tenth of it: the second waits, and neither is refused."""
    gateway, provider = recorded
    key = production_key(gateway, cost(COST_BOUND * Decimal("1.5")))
    first = act_for(key, output=10, gate="wait-for-held")
    with gateway.connect() as one, gateway.connect() as two:
        one.send(bytes_of(key, first))
        provider.wait_for_requests(1, key["id"])
        assert Decimal(limit_of(gateway, key)["held"]) == COST_BOUND
        two.send(bytes_of(key, act_for(key, output=10)))
        release = threading.Timer(0.3, provider.release, ["wait-for-held"])
        release.start()
        assert [one.read_answer().status, two.read_answer().status] == [200, 200]
        release.join()
    wait_idle(gateway, key)


def test_request_whose_wait_is_over_is_told_that_it_is_in_flight(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost(COST_BOUND * Decimal("1.5")))
    held = act_for(key, output=10, gate="held-long")
    with gateway.connect() as one:
        one.send(bytes_of(key, held))
        provider.wait_for_requests(1, key["id"])
        refused = ask(gateway, key)
        assert (refused.status, refused.code) == (429, "limit_in_flight")
        assert refused.header("Retry-After") == "1" and refused.header("x-should-retry") is None
        details = refused.error["details"]
        assert details["id"] == key["limits"][0]["id"]
        assert Decimal(details["held"]) == Decimal(details["bound"]) == COST_BOUND
        assert len(provider.requests(key["id"])) == 1
        provider.release("held-long")
        assert one.read_answer().status == 200
    assert ask(gateway, key).status == 200
    wait_idle(gateway, key)


def test_requests_and_concurrency_are_refused_at_once_and_never_wait(recorded):
    gateway, provider = recorded
    key = production_key(gateway, parallel(1))
    with gateway.connect() as one:
        one.send(bytes_of(key, act_for(key, gate="alone")))
        provider.wait_for_requests(1, key["id"])
        refused = ask(gateway, key)
        assert (refused.status, refused.code) == (429, "rate_limit_exceeded")
        assert refused.error["details"]["metric"] == "concurrency" and refused.error["details"]["window"] is None
        assert refused.header("Retry-After") == "1" and refused.header("x-should-retry") is None
        provider.release("alone")
        assert one.read_answer().status == 200
    assert ask(gateway, key).status == 200


# One request alone.

def test_request_limit_of_cost_refuses_what_could_cost_more(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost(COST_BOUND, "request"))
    assert ask(gateway, key).status == 200
    refused = ask(gateway, key, max_tokens=MAX_TOKENS + 1)
    assert (refused.status, refused.code) == (429, "limit_exceeded")
    details = refused.error["details"]
    assert (details["metric"], details["window"], details["resets_at"]) == ("cost", "request", None)
    assert Decimal(details["bound"]) == COST_BOUND + Decimal("0.00001")
    assert refused.header("x-should-retry") == "false" and refused.header("Retry-After") is None
    assert ask(gateway, key).status == 200  # it keeps nothing from one to the next
    assert len(provider.requests(key["id"])) == 2


def test_request_limit_of_tokens_counts_input_and_output(recorded):
    gateway, _ = recorded
    key = production_key(gateway, tokens(TOKEN_BOUND, "request"))
    assert ask(gateway, key, model=SMALL).status == 200
    refused = ask(gateway, key, model=SMALL, max_tokens=MAX_TOKENS + 1)
    assert (refused.status, refused.code) == (429, "limit_exceeded")
    assert refused.error["details"]["bound"] == TOKEN_BOUND + 1


# max_tokens: filled where it is absent, never touched where it is given.

def test_max_tokens_is_filled_for_a_guarded_key_with_what_its_budget_buys(recorded):
    """The least of: the offer's maximum; what is left of the context; what the budget buys; the larger of 4,096
    and what a quarter of the budget buys."""
    gateway, provider = recorded
    for budget_tokens, model, expected in ((100_000, LONG, 25_000), (10_000, LONG, 4_096), (3_000, LONG, 3_000),
                                           (1, LONG, 1), (1_000_000, LONG, LONG_OUTPUT_MAX),
                                           (1_000_000, FREE_INPUT, OUTPUT_MAX), (1_000_000, SMALL, CONTEXT)):
        key = production_key(gateway, cost(Decimal(budget_tokens) / 100_000))
        act = act_for(key, output=1)
        assert ask(gateway, key, act, model=model, max_tokens=None).status == 200
        assert provider.body(act.mark)["max_tokens"] == expected, (budget_tokens, model)


def test_filled_max_tokens_leaves_room_for_the_prompt_in_the_context(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost("5"))
    act = act_for(key, output=1)
    body = body_of(act, WIDE, max_tokens=None)
    answer = gateway.chat(key["secret"], body, **{"X-Request-Id": act.mark})
    assert answer.status == 200
    assert provider.body(act.mark)["max_tokens"] == WIDE_CONTEXT - -(-len(body) // 3)


def test_filled_max_tokens_leaves_money_for_the_input(recorded):
    gateway, provider = recorded
    act = act_for({"id": "of no key: a budget is made to measure"}, output=1)
    body = body_of(act, PRICED, max_tokens=None)
    key = production_key(gateway, cost((len(body) + 1024) * Decimal("0.0000025") + 50 * COST_BOUND / MAX_TOKENS))
    assert gateway.chat(key["secret"], body).status == 200
    assert provider.body(act.mark)["max_tokens"] == 50


def test_filled_max_tokens_is_all_that_changes(recorded):
    gateway, provider = recorded
    workspace = new_workspace(gateway, cost("5"))
    for key in (production_key(gateway, cost("5")), production_key(gateway, tokens(10**6)),
                production_key(gateway, tokens(10**6, "60s")),
                production_key(gateway, workspace=workspace["id"])):
        act = act_for(key, output=1)
        body = body_of(act, max_tokens=None, surprise={"kept": [1, 2]})
        assert gateway.chat(key["secret"], body).status == 200
        assert provider.body(act.mark) == json.loads(body) | {"model": "free-input", "max_tokens": OUTPUT_MAX}


def test_filled_member_is_the_one_that_the_offer_names(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost("5"))
    act = act_for(key, output=1)
    assert ask(gateway, key, act, model=RENAMED, max_tokens=None).status == 200
    sent = provider.body(act.mark)
    assert sent["max_completion_tokens"] == OUTPUT_MAX and "max_tokens" not in sent


def test_request_without_max_tokens_that_buys_nothing_is_refused(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost("0.000009"))
    refused = ask(gateway, key, max_tokens=None)
    assert (refused.status, refused.code) == (429, "limit_exceeded")
    assert refused.error["details"]["id"] == key["limits"][0]["id"]
    assert provider.requests(key["id"]) == []


@pytest.mark.parametrize("given", [{"max_tokens": 7}, {"max_tokens": None, "max_completion_tokens": 7}])
def test_max_tokens_that_is_given_is_left_alone(recorded, given):
    gateway, provider = recorded
    key = production_key(gateway, cost("5"))
    act = act_for(key)
    body = body_of(act, **given)
    assert gateway.chat(key["secret"], body).status == 200
    assert provider.body(act.mark) == json.loads(body) | {"model": "free-input"}
    wait_idle(gateway, key)
    assert Decimal(limit_of(gateway, key)["used"]) == 7 * COST_BOUND / MAX_TOKENS


def test_body_of_an_unguarded_key_is_left_alone(recorded):
    gateway, provider = recorded
    for limits in ([], [requests(1000)], [parallel(100)]):
        key = production_key(gateway, *limits)
        act = act_for(key, output=3)
        body = body_of(act, max_tokens=None, surprise={"kept": [1, 2]})
        assert gateway.chat(key["secret"], body).status == 200
        assert provider.body(act.mark) == json.loads(body) | {"model": "free-input"}


def test_fee_that_nothing_bounds_is_403_where_money_is_guarded(recorded):
    gateway, provider = recorded
    hosted = {"web_search_options": {}}
    guarded = production_key(gateway, cost("5"))
    refused = ask(gateway, guarded, **hosted)
    assert (refused.status, refused.code, refused.header("x-should-retry")) == (403, "model_not_priced", "false")
    assert provider.requests(guarded["id"]) == []
    for limits in ([], [tokens(10**6)]):
        assert ask(gateway, production_key(gateway, *limits), **hosted).status == 200


def test_every_choice_is_held_and_charged(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost(2 * COST_BOUND))
    refused = ask(gateway, key, n=3)
    assert (refused.status, refused.code) == (429, "limit_exceeded")
    assert Decimal(refused.error["details"]["bound"]) == 3 * COST_BOUND
    assert ask(gateway, key, n=2).status == 200
    wait_idle(gateway, key)
    assert Decimal(limit_of(gateway, key)["used"]) == 2 * COST_BOUND
    assert len(provider.requests(key["id"])) == 1


# Soft keys.

def test_soft_key_holds_nothing_and_may_overrun_by_what_is_in_flight(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost(COST_BOUND), enforcement="soft")
    acts = [act_for(key, gate="soft") for _ in range(3)]
    wires = [gateway.connect() for _ in acts]
    for wire_, act in zip(wires, acts):
        wire_.send(bytes_of(key, act))
    provider.wait_for_requests(3, key["id"])
    assert Decimal(limit_of(gateway, key)["held"]) == 0
    provider.release("soft")
    assert [wire_.read_answer().status for wire_ in wires] == [200] * 3
    for wire_ in wires:
        wire_.close()
    assert Decimal(limit_of(gateway, key)["used"]) == 3 * COST_BOUND
    refused = ask(gateway, key)
    assert (refused.status, refused.code) == (429, "limit_exceeded")
    assert_books_agree(gateway, provider, key)


def test_soft_keys_body_is_left_alone(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost("5"), enforcement="soft")
    act = act_for(key, output=3)
    assert ask(gateway, key, act, max_tokens=None).status == 200
    assert "max_tokens" not in provider.body(act.mark)


def test_workspace_and_balance_stay_hard_for_a_soft_key(recorded):
    gateway, provider = recorded
    limited = new_workspace(gateway, cost(10 * COST_BOUND, "day"))
    prepaid = new_workspace(gateway, grant=f"{10 * COST_BOUND:f}")
    for workspace, code in ((limited, (429, "limit_exceeded")), (prepaid, (402, "insufficient_credits"))):
        key = production_key(gateway, cost(COST_BOUND * 1000), enforcement="soft", workspace=workspace["id"])
        Storm(gateway, provider, 60).blow([key], {code, (429, "limit_in_flight")})


# Balance.

def test_refused_for_want_of_credits_says_so_and_is_served_after_a_grant(recorded):
    gateway, provider = recorded
    workspace = new_workspace(gateway, grant=f"{COST_BOUND:f}")
    key = production_key(gateway, workspace=workspace["id"])
    refused = ask(gateway, key, max_tokens=MAX_TOKENS + 1)
    assert (refused.status, refused.code) == (402, "insufficient_credits")
    assert refused.header("x-should-retry") == "false" and refused.header("Retry-After") is None
    assert Decimal(refused.header("X-Credit-Balance")) == COST_BOUND * 100  # credits
    gateway.admin_json("POST", f"/admin/v1/workspaces/{workspace['id']}/grants", {"amount": "1"})
    assert ask(gateway, key, max_tokens=MAX_TOKENS + 1).status == 200
    balance = workspace_of(gateway, workspace)["balance"]
    assert Decimal(balance["charged"]) == COST_BOUND + Decimal("0.00001")


def test_model_that_is_dearer_than_the_budget_is_told_by_its_bound(recorded):
    gateway, _ = recorded
    key = production_key(gateway, cost("0.0001"))
    act = act_for(key)
    bound = len(body_of(act, "acme/priced")) + 1024
    refused = ask(gateway, key, act, model="acme/priced")
    assert (refused.status, refused.code) == (429, "limit_exceeded")
    assert Decimal(refused.error["details"]["bound"]) == bound * Decimal("0.0000025") + COST_BOUND


def test_limit_that_is_nought_refuses_everything(recorded):
    gateway, provider = recorded
    for limit in (cost(0), tokens(0), requests(0), parallel(0)):
        key = production_key(gateway, limit)
        refused = ask(gateway, key)
        assert refused.status == 429 and refused.error["details"]["id"] == key["limits"][0]["id"]
        assert provider.requests(key["id"]) == []


def test_provider_that_reports_more_than_was_reserved_is_charged_in_full(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost(COST_BOUND * 10))
    answer = ask(gateway, key, act_for(key, usage="above"))
    assert answer.status == 200
    [row] = gateway.rows_of(key)
    assert row["metering"] == "overrun"
    assert Decimal(row["cost"]) == Decimal(row["charged"]) == Decimal(answer.header("X-Tollgate-Cost"))
    assert Decimal(row["cost"]) == (MAX_TOKENS * 1000 + 1000) * Decimal("0.00001")
    limit = limit_of(gateway, key)
    assert Decimal(limit["used"]) == Decimal(row["cost"]) and Decimal(limit["remaining"]) == 0
    assert ask(gateway, key).status == 429


def test_provider_that_reports_more_input_than_was_reserved_is_charged_in_full(recorded):
    gateway, _ = recorded
    key = production_key(gateway, cost("1"))
    assert ask(gateway, key, act_for(key, input=100_000), PRICED).status == 200
    [row] = gateway.rows_of(key)
    assert (row["metering"], row["input_tokens"], row["output_tokens"]) == ("overrun", 100_000, MAX_TOKENS)
    assert Decimal(row["cost"]) == Decimal("0.25") + COST_BOUND


@pytest.mark.parametrize("usage", ["absent", "zero", "negative", "garbage"])
def test_estimate_of_more_than_was_reserved_is_what_was_reserved(recorded, usage):
    gateway, _ = recorded
    key = production_key(gateway, cost(COST_BOUND * 10))
    answer = ask(gateway, key, act_for(key, usage=usage, output=20 * MAX_TOKENS))
    assert answer.status == 200
    [row] = gateway.rows_of(key)
    assert row["metering"] == "estimated"
    assert Decimal(row["cost"]) == Decimal(answer.header("X-Tollgate-Cost")) == COST_BOUND


@pytest.mark.parametrize("usage", ["absent", "zero", "negative", "garbage"])
@pytest.mark.parametrize("stream", [None, True])
def test_usage_that_says_nothing_is_estimated_at_most_at_the_reserve(recorded, usage, stream):
    gateway, provider = recorded
    key = production_key(gateway, cost(COST_BOUND * 10))
    assert ask(gateway, key, act_for(key, usage=usage), stream=stream).status == 200
    [row] = gateway.rows_of(key)
    assert row["metering"] == "estimated"
    assert 0 < Decimal(row["cost"]) <= COST_BOUND
    wait_idle(gateway, key)
    assert Decimal(limit_of(gateway, key)["used"]) == Decimal(row["cost"])


@pytest.mark.parametrize("stream", [None, True])
def test_usage_below_what_was_counted_is_charged_as_reported(recorded, stream):
    """Streams are counted while they are relayed, and flagged."""
    gateway, _ = recorded
    key = production_key(gateway, cost(COST_BOUND * 10))
    assert ask(gateway, key, act_for(key, usage="below"), stream=stream).status == 200
    [row] = gateway.rows_of(key)
    assert (row["metering"], row["output_tokens"]) == ("reported", MAX_TOKENS // 2)
    assert stream is None or row["flags"] == "below_count"
