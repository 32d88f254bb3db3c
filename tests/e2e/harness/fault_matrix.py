"""The ways an upstream can fail, each as a script for a provider of each dialect, streamed or not, and what
its client must be told."""

import gzip
import json
import secrets
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from . import dialect_scripts as say
from . import upstream as mock
from . import wire
from .gateway import Gateway, write_config
from .limits import production_key

HEAD_SECONDS = 0.8  # of the providers: to the head, and of silence
TOTAL_SECONDS = 3.0
RETRY_AFTER = 30
BOMB = gzip.compress(b"\0" * 200_000_000, 9)
FLOOD = 200  # 1xx heads

# How a request ends for its client.
FAILED, TIMED_OUT, CUT, SERVED = "502", "504", "cut", "served"
TELLS = {FAILED: (502, "provider_error"), TIMED_OUT: (504, "provider_timeout")}


@dataclass(frozen=True)
class Fault:
    script: object  # (dialect, stream) → a script of MockUpstream
    whole: str | None = FAILED  # None: there is no such fault of such an answer
    stream: str | None = FAILED
    seconds: float = 0.0  # the deadline that ends it; 0 = it ends by itself
    attempts: int = 1
    retry_after: int | None = None
    # Its answer was framed properly to its end: its connection may serve again.
    framed: bool = False

    def ends(self, stream: bool) -> str | None:
        return self.stream if stream else self.whole


def sends(make):
    """make(dialect, stream) → the bytes of the answer; the connection then ends."""
    return lambda dialect, stream: mock.raw(make(dialect, stream))


def then(make, ending):
    """The same, with an ending of its own."""
    def script_of(dialect, stream):
        data = make(dialect, stream)

        def script(_, line) -> None:
            line.send(data)
            ending(line)
        return script
    return script_of


def answers(make):
    """make(dialect, stream) → the bytes of the answer; the connection then serves on. Were it closed, the next request
    could be on its way already, and fail: it is not sent again where it may have been read."""
    return then(make, lambda _: None)


def refusal(status: int, **headers):
    return lambda dialect, stream: mock.json_answer({"error": {"message": "no", "type": "x"}}, status=status,
                                                    **headers)


def begun(dialect: str, stream: bool) -> bytes:
    """A chunked answer's head and beginning."""
    return say.head(stream, say.CHUNKED) + say.chunked(say.beginning_of(dialect, stream))


def drip(dialect, stream):
    """One byte at a time, slower than the total deadline allows and faster than silence."""
    data = say.body_of(dialect, stream, "Hi", " there")

    def script(_, line) -> None:
        line.send(say.head(stream, f"Content-Length: {len(data)}"))
        until = time.monotonic() + 2 * TOTAL_SECONDS
        for byte in data:
            try:
                line.send(bytes([byte]))
            except OSError:
                break
            if _is_closed(line, HEAD_SECONDS / 4) or time.monotonic() > until:
                break
        line.close()
    return script


def _is_closed(line, seconds: float) -> bool:
    try:
        line.wait_closed(seconds)
    except AssertionError:
        return False
    return True


def framed_as(length_of):
    """A good answer under a wrong Content-Length."""
    def make(dialect, stream):
        data = say.body_of(dialect, stream, "Hi", " there")
        return say.head(stream, f"Content-Length: {length_of(len(data))}") + data
    return make


def too_long(dialect, stream):
    """Announced as longer than it is; of a stream, without its end."""
    data = say.beginning_of(dialect, stream) if stream else say.whole(dialect)
    return say.head(stream, f"Content-Length: {len(data) + 1000}") + data


def cut_event(dialect, stream):
    half = say.text_event(dialect, "never seen")
    return begun(dialect, stream) + say.chunked(half[:len(half) // 2]) + b"0\r\n\r\n"


def cut_utf8(dialect, stream):
    text = say.text_event(dialect, "日本")
    at = text.index("本".encode()) + 1
    return begun(dialect, stream) + say.chunked(text[:at]) + b"0\r\n\r\n"


def broken_utf8(dialect, stream):
    """An event that is whole, of text that is not."""
    text = say.text_event(dialect, "日本")
    at = text.index("本".encode()) + 1
    return begun(dialect, stream) + say.chunked(text[:at] + text[at + 2:]) + b"0\r\n\r\n"


def no_end(dialect, stream):
    """All of a stream but [DONE] or message_stop."""
    data = b"".join([*say.opening(dialect), say.text_event(dialect, "Hi there"), *say.closing(dialect)[:-1]])
    return say.head(stream, say.CHUNKED) + say.chunked(data) + b"0\r\n\r\n"


def nothing_of_the_end(dialect, stream):
    return begun(dialect, stream) + b"0\r\n\r\n"


def garbage(dialect, stream):
    return bytes(range(128, 256)) * 8


def no_json(dialect, stream):
    if stream:
        return say.head(stream, say.CHUNKED) + say.chunked(b"data: <html>\n\n") + b"0\r\n\r\n"
    return say.head(stream, "Content-Length: 6") + b"<html>"


def html(dialect, stream):
    """Of a type that is no stream's, whatever was asked for."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"


def bomb(dialect, stream):
    return say.head(stream, "Content-Encoding: gzip", f"Content-Length: {len(BOMB)}") + BOMB


def error_inside(dialect, stream):
    """An answer of status 200 that is an error."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    if not stream:
        data = json.dumps(error).encode()
        return say.head(stream, f"Content-Length: {len(data)}") + data
    return say.head(stream, say.CHUNKED) + say.chunked(say.event(error, "error")) + b"0\r\n\r\n"


def interim(status: str, count: int):
    return (f"HTTP/1.1 {status}\r\n\r\n" * count).encode()


def reset(line) -> None:
    line.reset()


def hang(line) -> None:
    line.wait_closed(60)


FAULTS = {
    "hangs before the head": Fault(lambda *_: mock.hang, TIMED_OUT, TIMED_OUT, HEAD_SECONDS),
    "hangs within the head": Fault(then(lambda *_: b"HTTP/1.1 200 OK\r\nX-A:", hang), TIMED_OUT, TIMED_OUT,
                                   HEAD_SECONDS),
    "hangs after the head": Fault(then(lambda _, stream: say.head(stream, say.CHUNKED), hang), TIMED_OUT, TIMED_OUT,
                                  HEAD_SECONDS),
    "hangs within the body": Fault(then(begun, hang), TIMED_OUT, CUT, HEAD_SECONDS),
    "resets before the head": Fault(lambda *_: mock.reset),
    "resets within the head": Fault(then(lambda *_: b"HTTP/1.1 200 OK\r\nX-A:", reset)),
    "resets after the head": Fault(then(lambda _, stream: say.head(stream, say.CHUNKED), reset)),
    "resets within the body": Fault(then(begun, reset), FAILED, CUT),
    "closes within the body": Fault(sends(begun), FAILED, CUT),
    "500": Fault(refusal(500), attempts=2, framed=True),
    "429": Fault(refusal(429), attempts=2, framed=True),
    "529": Fault(refusal(529), attempts=2, framed=True),
    "500 whose body hangs": Fault(then(lambda *_: say.head(False, say.CHUNKED, status="500 No"), hang),
                                  seconds=2 * HEAD_SECONDS, attempts=2),
    "500 with Retry-After": Fault(refusal(500, **{"Retry-After": RETRY_AFTER}), retry_after=RETRY_AFTER, framed=True),
    "429 with Retry-After": Fault(refusal(429, **{"Retry-After": RETRY_AFTER}), retry_after=RETRY_AFTER, framed=True),
    "529 with Retry-After": Fault(refusal(529, **{"Retry-After": RETRY_AFTER}), retry_after=RETRY_AFTER, framed=True),
    "a byte at a time": Fault(drip, TIMED_OUT, TIMED_OUT, TOTAL_SECONDS),
    "garbage": Fault(sends(garbage)),
    "no JSON": Fault(answers(no_json), framed=True),
    "HTML": Fault(answers(html), framed=True),
    "an error of status 200": Fault(answers(error_inside), framed=True),
    "longer than it says": Fault(sends(framed_as(lambda size: size // 3)), FAILED, CUT),
    "shorter than it says": Fault(sends(too_long), FAILED, CUT),
    "two lengths": Fault(sends(lambda _, stream: say.head(stream, "Content-Length: 2", "Content-Length: 3") + b"{}")),
    "length beside chunks": Fault(
        sends(lambda _, stream: say.head(stream, "Content-Length: 5", say.CHUNKED) + b"0\r\n\r\n")),
    "event cut in its middle": Fault(answers(cut_event), None, CUT, framed=True),
    "event cut within a character": Fault(answers(cut_utf8), None, CUT, framed=True),
    "event with half a character": Fault(answers(broken_utf8), None, CUT, framed=True),
    "no end but the body's": Fault(answers(nothing_of_the_end), None, CUT, framed=True),
    "no [DONE] or message_stop": Fault(answers(no_end), None, SERVED, framed=True),
    "gzip bomb": Fault(sends(bomb)),
    "302": Fault(lambda *_: mock.json_answer({}, status=302, Location="http://127.0.0.1:1/"), framed=True),
    "101": Fault(then(lambda *_: interim("101 Switching Protocols", 1), hang)),
    "1xx flood": Fault(then(lambda *_: interim("103 Early Hints", FLOOD), hang)),
}


# Bodies far above what is held of one.

PIECE = b"a" * (1 << 20)


def huge(size: int):
    """A good answer of so many bytes of text. Of a stream: events the client sees, then one of that size."""
    def script_of(dialect, stream):
        before, after = (say.text_event if stream else _whole_of)(dialect, "cut here").decode().split("cut here")
        if stream:
            before = say.beginning_of(dialect, stream).decode() + before
        length = len(before) + size + len(after)

        def script(_, line) -> None:
            line.send(say.head(stream, f"Content-Length: {length}") + before.encode())
            for _ in range(size // len(PIECE)):
                line.send(PIECE)
            line.send(after.encode())
            line.close()
        return script
    return script_of


def _whole_of(dialect: str, text: str) -> bytes:
    return say.whole(dialect, text)


def huge_end(client: str, dialect: str, stream: bool) -> str:
    """What is said in another dialect is held whole, so it has a limit; what is relayed as it is has none."""
    if stream:
        return CUT
    return SERVED if client == dialect else FAILED


# A gateway before a provider of each dialect, and one of each at an address where nobody listens. What a
# provider answers is chosen by the model: each case has one of its own, since offers that fail are left alone.

@dataclass(frozen=True)
class Case:
    fault: str
    client: str  # the client's dialect
    dialect: str  # the provider's
    stream: bool

    def __str__(self) -> str:
        return f"{self.fault}-{self.client}-from-{self.dialect}-{'stream' if self.stream else 'whole'}"


REFUSES = "refuses connections"
HUGE = "huge"


def all_cases(faults) -> list[Case]:
    return [Case(fault, client, dialect, stream) for fault in faults for client, dialect in say.PAIRS
            for stream in (False, True)
            if fault not in FAULTS or FAULTS[fault].ends(stream)]


@dataclass
class Told:
    """What a client was answered, and how long that took."""
    status: int
    header: object  # name → value
    body: bytes  # of a long one: its beginning and its end
    size: int
    seconds: float


class Matrix:
    def __init__(self, gateway, upstreams: dict, numbers: dict, key: dict):
        self.gateway, self.upstreams, self.numbers, self.key = gateway, upstreams, numbers, key

    def model(self, case: Case) -> str:
        return model_of(case, self.numbers[case])

    def ask(self, case: Case) -> Told:
        """Over a connection of its own; the request is named by its case's model."""
        model = self.model(case)
        return ask(self.gateway, case.client, model, case.stream, self.key["secret"])

    def ask_good(self, dialect: str) -> Told:
        client = say.RESPONSES if dialect == say.RESPONSES else say.OPENAI
        return ask(self.gateway, client, f"good/{dialect}", False, self.key["secret"])

    def row(self, case: Case) -> dict:
        [row] = [row for row in self.gateway.rows_of(self.key) if row["request_id"] == request_id(self.model(case))]
        return row


def model_of(case: Case, number: int) -> str:
    return f"case/m{number:04}"


def request_id(model: str) -> str:
    return model.replace("/", "-")


def ask(gateway, client: str, model: str, stream: bool, secret: str) -> Told:
    headers = wire.json_headers(secret, **{"X-Request-Id": request_id(model), "Connection": "close"})
    request = wire.request_bytes("POST", say.PATHS[client], headers, say.request_bytes(client, model, stream))
    with gateway.connect() as connection:
        began = time.monotonic()
        connection.send(request)
        answer = connection.read_head()
        first, last, size = _drain(connection)
        took = time.monotonic() - began
    return Told(answer.status, answer.header, first + last, size, took)


KEPT = 256 * 1024


def _drain(connection) -> tuple[bytes, bytes, int]:
    first, last, size = connection.pending[:KEPT], connection.pending[KEPT:], len(connection.pending)
    while data := connection.sock.recv(1 << 20):
        size += len(data)
        room = KEPT - len(first)
        first += data[:room]
        last = (last + data[max(room, 0):])[-KEPT:]
    return first, last, size


@contextmanager
def fault_matrix(folder: Path, cases: list[Case], huge_bytes: int, total_seconds: float = TOTAL_SECONDS):
    numbers = {case: number for number, case in enumerate(cases)}
    with MockUpstreamPair() as upstreams, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # without listen(): connections are refused
        refusing = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
        entries = []
        for dialect in say.DIALECTS:
            mine = [case for case in cases if case.dialect == dialect]
            scripts = {f"m{numbers[case]:04}": script_of(case, huge_bytes) for case in mine if case.fault != REFUSES}
            upstreams[dialect].script = by_model(scripts, say.good(dialect, False))
            reached = [model_of(case, numbers[case]) for case in mine if case.fault != REFUSES]
            entries.append(entry(dialect, dialect, upstreams[dialect].url, [*reached, f"good/{dialect}"],
                                 total_seconds))
            refused = [model_of(case, numbers[case]) for case in mine if case.fault == REFUSES]
            if refused:
                entries.append(entry(f"{dialect}-refusing", dialect, refusing, refused, total_seconds))
        config = write_config(folder / "tollgate.yaml", providers=entries)
        # What is freed is to be given back at once, where a sanitizer would keep it.
        environment = {"PROVIDER_KEY": secrets.token_hex(16), "ASAN_OPTIONS": "quarantine_size_mb=1"}
        with Gateway(folder / "data", config, environment) as gateway:
            yield Matrix(gateway, upstreams, numbers, production_key(gateway))


class MockUpstreamPair(dict):
    """One of each dialect."""

    def __enter__(self) -> "MockUpstreamPair":
        for dialect in say.DIALECTS:
            self[dialect] = mock.MockUpstream().start()
        return self

    def __exit__(self, *_) -> None:
        for upstream in self.values():
            upstream.stop()


def script_of(case: Case, huge_bytes: int):
    make = huge(huge_bytes) if case.fault == HUGE else FAULTS[case.fault].script
    return make(case.dialect, case.stream)


def by_model(scripts: dict, other):
    return lambda received, line: scripts.get(received.json()["model"], other)(received, line)


def entry(name: str, dialect: str, url: str, models: list[str], total_seconds: float) -> dict:
    deadlines = {"connect_ms": 2000, "head_ms": int(HEAD_SECONDS * 1000), "silence_ms": int(HEAD_SECONDS * 1000),
                 "total_ms": int(total_seconds * 1000)}
    settings = {"dialect": dialect}
    if dialect != say.ANTHROPIC:
        settings = {"dialect": say.OPENAI, "responses": "native" if dialect == say.RESPONSES else "translated"}
    return settings | {"id": name, "base_url": url, "api_key": "${PROVIDER_KEY}", "deadlines": deadlines,
            "models": [{"id": model, "upstream_model": model.split("/")[1], "context_window": 128000,
                        "max_output_tokens": 4096, "prices": {"input": "2.50", "output": "10.00"}}
                       for model in models]}


class Memory:
    """How far a process's resident memory rises above what it was, by the kernel's own high-water mark."""

    def __init__(self, pid: int):
        self.pid = pid
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the mark begins anew (man 5 proc)
        self.before = self._figure("VmRSS")

    @property
    def risen(self) -> int:
        return self._figure("VmHWM") - self.before

    def _figure(self, name: str) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no {name} of {self.pid}")


MEMORY_RISE_MAX = 12 << 20  # an event or an answer that is held may have 8 MB; of a sanitized binary too


def assert_error_shape(client: str, document: dict, code: str) -> None:
    error = document["error"]
    assert error["code"] == code and error["message"] and error["request_id"]
    assert "127.0.0.1" not in error["message"]
    timed_out = client == say.ANTHROPIC and code == "provider_timeout"
    assert error["type"] == ("timeout_error" if timed_out else "api_error")
    if client == say.ANTHROPIC:
        assert document["type"] == "error"
    elif "type" in document:  # the event of a streamed response says it twice
        assert client == say.RESPONSES and document["type"] == "error"
        assert (document["code"], document["message"]) == (code, error["message"])
    else:
        assert set(document) == {"error"}


def events_of(told) -> list[str]:
    """The payloads of a stream, out of its chunks; that it is all proper UTF-8 is seen on the way."""
    text = told.body.decode()
    return [line[len("data: "):] for line in text.replace("\r\n", "\n").split("\n") if line.startswith("data: ")]


def assert_told(case, told, ends: str) -> None:
    if ends in TELLS:
        status, code = TELLS[ends]
        assert (told.status, told.header("Content-Type")) == (status, "application/json"), told.body[:500]
        return assert_error_shape(case.client, json.loads(told.body), code)
    assert told.status == 200, told.body[:500]
    if not case.stream:
        return
    last = events_of(told)[-1]
    ended = any(end in told.body for end in (b"[DONE]", b"message_stop", b"response.completed"))
    assert ended == (ends == SERVED)
    if ends == CUT:
        document = json.loads(last)
        assert_error_shape(case.client, document, document["error"]["code"])


def assert_huge(matrix: Matrix, case: Case, huge_bytes: int) -> None:
    matrix.ask_good(case.dialect)
    memory = Memory(matrix.gateway.process.pid)
    got = matrix.ask(case)
    assert memory.risen <= MEMORY_RISE_MAX, f"{memory.risen >> 20} MB"
    ends = huge_end(case.client, case.dialect, case.stream)
    assert_told(case, got, ends)
    row = matrix.row(case)
    assert Decimal(row["cost"]) > 0
    if ends == SERVED:
        assert got.size > huge_bytes
        assert (row["status"], row["error_code"], row["metering"]) == (200, None, "reported")
        assert (row["input_tokens"], row["output_tokens"]) == (10, 5)
    else:
        assert row["error_code"] == "provider_error"
