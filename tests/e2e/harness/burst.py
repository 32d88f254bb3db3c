"""Many requests at once from one thread: every connection is made first, then all requests go out
together, and the answers are kept whole."""

import resource
import selectors
import socket
import time
from dataclasses import dataclass, field

from . import wire
from .load import answer_end

FILES_PER_REQUEST = 2


def allow_files(count: int) -> None:
    """Raises this process's soft limit of open files, which a gateway started later inherits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        most = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def parse_answer(data: bytes) -> wire.Answer:
    """One whole answer."""
    head, _, rest = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    version, status, _ = (lines[0] + " ").split(" ", 2)
    answer = wire.Answer(int(status), [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]],
                         version=version)
    if (answer.header("Transfer-Encoding") or "").lower() != "chunked":
        answer.body = rest
        return answer
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        count = int(size, 16)
        if count == 0:
            break
        answer.chunks.append(rest[:count])
        rest = rest[count + 2:]
    answer.body = b"".join(answer.chunks)
    return answer


@dataclass
class Asked:
    sock: socket.socket
    received: bytes = b""
    answer: wire.Answer | None = None  # whole
    ended: float = 0.0  # when the answer's end or the connection's came
    lost: bool = False  # the connection ended before a whole answer
    began: float = field(default_factory=time.monotonic)


class Burst:
    def __init__(self, address, requests: list[bytes]):
        allow_files(FILES_PER_REQUEST * len(requests) + 256)
        self.selector = selectors.DefaultSelector()
        self.asked: list[Asked] = []
        for _ in requests:
            sock = socket.create_connection(address, timeout=wire.WAIT_SECONDS)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.asked.append(Asked(sock))
            self.selector.register(sock, selectors.EVENT_READ, self.asked[-1])
        for one, request in zip(self.asked, requests):
            one.began = time.monotonic()
            one.sock.sendall(request)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def finished(self) -> int:
        return sum(one.ended > 0 for one in self.asked)

    def collect(self, count: int | None = None, seconds: float = 60) -> list[wire.Answer | None]:
        """Reads until so many have ended, or all; answers stand in the order of the requests."""
        wanted, until = len(self.asked) if count is None else count, time.monotonic() + seconds
        while self.finished < wanted:
            left = until - time.monotonic()
            assert left > 0, f"{self.finished} of {wanted} answers within {seconds} s"
            for key, _ in self.selector.select(left):
                self._read(key.data)
        return [one.answer for one in self.asked]

    def _read(self, one: Asked) -> None:
        try:
            data = one.sock.recv(262144)
        except OSError:
            data = b""
        one.received += data
        whole = answer_end(one.received) if data else None
        if data and whole is None:
            return
        one.ended = time.monotonic()
        one.lost = not data
        if whole:
            one.answer = parse_answer(one.received[:whole[1]])
        self.selector.unregister(one.sock)
        one.sock.close()

    def close(self) -> None:
        for one in self.asked:
            one.sock.close()
        self.selector.close()


def burst(address, requests: list[bytes], seconds: float = 60) -> list[wire.Answer | None]:
    with Burst(address, requests) as running:
        return running.collect(seconds=seconds)
