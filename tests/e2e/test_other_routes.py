"""The routes that are no conversation: each is metered and priced in its own unit, and none is a way round a
limit (SPEC §5, §7)."""

import base64
import json
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from harness import openai_units, wire
from harness.gateway import clean_environment, wait_for
from harness.limits import cost, limit_of, parallel, production_key, requests, tokens, wait_idle
from harness.openai_units import BROKEN, DROPPING, GARBAGE, SILENT
from harness.sdk_node import FOLDER, NODE, missing
from harness.units import RECORDING, ROUTES, TEXT, WINDOW, units_world, usd

AT_ONCE = 50
ROUTE = {route.name: route for route in ROUTES}
BOUNDED = [route for route in ROUTES if route.bound is not None]
PATHS = [ROUTE[name] for name in ("embed", "moderate", "rerank", "image", "speech", "transcribe")]


def named(routes):
    return pytest.mark.parametrize("route", routes, ids=[route.name for route in routes])


@pytest.fixture(scope="module")
def units_running(tmp_path_factory, binary):
    with units_world(tmp_path_factory.mktemp("units")) as running:
        yield running


@pytest.fixture
def units(units_running):
    gateway, provider = units_running
    provider.reset()
    yield gateway, provider
    assert (provider.problems, provider.refusals) == ([], [])


def row_of(gateway, key) -> dict:
    rows = gateway.wait_for_rows(key, 1)
    assert len(rows) == 1
    return rows[0]


# What it comes to.

@named(ROUTES)
def test_request_leaves_one_row_in_its_own_unit(units, route):
    gateway, provider = units
    key = production_key(gateway)
    answer = route.ask(gateway, key)
    assert answer.status == 200, answer.body
    row = row_of(gateway, key)
    assert (Decimal(row["cost"]), row["metering"]) == (route.cost, route.metering)
    assert (row["input_tokens"], row["output_tokens"]) == route.row_tokens
    assert (row["status"], row["model"], row["provider"], row["flags"]) == (200, route.model, "acme", "")
    assert len(provider.requests) == 1


@named(ROUTES)
def test_body_goes_on_as_it_came_but_for_the_model(units, route):
    gateway, provider = units
    key = production_key(gateway)
    assert route.ask(gateway, key).status == 200
    sent = provider.requests[0]
    kind, content = route.content(model=route.upstream or route.name)
    assert (sent.header("content-type"), sent.body) == (kind, content)


@named(PATHS)
@pytest.mark.parametrize("prefix", ["/api/v1", "/v2/router", "/v3/router"])
def test_route_stands_under_every_prefix(units, route, prefix):
    gateway, provider = units
    key = production_key(gateway)
    with gateway.connect() as connection:
        connection.send(route.request(key["secret"], prefix=prefix))
        assert connection.read_answer().status == 200
    assert provider.requests[0].target == "/v1" + route.path


@named([route for route in PATHS if not route.is_form])
def test_route_member_is_read_and_not_sent_on(units, route):
    gateway, provider = units
    key = production_key(gateway)
    assert route.ask(gateway, key, route={"region": "eu-west"}).status == 200
    assert "route" not in provider.requests[0].json()
    refused = route.ask(gateway, key, route={"region": "us-east"})
    assert (refused.status, refused.json()["error"]["code"]) == (503, "region_unavailable")


def test_route_field_of_a_form_is_read_and_not_sent_on(units):
    gateway, provider = units
    route, key = ROUTE["transcribe"], production_key(gateway)
    assert route.ask(gateway, key, route=json.dumps({"region": "eu-west"})).status == 200
    assert provider.requests[0].body == route.content(model="transcribe")[1]
    refused = route.ask(gateway, key, route=json.dumps({"region": "us-east"}))
    assert (refused.status, refused.json()["error"]["code"]) == (503, "region_unavailable")


# No way round a limit.

def at_once(gateway, route, key, count: int, provider, admitted: int) -> list[wire.Answer]:
    """All of them at once, the provider silent until every other one has been refused."""
    provider.open.clear()
    with ThreadPoolExecutor(count) as pool:
        asked = [pool.submit(route.ask, gateway, key) for _ in range(count)]
        try:
            wait_for(lambda: sum(one.done() for one in asked) >= count - admitted, 30, "the refusals")
        finally:
            provider.open.set()
        return [one.result() for one in asked]


@named(BOUNDED)
def test_cost_limit_of_three_bounds_admits_three_at_once(units, route):
    gateway, provider = units
    admitted = 3
    key = production_key(gateway, cost(admitted * route.bound))
    answers = at_once(gateway, route, key, AT_ONCE, provider, admitted)
    assert sum(answer.status == 200 for answer in answers) == admitted
    refused = [answer.json()["error"] for answer in answers if answer.status != 200]
    assert {error["code"] for error in refused} <= {"limit_in_flight", "limit_exceeded"}
    assert {Decimal(error["details"]["bound"]) for error in refused} == {route.bound}
    assert len(provider.requests) == admitted
    rows = gateway.wait_for_rows(key, admitted)
    assert sum(Decimal(row["cost"]) for row in rows) == admitted * route.cost <= admitted * route.bound
    wait_idle(gateway, key)
    assert Decimal(limit_of(gateway, key)["used"]) == admitted * route.cost


@named(PATHS)
@pytest.mark.parametrize("limit", [requests(2), parallel(2)], ids=["requests", "concurrency"])
def test_requests_and_concurrency_bind(units, route, limit):
    gateway, provider = units
    key = production_key(gateway, limit)
    answers = at_once(gateway, route, key, 6, provider, 2)
    assert sorted(answer.status for answer in answers) == [200, 200, 429, 429, 429, 429]
    assert len(provider.requests) == 2


@named([route for route in BOUNDED if route.tokens])
def test_token_limit_binds(units, route):
    gateway, provider = units
    used = sum(route.tokens)
    key = production_key(gateway, tokens(1))
    refused = route.ask(gateway, key)
    assert (refused.status, refused.json()["error"]["code"]) == (429, "limit_exceeded")
    bound = refused.json()["error"]["details"]["bound"]
    assert provider.requests == [] and bound >= used
    key = production_key(gateway, tokens(bound))
    assert route.ask(gateway, key).status == 200
    wait_idle(gateway, key)
    assert limit_of(gateway, key, "tokens")["used"] == used


@named([ROUTE["whisper"]])
def test_minutes_cannot_be_bounded_and_are_refused_where_money_is_guarded(units, route):
    gateway, provider = units
    refused = route.ask(gateway, production_key(gateway, cost("100")))
    assert (refused.status, refused.json()["error"]["code"]) == (403, "model_not_priced")
    assert provider.requests == []


@named([ROUTE["image-tokens"], ROUTE["speech-events"], ROUTE["transcribe"]])
def test_output_without_a_maximum_is_refused_where_money_is_guarded(start_gateway, route):
    models = [{"id": "acme/open", "upstream_model": "open", "prices": route.prices, "context_window": 1000}]
    gateway = start_gateway(
        providers=[{"id": "acme", "dialect": "openai", "base_url": "http://127.0.0.1:9/v1", "models": models}],
        models=[{"id": "acme/open", "kind": route.kind}])
    refused = route.ask(gateway, production_key(gateway, cost("100")), model="acme/open")
    assert (refused.status, refused.json()["error"]["code"]) == (403, "model_not_priced")


# What a provider honestly reports is within what was held for it.

def answer_with(provider, body: dict) -> None:
    content = json.dumps(body).encode()
    provider.script = lambda _, line: line.respond(200, {"Content-Type": "application/json"}, content)


def bound_of(gateway, route, metric: str, **members):
    """What one request holds, as its refusal says."""
    key = production_key(gateway, tokens(1) if metric == "tokens" else cost("0.000001"))
    refused = route.ask(gateway, key, **members).json()["error"]
    assert refused["code"] == "limit_exceeded"
    return refused["details"]["bound"]


@pytest.mark.parametrize("documents, pieces", [
    (["x" * 20_000], 29), (["x" * 1_500] * 20, 60), ([{"image": "https://a.example/b.png"}], 0),
    ([{"text": "a", "image": "https://a.example/b.png"}, "x" * 3_000], 5),
], ids=["one split", "many split", "image", "image and text"])
def test_rerank_holds_every_piece_and_every_image(units, documents, pieces):
    gateway, provider = units
    route, query = ROUTE["rerank-tokens"], "q" * 298  # 300 with its quotes: 700 of a window are left
    text = sum(len(one) for one in documents if isinstance(one, str))
    used = text + pieces * len(query) + WINDOW * sum(isinstance(one, dict) for one in documents)
    answer_with(provider, {"results": [], "usage": {"total_tokens": used}})
    members = {"query": query, "documents": documents}
    bound = bound_of(gateway, route, "cost", **members)
    key = production_key(gateway, cost(bound), tokens(bound_of(gateway, route, "tokens", **members)))
    assert route.ask(gateway, key, **members).status == 200
    row = row_of(gateway, key)
    assert (row["input_tokens"], row["metering"]) == (used, "reported")
    assert Decimal(row["cost"]) == usd("10", used) <= Decimal(bound)


@pytest.mark.parametrize("reported", [None, 10], ids=["unreported", "reported"])
def test_rerank_is_a_search_for_every_hundred_documents(units, reported):
    gateway, provider = units
    route, documents = ROUTE["rerank"], ["a"] * 1_000
    meta = {"meta": {"billed_units": {"search_units": reported}}} if reported else {}
    answer_with(provider, {"results": []} | meta)
    assert Decimal(bound_of(gateway, route, "cost", documents=documents)) >= Decimal("0.02")
    key = production_key(gateway, cost("0.1"))
    assert route.ask(gateway, key, documents=documents).status == 200
    row = row_of(gateway, key)
    assert (Decimal(row["cost"]), row["metering"]) == (Decimal("0.02"), "counted")


def test_moderated_part_of_an_unknown_type_is_the_whole_window(units):
    gateway, _ = units
    part_of = [{"type": "input_text", "text": "a"}]
    assert bound_of(gateway, ROUTE["moderate"], "tokens", input=part_of) == WINDOW


@pytest.mark.parametrize("name, answer, members", [
    ("image", {"data": [{}, {}], "usage": {"input_tokens": 12, "output_tokens": 6_240}}, {}),
    ("whisper", {"text": "a", "usage": {"input_tokens": 16_000, "output_tokens": 1_000}}, {}),
], ids=["image", "whisper"])
def test_tokens_that_are_not_charged_are_not_counted_against_a_limit(units, name, answer, members):
    gateway, provider = units
    route = ROUTE[name]
    answer_with(provider, answer)
    key = production_key(gateway, tokens(2_000))
    assert route.ask(gateway, key, **members).status == 200
    row = row_of(gateway, key)
    assert row["metering"] in ("counted", "estimated")
    wait_idle(gateway, key)
    assert limit_of(gateway, key, "tokens")["used"] == row["input_tokens"] + row["output_tokens"] < 2_000


def test_transcript_is_metered_by_what_came_and_not_by_what_was_asked_for(units):
    gateway, provider = units
    route = ROUTE["transcribe"]
    answer_with(provider, {"text": openai_units.SAID, "usage": {
        "input_tokens": openai_units.HEARD_TOKENS, "output_tokens": openai_units.TRANSCRIBED,
        "input_token_details": {"audio_tokens": openai_units.HEARD_TOKENS}}})
    key = production_key(gateway, cost(route.bound))
    assert route.ask(gateway, key, response_format="text").status == 200
    row = row_of(gateway, key)
    assert (Decimal(row["cost"]), row["metering"]) == (route.cost, "reported")


def test_recording_that_nobody_measured_is_charged_as_it_was_held(units):
    gateway, provider = units
    route = ROUTE["transcribe"]
    answer_with(provider, {"text": openai_units.SAID})
    key = production_key(gateway, cost(route.bound))
    assert route.ask(gateway, key).status == 200
    row = row_of(gateway, key)
    assert (row["input_tokens"], row["metering"]) == (WINDOW, "estimated")
    assert Decimal(row["cost"]) <= route.bound


@pytest.mark.parametrize("limits", [[cost("1")], []], ids=["guarded", "unguarded"])
def test_time_that_nobody_measured_is_no_second(units, limits):
    gateway, provider = units
    route = ROUTE["whisper-bounded"]
    answer_with(provider, {"text": openai_units.SAID})
    key = production_key(gateway, *limits)
    assert route.ask(gateway, key, file=None, url="https://a.example/b.wav").status == 200
    row = row_of(gateway, key)
    assert row["metering"] == "estimated"
    assert Decimal(row["cost"]) == route.bound if limits else Decimal(row["cost"]) > Decimal("0.8")


@pytest.mark.parametrize("finished", [True, False], ids=["whole", "cut"])
def test_images_that_come_as_events_are_charged(units, finished):
    def events(_, line):
        line.start_stream()
        line.send_event({"type": "image_generation.partial_image", "b64_json": "AAAA"})
        if finished:
            line.send_event({"type": "image_generation.completed", "b64_json": "AAAA"})
        line.end_stream()
    gateway, provider = units
    route = ROUTE["image"]
    provider.script = events
    key = production_key(gateway, cost(route.bound))
    assert route.ask(gateway, key).status == 200
    assert Decimal(row_of(gateway, key)["cost"]) == route.cost


@pytest.mark.parametrize("limits", [[cost("0.08")], []], ids=["guarded", "unguarded"])
def test_more_images_than_were_asked_for_are_charged_in_full_and_marked(units, limits):
    gateway, provider = units
    route = ROUTE["image"]
    answer_with(provider, {"data": [{}] * 8})
    key = production_key(gateway, *limits)
    assert route.ask(gateway, key).status == 200
    row = row_of(gateway, key)
    assert (Decimal(row["cost"]), row["metering"]) == (Decimal("0.32"), "overrun")


# Who may.

@named(PATHS)
def test_keys_that_may_not_are_refused(units, route):
    gateway, provider = units
    other = production_key(gateway, models=["acme/chat"])
    pinned = production_key(gateway, region="us-east")
    revoked = production_key(gateway)
    gateway.revoke(revoked["id"])
    management = gateway.create_key(name=f"management {route.name}", type="management")
    for key, status, code in ((other, 403, "model_not_allowed"), (pinned, 503, "region_unavailable"),
                              (revoked, 401, "expired_api_key"), (management, 403, "insufficient_scope"),
                              ({"secret": "nothing"}, 401, "invalid_api_key")):
        answer = route.ask(gateway, key)
        assert (answer.status, answer.json()["error"]["code"]) == (status, code)
    assert provider.requests == []


@named(PATHS)
def test_model_of_another_kind_is_not_picked(units, route):
    gateway, provider = units
    key = production_key(gateway)
    # Of an unknown kind, at a provider of Anthropic's dialect, which has none of these routes.
    for model in ("acme/chat", "claude/unknown"):
        answer = route.ask(gateway, key, model=model)
        assert (answer.status, answer.json()["error"]["code"]) == (400, "invalid_model")
    chat = gateway.chat(key["secret"], wire.chat_body(route.model))
    assert (chat.status, chat.json()["error"]["code"]) == (400, "invalid_model")
    assert provider.requests == []


@pytest.mark.parametrize("name, members, param", [
    ("image", {"n": 0}, "n"), ("image", {"n": -1}, "n"), ("image", {"n": 1.5}, "n"), ("image", {"n": 10**9}, "n"),
    ("image", {"n": 10**30}, "n"), ("image", {"n": "2"}, "n"), ("image", {"stream": True}, "stream"),
    ("image", {"num_images": 8}, "num_images"), ("image", {"batch_size": 4}, "batch_size"),
    ("image", {"prompt": None}, "prompt"), ("embed", {"input": []}, "input"), ("embed", {"input": 7}, "input"),
    ("embed", {"input": ["a", 1]}, "input"), ("embed", {"input": None}, "input"),
    ("moderate", {"input": [3]}, "input"), ("rerank", {"documents": []}, "documents"),
    ("rerank", {"query": ["a"]}, "query"), ("speech", {"input": ["a"]}, "input"),
    ("transcribe", {"file": None}, "file"), ("transcribe", {"model": "\n"}, "model"),
])
def test_what_cannot_be_metered_is_a_bad_request(units, name, members, param):
    gateway, provider = units
    key = production_key(gateway)
    answer = ROUTE[name].ask(gateway, key, **members)
    assert (answer.status, answer.json()["error"]["param"]) == (400, param)
    assert provider.requests == [] and gateway.rows_of(key) == []


@named([route for route in PATHS if not route.is_form])
@pytest.mark.parametrize("again", [b'"model":"acme/chat"', b'"mod\\u0065l":"acme/chat"'])
def test_second_model_is_refused_in_any_spelling(units, route, again):
    gateway, provider = units
    key = production_key(gateway)
    body = route.content()[1][:-1] + b"," + again + b"}"
    answer = gateway.request("POST", "/v1" + route.path, wire.json_headers(key["secret"]), body)
    assert (answer.status, answer.json()["error"]["param"]) == (400, "model")
    assert provider.requests == []


def part(disposition: str, content: bytes = b"x") -> bytes:
    return f"--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + b"\r\n"


SOUND = part('name="file"; filename="a.wav"', RECORDING)
MODEL = part('name="model"', b"acme/transcribe")


@pytest.mark.parametrize("body", [
    SOUND + MODEL + part('name="model"', b"acme/whisper"),
    MODEL + part('name="mod%65l"') + SOUND,
    MODEL + part('name="mod\\el"') + SOUND,
    MODEL + part("name*=utf-8''model") + SOUND,
    MODEL + part('name="model[]"', b"acme/whisper") + SOUND,
    MODEL + part('name="_charset_"', b"utf-16le") + SOUND,
    MODEL.replace(b"\r\n\r\n", b"\r\nContent-Type: text/plain; charset=utf-16le\r\n\r\n") + SOUND,
    part('name="model"; filename="m"', b"acme/transcribe") + SOUND,
    MODEL + part('name="file"; filename="a"', b"\n--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ny"),
    MODEL.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n") + SOUND,
    b"preamble\r\n" + MODEL + SOUND,
    MODEL[:-2] + SOUND,
], ids=["twice", "percent", "backslash", "extended", "as a list", "charset of all", "charset", "as a file",
        "inside the file", "encoded", "preamble", "cut"])
def test_form_that_two_could_read_differently_is_refused(units, body):
    gateway, provider = units
    key = production_key(gateway)
    headers = wire.bearer(key["secret"]) | {"Content-Type": "multipart/form-data; boundary=b"}
    answer = gateway.request("POST", "/v1/audio/transcriptions", headers, body + b"--b--\r\n")
    assert (answer.status, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert provider.requests == []


def test_fields_may_stand_before_the_file_and_behind_it(units):
    gateway, provider = units
    key = production_key(gateway)
    headers = wire.bearer(key["secret"]) | {"Content-Type": 'multipart/form-data; boundary="b"'}
    body = part('name="language"', b"en") + SOUND + MODEL + part('name="temperature"', b"0") + b"--b--\r\n"
    answer = gateway.request("POST", "/v1/audio/transcriptions", headers, body)
    assert (answer.status, answer.json()) == (200, {"text": openai_units.SAID} | answer.json())
    assert provider.requests[0].body == body.replace(b"acme/transcribe", b"transcribe")


@named(PATHS)
def test_body_of_another_type_is_refused(units, route):
    gateway, _ = units
    key = production_key(gateway)
    other = "application/json" if route.is_form else "multipart/form-data; boundary=b"
    answer = gateway.request("POST", "/v1" + route.path, wire.bearer(key["secret"]) | {"Content-Type": other}, b"{}")
    assert answer.status == 415


# Providers that fail.

@named(PATHS)
@pytest.mark.parametrize("what, status, code, billed", [
    (BROKEN, 502, "provider_error", False), (DROPPING, 502, "provider_error", True),
    (GARBAGE, 502, "provider_error", True)])
def test_failure_of_the_provider_is_told_and_leaves_one_row(units, route, what, status, code, billed):
    if what == GARBAGE and route.name == "speech":
        pytest.skip("audio is not read")
    gateway, _ = units
    key = production_key(gateway)
    answer = route.ask(gateway, key, model=f"{route.model}-{what}")
    assert (answer.status, answer.json()["error"]["code"]) == (status, code)
    row = row_of(gateway, key)
    assert (row["status"], row["error_code"]) == (status, code)
    assert (row["input_tokens"] > 0) == billed
    assert row["metering"] == ("interrupted" if billed else "reported")


@named(PATHS)
def test_another_offer_serves_what_the_first_failed(units, route):
    gateway, provider = units
    key = production_key(gateway, *([cost(route.bound)] if route.bound else []))
    provider.failing = 1
    assert route.ask(gateway, key, model=f"{route.model}-twice").status == 200
    row = row_of(gateway, key)
    assert [attempt["status"] for attempt in row["attempts"]] == [503, 200]
    assert {attempt["provider"] for attempt in row["attempts"]} == {"acme", "spare"}
    assert [Decimal(attempt["cost"]) for attempt in row["attempts"]] == [0, Decimal(row["cost"])]
    assert Decimal(row["cost"]) == route.cost or route.name == "moderate"  # its estimate is of a longer body


@named(PATHS)
def test_client_that_leaves_is_settled(units, route):
    gateway, provider = units
    limits = [cost(route.bound)] if route.bound else []
    key = production_key(gateway, *limits)
    provider.open.clear()
    try:
        with gateway.connect() as connection:
            connection.send(route.request(key["secret"]))
            provider.wait_for_requests(1)
            connection.reset()
        row = row_of(gateway, key)
    finally:
        provider.open.set()
    assert (row["status"], row["metering"]) in [(499, "estimated"), (499, "counted")]
    wait_idle(gateway, key)
    used = Decimal(limit_of(gateway, key)["used"]) if limits else 0
    assert used == Decimal(row["cost"]) <= (route.bound or 0)


@named([ROUTE["embed"], ROUTE["image-tokens"], ROUTE["transcribe"], ROUTE["speech-events"]])
def test_usage_that_is_not_reported_is_estimated_within_what_was_held(units, route):
    gateway, _ = units
    key = production_key(gateway, cost(route.bound))
    assert route.ask(gateway, key, model=f"{route.model}-{SILENT}").status == 200
    row = row_of(gateway, key)
    assert row["metering"] == "estimated"
    assert 0 < Decimal(row["cost"]) <= route.bound


@named(PATHS)
def test_provider_that_does_not_answer_in_time_is_told(units, route):
    gateway, provider = units
    key = production_key(gateway)
    provider.open.clear()
    try:
        answer = route.ask(gateway, key, model=f"{route.model}-hasty")
    finally:
        provider.open.set()
    assert (answer.status, answer.json()["error"]["code"]) == (504, "provider_timeout")
    row = row_of(gateway, key)
    assert (row["status"], row["metering"]) == (504, "interrupted") and row["input_tokens"] > 0


def lost_in(units, route, script, **members) -> tuple[bytes, dict]:
    """What the client got of an answer that the provider does not end, and the row."""
    gateway, provider = units
    key = production_key(gateway, cost(route.bound))
    provider.script = script
    with gateway.connect() as connection:
        connection.send(route.request(key["secret"], **members))
        head = connection.read_head()
        assert head.status == 200
        got = b""
        try:
            while chunk := connection.read_chunk():
                got += chunk
        except EOFError:
            got += b"(cut)"
    row = row_of(gateway, key)
    assert (row["error_code"], row["metering"]) == ("provider_error", "interrupted")
    assert 0 < Decimal(row["cost"]) <= route.bound
    return got, row


def test_audio_that_breaks_off_is_a_cut_connection_and_is_charged(units):
    def half(_, line):
        line.send(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\n\r\n")
        line.send_chunk(openai_units.SOUND[:5000])
        line.reset()
    got, row = lost_in(units, ROUTE["speech"], half)
    assert got.endswith(b"(cut)") and openai_units.SOUND.startswith(got.removesuffix(b"(cut)"))
    assert Decimal(row["cost"]) == ROUTE["speech"].cost  # its characters were sent


def test_events_that_break_off_end_with_an_error(units):
    def half(_, line):
        line.start_stream()
        line.send_event({"type": "transcript.text.delta", "delta": "The quick brown fox jumps."})
        line.send_chunk(b'data: {"type":"transcri')
        line.end_stream()
    got, row = lost_in(units, ROUTE["transcribe"], half, stream="true")
    first, last = [json.loads(event.removeprefix("data: ")) for event in got.decode().strip().split("\n\n")]
    assert first["type"] == "transcript.text.delta" and last["error"]["code"] == "provider_error"
    assert row["output_tokens"] > 0


def test_client_that_leaves_in_the_middle_of_audio_is_settled(units):
    gateway, provider = units
    route = ROUTE["speech"]
    key = production_key(gateway, cost(route.bound))
    closed = []

    def endless(_, line):
        line.send(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\n\r\n")
        line.send_chunk(openai_units.SOUND)
        closed.append(line.wait_closed())

    provider.script = endless
    with gateway.connect() as connection:
        connection.send(route.request(key["secret"]))
        connection.read_head()
        connection.read_chunk()
    row = row_of(gateway, key)
    assert (Decimal(row["cost"]), row["status"]) == (route.cost, 499)
    wait_for(lambda: closed, what="the end of the upstream's connection")


def test_answer_too_large_to_hold_is_relayed_and_metered_from_its_end(units):
    gateway, provider = units
    route = ROUTE["embed"]
    key = production_key(gateway, cost(route.bound))
    vectors = json.dumps({"object": "list", "data": [{"embedding": [0.25] * 2_000_000}], "model": "embed",
                          "usage": {"prompt_tokens": 11, "total_tokens": 11}}).encode()
    assert len(vectors) > 8 * 1024 * 1024
    provider.script = lambda _, line: line.respond(200, {"Content-Type": "application/json"}, vectors)
    answer = route.ask(gateway, key)
    assert answer.body == vectors and answer.header("X-Tollgate-Cost") is None
    row = row_of(gateway, key)
    assert (row["input_tokens"], row["output_tokens"], row["metering"]) == (11, 0, "reported")


@named(PATHS)
@pytest.mark.parametrize("model, status, code", [("sandbox/error-500", 502, "provider_error"),
                                                 ("sandbox/cut-stream", 502, "provider_error")])
def test_sandbox_fails_as_its_models_say(units, route, model, status, code):
    gateway, _ = units
    key = gateway.create_key(name=f"{model} {route.name}", environment="sandbox")
    with gateway.connect() as connection:
        connection.send(route.request(key["secret"], model=model))
        head = connection.read_head()
        if route.name == "speech" and model == "sandbox/cut-stream":
            with pytest.raises(EOFError):
                while connection.read_chunk():
                    pass
            assert row_of(gateway, key)["error_code"] == code
        else:
            connection.read_body(head)
            assert (head.status, head.json()["error"]["code"]) == (status, code)


# Answers.

def test_answer_names_the_model_that_served(units):
    gateway, _ = units
    key = production_key(gateway)
    for name in ("embed", "moderate", "rerank"):
        assert ROUTE[name].ask(gateway, key).json()["model"] == ROUTE[name].model


def test_audio_is_relayed_as_it_comes(units):
    gateway, _ = units
    answer = ROUTE["speech"].ask(gateway, production_key(gateway))
    assert (answer.body, answer.header("Content-Type")) == (openai_units.SOUND, "audio/mpeg")
    assert len(answer.chunks) > 1


@pytest.mark.parametrize("form_wanted", ["text", "srt", "vtt"])
def test_transcript_that_is_no_json_passes(units, form_wanted):
    gateway, _ = units
    key = production_key(gateway)
    answer = ROUTE["transcribe"].ask(gateway, key, response_format=form_wanted)
    assert answer.body == openai_units.SAID.encode() + b"\n"
    assert answer.header("Content-Type") == "text/plain; charset=utf-8"
    assert Decimal(answer.header("X-Tollgate-Cost")) == Decimal(row_of(gateway, key)["cost"]) > 0


def test_streamed_transcript_passes_and_is_metered(units):
    gateway, _ = units
    route, key = ROUTE["transcribe"], production_key(gateway)
    answer = route.ask(gateway, key, stream="true")
    events = answer.events()
    assert [json.loads(event)["type"] for event in events[:-1]] == ["transcript.text.delta"] * 4 + [
        "transcript.text.done"]
    assert events[-1] == "[DONE]"
    row = row_of(gateway, key)
    assert (Decimal(row["cost"]), row["metering"], row["streamed"]) == (route.cost, "reported", True)


def test_moderation_may_leave_the_model_out(start_gateway, units):
    _, provider = units
    gateway = start_gateway(
        environment={"ACME_KEY": provider.key},
        providers=[{"id": "acme", "dialect": "openai", "base_url": provider.url, "api_key": "${ACME_KEY}", "models": [
            {"id": "openai/omni-moderation-latest", "upstream_model": "m", "prices": {"input": "0", "output": "0"}}]}])
    key = production_key(gateway)
    answer = gateway.request("POST", "/v1/moderations", wire.json_headers(key["secret"]), b'{"input":"a"}')
    assert (answer.status, answer.json()["model"]) == (200, "openai/omni-moderation-latest")
    assert provider.requests[0].json() == {"model": "m", "input": "a"}


# The official SDK, with base URL and key alone.

@pytest.fixture(scope="module")
def openai():
    return pytest.importorskip("openai", reason="the openai SDK (PyPI) is not installed")


def ask_node(gateway, call: str, **job) -> dict:
    """As test_openai_node.py does."""
    job = {"call": call, "url": gateway.url, "how": "bearer"} | job
    result = subprocess.run([NODE, "openai_sdk.mjs"], input=json.dumps(job), capture_output=True, text=True,
                            timeout=120, cwd=FOLDER, env=clean_environment())
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def client_of(openai, gateway, key):
    return openai.OpenAI(base_url=gateway.url + "/v1", api_key=key["secret"], max_retries=0)


def test_openai_python(units, openai):
    gateway, _ = units
    client = client_of(openai, gateway, production_key(gateway))
    made = client.embeddings.create(model="acme/embed", input=["a", "b"])  # asks for base64, and decodes it
    assert [one.embedding for one in made.data] == [[0.5, -0.5, 0.5, 0.5]] * 2
    assert client.moderations.create(model="acme/moderate", input="a").results[0].flagged
    image = client.images.generate(model="acme/image", prompt="a fox", n=2)
    assert base64.b64decode(image.data[1].b64_json) == openai_units.pixel()
    sound = client.audio.speech.create(model="acme/speech", input=TEXT, voice="alloy")
    assert sound.read() == openai_units.SOUND
    with client.audio.speech.with_streaming_response.create(model="acme/speech", input=TEXT,
                                                            voice="alloy") as streamed:
        assert b"".join(streamed.iter_bytes()) == openai_units.SOUND
    heard = client.audio.transcriptions.create(model="acme/transcribe", file=("a.wav", RECORDING))
    assert (heard.text, heard.usage.output_tokens) == (openai_units.SAID, openai_units.TRANSCRIBED)
    events = list(client.audio.transcriptions.create(model="acme/transcribe", file=("a.wav", RECORDING), stream=True))
    assert (events[-1].type, events[-1].text) == ("transcript.text.done", openai_units.SAID)


@pytest.mark.skipif(missing("openai") is not None, reason=str(missing("openai")))
def test_openai_node(units):
    gateway, provider = units
    key = production_key(gateway)
    models = {name: f"acme/{name}" for name in ("embed", "moderate", "image", "speech", "transcribe")}
    said = ask_node(gateway, "units", secret=key["secret"], models=models,
                    sound=base64.b64encode(RECORDING).decode())["result"]
    image = base64.b64encode(openai_units.pixel()).decode()
    assert said == {"embeddings": [[0.5, -0.5, 0.5, 0.5]] * 2, "flagged": True, "images": [image] * 2,
                    "spoken": base64.b64encode(openai_units.SOUND).decode(), "heard": openai_units.SAID,
                    "events": ["transcript.text.delta"] * 4 + ["transcript.text.done"]}
    assert len(gateway.wait_for_rows(key, 6)) == len(provider.requests) == 6


def test_sandbox_answers_the_sdk_on_every_route(units, openai):
    gateway, provider = units
    key = gateway.create_key(name="sandbox of every route", environment="sandbox")
    client = client_of(openai, gateway, key)
    made = client.embeddings.create(model="acme/embed", input=["the same", "the same", "another"], dimensions=8)
    same, again, other = (one.embedding for one in made.data)
    assert same == again != other and len(same) == 8
    assert abs(sum(figure * figure for figure in same) - 1) < 1e-6 and made.usage.prompt_tokens > 0
    assert len(client.embeddings.create(model="any/model", input=[1, 2, 3]).data[0].embedding) == 1536
    assert not client.moderations.create(input="hello").results[0].flagged
    image = client.images.generate(model="acme/image", prompt="a fox")
    assert base64.b64decode(image.data[0].b64_json).startswith(b"\x89PNG\r\n\x1a\n")
    sound = client.audio.speech.create(model="acme/speech", input="hello", voice="alloy").read()
    assert sound[:4] + sound[8:16] == b"RIFFWAVEfmt " and len(sound) == 8 + struct.unpack("<I", sound[4:8])[0]
    heard = client.audio.transcriptions.create(model="acme/transcribe", file=("a.wav", RECORDING))
    assert heard.text and heard.usage.total_tokens > 0
    ranked = ROUTE["rerank"].ask(gateway, key, query="fox", documents=["a cow", "a fox"], top_n=None)
    assert [one["index"] for one in ranked.json()["results"]] == [1, 0]
    assert provider.requests == []
    rows = gateway.wait_for_rows(key, 7)
    assert {Decimal(row["charged"]) for row in rows} == {Decimal(0)}
    assert {row["provider"] for row in rows} == {"sandbox"}
