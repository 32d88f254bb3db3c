"""What a client's bytes may do to us: nothing but what they say. Answers to refusals arrive, and a
connection is used again only when that is sound."""

import os
import re
import socket

import pytest
from harness import gateway as gateways
from harness import wire
from harness.gateway import wait_for
from harness.wire import bearer, chat_body, json_headers

CHAT = "/v1/chat/completions"
DRAINED = 256 * 1024


@pytest.fixture(scope="module")
def key(sandbox_key):
    return sandbox_key["secret"]


def unknown(key: str) -> str:
    return key[:-1] + ("a" if key[-1] != "a" else "b")


def test_connection_is_kept_between_requests(gateway, key):
    with gateway.connect() as client:
        for _ in range(5):
            assert client.request("POST", CHAT, json_headers(key), chat_body()).status == 200


def test_connection_close_of_the_client_is_obeyed(gateway, key):
    with gateway.connect() as client:
        answer = client.request("POST", CHAT, json_headers(key, Connection="close"), chat_body())
        assert answer.status == 200 and answer.header("Connection") == "close"
        assert client.is_ended()


def test_pipelined_requests_are_answered_in_order(gateway, key):
    with gateway.connect() as client:
        words = [f"word{number}" for number in range(8)]
        client.send(b"".join(wire.request_bytes("POST", CHAT, json_headers(key), chat_body(content=word))
                             for word in words))
        answers = [client.read_answer() for _ in words]
    assert [a.json()["choices"][0]["message"]["content"] for a in answers] == words


def test_request_in_single_bytes_is_read(gateway, key):
    with gateway.connect() as client:
        for byte in wire.request_bytes("POST", CHAT, json_headers(key), chat_body()):
            client.send(bytes([byte]))
        assert client.read_answer().status == 200


def test_continue_is_given_after_the_key_was_checked(gateway, key):
    body = chat_body()
    with gateway.connect() as client:
        headers = json_headers(key, **{"Expect": "100-continue", "Content-Length": str(len(body))})
        client.send(wire.request_bytes("POST", CHAT, headers))
        assert client.read_head().status == 100
        client.send(body)
        assert client.read_answer().status == 200


def test_bad_key_gets_its_refusal_and_no_continue(gateway, key):
    body = chat_body()
    with gateway.connect() as client:
        headers = json_headers(unknown(key), **{"Expect": "100-continue", "Content-Length": str(len(body))})
        client.send(wire.request_bytes("POST", CHAT, headers))
        answer = client.read_head()
        assert answer.status == 401


def test_early_refusal_drains_a_small_body_and_keeps_the_connection(gateway, key):
    with gateway.connect() as client:
        refused = client.request("POST", CHAT, json_headers(unknown(key)), b" " * DRAINED)
        assert refused.status == 401 and refused.header("Connection") != "close"
        assert client.request("POST", CHAT, json_headers(key), chat_body()).status == 200


def test_early_refusal_of_a_large_body_is_read_by_a_client_that_sends_it_all_first(gateway, key):
    body = b" " * (20 * 1024 * 1024)
    with gateway.connect() as client:
        refused = client.request("POST", CHAT, json_headers(unknown(key)), body)
        assert (refused.status, refused.code) == (401, "invalid_api_key")
        assert refused.header("Connection") == "close"
        assert client.is_ended()


def test_early_refusal_of_a_large_body_comes_before_it_is_sent(gateway, key):
    with gateway.connect() as client:
        headers = json_headers(unknown(key), **{"Content-Length": str(DRAINED + 1)})
        client.send(wire.request_bytes("POST", CHAT, headers))
        refused = client.read_answer()
        assert refused.status == 401 and refused.header("Connection") == "close"


def test_body_of_a_refused_request_is_never_read_as_the_next(gateway, key):
    smuggled = wire.request_bytes("GET", "/v1/key", bearer(key))
    with gateway.connect() as client:
        client.send(wire.request_bytes("POST", CHAT, json_headers(unknown(key)), smuggled))
        client.send(wire.request_bytes("GET", "/livez"))
        assert client.read_answer().status == 401
        answer = client.read_answer()
        assert answer.status == 200 and b"sandbox" not in answer.body


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    """A gateway that waits a second for a head, a body, or the next request."""
    folder = tmp_path_factory.mktemp("hasty")
    config = gateways.write_config(folder / "tollgate.yaml", limits={
        "client_head_timeout_s": 1, "client_body_timeout_s": 1, "idle_timeout_s": 1})
    with gateways.Gateway(folder / "data", config) as running:
        yield running


def test_head_that_does_not_come_is_408_and_a_close(hasty):
    with hasty.connect() as client:
        client.send(b"GET /livez HTTP/1.1\r\nHost: x\r\n")
        answer = client.read_answer()
        assert (answer.status, answer.code) == (408, "request_timeout")
        assert client.is_ended()


def test_body_that_does_not_come_is_408_and_a_close(hasty):
    secret = hasty.create_key()["secret"]
    with hasty.connect() as client:
        client.send(wire.request_bytes("POST", CHAT, json_headers(secret, **{"Content-Length": "100"})) + b"{")
        answer = client.read_answer()
        assert answer.status == 408 and client.is_ended()


def test_idle_connection_is_closed_without_a_word(hasty):
    with hasty.connect() as client:
        assert client.request("GET", "/livez").status == 200
        assert client.is_ended()


def test_http_1_0_is_answered_and_closed(gateway, key):
    body = chat_body()
    head = f"POST {CHAT} HTTP/1.0\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n" \
           f"Content-Length: {len(body)}\r\n\r\n"
    with gateway.connect() as client:
        client.send(head.encode() + body)
        answer = client.read_answer()
        assert answer.status == 200 and answer.header("Transfer-Encoding") is None
        assert client.is_ended()


def test_http_1_0_stream_ends_with_the_connection(gateway, key):
    body = chat_body("sandbox/lorem", stream=True)
    head = f"POST {CHAT} HTTP/1.0\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n" \
           f"Content-Length: {len(body)}\r\n\r\n"
    with gateway.connect() as client:
        client.send(head.encode() + body)
        answer = client.read_answer()
        assert answer.status == 200 and answer.header("Transfer-Encoding") is None
        assert answer.events()[-1] == "[DONE]"


def test_head_of_a_probe_has_no_body(gateway):
    with gateway.connect() as client:
        for _ in range(2):
            answer = client.request("HEAD", "/livez")
            assert answer.status in (200, 405)


HOST = b"Host: x\r\n"
MALFORMED = {
    "no HTTP at all": b"hello\r\n\r\n",
    "TLS to a plain port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "two blanks in the start line": b"GET  /livez HTTP/1.1\r\n" + HOST + b"\r\n",
    "tab in the start line": b"GET\t/livez HTTP/1.1\r\n" + HOST + b"\r\n",
    "other version": b"GET /livez HTTP/1.2\r\n" + HOST + b"\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "bare line feeds": b"GET /livez HTTP/1.1\nHost: x\n\n",
    "bare carriage return": b"GET /livez HTTP/1.1\r\nHost: x\rX: y\r\n\r\n",
    "NUL in a value": b"GET /livez HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n",
    "folded line": b"GET /livez HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n",
    "empty field name": b"GET /livez HTTP/1.1\r\n" + HOST + b": a\r\n\r\n",
    "blank before the colon": b"GET /livez HTTP/1.1\r\n" + HOST + b"X : a\r\n\r\n",
    "no Host": b"GET /livez HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET /livez HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "Host with a path": b"GET /livez HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "length twice": b"POST /livez HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    "length with a sign": b"POST /livez HTTP/1.1\r\n" + HOST + b"Content-Length: +1\r\n\r\nx",
    "length with chunked": b"POST /livez HTTP/1.1\r\n" + HOST +
                           b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked on HTTP/1.0": b"POST /livez HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": b"POST /livez HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "length of a GET": b"GET /livez HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\n\r\nx",
    "misspelt length": b"POST /livez HTTP/1.1\r\n" + HOST + b"Content_Length: 1\r\n\r\nx",
    "CONNECT": b"CONNECT x:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "101 fields": b"GET /livez HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 100 + b"\r\n",
    "head above 32 KiB": b"GET /livez HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 33_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_head_is_400_and_a_close(gateway, case):
    with gateway.connect() as client:
        client.send(MALFORMED[case])
        answer = client.read_answer()
        assert answer.status == 400 and answer.header("Connection") == "close"
        assert answer.code == "invalid_request" and re.match("req_", answer.error["request_id"])
        assert client.read_to_end() == b""


def test_transfer_coding_that_we_do_not_decode_is_501_and_a_close(gateway, key):
    headers = json_headers(key, **{"Transfer-Encoding": "gzip, chunked"})
    with gateway.connect() as client:
        client.send(wire.request_bytes("POST", CHAT, headers) + b"0\r\n\r\n")
        assert client.read_answer().status == 501
        assert client.read_to_end() == b""


@pytest.mark.parametrize("end", [b"0\r\n\n", b"0\r\nX: trailer\r\n\r\n", b"0\r\nContent-Length: 3\r\n\r\n"])
def test_chunked_body_with_a_loose_end_is_400_and_a_close(gateway, key, end):
    body = chat_body()
    headers = json_headers(key, **{"Transfer-Encoding": "chunked"})
    with gateway.connect() as client:
        client.send(wire.request_bytes("POST", CHAT, headers) + b"%x\r\n%s\r\n" % (len(body), body) + end)
        assert client.read_answer().status == 400
        assert client.read_to_end() == b""


def test_exactly_100_fields_and_a_full_head_are_read(gateway):
    fields = b"".join(b"X%d: y\r\n" % number for number in range(99))
    with gateway.connect() as client:
        client.send(b"GET /livez HTTP/1.1\r\n" + HOST + fields + b"\r\n")
        assert client.read_answer().status == 200
        head = b"GET /livez HTTP/1.1\r\n" + HOST + b"X: \r\n\r\n"
        client.send(head.replace(b"X: ", b"X: " + b"y" * (32 * 1024 - len(head))))
        assert client.read_answer().status == 200


def test_upgrade_is_not_offered(gateway):
    answer = gateway.request("GET", "/livez", {"Connection": "Upgrade", "Upgrade": "h2c"})
    assert answer.status == 200


def test_clients_half_close_while_an_answer_is_pending_counts_as_gone(gateway):
    made = gateway.create_key()
    with gateway.connect() as client:
        client.send_request("POST", CHAT, json_headers(made["secret"]), chat_body("sandbox/slow", stream=True))
        client.read_head()
        client.read_event()
        client.sock.shutdown(socket.SHUT_WR)
        [row] = gateway.wait_for_rows(made, 1)
    assert row["status"] == 499


def test_many_connections_that_leave_at_any_moment_harm_nobody(gateway, key):
    request = wire.request_bytes("POST", CHAT, json_headers(key), chat_body("sandbox/lorem", stream=True))
    for size in range(0, len(request), 7):
        client = gateway.connect()
        client.send(request[:size])
        (client.reset if size % 2 else client.close)()
    for _ in range(20):
        client = gateway.connect()
        client.send(request)
        client.reset()
    assert gateway.chat(key).status == 200


def test_connections_do_not_leak(gateway, key):
    def descriptors() -> int:
        return len(os.listdir(f"/proc/{gateway.process.pid}/fd"))

    gateway.chat(key)
    before = descriptors()
    for _ in range(50):
        gateway.chat(key)
        with gateway.connect() as client:
            client.send(b"GET /li")
    wait_for(lambda: descriptors() <= before + 2, what="the end of 100 connections")
