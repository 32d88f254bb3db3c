"""What a limited key's requests look like on the wire: what is set in their body, what their answers' heads
say, how they are refused, and what is charged however they end (SPEC §4; §5, rules 1 and 4 to 7)."""

import json
import threading
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from harness import wire
from harness.gateway import wait_for
from harness.limits import cost, limit_of, new_workspace, parallel, production_key, requests, tokens, wait_idle
from harness.upstream import chunk, completion, endless, hang, json_answer, provider
from harness.wire import chat_body, json_headers

MODEL = "acme/large"  # 2.50 in, 10.00 out, a context of 128,000, at most 4,096 out
INPUT_PRICE, OUTPUT_PRICE = Decimal("0.0000025"), Decimal("0.00001")
OUTPUT_MAX = 4096


def bound_of(body: bytes, max_tokens: int) -> Decimal:
    return (len(body) + 1024) * INPUT_PRICE + max_tokens * OUTPUT_PRICE


class Gate:
    """An upstream that answers when it is told to."""

    def __init__(self, answer=None):
        self.opened = threading.Event()
        self.answer = answer or json_answer()

    def __call__(self, received, line):
        assert self.opened.wait(wire.WAIT_SECONDS)
        self.answer(received, line)


def ask_in_background(gateway, key, body: bytes) -> tuple[threading.Thread, list]:
    answers = []
    thread = threading.Thread(target=lambda: answers.append(gateway.chat(key["secret"], body)))
    thread.start()
    return thread, answers


# --- rule 1: the body ---

def test_output_limit_is_set_only_where_something_is_guarded_and_the_client_named_none(acme):
    gateway, upstream = acme
    body = chat_body(MODEL, surprise={"kept": [1, 2]})
    for limits, expected in (([], None), ([requests(100)], None), ([cost(100)], OUTPUT_MAX),
                             ([tokens(1_000_000)], OUTPUT_MAX), ([tokens(1_000_000, "60s")], OUTPUT_MAX)):
        upstream.requests.clear()
        answer = gateway.chat(production_key(gateway, *limits)["secret"], body)
        assert answer.status == 200
        sent = upstream.requests[0].json()
        assert sent.pop("max_tokens", None) == expected
        assert sent == json.loads(body) | {"model": "large"}


@pytest.mark.parametrize("given", [{"max_tokens": 7}, {"max_completion_tokens": 7}])
def test_output_limit_that_the_client_gave_is_left_alone(acme, given):
    gateway, upstream = acme
    key = production_key(gateway, cost(100))
    assert gateway.chat(key["secret"], chat_body(MODEL, **given)).status == 200
    assert upstream.requests[0].json() == json.loads(chat_body("large", **given))


def test_output_limit_is_what_the_money_buys(acme):
    gateway, upstream = acme
    body = chat_body(MODEL)
    key = production_key(gateway, cost(bound_of(body, 50)))
    assert gateway.chat(key["secret"], body).status == 200
    assert upstream.requests[0].json()["max_tokens"] == 50


def test_workspace_limit_guards_a_key_without_limits_and_a_soft_key_is_not_guarded_by_its_own(acme):
    gateway, upstream = acme
    workspace = new_workspace(gateway, cost(100))
    for key, expected in ((production_key(gateway, workspace=workspace["id"]), OUTPUT_MAX),
                          (production_key(gateway, cost(100), enforcement="soft"), None)):
        upstream.requests.clear()
        assert gateway.chat(key["secret"], chat_body(MODEL)).status == 200
        assert upstream.requests[0].json().get("max_tokens") == expected


def test_fee_that_nothing_bounds_is_403_where_money_is_guarded(acme):
    gateway, upstream = acme
    body = chat_body(MODEL, web_search_options={})
    refused = gateway.chat(production_key(gateway, cost(100))["secret"], body)
    assert (refused.status, refused.code, refused.header("x-should-retry")) == (403, "model_not_priced", "false")
    assert upstream.requests == []
    for limits in ([], [tokens(1_000_000)]):
        assert gateway.chat(production_key(gateway, *limits)["secret"], body).status == 200


# --- §4: heads and refusals ---

def test_limited_keys_answers_say_how_it_stands(acme):
    gateway, _ = acme
    key = production_key(gateway, requests(5), requests(100, "day"), tokens(100_000, "60s"))
    for answer, left in ((gateway.chat(key["secret"], chat_body(MODEL)), 4),
                         (gateway.chat(key["secret"], chat_body(MODEL, stream=True)), 3),
                         (gateway.chat(key["secret"], b"{"), 3)):
        assert answer.header("X-RateLimit-Limit") == answer.header("x-ratelimit-limit-requests") == "5"
        assert answer.header("X-RateLimit-Remaining") == answer.header("x-ratelimit-remaining-requests") == str(left)
        now = datetime.now(timezone.utc).timestamp()
        assert now < int(answer.header("X-RateLimit-Reset")) <= now + 63
        assert answer.header("x-ratelimit-reset-requests") in ("59s", "1m0s", "1m1s")
        assert answer.header("x-ratelimit-limit-tokens") == "100000"
        assert 0 < int(answer.header("x-ratelimit-remaining-tokens")) < 100_000
        assert answer.header("X-Credit-Balance") == "unlimited"


def test_key_without_limits_has_no_limit_headers(acme, acme_key):
    gateway, _ = acme
    fields = gateway.chat(acme_key["secret"], chat_body(MODEL)).fields
    assert [name for name, _ in fields if "ratelimit" in name.lower()] == []


def test_balance_is_told_in_credits_on_every_answer_and_refuses_with_402_once_it_is_spent(acme):
    gateway, _ = acme
    workspace = new_workspace(gateway, grant="0.02")
    key = production_key(gateway, workspace=workspace["id"])
    served = gateway.chat(key["secret"], chat_body(MODEL, max_tokens=10))
    spent = Decimal(served.header("X-Tollgate-Cost"))
    assert served.status == 200 and spent > 0
    assert Decimal(served.header("X-Credit-Balance")) == 2 - 100 * spent  # a credit is worth a cent
    refused = gateway.chat(key["secret"], chat_body(MODEL, max_tokens=100_000))
    assert (refused.status, refused.code) == (402, "insufficient_credits")
    assert refused.header("x-should-retry") == "false" and refused.header("Retry-After") is None
    assert Decimal(refused.header("X-Credit-Balance")) == 2 - 100 * spent


def assert_names_the_limit(answer, key, metric: str, window: str | None) -> dict:
    details = answer.error["details"]
    assert answer.error["type"] == "rate_limit_error"
    assert set(details) == {"id", "metric", "window", "amount", "used", "held", "remaining", "resets_at", "bound"}
    assert (details["metric"], details["window"]) == (metric, window)
    assert details["id"].startswith(key["id"])
    return details


def test_limit_that_is_spent_is_429_and_not_worth_a_retry(acme):
    gateway, upstream = acme
    body = chat_body(MODEL, max_tokens=100)
    key = production_key(gateway, cost(bound_of(body, 100), "lifetime"))
    assert gateway.chat(key["secret"], body).status == 200
    refused = gateway.chat(key["secret"], body)
    assert (refused.status, refused.code) == (429, "limit_exceeded")
    details = assert_names_the_limit(refused, key, "cost", "lifetime")
    assert Decimal(details["bound"]) == bound_of(body, 100) and details["resets_at"] is None
    assert Decimal(details["used"]) > 0 == Decimal(details["held"])
    assert refused.header("x-should-retry") == "false" and refused.header("Retry-After") is None
    assert len(upstream.requests) == 1


def test_request_above_the_whole_limit_is_told_its_bound(acme):
    gateway, _ = acme
    body = chat_body(MODEL, max_tokens=1000)
    key = production_key(gateway, cost("0.001", "request"))
    refused = gateway.chat(key["secret"], body)
    assert (refused.status, refused.code) == (429, "limit_exceeded")
    assert Decimal(assert_names_the_limit(refused, key, "cost", "request")["bound"]) == bound_of(body, 1000)
    assert refused.header("x-should-retry") == "false"


def test_request_without_an_output_limit_is_refused_by_name_where_nothing_is_left(acme):
    gateway, _ = acme
    key = production_key(gateway, cost("0.000001"))
    refused = gateway.chat(key["secret"], chat_body(MODEL))
    assert (refused.status, refused.code) == (429, "limit_exceeded")
    assert_names_the_limit(refused, key, "cost", "month")


def test_rate_is_429_with_the_time_to_retry(acme):
    gateway, _ = acme
    key = production_key(gateway, requests(1))
    assert gateway.chat(key["secret"], chat_body(MODEL)).status == 200
    refused = gateway.chat(key["secret"], chat_body(MODEL))
    assert (refused.status, refused.code) == (429, "rate_limit_exceeded")
    assert_names_the_limit(refused, key, "requests", "60s")
    assert 1 <= int(refused.header("Retry-After")) <= 60 and refused.header("x-should-retry") is None


def test_parallel_requests_are_refused_at_once_and_may_be_retried(acme):
    gateway, upstream = acme
    key = production_key(gateway, parallel(1))
    upstream.script = gate = Gate()
    thread, _ = ask_in_background(gateway, key, chat_body(MODEL))
    upstream.wait_for_requests(1)
    refused = gateway.chat(key["secret"], chat_body(MODEL))
    gate.opened.set()
    thread.join()
    assert (refused.status, refused.code) == (429, "rate_limit_exceeded")
    assert_names_the_limit(refused, key, "concurrency", None)
    assert refused.header("Retry-After") == "1" and refused.header("x-should-retry") is None


# --- rule 7: waiting ---

def key_with_room_for_one(gateway, body: bytes, max_tokens: int = 100) -> dict:
    return production_key(gateway, cost(bound_of(body, max_tokens) * Decimal("1.5")))


def test_request_waits_for_what_is_held_and_is_served(acme):
    gateway, upstream = acme
    body = chat_body(MODEL, max_tokens=100)
    key = key_with_room_for_one(gateway, body)
    upstream.script = gate = Gate()
    threads = [ask_in_background(gateway, key, body)]
    upstream.wait_for_requests(1)
    own = gateway.request("GET", "/v1/key", wire.bearer(key["secret"])).json()["limits"][0]
    assert Decimal(own["used"]) == 0 and Decimal(own["held"]) == bound_of(body, 100)
    threads.append(ask_in_background(gateway, key, body))
    gate.opened.set()
    for thread, answers in threads:
        thread.join()
        assert answers[0].status == 200
    wait_idle(gateway, key)


def test_what_stays_held_is_429_in_flight_with_a_retry_soon(acme):
    gateway, upstream = acme
    body = chat_body(MODEL, max_tokens=100, stream=True)
    key = key_with_room_for_one(gateway, body)
    done = threading.Event()

    def trickle(_, line):  # longer than anybody waits
        line.start_stream()
        while not done.wait(0.2):
            line.send_event(chunk("x"))
        line.send_event("[DONE]")
        line.end_stream()

    upstream.script = trickle
    thread, _ = ask_in_background(gateway, key, body)
    upstream.wait_for_requests(1)
    refused = gateway.chat(key["secret"], body)
    done.set()
    thread.join()
    assert (refused.status, refused.code) == (429, "limit_in_flight")
    details = assert_names_the_limit(refused, key, "cost", "month")
    assert Decimal(details["held"]) == bound_of(body, 100)
    assert refused.header("Retry-After") == "1" and refused.header("x-should-retry") is None


def test_client_that_leaves_while_it_waits_reaches_nobody_and_holds_nothing(acme):
    gateway, upstream = acme
    body = chat_body(MODEL, max_tokens=100)
    key = key_with_room_for_one(gateway, body)
    upstream.script = gate = Gate()
    thread, answers = ask_in_background(gateway, key, body)
    upstream.wait_for_requests(1)
    before = gateway.get_key(key["id"])["error_count"]
    with gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", json_headers(key["secret"]), body)
    # Its wait ends when it leaves, not after the two seconds that it may last.
    wait_for(lambda: gateway.get_key(key["id"])["error_count"] > before, 1.5, "the end of its wait")
    gate.opened.set()
    thread.join()
    assert answers[0].status == 200
    wait_idle(gateway, key)
    assert len(upstream.requests) == len(gateway.rows_of(key)) == 1


# --- rules 4 to 6: what is charged ---

def test_stream_past_the_limit_that_was_set_is_ended_and_charged_at_most_what_was_held(acme):
    gateway, upstream = acme
    body = chat_body(MODEL, stream=True)
    key = production_key(gateway, cost(bound_of(body, 20), "lifetime"))
    upstream.script = endless()
    answer = gateway.chat(key["secret"], body)
    said = [part["choices"][0]["delta"].get("content") for part in answer.chunk_objects()]
    assert said == ["four"] * 20 + [None]
    assert answer.chunk_objects()[-1]["choices"][0]["finish_reason"] == "length"
    assert answer.events()[-1] == "[DONE]" and upstream.script.closed.wait(1)
    [row] = gateway.rows_of(key)
    assert (row["metering"], row["output_tokens"], row["status"]) == ("counted", 20, 200)
    limit = limit_of(gateway, key)
    assert Decimal(limit["used"]) == Decimal(row["cost"]) <= Decimal(limit["amount"])
    assert Decimal(limit["held"]) == 0


LONG_TEXT = "some words that say more than was allowed " * 50


@pytest.mark.parametrize("usage, metering", [
    (None, "estimated"), ("garbage", "estimated"), ({"prompt_tokens": 10, "completion_tokens": -5}, "estimated"),
    ({"prompt_tokens": 0, "completion_tokens": 0}, "estimated"),
    ({"prompt_tokens": 10, "completion_tokens": 1}, "reported"),
    ({"prompt_tokens": 10, "completion_tokens": 10_000}, "overrun"),
    ({"prompt_tokens": 100_000, "completion_tokens": 10}, "overrun")])
def test_every_report_has_its_one_right_row(acme, usage, metering):
    gateway, upstream = acme
    body = chat_body(MODEL, max_tokens=10)
    key = production_key(gateway, cost(1))
    upstream.script = json_answer(completion(LONG_TEXT, usage=usage))
    answer = gateway.chat(key["secret"], body)
    assert answer.status == 200
    [row] = gateway.rows_of(key)
    assert row["metering"] == metering
    charged = Decimal(row["cost"])
    assert charged == Decimal(row["charged"]) == Decimal(answer.header("X-Tollgate-Cost"))
    assert (0 < charged <= bound_of(body, 10)) == (metering != "overrun")
    if metering != "estimated":
        assert (row["input_tokens"], row["output_tokens"]) == (usage["prompt_tokens"], usage["completion_tokens"])
    wait_idle(gateway, key)
    assert Decimal(limit_of(gateway, key)["used"]) == charged


def leave_before_the_head(client, upstream, _):
    upstream.wait_for_requests(1)


def leave_in_the_stream(client, upstream, events: int):
    client.read_head()
    seen = ""
    while seen.count("data: ") < events:
        seen += client.read_chunk().decode()


@pytest.mark.parametrize("events", [0, 1, 3])
def test_client_that_leaves_is_charged_what_was_produced_at_most_what_was_held(acme, events):
    gateway, upstream = acme
    body = chat_body(MODEL, max_tokens=100, stream=True)
    key = production_key(gateway, cost(1))
    closed = threading.Event()

    def script(received, line):
        if events > 0:
            line.start_stream()
        for _ in range(events):
            line.send_event(chunk("four"))
        line.wait_closed()
        closed.set()

    upstream.script = script
    with gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", json_headers(key["secret"]), body)
        (leave_in_the_stream if events else leave_before_the_head)(client, upstream, events)
    assert closed.wait(1)
    [row] = gateway.wait_for_rows(key, 1)
    assert (row["status"], row["metering"], row["output_tokens"]) == (499, "estimated", events)
    assert row["input_tokens"] == (len(body) + 3) // 4
    assert Decimal(row["cost"]) == row["input_tokens"] * INPUT_PRICE + events * OUTPUT_PRICE
    wait_idle(gateway, key)
    assert Decimal(limit_of(gateway, key)["used"]) == Decimal(row["cost"])


@pytest.mark.parametrize("script", [hang, json_answer({"error": {"message": "no"}}, status=429),
                                    json_answer({"error": {"message": "no"}}, status=500)],
                         ids=["hang", "429", "500"])
def test_provider_that_fails_leaves_no_hold(acme, script):
    gateway, upstream = acme
    key = production_key(gateway, cost(1))
    upstream.script = script
    answer = gateway.chat(key["secret"], chat_body(MODEL, max_tokens=100))
    assert answer.status in (502, 504)
    [row] = gateway.rows_of(key)
    wait_idle(gateway, key)
    assert Decimal(limit_of(gateway, key)["used"]) == Decimal(row["cost"])
    assert (Decimal(row["cost"]) == 0) == (script is not hang)


def test_request_that_the_gateway_did_not_live_to_settle_is_charged_at_its_bound(acme_running, start_gateway):
    _, upstream = acme_running
    upstream.reset()
    upstream.script = hang
    settings = {"providers": [provider(upstream)]}
    first = start_gateway({"ACME_KEY": "unused-here"}, **settings)
    key = production_key(first, cost(1))
    body = chat_body(MODEL, max_tokens=100)
    with first.connect() as client:
        client.send_request("POST", "/v1/chat/completions", json_headers(key["secret"]), body)
        upstream.wait_for_requests(1)
        first.kill()
    again = start_gateway({"ACME_KEY": "unused-here"}, data=first.data, **settings)
    [row] = again.rows_of(key)
    assert (row["metering"], row["status"], row["error_code"]) == ("interrupted", 500, "internal_error")
    assert (row["input_tokens"], row["output_tokens"]) == (len(body) + 1024, 100)
    assert Decimal(row["cost"]) == Decimal(row["charged"]) == bound_of(body, 100)
    limit = limit_of(again, key)
    assert (Decimal(limit["used"]), Decimal(limit["held"])) == (bound_of(body, 100), 0)


def test_sandbox_keys_are_held_to_their_limits_and_charged_nothing(acme):
    gateway, _ = acme
    key = gateway.create_key(limits=[cost("0.02", "lifetime")])
    answer = gateway.chat(key["secret"], chat_body("acme/large", max_tokens=3))
    assert answer.json()["usage"]["completion_tokens"] == 3
    [row] = gateway.rows_of(key)
    assert Decimal(row["cost"]) > 0 == Decimal(row["charged"])
    assert Decimal(limit_of(gateway, key)["used"]) == Decimal(row["cost"])
    refused = gateway.chat(key["secret"], chat_body("acme/large", max_tokens=100_000))
    assert (refused.status, refused.code) == (429, "limit_exceeded")
