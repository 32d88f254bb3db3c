#!/usr/bin/env python3
"""An OpenAI-compatible provider that keeps its own books: one line per request in an append-only log,
safe on disk before the first byte of the answer goes out. What it answers stands in the request's last
message, as JSON (class Act), so that a thousand requests can each have a script of their own.

Lines of the log, one JSON object each:
  {"kind": "request", "number", "mark", "key", "at", "stream", "max_tokens", "status", "input", "output",
   "usage"}: what came, and what it is going to be answered and charged
  {"kind": "end", "number", "mark", "at", "how", "sent"}: how it ended: "whole", "left" (the gateway
   closed), "cut" (as scripted); `sent` counts output tokens
Times are CLOCK_MONOTONIC, which all processes of a machine share.

A test runs it in a process of its own (class RecordingProvider); by hand:
  recording_provider.py --log FILE [--port N]
prints `port N` when it listens.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, fields
from pathlib import Path

# Texts as tokenizers cut them, one string a token.
TOKENS = {
    "prose": ["The", " lamps", " were", " lit", " early", " that", " evening", ",", " and", " nobody", " in", " the",
              " street", " remem", "bered", " an", " extra", "ordinarily", " quiet", " November", " like", " it", "."],
    "code": ["def", " main", "(", "argv", "):\n", "   ", " for", " index", ",", " value", " in", " enumerate", "(",
             "argv", "):\n", "       ", " print", "(f", "\"{", "index", "}:", " {", "value", "}\")\n", "\n\n",
             "                    ", "CONFIGURATION", "_", "DIRECTORY", " =", " None", "\n"],
    "chinese": ["我们", "在", "昨天", "晚上", "的", "会", "议", "中", "讨", "论", "了", "这个", "问题", "，", "但是",
                "没有", "得", "出", "结论", "。", "龘", "靐"],
    "json": ["{\"", "id", "\":", "17", ",\"", "name", "\":\"", "widget", "\",\"", "tags", "\":[\"", "a", "\",\"", "b",
             "\"],\"", "price", "\":", "12", ".", "50", ",\"", "in", "_stock", "\":", "true", "},"],
}


@dataclass
class Act:
    """What one request wants to be answered."""
    mark: str = ""  # names the request in the log; tests send it as X-Request-Id too
    key: str = ""  # the id of the key, for the books
    output: int | str = "all"  # tokens: "all" = max_tokens, "1%" = that share of it (at least 1), or a number
    input: int = 10  # tokens, as reported
    usage: str = "honest"  # or absent, zero, negative, garbage, below, above, running
    text: str = "prose"
    per_event: int = 1  # tokens in one event of a stream
    pace_ms: int = 0  # between events
    delay_ms: int = 0  # before the answer
    gate: str = ""  # waits until that is released; in a stream after the first event
    status: int = 200
    retry_after: int = 0
    hang: str = ""  # "head": no answer at all; "stream": silent after the first event
    cut_after: int = 0  # a stream breaks after so many events
    drop: str = ""  # "reset": the connection is closed without an answer

    def prompt(self) -> str:
        """As the content of a message; only what differs from the defaults."""
        given = {name: value for name, value in asdict(self).items() if value != getattr(Act(), name)}
        return json.dumps(given, separators=(",", ":"), ensure_ascii=False)


def read_act(body: dict) -> Act:
    messages = body.get("messages") or [{"content": body.get("prompt")}]
    content = messages[-1].get("content")
    if not isinstance(content, str) or not content.startswith("{"):
        return Act(output=5)
    known = {one.name for one in fields(Act)}
    return Act(**{name: value for name, value in json.loads(content).items() if name in known})


def limit_of(body: dict) -> int | None:
    found = [body[name] for name in ("max_tokens", "max_completion_tokens") if isinstance(body.get(name), int)]
    return min(found) if found else None


def output_of(act: Act, limit: int | None) -> int:
    if isinstance(act.output, int):
        return act.output
    whole = 100 if limit is None else limit
    return whole if act.output == "all" else max(1, whole * int(act.output.rstrip("%")) // 100)


def tokens_of(act: Act, count: int) -> list[str]:
    cycle = TOKENS[act.text]
    return [cycle[number % len(cycle)] for number in range(count)]


def usage_of(act: Act, output: int, produced: int | None = None):
    """The usage object of the answer, or None."""
    said = output if produced is None else produced
    figures = {"honest": (act.input, said), "running": (act.input, said), "zero": (0, 0),
               "negative": (-act.input, -said), "below": (act.input, max(1, said // 2)),
               "above": (act.input * 1000, said * 1000 + 1000)}
    if act.usage == "garbage":
        return {"prompt_tokens": "many", "completion_tokens": [said]}
    if act.usage == "absent":
        return None
    before, after = figures[act.usage]
    return {"prompt_tokens": before, "completion_tokens": after, "total_tokens": before + after}


class Books:
    """The log. What arrives in one turn of the loop is written and synced together."""

    def __init__(self, path: Path):
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._lines: list[str] = []
        self._waiters: list[asyncio.Future] = []

    def note(self, **line) -> None:
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._flush)
        self._lines.append(json.dumps(line, ensure_ascii=False) + "\n")

    def safe(self) -> asyncio.Future:
        """Done when all that was noted until now is on disk."""
        future = asyncio.get_running_loop().create_future()
        self._waiters.append(future)
        return future

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        waiters, self._waiters = self._waiters, []
        os.write(self._file, "".join(lines).encode())
        os.fdatasync(self._file)
        for waiter in waiters:
            if not waiter.cancelled():
                waiter.set_result(None)


class Gone(Exception):
    """The gateway has closed the connection."""


class Provider:
    def __init__(self, log: Path):
        self.books = Books(log)
        self.number = 0
        self.open = 0
        self.open_most = 0
        self.bodies: deque = deque(maxlen=4096)  # of the last requests, by mark
        self.gates: dict[str, asyncio.Event] = {}

    def gate(self, name: str) -> asyncio.Event:
        return self.gates.setdefault(name, asyncio.Event())

    def control(self, target: str) -> dict:
        what, _, name = target.removeprefix("/control/").partition("/")
        if what == "release":
            self.gate(name).set()
        found = next((body for mark, body in reversed(self.bodies) if mark == name), None) if what == "body" else None
        return {"requests": self.number, "open": self.open, "open_most": self.open_most, "body": found}


class Connection(asyncio.Protocol):
    def __init__(self, provider: Provider):
        self.provider = provider
        self.received = b""
        self.task: asyncio.Task | None = None
        self.gone = asyncio.get_running_loop().create_future()

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.begin()

    def eof_received(self) -> bool:
        self.leave()
        return False

    def connection_lost(self, _) -> None:
        self.leave()

    def leave(self) -> None:
        if not self.gone.done():
            self.gone.set_result(time.monotonic())

    def begin(self) -> None:
        """The next request, when it is here whole and none is under way."""
        end = self.received.find(b"\r\n\r\n")
        if end < 0 or (self.task is not None and not self.task.done()):
            return
        head = self.received[:end].decode("latin-1")
        length = re.search(r"\r\ncontent-length: *(\d+)", head, re.I)
        size = end + 4 + (int(length[1]) if length else 0)
        if len(self.received) < size:
            return
        body, self.received = self.received[end + 4:size], self.received[size:]
        target = head.split(" ")[1]
        if target.startswith("/control/"):
            self.answer(200, self.provider.control(target))
            return self.begin()
        self.task = asyncio.ensure_future(self.serve(json.loads(body)))
        self.task.add_done_callback(self.next)

    def next(self, task: asyncio.Task) -> None:
        if not task.cancelled() and task.exception() is not None:
            print(f"problem: {task.exception()!r}", file=sys.stderr, flush=True)
        if not self.gone.done():
            self.begin()

    async def serve(self, body: dict) -> None:
        provider, act, limit = self.provider, read_act(body), limit_of(body)
        provider.number += 1
        provider.open += 1
        provider.open_most = max(provider.open_most, provider.open)
        number, count = provider.number, output_of(act, limit) * max(1, body.get("n") or 1)
        provider.bodies.append((act.mark, body))
        provider.books.note(kind="request", number=number, mark=act.mark, key=act.key, at=time.monotonic(),
                            stream=bool(body.get("stream")), max_tokens=limit, status=act.status, input=act.input,
                            output=count if act.status == 200 else 0, usage=act.usage)
        self.sent = 0
        how = "whole"
        try:
            await provider.books.safe()
            how = await self.play(act, body, count)
        except Gone:
            how = "left"
        finally:
            provider.open -= 1
            at = self.gone.result() if self.gone.done() else time.monotonic()
            provider.books.note(kind="end", number=number, mark=act.mark, at=at, how=how, sent=self.sent)

    async def play(self, act: Act, body: dict, count: int) -> str:
        if act.delay_ms:
            await self.wait(asyncio.sleep(act.delay_ms / 1000))
        if act.hang == "head":
            await self.wait(asyncio.sleep(3600))
        if act.drop == "reset":
            self.transport.abort()
            return "cut"
        if act.status != 200:
            headers = {"Retry-After": act.retry_after} if act.retry_after else {}
            self.answer(act.status, {"error": {"message": f"scripted {act.status}", "type": "scripted"}}, headers)
            return "whole"
        if body.get("stream"):
            return await self.stream(act, body, count)
        if act.gate:
            await self.wait(self.provider.gate(act.gate).wait())
        answer = {"id": "chatcmpl-recorded", "object": "chat.completion", "created": 1, "model": body["model"],
                  "choices": [{"index": 0, "message": {"role": "assistant", "content": "".join(tokens_of(act, count))},
                               "finish_reason": "stop"}]}
        usage = usage_of(act, count)
        self.sent = count
        self.answer(200, answer if usage is None else answer | {"usage": usage})
        return "whole"

    async def stream(self, act: Act, body: dict, count: int) -> str:
        self.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        tokens = tokens_of(act, count)
        each = range(0, count, act.per_event)
        for event, at in enumerate(each, 1):
            part = tokens[at:at + act.per_event]
            self.sent = at + len(part)
            more = {"usage": usage_of(act, count, self.sent)} if act.usage == "running" else {}
            self.event(body, [{"index": 0, "delta": {"content": "".join(part)}, "finish_reason": None}], **more)
            if event == 1 and act.gate:
                await self.wait(self.provider.gate(act.gate).wait())
            if event == 1 and act.hang == "stream":
                await self.wait(asyncio.sleep(3600))
            if event == act.cut_after:
                self.transport.close()
                return "cut"
            if act.pace_ms or event % 256 == 0:
                await self.wait(asyncio.sleep(act.pace_ms / 1000))
        self.event(body, [{"index": 0, "delta": {}, "finish_reason": "stop"}])
        usage = usage_of(act, count)
        if usage is not None and (body.get("stream_options") or {}).get("include_usage"):
            self.event(body, [], usage=usage)
        self.chunk(b"data: [DONE]\n\n")
        self.write(b"0\r\n\r\n")
        return "whole"

    async def wait(self, what) -> None:
        """Until `what`, or until the gateway has gone."""
        task = asyncio.ensure_future(what)
        await asyncio.wait({task, self.gone}, return_when=asyncio.FIRST_COMPLETED)
        if self.gone.done():
            task.cancel()
            raise Gone
        await task

    def event(self, body: dict, choices: list, **more) -> None:
        data = {"id": "chatcmpl-recorded", "object": "chat.completion.chunk", "created": 1, "model": body["model"],
                "choices": choices} | more
        self.chunk(b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n")

    def chunk(self, data: bytes) -> None:
        self.write(b"%x\r\n%s\r\n" % (len(data), data))

    def write(self, data: bytes) -> None:
        if self.gone.done() or self.transport.is_closing():
            raise Gone
        self.transport.write(data)

    def answer(self, status: int, document: dict, headers=()) -> None:
        data = json.dumps(document, ensure_ascii=False).encode()
        head = f"HTTP/1.1 {status} Scripted\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in dict(headers).items())
        self.write(head.encode() + b"\r\n" + data)


async def serve(log: Path, port: int) -> None:
    provider = Provider(log)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(provider), "127.0.0.1", port,
                                                            backlog=4096)
    print(f"port {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def read_log(path: Path) -> list[dict]:
    """Every whole line; a kill may have cut the last."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [json.loads(line) for line in text.split("\n")[:-1]]


class RecordingProvider:
    """The program above, for as long as a test needs it."""

    def __init__(self, folder: Path):
        self.log_path = folder / "provider.log"
        self.problems_path = folder / "provider.stderr"

    def __enter__(self) -> "RecordingProvider":
        with open(self.problems_path, "ab") as problems:
            self.process = subprocess.Popen([sys.executable, __file__, "--log", str(self.log_path)],
                                            stdout=subprocess.PIPE, stderr=problems, text=True)
        said = self.process.stdout.readline()
        assert said.startswith("port "), f"{said!r}: {self.problems_path.read_text()}"
        self.port = int(said.split()[1])
        return self

    def __exit__(self, kind, *_) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        if kind is None:
            assert self.problems_path.read_text() == ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def control(self, what: str) -> dict:
        # Here, so that the program itself needs nothing beside it.
        from . import wire
        with wire.connect(("127.0.0.1", self.port)) as connection:
            return connection.request("POST", f"/control/{what}", {}, b"").json()

    def release(self, gate: str) -> None:
        self.control(f"release/{gate}")

    def body(self, mark: str) -> dict | None:
        """What the request of that mark looked like when it came, of the last few thousand."""
        return self.control(f"body/{mark}")["body"]

    def lines(self, kind: str | None = None, key: str | None = None) -> list[dict]:
        lines = read_log(self.log_path)
        if key is not None:
            marks = {line["number"] for line in lines if line["kind"] == "request" and line["key"] == key}
            lines = [line for line in lines if line["number"] in marks]
        return [line for line in lines if kind in (None, line["kind"])]

    def wait_for_requests(self, count: int, key: str | None = None) -> list[dict]:
        from .gateway import wait_for
        return wait_for(lambda: len(found := self.requests(key)) >= count and found, what=f"{count} requests")

    def wait_for_ends(self, count: int, key: str | None = None) -> list[dict]:
        from .gateway import wait_for
        return wait_for(lambda: len(found := self.ends(key)) >= count and found, what=f"{count} ends")

    def requests(self, key: str | None = None) -> list[dict]:
        return self.lines("request", key)

    def ends(self, key: str | None = None) -> list[dict]:
        return self.lines("end", key)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, required=True, help="the append-only log, one JSON object a line")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 picks one")
    chosen = parser.parse_args()
    asyncio.run(serve(chosen.log, chosen.port))


if __name__ == "__main__":
    main()
