"""Every way a provider can fail: the client gets a clear refusal in time, never a wrong answer, and
the request still leaves its one row."""

import json
import time
from decimal import Decimal

import pytest
from harness import upstream as mock
from harness.limits import cost, limit_of, production_key, wait_idle
from harness.wire import chat_body, json_headers

MODEL = ""  # of each test its own: what fails too often is left alone
HEAD_SECONDS = 1.5  # the provider's head deadline in conftest.py
JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BODY = json.dumps(mock.completion()).encode()

@pytest.fixture(autouse=True)
def own_model(fragile_models, monkeypatch):
    monkeypatch.setitem(globals(), "MODEL", next(fragile_models))


# Each is answered with 502 provider_error.
FAULTS = {
    "reset before an answer": mock.reset,
    "close before an answer": mock.close,
    "500": mock.json_answer({"error": {"message": "boom"}}, status=500),
    "503": mock.json_answer({"error": {"message": "later"}}, status=503),
    "401 for our own credential": mock.json_answer({"error": {"message": "who are you"}}, status=401),
    "redirect": mock.json_answer({}, status=302, Location="http://127.0.0.1:1/"),
    "gzip though identity was asked": mock.gzipped,
    "answer that is no JSON": mock.json_answer(b"<html>hello</html>"),
    "answer that is cut JSON": mock.json_answer(BODY[:-2]),
    "answer that is no object": mock.json_answer(b"[1,2]"),
    "length longer than the body": mock.raw(JSON_HEAD + b"Content-Length: 10000\r\n\r\n" + BODY),
    "chunked body without an end": mock.raw(
        JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(BODY), BODY)),
    "chunk size that is no number": mock.raw(JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"),
    "two lengths": mock.raw(
        JSON_HEAD + b"Content-Length: 2\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)),
    "length with chunked": mock.raw(
        JSON_HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "head that is no HTTP": mock.raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "head with a bare line feed": mock.raw(b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}"),
    "head without an end": mock.raw(b"HTTP/1.1 200 OK\r\nX-A: b\r\n"),
    "head above the limit": mock.raw(b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"b" * 70_000 + b"\r\n\r\n"),
    "switching protocols": mock.raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_502_provider_error_with_one_row(acme, fault):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    upstream.script = FAULTS[fault]
    answer = gateway.chat(key["secret"], chat_body(MODEL))
    assert (answer.status, answer.code) == (502, "provider_error"), answer.body
    assert answer.error["type"] == "api_error"
    assert "127.0.0.1" not in answer.error["message"] and "Traceback" not in answer.error["message"]
    [row] = gateway.rows_of(key)
    assert (row["status"], row["error_code"]) == (502, "provider_error")


@pytest.mark.parametrize("fault", FAULTS)
def test_gateway_serves_on_after_a_fault(acme, acme_key, fault):
    gateway, upstream = acme
    with gateway.connect() as client:
        upstream.script = FAULTS[fault]
        client.request("POST", "/v1/chat/completions", json_headers(acme_key["secret"]), chat_body(MODEL))
        upstream.script = mock.default_script
        again = client.request("POST", "/v1/chat/completions", json_headers(acme_key["secret"]), chat_body(MODEL))
        assert again.status == 200 and again.json()["choices"] == mock.completion()["choices"]


def test_provider_that_hangs_is_504_at_its_deadline(acme):
    gateway, upstream = acme
    key = production_key(gateway, cost(1))
    upstream.script = mock.hang
    began = time.monotonic()
    answer = gateway.chat(key["secret"], chat_body(MODEL, max_tokens=100))
    took = time.monotonic() - began
    assert (answer.status, answer.code) == (504, "provider_timeout")
    assert HEAD_SECONDS * 0.9 <= took < HEAD_SECONDS + 2
    [row] = gateway.rows_of(key)
    assert (row["status"], row["error_code"]) == (504, "provider_timeout")
    assert row["metering"] == "interrupted" and row["input_tokens"] > 0
    wait_idle(gateway, key)
    assert Decimal(limit_of(gateway, key)["used"]) == Decimal(row["cost"]) > 0


def test_stream_that_falls_silent_ends_without_done(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")

    def script(_, line):
        line.start_stream()
        line.send_event(mock.chunk("one"))
        line.wait_closed()

    upstream.script = script
    assert_cut_stream(gateway, key)


@pytest.mark.parametrize("contents", [[], ["one", "two"]])
def test_stream_cut_by_the_provider_ends_without_done(acme, contents):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    upstream.script = mock.cut_stream(*contents)
    assert_cut_stream(gateway, key)


def assert_cut_stream(gateway, key):
    with gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", json_headers(key["secret"]),
                            chat_body(MODEL, stream=True))
        answer = client.read_head()
        try:
            client.read_body(answer)
        except (EOFError, ConnectionResetError):
            answer.body = b"".join(answer.chunks)
        assert answer.status in (200, 502) and b"[DONE]" not in answer.body
    [row] = gateway.wait_for_rows(key, 1)
    assert row["error_code"] in ("provider_error", "provider_timeout")
    assert row["input_tokens"] > 0


def test_stream_that_ends_properly_without_done_is_one_answer(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    upstream.script = mock.sse("one", "two", done=False)
    with gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", json_headers(key["secret"]),
                            chat_body(MODEL, stream=True))
        answer = client.read_head()
        try:
            client.read_body(answer)
        except (EOFError, ConnectionResetError):
            answer.body = b"".join(answer.chunks)
    said = "".join(part["choices"][0]["delta"].get("content") or "" for part in answer.chunk_objects()
                   if part.get("choices"))
    assert said == "onetwo"
    assert len(gateway.wait_for_rows(key, 1)) == 1


def test_providers_429_is_502_with_its_retry_after(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    upstream.script = mock.json_answer({"error": {"message": "slow down"}}, status=429, **{"Retry-After": "7"})
    answer = gateway.chat(key["secret"], chat_body(MODEL))
    assert (answer.status, answer.code) == (502, "provider_error")
    assert answer.header("Retry-After") == "7"
    [row] = gateway.rows_of(key)
    assert row["attempts"][0]["status"] == 429 and float(row["cost"]) == 0


def test_providers_400_tells_the_client_what_it_said(acme, acme_key):
    gateway, upstream = acme
    upstream.script = mock.json_answer({"error": {"message": "temperature is too hot", "type": "x"}}, status=400)
    answer = gateway.chat(acme_key["secret"], chat_body(MODEL))
    assert answer.status == 400 and "temperature is too hot" in answer.error["message"]


def test_provider_that_refuses_connections_is_502(acme, acme_key):
    gateway, upstream = acme
    upstream.stop()
    try:
        answer = gateway.chat(acme_key["secret"], chat_body(MODEL))
    finally:
        upstream.start()
    assert (answer.status, answer.code) == (502, "provider_error")


def test_interim_answer_is_passed_over(acme, acme_key):
    gateway, upstream = acme

    def script(_, line):
        line.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        line.respond(200, {"Content-Type": "application/json"}, BODY)

    upstream.script = script
    assert gateway.chat(acme_key["secret"], chat_body(MODEL)).status == 200


def test_bytes_behind_an_answer_are_never_read_as_the_next(acme, acme_key):
    gateway, upstream = acme
    smuggled = json.dumps(mock.completion("smuggled")).encode()

    def script(_, line):
        line.send(JSON_HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
                  + JSON_HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(smuggled), smuggled))

    upstream.script = script
    with gateway.connect() as client:
        for _ in range(3):
            answer = client.request("POST", "/v1/chat/completions", json_headers(acme_key["secret"]),
                                    chat_body(MODEL))
            assert answer.status == 200
            assert answer.json()["choices"][0]["message"]["content"] == "Hi there"


def test_abort_inflight_ends_a_request_that_waits_for_its_provider(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    upstream.script = mock.hang
    with gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", json_headers(key["secret"]), chat_body(MODEL))
        upstream.wait_for_requests(1)
        gateway.admin_json("DELETE", f"/admin/v1/keys/{key['id']}?abort_inflight=true")
        answer = client.read_answer()
    assert (answer.status, answer.code) == (401, "expired_api_key")
    [row] = gateway.rows_of(key)
    assert row["metering"] in ("interrupted", "estimated") and row["input_tokens"] > 0


# The sandbox's scripted faults, by name.

@pytest.mark.parametrize("model", ["sandbox/error-429", "sandbox/error-500"])
def test_sandbox_error_is_502(gateway, sandbox_key, model):
    answer = gateway.chat(sandbox_key["secret"], chat_body(model))
    assert (answer.status, answer.code) == (502, "provider_error")
    assert answer.header("Retry-After") == ("1" if model.endswith("429") else None)


def test_sandbox_cut_stream_ends_without_done(gateway):
    assert_cut_sandbox(gateway, gateway.create_key())


def assert_cut_sandbox(gateway, key):
    with gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", json_headers(key["secret"]),
                            chat_body("sandbox/cut-stream", stream=True))
        answer = client.read_head()
        try:
            client.read_body(answer)
        except (EOFError, ConnectionResetError):
            answer.body = b"".join(answer.chunks)
        assert len(answer.chunk_objects()) > 1 and b"[DONE]" not in answer.body
    [row] = gateway.wait_for_rows(key, 1)
    assert row["error_code"] == "provider_error" and row["output_tokens"] > 0


def test_sandbox_without_usage_is_estimated(gateway):
    key = gateway.create_key()
    assert gateway.chat(key["secret"], chat_body("sandbox/no-usage")).status == 200
    assert gateway.rows_of(key)[0]["metering"] == "estimated"


def test_sandbox_charges_nothing(gateway):
    key = gateway.create_key()
    assert gateway.chat(key["secret"], chat_body("sandbox/lorem")).status == 200
    [row] = gateway.rows_of(key)
    assert float(row["charged"]) == 0 and row["output_tokens"] > 0


def test_sandbox_echo_and_lorem_are_deterministic(gateway, sandbox_key):
    echo = gateway.chat(sandbox_key["secret"], chat_body("sandbox/echo", "Say this back")).json()
    assert echo["choices"][0]["message"]["content"] == "Say this back"
    lorem = [gateway.chat(sandbox_key["secret"], chat_body("sandbox/lorem")).json()["choices"] for _ in range(2)]
    assert lorem[0] == lorem[1]
