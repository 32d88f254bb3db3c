"""What reaches a provider, what comes back, and the one priced row that each admitted request
leaves."""

import json
import threading
import time
from decimal import Decimal

import pytest
from harness import wire
from harness.upstream import USAGE, chunk, completion, json_answer, sse
from harness.wire import chat_body, json_headers

MODEL = "acme/large"
UNLIMITED = "acme/tiny"  # whose context window nobody knows
# 6 tokens in at 2.50, 4 cached at 1.25, 5 out at 10.00 USD per million.
COST = Decimal("0.000070")


def stream_request(gateway, key, **more):
    answer = gateway.chat(key["secret"], chat_body(MODEL, stream=True, **more))
    assert answer.status == 200, answer.body
    return answer


def test_completion_comes_back_whole(acme, acme_key):
    gateway, upstream = acme
    answer = gateway.chat(acme_key["secret"], chat_body(MODEL))
    assert answer.status == 200
    said = answer.json()
    assert said["choices"] == completion()["choices"] and said["usage"] == USAGE
    assert said["model"] == MODEL
    assert (answer.header("X-Tollgate-Provider"), answer.header("X-Tollgate-Region")) == ("acme", "eu-west")
    assert Decimal(answer.header("X-Tollgate-Cost")) == COST


def test_body_sent_on_equals_the_clients_but_for_the_model(acme, acme_key):
    gateway, upstream = acme
    before = b'{ "unknown":{"a":[1.50,-0,1e400,"\\u00e9\\/"]},"messages":[{"role":"user","content":"x","odd":null}],\n"model"\t: '
    after = b' ,"zz":"last","temperature":0.70 }  '
    assert gateway.chat(acme_key["secret"], before + b'"acme/large"' + after).status == 200
    [received] = upstream.requests
    assert received.body == before + b'"large"' + after
    assert received.target == "/v1/chat/completions" and received.method == "POST"


def test_only_the_named_headers_are_sent_on(acme, acme_key):
    gateway, upstream = acme
    sent_on = {"Accept": "application/json", "User-Agent": "test-agent/1", "OpenAI-Beta": "b=1",
               "anthropic-version": "2023-06-01", "anthropic-beta": "x",
               "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    kept_back = {"Cookie": "a=b", "X-Forwarded-For": "127.0.0.9", "Accept-Encoding": "gzip, br",
                 "OpenAI-Organization": "org", "X-Custom": "1", "Via": "1.1 x", "Referer": "http://x/"}
    assert gateway.chat(acme_key["secret"], chat_body(MODEL), **sent_on, **kept_back).status == 200
    [received] = upstream.requests
    for name, value in sent_on.items():
        assert received.header(name) == value
    for name in kept_back.keys() - {"Accept-Encoding"}:
        assert received.header(name) is None, name
    assert received.header("Accept-Encoding") == "identity"
    assert received.header("X-Tenant") == "tenant-7"
    assert received.header("Content-Type") == "application/json"
    names = {name.lower() for name, _ in received.fields}
    assert names <= {n.lower() for n in sent_on} | {"host", "content-type", "content-length", "authorization",
                                                    "accept-encoding", "x-tenant"}


def test_provider_gets_its_own_credential_and_never_the_clients(acme, acme_key):
    gateway, upstream = acme
    assert gateway.chat(acme_key["secret"], chat_body(MODEL)).status == 200
    [received] = upstream.requests
    assert received.header("Authorization") == "Bearer " + gateway.environment["ACME_KEY"]
    assert acme_key["secret"].encode() not in received.head + received.body


def test_only_the_named_headers_are_passed_back(acme, acme_key):
    gateway, upstream = acme
    upstream.script = json_answer(None, **{"X-Request-Id": "up-1", "Set-Cookie": "a=b", "Server": "acme",
                                           "X-RateLimit-Limit-Tokens": "7"})
    answer = gateway.chat(acme_key["secret"], chat_body(MODEL), **{"X-Request-Id": "mine"})
    assert answer.status == 200
    assert answer.header("X-Tollgate-Upstream-Request-Id") == "up-1"
    assert answer.header("X-Request-Id") == "mine"
    for name in ("Set-Cookie", "Server", "X-RateLimit-Limit-Tokens"):
        assert answer.header(name) is None


def test_row_tells_who_what_and_how_much(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    answer = gateway.chat(key["secret"], chat_body(MODEL), **{"X-Request-Id": "row-1", "User-Agent": "row-agent/2"})
    [row] = gateway.rows_of(key)
    assert row["id"] == answer.header("X-Tollgate-Generation-Id")
    expected = {"request_id": "row-1", "key": key["id"], "key_name": key["name"], "environment": "production",
                "secret": key["secrets"][0]["id"], "requested_model": MODEL, "model": MODEL, "provider": "acme",
                "region": "eu-west", "input_tokens": 10, "cached_input_tokens": 4, "output_tokens": 5,
                "metering": "reported", "status": 200, "error_code": None, "streamed": False,
                "client": "row-agent/2", "ip": "127.0.0.1"}
    assert {name: row[name] for name in expected} == expected
    assert Decimal(row["cost"]) == Decimal(row["charged"]) == COST
    [attempt] = row["attempts"]
    assert (attempt["provider"], attempt["model"], attempt["status"]) == ("acme", MODEL, 200)


def test_cost_rounds_up_to_a_nano_dollar_once(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    upstream.script = json_answer(completion(usage=usage))
    assert gateway.chat(key["secret"], chat_body("acme/tiny")).status == 200
    [row] = gateway.rows_of(key)
    assert Decimal(row["cost"]) == Decimal("0.000000002")  # 3 × 0.1 + 4 × 0.2 = 1.1 nano-dollars


def test_stream_is_relayed_chunk_by_chunk(acme, acme_key):
    gateway, upstream = acme
    gates = [threading.Event() for _ in range(3)]
    upstream.script = sse("one", "two", "three", before_each=lambda n: gates[n].wait(wire.WAIT_SECONDS))
    with gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", json_headers(acme_key["secret"]),
                            chat_body(MODEL, stream=True))
        gates[0].set()
        head = client.read_head()
        assert head.header("Content-Type").startswith("text/event-stream")
        said = []
        for gate in [*gates[1:], threading.Event()]:
            said.append(json.loads(client.read_event())["choices"][0]["delta"]["content"])
            gate.set()  # only now may the provider go on
        assert said == ["one", "two", "three"]
        client.read_body(head)
        assert head.events()[-1] == "[DONE]"


def test_usage_chunk_is_forced_upstream_and_hidden_when_nobody_asked(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    answer = stream_request(gateway, key)
    assert upstream.requests[0].json()["stream_options"] == {"include_usage": True}
    assert all(part["choices"] for part in answer.chunk_objects())
    assert all(not part.get("usage") for part in answer.chunk_objects())
    assert answer.events()[-1] == "[DONE]"
    [row] = gateway.rows_of(key)
    assert (Decimal(row["cost"]), row["metering"], row["streamed"]) == (COST, "reported", True)
    assert row["time_to_first_token_ms"] is not None


def test_usage_chunk_is_shown_with_its_cost_when_asked_for(acme, acme_key):
    gateway, upstream = acme
    answer = stream_request(gateway, acme_key, stream_options={"include_usage": True, "other": 1})
    assert upstream.requests[0].json()["stream_options"] == {"include_usage": True, "other": 1}
    last = answer.chunk_objects()[-1]
    assert last["choices"] == [] and last["usage"]["prompt_tokens"] == 10
    assert [part for part in answer.chunk_objects() if part["choices"]] == answer.chunk_objects()[:-1]


def test_include_usage_false_is_hidden_too(acme, acme_key):
    gateway, upstream = acme
    answer = stream_request(gateway, acme_key, stream_options={"include_usage": False})
    assert upstream.requests[0].json()["stream_options"] == {"include_usage": True}
    assert all(part["choices"] for part in answer.chunk_objects())


def test_model_of_every_chunk_is_the_model_that_served(acme, acme_key):
    gateway, _ = acme
    assert {part["model"] for part in stream_request(gateway, acme_key).chunk_objects()} == {MODEL}


def test_unknown_members_of_a_chunk_are_carried_through(acme, acme_key):
    gateway, upstream = acme

    def script(_, line):
        line.start_stream()
        line.send_event(chunk("Hi", surprise={"kept": [1, 2]}))
        line.send_event("[DONE]")
        line.end_stream()

    upstream.script = script
    assert stream_request(gateway, acme_key).chunk_objects()[0]["surprise"] == {"kept": [1, 2]}


def test_events_split_anywhere_arrive_whole(acme, acme_key):
    gateway, upstream = acme

    def script(_, line):
        line.start_stream()
        data = "".join(f"data: {json.dumps(chunk(word))}\r\n\r\n" for word in ("grüße", "日本")) + ": ping\n\n"
        for byte in data.encode():
            line.send_chunk(bytes([byte]))
        line.send_chunk(b"data: [DONE]\n\n")
        line.end_stream()

    upstream.script = script
    said = [part["choices"][0]["delta"].get("content") for part in stream_request(gateway, acme_key).chunk_objects()]
    assert said == ["grüße", "日本"]


def test_stream_without_usage_is_counted_not_free(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    upstream.script = sse("some words here", "and more of them", usage=None)
    stream_request(gateway, key)
    [row] = gateway.rows_of(key)
    assert row["metering"] in ("estimated", "counted")
    assert row["output_tokens"] > 0 and row["input_tokens"] > 0 and Decimal(row["cost"]) > 0


@pytest.mark.parametrize("usage", [{"prompt_tokens": -1, "completion_tokens": 5}, "garbage",
                                   {"prompt_tokens": 0, "completion_tokens": 0}])
def test_usage_that_cannot_be_is_estimated(acme, usage):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    upstream.script = json_answer(completion(usage=usage))
    assert gateway.chat(key["secret"], chat_body(MODEL)).status == 200
    [row] = gateway.rows_of(key)
    assert row["metering"] == "estimated" and Decimal(row["cost"]) > 0


def test_text_completions_are_served_streamed_and_not(acme, acme_key):
    gateway, upstream = acme
    body = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "large",
            "choices": [{"index": 0, "text": "ok", "finish_reason": "stop"}], "usage": USAGE}
    upstream.script = json_answer(body)
    sent = json.dumps({"model": MODEL, "prompt": "Once"}).encode()
    answer = gateway.request("POST", "/v1/completions", json_headers(acme_key["secret"]), sent)
    assert answer.status == 200 and answer.json()["choices"][0]["text"] == "ok"
    assert upstream.requests[0].target == "/v1/completions"
    assert Decimal(answer.header("X-Tollgate-Cost")) == COST


def test_answer_above_8_mib_is_relayed_with_its_row_and_without_a_cost_header(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    content = "x" * (9 * 1024 * 1024)
    upstream.script = json_answer(completion(content))
    answer = gateway.chat(key["secret"], chat_body(MODEL))
    assert answer.status == 200
    assert answer.json()["choices"][0]["message"]["content"] == content
    assert answer.header("X-Tollgate-Cost") is None
    [row] = gateway.rows_of(key)
    assert (row["status"], row["input_tokens"], row["output_tokens"]) == (200, 10, 5)


def test_large_prompt_is_sent_on_whole(acme, acme_key):
    gateway, upstream = acme
    content = "y" * (5 * 1024 * 1024)
    assert gateway.chat(acme_key["secret"], chat_body(UNLIMITED, content)).status == 200
    assert upstream.requests[0].json()["messages"][0]["content"] == content


def test_chunked_request_reaches_the_provider_with_a_length(acme, acme_key):
    gateway, upstream = acme
    body = chat_body(MODEL)
    headers = json_headers(acme_key["secret"], **{"Transfer-Encoding": "chunked"})
    with gateway.connect() as client:
        client.send(wire.request_bytes("POST", "/v1/chat/completions", headers))
        for at in range(0, len(body), 7):
            part = body[at:at + 7]
            client.send(b"%x\r\n%s\r\n" % (len(part), part))
        client.send(b"0\r\n\r\n")
        assert client.read_answer().status == 200
    assert upstream.requests[0].header("Transfer-Encoding") is None
    assert upstream.requests[0].json()["model"] == "large"


def test_connections_to_the_provider_are_used_again(acme, acme_key):
    gateway, upstream = acme
    with gateway.connect() as client:  # one connection lives on one thread, and so does its pool
        for _ in range(10):
            answer = client.request("POST", "/v1/chat/completions", json_headers(acme_key["secret"]),
                                    chat_body(MODEL))
            assert answer.status == 200
    assert len({received.connection for received in upstream.requests}) == 1


def test_provider_restarted_between_requests_costs_no_client_an_error(acme, acme_key):
    gateway, upstream = acme
    with gateway.connect() as client:
        for _ in range(10):
            answer = client.request("POST", "/v1/chat/completions", json_headers(acme_key["secret"]),
                                    chat_body(MODEL))
            assert answer.status == 200
            upstream.stop()
            upstream.start()


def test_client_that_leaves_a_stream_closes_the_provider_within_100_ms(acme):
    gateway, upstream = acme
    took = []
    for _ in range(5):
        key = gateway.create_key(environment="production")
        closed = []
        ended = threading.Event()

        def script(_, line):
            line.start_stream()
            line.send_event(chunk("some words that were produced"))
            closed.append(line.wait_closed())
            ended.set()

        upstream.script = script
        client = gateway.connect()
        client.send_request("POST", "/v1/chat/completions", json_headers(key["secret"]),
                            chat_body(MODEL, stream=True))
        client.read_head()
        client.read_event()
        left = time.monotonic()
        client.close()
        assert ended.wait(wire.WAIT_SECONDS)
        took.append(closed[0] - left)
        [row] = gateway.wait_for_rows(key, 1)
        assert row["status"] == 499 and row["output_tokens"] > 0 and row["metering"] in ("estimated", "counted")
    assert sorted(took)[2] < 0.1, took


def test_client_that_leaves_while_the_provider_thinks_closes_it_too(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    ended = threading.Event()

    def script(_, line):
        line.wait_closed()
        ended.set()

    upstream.script = script
    with gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", json_headers(key["secret"]), chat_body(MODEL))
        upstream.wait_for_requests(1)
    assert ended.wait(1.0)  # before the provider's own deadline
    [row] = gateway.wait_for_rows(key, 1)
    assert row["status"] == 499


def test_slow_reader_holds_the_provider_back(acme, acme_key):
    gateway, upstream = acme
    total = 256 * 1024 * 1024
    sent = []

    def script(_, line):
        line.start_stream()
        event = b"data: " + json.dumps(chunk("z" * 60_000)).encode() + b"\n\n"
        line.sock.settimeout(1.0)
        try:
            while sum(sent) < total:
                line.send_chunk(event)
                sent.append(len(event))
        except TimeoutError:
            line.reset()  # the gateway takes no more: what this test waits for
        stopped.set()

    stopped = threading.Event()
    upstream.script = script
    with gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", json_headers(acme_key["secret"]),
                            chat_body(MODEL, stream=True))
        client.read_head()
        assert stopped.wait(60)
    assert sum(sent) < 64 * 1024 * 1024


def test_provider_and_model_are_in_the_catalogue(acme):
    gateway, _ = acme
    provider = next(p for p in gateway.admin_json("GET", "/admin/v1/providers")["data"] if p["id"] == "acme")
    assert provider["source"] == "file" and provider["models"][:2] == [MODEL, UNLIMITED]
    assert gateway.environment["ACME_KEY"] not in json.dumps(provider)
    model = next(m for m in gateway.admin_json("GET", "/admin/v1/models")["data"] if m["id"] == MODEL)
    assert Decimal(model["prices"]["cached_input"]) == Decimal("1.25")


def test_event_stream_is_known_in_any_case(acme, acme_key):
    gateway, upstream = acme

    def script(_, line):
        line.send(b"HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\n"
                  b"Transfer-Encoding: chunked\r\n\r\n")
        line.send_event(chunk("Hi"))
        line.send_event("[DONE]")
        line.end_stream()

    upstream.script = script
    assert stream_request(gateway, acme_key).events()[-1] == "[DONE]"


def test_region_of_a_request_is_tightened_never_left(acme, acme_key):
    gateway, upstream = acme
    secret = acme_key["secret"]
    assert gateway.chat(secret, chat_body(MODEL), **{"X-Tollgate-Region": "eu-west"}).status == 200
    elsewhere = gateway.chat(secret, chat_body(MODEL), **{"X-Tollgate-Region": "us-east"})
    assert (elsewhere.status, elsewhere.code) == (503, "region_unavailable")
    assert elsewhere.header("x-should-retry") == "false"
    assert len(upstream.requests) == 1


def test_region_in_the_body_is_stripped_before_it_is_sent_on(acme, acme_key):
    gateway, upstream = acme
    assert gateway.chat(acme_key["secret"], chat_body(MODEL, route={"region": "eu-west"})).status == 200
    assert "route" not in upstream.requests[0].json()


def test_key_pinned_to_a_region_is_served_there_or_not_at_all(acme):
    gateway, upstream = acme
    pinned = gateway.create_key(environment="production", region="us-east")["secret"]
    assert gateway.chat(pinned, chat_body(MODEL)).code == "region_unavailable"
    other = gateway.chat(pinned, chat_body(MODEL), **{"X-Tollgate-Region": "eu-west"})
    assert (other.status, other.code) == (403, "region_not_allowed")
    assert upstream.requests == []
    at_home = gateway.create_key(environment="production", region="eu-west")["secret"]
    assert gateway.chat(at_home, chat_body(MODEL)).status == 200


def test_unambiguous_short_name_of_a_model_works(acme, acme_key):
    gateway, _ = acme
    answer = gateway.chat(acme_key["secret"], chat_body("large"))
    assert answer.status == 200 and answer.json()["model"] == MODEL


def test_cached_tokens_are_never_more_than_the_input(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    usage = {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10,
             "prompt_tokens_details": {"cached_tokens": 50}}
    upstream.script = json_answer(completion(usage=usage))
    assert gateway.chat(key["secret"], chat_body(MODEL)).status == 200
    [row] = gateway.rows_of(key)
    assert row["cached_input_tokens"] <= row["input_tokens"] and Decimal(row["cost"]) > 0


def test_running_usage_is_settled_at_its_last_word(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")

    def script(_, line):
        line.start_stream()
        for count in (1, 2, 3):
            line.send_event(chunk("x", usage={"prompt_tokens": 10, "completion_tokens": count}))
        line.send_event("[DONE]")
        line.end_stream()

    upstream.script = script
    stream_request(gateway, key)
    [row] = gateway.rows_of(key)
    assert (row["metering"], row["input_tokens"], row["output_tokens"]) == ("reported", 10, 3)


def test_error_event_of_the_provider_ends_the_stream_without_done(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")

    def script(_, line):
        line.start_stream()
        line.send_event(chunk("some text"))
        line.send_event({"error": {"message": "overloaded", "type": "server_error"}})
        line.end_stream()

    upstream.script = script
    answer = stream_request(gateway, key)
    assert "[DONE]" not in answer.events()
    assert answer.chunk_objects()[-1]["error"]["code"] == "provider_error"
    [row] = gateway.rows_of(key)
    assert row["error_code"] == "provider_error" and row["output_tokens"] > 0
