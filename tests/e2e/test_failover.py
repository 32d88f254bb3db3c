"""A request fails over from offer to offer (SPEC §6): when it does and when not, what it costs, and what is
left of the budgets."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from harness import upstream as mock
from harness import wire
from harness.burst import burst
from harness.gateway import wait_for
from harness.limits import cost, limit_of, parallel, production_key, tokens, wait_idle
from harness.several import FIRST_HEAD_SECONDS, KINDS, answers, estimate, price_of, several_providers

SERVED = {"input_tokens": mock.USAGE["prompt_tokens"], "output_tokens": mock.USAGE["completion_tokens"]}
SLACK_SECONDS = 1.0


@pytest.fixture(scope="module")
def running_several(tmp_path_factory, binary):
    with several_providers(tmp_path_factory.mktemp("several")) as running:
        yield running


@pytest.fixture
def several(running_several):
    running_several.reset()
    yield running_several
    assert [upstream.problems for upstream in running_several.providers.values()] == [[], [], []]


@pytest.fixture(scope="module")
def key(running_several):
    """Of tests that do not look at its rows or limits."""
    return production_key(running_several.gateway)


def ask(several, secret: dict, model: str, headers=(), **members) -> wire.Answer:
    return several.gateway.chat(secret["secret"], wire.chat_body(model, **members), **dict(headers))


def said(answer: wire.Answer) -> str:
    if not answer.header("Content-Type").startswith("text/event-stream"):
        return answer.json()["choices"][0]["message"]["content"]
    assert answer.events()[-1] == "[DONE]"
    return "".join(choice["delta"].get("content") or "" for chunk in answer.chunk_objects()
                   for choice in chunk["choices"])


def error_of(status: int, message: str = "no", **headers: str):
    return mock.json_answer({"error": {"message": message, "type": "x"}}, status=status, **headers)


def attempts_of(row: dict) -> list[tuple]:
    assert all(one["ms"] >= 0 for one in row["attempts"])
    assert all(one["model"] == row["model"] for one in row["attempts"])
    return [(one["provider"], one["status"], Decimal(one["cost"])) for one in row["attempts"]]


def cost_at(name: str) -> Decimal:
    return price_of(name, SERVED["input_tokens"], SERVED["output_tokens"])


# What sends a request on, and costs nothing: the status that the attempt shows, and the script.
FREE = {status: error_of(status) for status in (401, 402, 403, 408, 429, 500, 502, 503, 504, 529)}


@pytest.mark.parametrize("stream", [None, True], ids=["whole", "stream"])
@pytest.mark.parametrize("status", FREE)
def test_error_status_of_one_offer_is_answered_by_the_other_and_costs_nothing(several, status, stream):
    key = production_key(several.gateway)
    several.first.script = FREE[status]
    answer = ask(several, key, several.model(), stream=stream)
    assert answer.status == 200 and said(answer) == "from second"
    assert answer.header("X-Tollgate-Provider") == "second"
    [row] = several.gateway.rows_of(key)
    assert attempts_of(row) == [("first", status, 0), ("second", 200, cost_at("second"))]
    assert Decimal(row["cost"]) == cost_at("second") and row["provider"] == "second"
    assert (row["status"], row["error_code"], row["metering"]) == (200, None, "reported")
    assert several.reached() == {"first": 1, "second": 1, "third": 0}


@pytest.mark.parametrize("stream", [None, True], ids=["whole", "stream"])
def test_offer_that_refuses_connections_is_passed_over_and_costs_nothing(several, stream):
    key = production_key(several.gateway)
    several.first.stop()
    try:
        answer = ask(several, key, several.model(), stream=stream)
    finally:
        several.first.start()
    assert answer.status == 200 and said(answer) == "from second"
    [row] = several.gateway.rows_of(key)
    assert attempts_of(row) == [("first", 0, 0), ("second", 200, cost_at("second"))]
    assert Decimal(row["cost"]) == cost_at("second")


JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
# What is lost after the request was sent, before the client saw anything: it may be billed.
LOST = {"reset": (0, mock.reset), "close": (0, mock.close), "hang": (0, mock.hang),
        "no JSON": (200, mock.json_answer(b"<html>")), "coded": (200, mock.gzipped),
        "shorter than its length": (200, mock.raw(JSON_HEAD + b"Content-Length: 1000\r\n\r\n{}")),
        "no HTTP": (0, mock.raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"))}


@pytest.mark.parametrize("stream", [None, True], ids=["whole", "stream"])
@pytest.mark.parametrize("fault", LOST)
def test_attempt_that_was_lost_costs_its_input_beside_what_the_answer_costs(several, fault, stream):
    key = production_key(several.gateway, cost(1))
    status, several.first.script = LOST[fault]
    model = several.model()
    body = wire.chat_body(model, max_tokens=100, **({"stream": True} if stream else {}))
    began = time.monotonic()
    answer = several.gateway.chat(key["secret"], body)
    assert answer.status == 200 and said(answer) == "from second"
    assert time.monotonic() - began < FIRST_HEAD_SECONDS + SLACK_SECONDS
    [row] = several.gateway.rows_of(key)
    lost = price_of("first", estimate(body), 0)
    assert attempts_of(row) == [("first", status, lost), ("second", 200, cost_at("second"))]
    assert Decimal(row["cost"]) == lost + cost_at("second")
    assert row["input_tokens"] == estimate(body) + SERVED["input_tokens"]
    wait_idle(several.gateway, key)
    assert Decimal(limit_of(several.gateway, key)["used"]) == Decimal(row["cost"])
    if fault == "hang":
        assert row["attempts"][0]["ms"] >= FIRST_HEAD_SECONDS * 900


def test_error_status_that_reports_usage_costs_it(several):
    key = production_key(several.gateway)
    several.first.script = mock.json_answer({"error": {"message": "content was filtered"}, "usage": mock.USAGE},
                                            status=500)
    assert ask(several, key, several.model("alone")).status == 502
    [row] = several.gateway.rows_of(key)
    assert attempts_of(row) == [("first", 500, cost_at("first"))]  # and not once more, which would cost again
    assert Decimal(row["cost"]) == cost_at("first") and row["metering"] == "reported"


def test_offer_whose_streams_break_off_is_left_alone_though_each_began_well(several):
    key, model = production_key(several.gateway), several.model()

    def breaks(received, line) -> None:
        line.start_stream()
        line.send_event(mock.chunk("from first"))
        line.reset()

    several.first.script = breaks
    for _ in range(5):
        broken = ask(several, key, model, stream=True)
        assert broken.header("X-Tollgate-Provider") == "first" and broken.events()[-1] != "[DONE]"
    assert ask(several, key, model, stream=True).header("X-Tollgate-Provider") == "second"
    assert len(several.first.requests) == 5


def test_stream_that_breaks_before_its_first_event_is_begun_again_elsewhere(several):
    key = production_key(several.gateway)
    several.first.script = mock.cut_stream()
    answer = ask(several, key, several.model(), stream=True)
    assert answer.status == 200 and said(answer) == "from second"
    [row] = several.gateway.rows_of(key)
    assert [one["status"] for one in row["attempts"]] == [200, 200]


def test_nothing_fails_over_once_the_client_has_seen_a_byte(several):
    key = production_key(several.gateway)
    several.first.script = mock.cut_stream("one", "two")
    answer = ask(several, key, several.model(), stream=True)
    assert answer.status == 200 and b"[DONE]" not in answer.body
    assert answer.header("X-Tollgate-Provider") == "first"
    assert json.loads(answer.events()[-1])["error"]["code"] == "provider_error"
    assert several.reached()["second"] == 0
    [row] = several.gateway.rows_of(key)
    assert [one["provider"] for one in row["attempts"]] == ["first"]
    assert row["error_code"] == "provider_error" and row["metering"] == "interrupted"


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_refusal_of_the_request_itself_is_final(several, key, status):
    several.first.script = error_of(status, "temperature is too hot")
    answer = ask(several, key, several.model())
    assert answer.status == status and "temperature is too hot" in answer.error["message"]
    assert several.reached() == {"first": 1, "second": 0, "third": 0}


@pytest.mark.parametrize("message", ["This model's maximum context length is 8192 tokens", "prompt is too long"])
def test_prompt_that_is_too_long_for_one_offer_goes_to_the_other(several, key, message):
    several.first.script = error_of(400, message)
    answer = ask(several, key, several.model())
    assert answer.status == 200 and said(answer) == "from second"


def test_offer_whose_context_is_surely_too_small_is_not_asked(several, key):
    answer = ask(several, key, several.model("narrow"), content="word " * 1000)
    assert answer.status == 200 and said(answer) == "from second"
    assert several.reached()["first"] == 0


def fails_at_first(count: int, failing, then):
    """`failing` for so many requests, then `then`."""
    numbers = iter(range(1, 1_000_000))
    return lambda received, line: (failing if next(numbers) <= count else then)(received, line)


def test_single_offer_is_tried_once_more_after_what_was_free(several):
    key = production_key(several.gateway)
    several.first.script = fails_at_first(1, error_of(503), answers("first"))
    answer = ask(several, key, several.model("alone"))
    assert answer.status == 200 and said(answer) == "from first"
    [row] = several.gateway.rows_of(key)
    assert attempts_of(row) == [("first", 503, 0), ("first", 200, cost_at("first"))]


def test_single_offer_is_tried_twice_and_no_more(several, key):
    several.first.script = error_of(503)
    answer = ask(several, key, several.model("alone"))
    assert (answer.status, answer.code) == (502, "provider_error")
    assert several.reached()["first"] == 2


@pytest.mark.parametrize("script", [mock.reset, error_of(401), error_of(422)], ids=["reset", "401", "422"])
def test_single_offer_is_not_asked_again_for_what_was_not_free_or_is_no_use(several, key, script):
    several.first.script = script
    assert ask(several, key, several.model("alone")).status in (422, 502)
    assert several.reached()["first"] == 1


def test_retry_after_is_waited_for(several, key):
    several.first.script = fails_at_first(1, error_of(429, **{"Retry-After": "1"}), answers("first"))
    began = time.monotonic()
    answer = ask(several, key, several.model("alone"))
    assert answer.status == 200 and 1 <= time.monotonic() - began < 3


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_beyond_five_seconds_is_passed_on_instead(several, key, status):
    several.first.script = error_of(status, **{"Retry-After": "6"})
    began = time.monotonic()
    answer = ask(several, key, several.model("alone"))
    assert (answer.status, answer.code) == (502, "provider_error")
    assert answer.header("Retry-After") == "6" and time.monotonic() - began < 3
    assert several.reached()["first"] == 1


def test_both_offers_fail_and_the_client_is_told_once(several):
    key = production_key(several.gateway)
    several.first.script = several.second.script = error_of(500)
    answer = ask(several, key, several.model())
    assert (answer.status, answer.code) == (502, "provider_error")
    [row] = several.gateway.rows_of(key)
    tried = [one["provider"] for one in row["attempts"]]
    assert tried[:2] == ["first", "second"] and sorted(tried) == ["first", "first", "second", "second"]
    assert Decimal(row["cost"]) == 0


# Between two attempts.

def test_key_revoked_between_attempts_stops_there(several):
    key = production_key(several.gateway, cost(1))

    def script(received, line):
        several.gateway.revoke(key["id"])
        error_of(500)(received, line)

    several.first.script = script
    answer = ask(several, key, several.model(), max_tokens=10)
    assert answer.status in (401, 502)
    assert several.reached()["second"] == 0
    [row] = several.gateway.wait_for_rows(key, 1)
    assert attempts_of(row) == [("first", 500, 0)]


def test_unguarded_key_revoked_between_attempts_stops_there(several):
    key = production_key(several.gateway)

    def script(received, line):
        several.gateway.revoke(key["id"])
        error_of(500)(received, line)

    several.first.script = script
    assert ask(several, key, several.model()).status in (401, 502)
    assert several.reached()["second"] == 0


def test_cut_of_inflight_requests_ends_a_wait_between_attempts(several):
    key = production_key(several.gateway, cost(1))
    several.first.script = error_of(429, **{"Retry-After": "5"})
    began = time.monotonic()
    with several.gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", wire.json_headers(key["secret"]),
                            wire.chat_body(several.model("alone"), max_tokens=10))
        several.first.wait_for_requests(1)
        several.gateway.admin_json("DELETE", f"/admin/v1/keys/{key['id']}?abort_inflight=true")
        answer = client.read_answer()
    assert (answer.status, answer.code) == (401, "expired_api_key")
    assert time.monotonic() - began < 4 and several.reached()["first"] == 1
    [row] = several.gateway.rows_of(key)
    assert len(row["attempts"]) == 1


def test_client_that_leaves_between_attempts_is_not_tried_for(several):
    key = production_key(several.gateway, cost(1))
    several.first.script = error_of(429, **{"Retry-After": "2"})
    with several.gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", wire.json_headers(key["secret"]),
                            wire.chat_body(several.model("alone"), max_tokens=10))
        several.first.wait_for_requests(1)
    [row] = several.gateway.wait_for_rows(key, 1, 1.5)
    assert row["error_code"] == "client_gone" and len(row["attempts"]) == 1
    assert several.reached()["first"] == 1
    wait_idle(several.gateway, key)


# Budgets.

def test_offer_whose_bound_does_not_fit_the_budget_is_not_tried(several):
    key = production_key(several.gateway, cost("0.002"))  # first: 0.001, second: 0.01
    several.first.script = error_of(500)
    answer = ask(several, key, several.model("dear"), max_tokens=100)
    assert (answer.status, answer.code) == (502, "provider_error")
    assert several.reached() == {"first": 1, "second": 0, "third": 0}
    wait_idle(several.gateway, key)
    limit = limit_of(several.gateway, key)
    assert Decimal(limit["used"]) == 0 and Decimal(limit["remaining"]) == Decimal("0.002")


def test_what_a_lost_attempt_may_cost_counts_against_the_next(several):
    """The other offer's bound alone would fit the tokens' limit: with the lost one's input it does not."""
    model = several.model()
    body = wire.chat_body(model, content="word " * 400, max_tokens=100)
    bound = len(body) + 1024 + 100
    key = production_key(several.gateway, tokens(bound + estimate(body) - 1))
    several.first.script = mock.reset
    answer = several.gateway.chat(key["secret"], body)
    assert answer.status == 502 and several.reached()["second"] == 0
    wait_idle(several.gateway, key)
    assert limit_of(several.gateway, key, "tokens")["used"] == estimate(body)


def test_what_fits_beside_a_lost_attempt_is_tried(several):
    model = several.model()
    body = wire.chat_body(model, content="word " * 400, max_tokens=100)
    bound = len(body) + 1024 + 100
    key = production_key(several.gateway, tokens(bound + estimate(body)))
    several.first.script = mock.reset
    answer = several.gateway.chat(key["secret"], body)
    assert answer.status == 200 and said(answer) == "from second"


def test_max_tokens_is_filled_in_anew_for_each_offer(several):
    key = production_key(several.gateway, cost(100))
    several.first.script = error_of(500)
    assert ask(several, key, several.model("unlike")).status == 200
    [one], [other] = several.first.requests, several.second.requests
    assert one.json()["max_tokens"] == KINDS["unlike"]["first"]["max_output_tokens"]
    assert other.json()["max_completion_tokens"] == KINDS["unlike"]["second"]["max_output_tokens"]
    assert "max_tokens" not in other.json()


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("script", [error_of(500), mock.reset], ids=["500", "reset"])
def test_cap_on_a_requests_cost_holds_for_all_its_attempts(several, guarded, script):
    key = production_key(several.gateway, *([cost(100)] if guarded else []))
    several.first.script = script
    cap = Decimal("0.06")
    assert ask(several, key, several.model("capped"), route={"max_cost": str(cap)}).status == 200
    asked = several.second.requests[0].json()["max_tokens"]
    assert asked * Decimal(20) / 1_000_000 <= cap


def test_caps_hold_while_half_of_the_attempts_fail(several):
    """200 at once on what has room for 60 bounds; every other request is failed or lost at its first offer."""
    models = [several.model("even") for _ in range(20)]
    bound = Decimal("0.0011")  # of 100 tokens at the dearer offer
    key = production_key(several.gateway, cost(60 * bound), parallel(1000))
    usage = {"prompt_tokens": 10, "completion_tokens": 100, "total_tokens": 110}

    def whole(received, line):
        mock.json_answer(mock.completion("x " * 100, usage=usage))(received, line)

    def flaky(received, line):
        number = int(received.json()["messages"][0]["content"])
        {0: error_of(500), 1: mock.reset}.get(number % 4, whole)(received, line)

    several.first.script, several.second.script = flaky, whole
    headers = wire.json_headers(key["secret"])
    answered = burst(several.gateway.address, [
        wire.request_bytes("POST", "/v1/chat/completions", headers,
                           wire.chat_body(models[number % 20], str(number), max_tokens=100))
        for number in range(200)])
    assert all(answer is not None for answer in answered)
    served = [answer for answer in answered if answer.status == 200]
    assert {(answer.status, answer.code) for answer in answered if answer.status != 200} <= {
        (429, "limit_exceeded"), (429, "limit_in_flight"), (502, "provider_error")}
    assert served
    wait_idle(several.gateway, key)
    limit, rows = limit_of(several.gateway, key), several.gateway.rows_of(key)
    assert Decimal(limit["used"]) == sum(Decimal(row["cost"]) for row in rows) <= 60 * bound
    assert sum(row["status"] == 200 for row in rows) == len(served)
    for row in rows:
        assert Decimal(row["cost"]) == sum(Decimal(one["cost"]) for one in row["attempts"])
        assert sum(one["status"] == 200 for one in row["attempts"]) == (row["status"] == 200)


# Health.

NOT_AGAIN = {"Retry-After": "300"}  # so that no probe falls into the test


def test_offer_that_failed_five_times_in_a_row_is_left_alone(several, key):
    several.first.script = error_of(500, **NOT_AGAIN)
    model = several.model()
    for _ in range(30):
        assert ask(several, key, model).status == 200
    assert several.reached() == {"first": 5, "second": 30, "third": 0}


def test_only_offer_down_is_503_with_retry_after(several):
    key = production_key(several.gateway)
    several.first.script = error_of(500, **NOT_AGAIN)
    model = several.model("alone")
    for _ in range(5):
        assert ask(several, key, model).status == 502
    for _ in range(3):
        answer = ask(several, key, model)
        assert (answer.status, answer.code) == (503, "no_provider_available")
        assert 1 <= int(answer.header("Retry-After")) <= 60
    assert several.reached()["first"] == 5
    assert len(several.gateway.rows_of(key)) == 5  # what was not admitted leaves none


def test_offer_is_back_within_one_probe_of_its_recovery(several, key):
    model = several.model()
    several.first.script = error_of(500)
    wait_for(lambda: ask(several, key, model).status == 200 and several.reached()["first"] >= 5)
    while_down = several.reached()["first"]
    several.first.script = answers("first")

    def is_back() -> bool:
        answer = ask(several, key, model)
        assert answer.status == 200
        return said(answer) == "from first"

    wait_for(is_back)
    assert several.reached()["first"] == while_down + 1
    for _ in range(10):
        assert is_back()


def test_failing_probe_keeps_live_traffic_unharmed(several, key):
    model = several.model()
    several.first.script = error_of(500)
    for _ in range(5):
        ask(several, key, model)
    until = time.monotonic() + 2.5
    asked = 0
    while time.monotonic() < until:
        assert ask(several, key, model).status == 200
        asked += 1
    assert 1 <= several.reached()["first"] - 5 <= 2  # of the probes after 1 s and 2 s more
    assert asked > 10


# Regions.

def pinned_key(several, region: str = "eu-west") -> dict:
    return production_key(several.gateway, region=region)


PINS = {"key": (lambda several: pinned_key(several), {}, {}),
        "header": (lambda several: production_key(several.gateway), {"X-Tollgate-Region": "eu-west"}, {}),
        "body": (lambda several: production_key(several.gateway), {}, {"route": {"region": "eu-west"}})}


@pytest.mark.parametrize("pin", PINS)
def test_pinned_request_is_never_served_elsewhere(several, pin):
    make_key, headers, members = PINS[pin]
    key, model = make_key(several), several.model("apart")
    several.first.script = error_of(500, **NOT_AGAIN)
    for _ in range(5):
        answer = ask(several, key, model, headers, **members)
        assert (answer.status, answer.code) == (502, "provider_error")
        assert answer.header("X-Tollgate-Region") == "eu-west"
    for _ in range(5):
        answer = ask(several, key, model, headers, **members)
        assert (answer.status, answer.code) == (503, "region_unavailable")
        assert answer.header("x-should-retry") == "false" and answer.header("Retry-After") is None
    assert several.reached() == {"first": 5, "second": 0, "third": 0}


@pytest.mark.parametrize("pin", PINS)
def test_pinned_request_whose_provider_refuses_connections_goes_nowhere_else(several, pin):
    make_key, headers, members = PINS[pin]
    key, model = make_key(several), several.model("apart")
    several.first.stop()
    try:
        answers_seen = [ask(several, key, model, headers, **members) for _ in range(5)]
    finally:
        several.first.start()
    # Two attempts a request: the third is the one that meets the fifth failure.
    assert [(one.status, one.code) for one in answers_seen] == \
        [(502, "provider_error")] * 3 + [(503, "region_unavailable")] * 2
    assert several.reached() == {"first": 0, "second": 0, "third": 0}


def test_region_is_taken_out_of_what_is_sent_on(several, key):
    assert ask(several, key, several.model("apart"), route={"region": "us-east"}).status == 200
    [received] = several.third.requests
    assert "route" not in received.json() and received.header("X-Tollgate-Region") is None


@pytest.mark.parametrize("headers, members", [({"X-Tollgate-Region": "us-east"}, {}),
                                              ({}, {"route": {"region": "us-east"}})])
def test_request_for_another_region_than_the_keys_is_not_allowed(several, headers, members):
    answer = ask(several, pinned_key(several), several.model("apart"), headers, **members)
    assert (answer.status, answer.code) == (403, "region_not_allowed")
    assert answer.header("x-should-retry") == "false"
    assert several.reached() == {"first": 0, "second": 0, "third": 0}


def test_region_without_an_offer_of_the_model_is_unavailable(several, key):
    answer = ask(several, key, several.model("pair"), {"X-Tollgate-Region": "us-east"})
    assert (answer.status, answer.code) == (503, "region_unavailable")
    assert several.reached() == {"first": 0, "second": 0, "third": 0}


def test_unpinned_request_tries_its_first_choices_region_first(several):
    key = production_key(several.gateway)
    several.first.script = several.second.script = error_of(500)
    answer = ask(several, key, several.model("wide"))
    assert answer.status == 200 and answer.header("X-Tollgate-Region") == "us-east"
    [row] = several.gateway.rows_of(key)
    assert [one["provider"] for one in row["attempts"]] == ["first", "second", "third"]
    assert row["region"] == "us-east"


# One deadline over all attempts.

def test_attempts_share_one_deadline(start_gateway):
    """The first offer uses it up: nothing is left for the other, whose health that must not spoil."""
    with mock.MockUpstream() as slow, mock.MockUpstream() as good:
        good.script = answers("good")
        slow.script = mock.hang
        def entry(name, upstream, price, total_ms):
            prices = {"input": price, "output": price}
            deadlines = {"connect_ms": 1000, "head_ms": 1000, "silence_ms": 1000, "total_ms": total_ms}
            return {"id": name, "dialect": "openai", "base_url": upstream.url, "api_key": "${PROVIDER_KEY}",
                    "deadlines": deadlines, "models": [{"id": "one/model", "prices": prices}]}

        gateway = start_gateway({"PROVIDER_KEY": "not-a-secret"},
                                providers=[entry("slow", slow, "1", 1000), entry("good", good, "1000", 900)])
        key = gateway.create_key(environment="production")
        for _ in range(5):
            began = time.monotonic()
            answer = gateway.chat(key["secret"], wire.chat_body("one/model"))
            assert (answer.status, answer.code) == (504, "provider_timeout")
            assert time.monotonic() - began < 1 + SLACK_SECONDS
        assert good.requests == []
        # The slow one is down by now; the other was never at fault.
        answer = gateway.chat(key["secret"], wire.chat_body("one/model"))
        assert answer.status == 200 and said(answer) == "from good"


def test_row_keeps_the_offers_of_the_named_model_in_the_order_in_which_they_were_tried(several):
    key = production_key(several.gateway)
    several.first.script = error_of(500)
    assert ask(several, key, several.model("pair")).status == 200
    assert ask(several, key, several.model("alone")).status in (502, 503)
    alone, pair = several.gateway.rows_of(key)
    decision = pair["route_decision"]
    assert (decision["strategy"], decision["eligible"], decision["dropped"]) == ("model", 2, [])
    tried = [(one["provider"], one["model"]) for one in decision["candidates"]]
    assert tried == [(one["provider"], one["model"]) for one in pair["attempts"]]
    assert tried == [("first", pair["model"]), ("second", pair["model"])]
    assert alone["route_decision"] is None


def test_many_at_once_are_served_by_the_offer_that_works(several, key):
    model = several.model()
    several.first.script = error_of(500)
    body = wire.chat_body(model)
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: several.gateway.chat(key["secret"], body).status, range(64)))
    assert set(statuses) == {200} and threading.active_count() < 400


# Last: it ends the gateway of all the others.

def test_request_killed_in_its_second_attempt_is_charged_for_both(several):
    key = production_key(several.gateway, cost(100))
    several.first.script, several.second.script = mock.reset, mock.hang
    body = wire.chat_body(several.model(), max_tokens=100)
    with several.gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", wire.json_headers(key["secret"]), body)
        several.second.wait_for_requests(1)
        several.gateway.kill()
    several.gateway.start()
    [row] = several.gateway.wait_for_rows(key, 1)
    # What the second may cost at most, its input by the byte, beside what the first may have.
    bound = price_of("second", len(body) + 1024, 100)
    assert Decimal(row["cost"]) == price_of("first", estimate(body), 0) + bound
    assert (row["metering"], row["provider"]) == ("interrupted", "second")
    wait_idle(several.gateway, key)
    assert Decimal(limit_of(several.gateway, key)["used"]) == Decimal(row["cost"])
