"""What happens shows as it happens: GET /admin/v1/events of the real binary, and what ends a stream."""

import json
import time

import pytest
from harness.browser import Browser, first_operator
from harness.wire import chat_body, json_headers

ECHO = chat_body("sandbox/echo")


class Events:
    """An open stream."""

    def __init__(self, gateway, headers, query=""):
        self.wire = gateway.connect()
        self.wire.send_request("GET", f"/admin/v1/events{query}", headers)
        self.head = self.wire.read_head()
        assert self.head.status == 200, self.head
        assert self.head.header("Content-Type") == "text/event-stream"
        self.pending = self.wire.read_chunk().decode()
        self.frames = []

    def next(self, *names):
        """The next event of one of these names, and its data."""
        while True:
            while "\n\n" not in self.pending:
                chunk = self.wire.read_chunk().decode()
                if not chunk:
                    raise EOFError("the stream ended")
                self.pending += chunk
            frame, _, self.pending = self.pending.partition("\n\n")
            self.frames.append(frame)
            fields = dict(line.split(": ", 1) for line in frame.split("\n") if ": " in line)
            if fields.get("event") in names:
                assert int(fields["id"]) > 0
                return fields["event"], json.loads(fields["data"])

    def ends(self) -> bool:
        while chunk := self.wire.read_chunk():
            self.pending += chunk.decode()
        return True


@pytest.fixture
def world(start_gateway, tmp_path):
    gateway = start_gateway(data=tmp_path / "data")
    return gateway, first_operator(gateway)


def watch(browser, query="") -> Events:
    return Events(browser.gateway, {"Cookie": browser.cookie}, query)


def test_request_shows_within_a_second_of_its_end(world):
    gateway, ada = world
    key = gateway.create_key(name="live", environment="sandbox")
    events = watch(ada)
    assert gateway.chat(key["secret"], ECHO).status == 200
    began = time.monotonic()
    _, request = events.next("request")
    assert time.monotonic() - began < 1.5
    assert (request["key"], request["key_name"], request["status"]) == (key["id"], "live", 200)
    [row] = gateway.wait_for_rows(key, 1)
    assert {name: row[name] for name in ("id", "model", "cost", "latency_ms", "input_tokens", "output_tokens")} == \
        {name: request[name] for name in ("id", "model", "cost", "latency_ms", "input_tokens", "output_tokens")}
    assert gateway.chat(key["secret"], b"{").status == 400
    _, used = events.next("use")
    assert used["key"] == key["id"] and used["errors"] == 1


def test_no_secret_and_no_word_of_a_prompt_is_told(world):
    gateway, ada = world
    events = watch(ada)
    key = gateway.create_key(name="quiet", environment="sandbox")
    assert gateway.chat(key["secret"], chat_body("sandbox/echo", "a very private sentence")).status == 200
    events.next("request")
    told = "\n".join(events.frames)
    assert key["id"] in told
    assert key["secret"] not in told and "private" not in told


def test_stream_ends_with_the_session(world):
    gateway, ada = world
    bob = Browser(gateway)
    assert bob.join(ada.invite("bob@example.com", "viewer")).status == 200
    events = watch(bob)
    assert bob.ask("DELETE", "session").status == 200
    began = time.monotonic()
    assert events.ends()
    assert time.monotonic() - began < 3


def test_stream_ends_with_the_membership(world):
    gateway, ada = world
    bob = Browser(gateway)
    assert bob.join(ada.invite("bob@example.com", "viewer")).status == 200
    [member] = [one for one in ada.json("GET", "members")["data"] if one["email"] == "bob@example.com"]
    events = watch(bob)
    assert ada.ask("DELETE", f"members/{member['id']}?workspace=ws_default").status == 200
    assert events.ends()


def test_open_stream_does_not_hold_up_a_stop(world):
    gateway, ada = world
    streams = [watch(ada) for _ in range(3)]
    began = time.monotonic()
    gateway.stop()
    assert time.monotonic() - began < 5
    assert all(stream.ends() for stream in streams)


def test_client_that_takes_nothing_holds_up_nobody(world):
    gateway, ada = world
    key = gateway.create_key(name="busy", environment="sandbox")
    slow = watch(ada)
    quick = watch(ada)
    with gateway.connect() as line:
        for _ in range(300):
            assert line.request("POST", "/v1/chat/completions", json_headers(key["secret"]), ECHO).status == 200
    names = {quick.next("request", "reset")[0] for _ in range(20)}
    assert "request" in names
    gateway.wait_for_rows(key, 300)
    assert slow.next("request", "reset")[0] in ("request", "reset")


def test_who_comes_back_is_told_to_read_anew(world):
    gateway, ada = world
    events = Events(gateway, {"Cookie": ada.cookie, "Last-Event-ID": "41"})
    assert events.next("reset", "request") == ("reset", {})
