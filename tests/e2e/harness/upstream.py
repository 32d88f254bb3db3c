"""MockUpstream: an OpenAI-compatible provider on a plain socket. It keeps the bytes of every request
it got, and answers each with the script of the moment: a function of (Received, Line)."""

import gzip
import json
import select
import socket
import ssl
import threading
import time
from dataclasses import dataclass

from . import wire

USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
         "prompt_tokens_details": {"cached_tokens": 4}}


@dataclass
class Received:
    method: str
    target: str
    fields: list[tuple[str, str]]
    head: bytes
    body: bytes
    connection: int  # which of the upstream's connections, from 1

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key.lower() == name.lower()), None)

    def json(self):
        return json.loads(self.body)


class Line:
    """The upstream's end of a connection, for scripts."""

    def __init__(self, sock):
        self.sock = sock
        self.open = True

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def respond(self, status: int, headers: dict, body: bytes) -> None:
        head = f"HTTP/1.1 {status} Whatever\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in ({"Content-Length": len(body)} | headers).items())
        self.send(head.encode() + b"\r\n" + body)

    def start_stream(self) -> None:
        self.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")

    def send_chunk(self, data: bytes) -> None:
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def send_event(self, data) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        self.send_chunk(f"data: {text}\n\n".encode())

    def end_stream(self) -> None:
        self.send(b"0\r\n\r\n")

    def close(self) -> None:
        self.open = False

    def reset(self) -> None:
        self.open = False
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    def wait_closed(self, seconds: float = wire.WAIT_SECONDS) -> float:
        """When (monotonic) the gateway closed its end."""
        readable, _, _ = select.select([self.sock], [], [], seconds)
        assert readable, f"the gateway did not close within {seconds} s"
        try:
            ended = self.sock.recv(1) == b""
        except OSError:
            ended = True
        assert ended, "the gateway sent more instead of closing"
        self.open = False
        return time.monotonic()


class MockUpstream:
    """One address; stop() and start() restart it there."""

    def __init__(self, tls: ssl.SSLContext | None = None):
        self.tls = tls
        self.port = 0
        self.script = json_answer()
        self.requests: list[Received] = []
        self.connections = 0
        self.failed_handshakes = 0
        self.bytes_received = 0
        self.problems: list[str] = []
        self._news = threading.Condition()
        self._live: set[socket.socket] = set()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{'localhost' if self.tls else '127.0.0.1'}:{self.port}/v1"

    def start(self) -> "MockUpstream":
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        return self

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._news:
            live, self._live = self._live, set()
        for sock in live:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended already

    def reset(self) -> None:
        with self._news:
            self.requests.clear()
            self.script = json_answer()

    def wait_for_requests(self, count: int, seconds: float = wire.WAIT_SECONDS) -> list[Received]:
        with self._news:
            assert self._news.wait_for(lambda: len(self.requests) >= count, seconds), \
                f"{len(self.requests)} of {count} requests came"
            return list(self.requests)

    def _accept(self, listener) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._news:
                self.connections += 1
                number = self.connections
                self._live.add(sock)
                self._news.notify_all()
            threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()

    def _serve(self, sock, number: int) -> None:
        raw = sock
        try:
            if self.tls is not None:
                sock.settimeout(wire.WAIT_SECONDS)
                sock = self.tls.wrap_socket(sock, server_side=True)
            sock.settimeout(None)
            self._serve_requests(sock, number)
        except ssl.SSLError:
            with self._news:
                self.failed_handshakes += 1
                self._news.notify_all()
        except (OSError, EOFError):
            pass  # the gateway has closed, as it may at any time
        except Exception as problem:  # a script's own failure must not go unseen
            self.problems.append(repr(problem))
        finally:
            with self._news:
                self._live.discard(raw)
            sock.close()

    def _serve_requests(self, sock, number: int) -> None:
        connection = wire.Wire(sock)
        connection.sock.settimeout(None)
        line = Line(sock)
        while line.open:
            received = self._read_request(connection, number)
            with self._news:
                self.requests.append(received)
                script = self.script
                self._news.notify_all()
            script(received, line)

    def _read_request(self, connection: wire.Wire, number: int) -> Received:
        if not connection.pending:
            connection._fill()
        with self._news:
            self.bytes_received += len(connection.pending)
        head = connection.read_until(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ")
        fields = [tuple(part.strip() for part in text.split(":", 1)) for text in lines[1:] if text]
        length = next((int(value) for name, value in fields if name.lower() == "content-length"), 0)
        return Received(method, target, fields, head, connection.read_exactly(length), number)


def completion(content: str = "Hi there", usage=USAGE, **more) -> dict:
    answer = {"id": "chatcmpl-upstream", "object": "chat.completion", "created": 1, "model": "large",
              "choices": [{"index": 0, "message": {"role": "assistant", "content": content},
                           "finish_reason": "stop"}]} | more
    return answer if usage is None else answer | {"usage": usage}


def chunk(content: str | None = None, **more) -> dict:
    delta = {} if content is None else {"content": content}
    return {"id": "chatcmpl-upstream", "object": "chat.completion.chunk", "created": 1, "model": "large",
            "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} | more


def json_answer(body=None, status: int = 200, **headers: str):
    data = json.dumps(completion() if body is None else body).encode() if not isinstance(body, bytes) else body

    def script(_, line: Line) -> None:
        line.respond(status, {"Content-Type": "application/json"} | headers, data)
    return script


def sse(*contents: str, usage=USAGE, done: bool = True, before_each=lambda number: None):
    """Chunks with these contents, the usage chunk as asked for, and [DONE]. `before_each` is called
    with the number of the content about to go, and may wait."""
    def script(received: Received, line: Line) -> None:
        asked = (received.json().get("stream_options") or {}).get("include_usage")
        line.start_stream()
        for number, content in enumerate(contents):
            before_each(number)
            line.send_event(chunk(content))
        line.send_event(chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]))
        if asked and usage is not None:
            line.send_event(chunk(choices=[], usage=usage))
        if done:
            line.send_event("[DONE]")
        line.end_stream()
    return script


def endless(text: str = "four", choices: int = 1):
    """A stream that heeds no max_tokens: it ends when the gateway closes it. `script.closed` says so."""
    closed = threading.Event()

    def script(received: Received, line: Line) -> None:
        closed.clear()
        in_text = received.target.endswith("/v1/completions")
        line.start_stream()
        try:
            while not select.select([line.sock], [], [], 0)[0]:
                for index in range(choices):
                    said = {"text": text} if in_text else {"delta": {"content": text}}
                    kind = {"object": "text_completion"} if in_text else {}
                    line.send_event(chunk(choices=[{"index": index, "finish_reason": None} | said], **kind))
        except OSError:
            pass
        line.close()
        closed.set()
    script.closed = closed
    return script


def default_script(received: Received, line: Line) -> None:
    """As a well-behaved provider: streamed when asked for."""
    script = sse("Hi", " there") if received.json().get("stream") else json_answer()
    script(received, line)


def hang(_, line: Line) -> None:
    line.wait_closed(60)


def reset(_, line: Line) -> None:
    line.reset()


def close(_, line: Line) -> None:
    line.close()


def raw(data: bytes):
    """These bytes, then the end."""
    def script(_, line: Line) -> None:
        line.send(data)
        line.close()
    return script


def gzipped(_, line: Line) -> None:
    line.respond(200, {"Content-Type": "application/json", "Content-Encoding": "gzip"},
                 gzip.compress(json.dumps(completion()).encode()))


def cut_stream(*contents: str):
    """A stream that breaks in its middle: the body never ends properly."""
    def script(_, line: Line) -> None:
        line.start_stream()
        for content in contents:
            line.send_event(chunk(content))
        line.close()
    return script


def provider(upstream: MockUpstream, **more) -> dict:
    """Its entry in tollgate.yaml: `acme/large` at 2.50, 1.25 cached, 10.00 USD per million tokens."""
    model = {"id": "acme/large", "upstream_model": "large", "context_window": 128000, "max_output_tokens": 4096,
             "prices": {"input": "2.50", "cached_input": "1.25", "output": "10.00"}}
    return {"id": "acme", "dialect": "openai", "base_url": upstream.url, "api_key": "${ACME_KEY}",
            "region": "eu-west", "models": [model]} | more
