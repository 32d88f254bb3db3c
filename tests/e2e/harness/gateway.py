"""The real binary: started on a port of the system's choice, spoken to, stopped by its pid, and
held to a clean exit without a sanitizer's report."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

from . import wire

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 30.0
STOP_SECONDS = 30.0
LISTENING = re.compile(r"^listening (https?)://(.+):(\d+)$")
SANITIZER = re.compile(r"(ERROR|WARNING): (Address|Leak|Thread|Memory|Undefined\w*)Sanitizer|: runtime error: ")


def find_binary() -> Path | None:
    named = os.environ.get("TOLLGATE_BINARY")
    candidates = [Path(named)] if named else [ROOT / "build" / kind / "tollgate" for kind in ("dev", "release")]
    return next((path for path in candidates if path.is_file()), None)


def is_sanitized() -> bool:
    """Whether times measured on this binary say something about the one that users run."""
    return b"__asan_init" in find_binary().read_bytes()


def clean_environment(**more: str) -> dict[str, str]:
    """The tests' own, without what would configure the gateway or its proxies from outside."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("TOLLGATE_") and not name.lower().endswith("_proxy")}
    return kept | more


class CommandFailed(Exception):
    def __init__(self, result: subprocess.CompletedProcess):
        super().__init__(f"exit {result.returncode}: {result.stderr}")
        self.status = result.returncode
        self.stderr = result.stderr

    @property
    def error(self) -> dict:
        return json.loads(self.stderr)["error"]


def run(*arguments, cwd=None, seconds: float = 60, **environment) -> subprocess.CompletedProcess:
    """Any subcommand to its end."""
    result = subprocess.run([find_binary(), *map(str, arguments)], capture_output=True, text=True, cwd=cwd,
                            timeout=seconds, env=clean_environment(**environment))
    assert not SANITIZER.search(result.stderr), result.stderr
    return result


def write_config(path: Path, **settings) -> Path:
    """JSON is YAML."""
    path.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    return path


class Gateway:
    def __init__(self, data: Path, config: Path | None = None, environment: dict[str, str] | None = None,
                 listen: str = "127.0.0.1:0"):
        self.data = data
        self.config = config
        self.environment = environment or {}
        self.listen = listen
        self.log_path = data.parent / f"{data.name}.stderr"
        # False: the gateway inherits SIGXFSZ ignored, as Python has it, and meets a file's limit as an error.
        self.restore_signals = True
        self.tls = None  # what to connect with, where it listens with TLS
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._ended = False
        self.process: subprocess.Popen | None = None

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            self.kill()

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def start(self) -> "Gateway":
        command = [find_binary(), "serve", "--data", self.data, "--listen", self.listen]
        if self.config is not None:
            command += ["--config", self.config]
        with open(self.log_path, "ab") as log:
            process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=log,
                                       text=True, cwd=self.data.parent, restore_signals=self.restore_signals,
                                       env=clean_environment(**self.environment))
        with self._news:
            self.process, self.lines, self._ended = process, [], False
        threading.Thread(target=self._read_lines, args=(process,), daemon=True).start()
        match = LISTENING.match(self.wait_for_line(LISTENING))
        self.scheme, self.host, self.port = match[1], match[2].strip("[]"), int(match[3])
        return self

    def _read_lines(self, process) -> None:
        for line in process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            # The end of one that was killed may be noticed when its successor runs already.
            self._ended = self._ended or process is self.process
            self._news.notify_all()

    def wait_for_line(self, pattern: re.Pattern, seconds: float = START_SECONDS) -> str:
        def found():
            return next((line for line in self.lines if pattern.search(line)), None)

        with self._news:
            if not self._news.wait_for(lambda: found() or self._ended, seconds) or not found():
                raise AssertionError(f"no line {pattern.pattern!r} in {self.lines}; log:\n{self.log[-4000:]}")
            return found()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.expect_clean_exit()

    def expect_clean_exit(self) -> None:
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"not gone {STOP_SECONDS} s after SIGTERM; log:\n{self.log[-4000:]}") from None
        assert status == 0 and not SANITIZER.search(self.log), f"exit {status}; log:\n{self.log[-8000:]}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def connect(self, **options) -> wire.Wire:
        return wire.connect(self.address, **({"tls": self.tls} | options))

    def request(self, method: str, target: str, headers=(), body: bytes | None = None) -> wire.Answer:
        """On a connection of its own."""
        with self.connect() as connection:
            return connection.request(method, target, headers, body)

    def chat(self, secret: str, body: bytes | None = None, **headers: str) -> wire.Answer:
        return self.request("POST", "/v1/chat/completions", wire.json_headers(secret, **headers),
                            wire.chat_body() if body is None else body)

    # Administration over the local socket, without a credential.
    def admin(self, method: str, target: str, body=None, headers=None) -> wire.Answer:
        headers = dict(headers or {})
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        with wire.connect(self.data / "admin.sock") as connection:
            return connection.request(method, target, headers, data)

    def admin_json(self, method: str, target: str, body=None) -> dict:
        answer = self.admin(method, target, body)
        assert answer.status in (200, 201), (answer.status, answer.body)
        return answer.json()

    _names = iter(range(1, 1_000_000_000))

    def create_key(self, **fields) -> dict:
        """A key made by the admin API, with its secret; a sandbox key with a fresh name unless told."""
        fields = {"name": f"key {next(self._names)}", "environment": "sandbox"} | fields
        if fields.get("type") == "management":
            del fields["environment"]
        return self.admin_json("POST", "/admin/v1/keys", fields)

    def get_key(self, key_id: str) -> dict:
        return self.admin_json("GET", f"/admin/v1/keys/{key_id}")

    def revoke(self, key_id: str) -> dict:
        return self.admin_json("DELETE", f"/admin/v1/keys/{key_id}")

    def rows(self, query: str = "") -> list[dict]:
        """Every usage row, newest first."""
        rows, cursor = [], ""
        while cursor is not None:
            target = f"/admin/v1/usage?limit=1000&{query}" + (f"&cursor={cursor}" if cursor else "")
            page = self.admin_json("GET", target.rstrip("&"))
            rows += page["data"]
            cursor = page["next_cursor"]
        return rows

    def rows_of(self, key: dict) -> list[dict]:
        return self.rows(f"key={key['id']}")

    def wait_for_rows(self, key: dict, count: int, seconds: float = wire.WAIT_SECONDS) -> list[dict]:
        """For requests whose client left before the row was written."""
        return wait_for(lambda: (rows := self.rows_of(key)) and len(rows) >= count and rows, seconds,
                        f"{count} rows of {key['name']}")

    def cli(self, *arguments, **environment) -> str:
        result = run(*arguments, "--data", self.data, cwd=self.data.parent, **environment)
        if result.returncode != 0:
            raise CommandFailed(result)
        return result.stdout

    def cli_json(self, *arguments, **environment):
        return json.loads(self.cli(*arguments, "--json", **environment))

    def metrics(self) -> str:
        return self.request("GET", "/metrics").body.decode()


def wait_for(condition, seconds: float = wire.WAIT_SECONDS, what: str = "it"):
    """Asks again and again: for what another process does and gives no event of."""
    until = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < until, f"{what} did not come within {seconds} s"
        pause.wait(0.01)
