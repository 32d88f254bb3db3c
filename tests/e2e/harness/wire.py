"""A plain HTTP/1.1 client over a socket: it sends exactly the bytes a test wants sent, and tells
exactly what came back. It never retries and never repairs."""

import json
import select
import socket
from dataclasses import dataclass, field

WAIT_SECONDS = 20.0  # for anything that should come at once; generous for sanitised builds


@dataclass
class Answer:
    status: int
    fields: list[tuple[str, str]]  # as they came
    body: bytes = b""
    version: str = "HTTP/1.1"
    chunks: list[bytes] = field(default_factory=list)

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.fields if key.lower() == name.lower()]
        assert len(values) < 2, f"{name} came {len(values)} times"
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)

    @property
    def error(self) -> dict:
        return self.json()["error"]

    @property
    def code(self) -> str:
        return self.error["code"]

    def events(self) -> list[str]:
        """The data of each event of an SSE body."""
        return [line[6:] for line in self.body.decode().split("\n") if line.startswith("data: ")]

    def chunk_objects(self) -> list[dict]:
        return [json.loads(data) for data in self.events() if data != "[DONE]"]


class Wire:
    """One connection. `reader` methods raise EOFError when the peer ends too early."""

    def __init__(self, sock: socket.socket):
        self.sock = sock
        self.sock.settimeout(WAIT_SECONDS)
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        self.sock.close()

    def reset(self) -> None:
        """Closes with an RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def send_request(self, method: str, target: str, headers=(), body: bytes | None = None) -> None:
        self.send(request_bytes(method, target, headers, body))

    def request(self, method: str, target: str, headers=(), body: bytes | None = None) -> Answer:
        self.send_request(method, target, headers, body)
        return self.read_answer(method=method)

    def _fill(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise EOFError("the peer closed the connection")
        self.pending += data

    def read_until(self, mark: bytes) -> bytes:
        while mark not in self.pending:
            self._fill()
        end = self.pending.index(mark) + len(mark)
        taken, self.pending = self.pending[:end], self.pending[end:]
        return taken

    def read_exactly(self, size: int) -> bytes:
        while len(self.pending) < size:
            self._fill()
        taken, self.pending = self.pending[:size], self.pending[size:]
        return taken

    def read_head(self) -> Answer:
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, _ = (lines[0] + " ").split(" ", 2)
        fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
        return Answer(int(status), fields, version=version)

    def read_chunk(self) -> bytes:
        """The next chunk of a chunked body; empty for the last."""
        size = int(self.read_until(b"\r\n").split(b";")[0], 16)
        data = self.read_exactly(size)
        assert self.read_exactly(2) == b"\r\n"
        return data

    def read_answer(self, method: str = "GET") -> Answer:
        answer = self.read_head()
        while answer.status == 100:
            answer = self.read_head()
        self.read_body(answer, method)
        return answer

    def read_body(self, answer: Answer, method: str = "GET") -> None:
        if method == "HEAD" or answer.status in (204, 304):
            return
        if (answer.header("Transfer-Encoding") or "").lower() == "chunked":
            while chunk := self.read_chunk():
                answer.chunks.append(chunk)
            answer.body = b"".join(answer.chunks)
        elif (length := answer.header("Content-Length")) is not None:
            answer.body = self.read_exactly(int(length))
        else:
            answer.body = self.read_to_end()

    def read_event(self) -> str:
        """The next SSE event's data out of a chunked body whose chunks hold whole events."""
        while True:
            text = self.read_chunk().decode()
            if not text:
                raise EOFError("the stream ended")
            for line in text.split("\n"):
                if line.startswith("data: "):
                    return line[6:]

    def read_to_end(self) -> bytes:
        try:
            while True:
                self._fill()
        except EOFError:
            taken, self.pending = self.pending, b""
            return taken

    def is_ended(self, seconds: float = WAIT_SECONDS) -> bool:
        """Whether the peer closes, without a further byte, within that time."""
        if self.pending:
            return False
        readable, _, _ = select.select([self.sock], [], [], seconds)
        if not readable:
            return False
        try:
            return self.sock.recv(1) == b""
        except ConnectionResetError:
            return True


def request_bytes(method: str, target: str, headers=(), body: bytes | None = None) -> bytes:
    headers = list(headers.items() if isinstance(headers, dict) else headers)
    names = {name.lower() for name, _ in headers}
    if "host" not in names:
        headers.insert(0, ("Host", "gateway.test"))
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        headers.append(("Content-Length", str(len(body))))
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers)
    return head.encode("latin-1") + b"\r\n" + (body or b"")


def connect(address, tls=None, server_hostname: str = "localhost") -> Wire:
    """To a (host, port), or to the path of a Unix socket."""
    if isinstance(address, tuple):
        sock = socket.create_connection(address, timeout=WAIT_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    else:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.connect(str(address))
    if tls is not None:
        sock = tls.wrap_socket(sock, server_hostname=server_hostname)
    return Wire(sock)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def json_headers(secret: str, **more: str) -> dict[str, str]:
    return bearer(secret) | {"Content-Type": "application/json"} | more


def chat_body(model: str = "sandbox/echo", content: str = "Hello", **more) -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": content}], **more}).encode()
