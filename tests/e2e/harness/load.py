"""Load from a process of its own: keep-alive connections in a closed loop over one epoll, so that the
measuring test does not share an interpreter with its load. Times are CLOCK_MONOTONIC, which all
processes of a machine share."""

import multiprocessing
import os
import selectors
import socket
import time
from dataclasses import dataclass, field

from . import wire

SCALE = os.environ.get("TOLLGATE_SOAK_SCALE", "small")


def scaled(small: int, full: int) -> int:
    return full if SCALE == "full" else small


@dataclass
class Done:
    """A request whose answer's end was seen."""
    number: int
    began: float
    ended: float
    status: int
    streamed: bool


@dataclass
class Connection:
    sock: socket.socket
    number: int = 0  # of the request under way; 0 = none
    began: float = 0.0
    streamed: bool = False
    received: bytes = b""


@dataclass
class Report:
    done: list[Done] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)  # the connection ended before a whole answer came
    unfinished: list[int] = field(default_factory=list)  # still under way when the load stopped


def answer_end(data: bytes) -> tuple[int, int] | None:
    """(status, size) of the whole answer at the beginning of `data`, or None."""
    head_end = data.find(b"\r\n\r\n")
    if head_end < 0:
        return None
    head, status = data[:head_end].lower(), int(data[9:12])
    if b"transfer-encoding: chunked" in head:
        end = data.find(b"\r\n0\r\n\r\n", head_end)
        return None if end < 0 else (status, end + 7)
    at = head.index(b"content-length:") + len(b"content-length:")
    size = head_end + 4 + int(head[at:].split(b"\r\n")[0])
    return (status, size) if len(data) >= size else None


class Load:
    """`request(number)` → (bytes, whether it asks for a stream). Runs until stop(); `rate` is requests
    a second over all connections, 0 = as fast as answers come."""

    def __init__(self, address, connections: int, request, rate: float = 0, first_number: int = 1):
        self._here, there = multiprocessing.Pipe()
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=run_load, daemon=True,
                                        args=(there, address, connections, request, rate, first_number))
        self._process.start()
        assert self._receive() == "running"

    def _receive(self):
        assert self._here.poll(60), "the load does not report"
        return self._here.recv()

    def finished(self, count: int) -> None:
        """Waits until so many answers were read."""
        self._here.send(("tell", count))
        assert self._receive() == "told"

    def stop_after(self, moment: float, each: int) -> Report:
        """When every connection that still lives has finished `each` requests begun after `moment`."""
        self._here.send(("stop", moment, each))
        return self._end()

    def stop(self) -> Report:
        return self.stop_after(0.0, 0)

    def _end(self) -> Report:
        report = self._receive()
        self._process.join(30)
        return report


def run_load(pipe, address, connections: int, request, rate: float, first_number: int) -> None:
    loop = LoadLoop(pipe, request, rate, first_number)
    for _ in range(connections):
        loop.add(address)
    pipe.send("running")
    pipe.send(loop.run())


class LoadLoop:
    def __init__(self, pipe, request, rate: float, first_number: int):
        self.pipe, self.make, self.rate = pipe, request, rate
        self.next_number = first_number
        self.began = time.monotonic()
        self.started = 0
        self.report = Report()
        self.selector = selectors.DefaultSelector()
        self.selector.register(pipe, selectors.EVENT_READ, None)
        self.idle: list[Connection] = []
        self.tell_at: int | None = None
        self.stopping: tuple[float, int] | None = None
        self.after: dict[int, int] = {}  # by socket: finished requests that began after the moment

    def add(self, address) -> None:
        sock = socket.create_connection(address, timeout=wire.WAIT_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(sock)
        self.selector.register(sock, selectors.EVENT_READ, connection)
        self.idle.append(connection)

    def due(self) -> bool:
        return not self.rate or self.started < (time.monotonic() - self.began) * self.rate

    def begin(self) -> None:
        while self.idle and self.due():
            connection = self.idle.pop()
            connection.number, self.next_number = self.next_number, self.next_number + 1
            data, connection.streamed = self.make(connection.number)
            self.started += 1
            connection.began = time.monotonic()
            try:
                connection.sock.sendall(data)
            except OSError:
                self.lose(connection)

    def run(self) -> Report:
        while not self.is_over():
            self.begin()
            for key, _ in self.selector.select(0.002 if self.rate else 1.0):
                if key.data is None:
                    self.command(self.pipe.recv())
                else:
                    self.read(key.data)
            if self.tell_at is not None and len(self.report.done) >= self.tell_at:
                self.tell_at = None
                self.pipe.send("told")
        for key in list(self.selector.get_map().values()):
            if key.data is not None and key.data.number:
                self.report.unfinished.append(key.data.number)
        return self.report

    def command(self, command) -> None:
        if command[0] == "tell":
            self.tell_at = command[1]
        else:
            self.stopping = command[1:]
            live = [key.data for key in self.selector.get_map().values() if key.data is not None]
            self.after = {connection.sock.fileno(): 0 for connection in live}

    def is_over(self) -> bool:
        return self.stopping is not None and all(count >= self.stopping[1] for count in self.after.values())

    def read(self, connection: Connection) -> None:
        try:
            data = connection.sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            return self.lose(connection)
        connection.received += data
        whole = answer_end(connection.received)
        if whole is None:
            return
        status, size = whole
        connection.received = connection.received[size:]
        self.report.done.append(Done(connection.number, connection.began, time.monotonic(), status,
                                     connection.streamed))
        if self.stopping and connection.began > self.stopping[0]:
            self.after[connection.sock.fileno()] += 1
        connection.number = 0
        self.idle.append(connection)

    def lose(self, connection: Connection) -> None:
        if connection.number:
            self.report.lost.append(connection.number)
        self.after.pop(connection.sock.fileno(), None)
        self.selector.unregister(connection.sock)
        connection.sock.close()
        connection.number = 0
        if connection in self.idle:
            self.idle.remove(connection)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
