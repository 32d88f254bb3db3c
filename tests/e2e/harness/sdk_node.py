"""The official SDKs for Node, unmodified, and the independent mock of providers: what node/ runs, as Python
meets it. One process serves a whole session."""

import json
import shutil
import subprocess
import threading
from pathlib import Path

from .gateway import clean_environment
from .sdk_questions import QUESTIONS, STOPS

FOLDER = Path(__file__).resolve().parents[1] / "node"
NODE = next((str(path) for path in [FOLDER / "node_modules" / ".bin" / "node"] if path.exists()), shutil.which("node"))


def missing(package: str) -> str | None:
    if NODE is None:
        return "node is not installed"
    if not (FOLDER / "node_modules" / package).is_dir():
        return f"{package} (npm) is not installed"
    return None


class NodeProcess:
    """A script of node/, spoken to by lines of JSON; it ends with its standard input."""

    def __init__(self, script: str):
        self._process = subprocess.Popen([NODE, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                         stderr=subprocess.PIPE, cwd=FOLDER, env=clean_environment())
        self._lock = threading.Lock()

    def read(self) -> dict:
        line = self._process.stdout.readline()
        assert line, self._process.stderr.read()[-4000:]
        return json.loads(line)

    def ask(self, job: dict) -> dict:
        with self._lock:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
            return self.read()

    def stop(self) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._process.stderr.close()


class NodeSdk:
    _worker: NodeProcess | None = None  # of all of them, started by the first question

    def __init__(self, name: str, sdk: str, dialect: str, package: str):
        self.name = name
        self.dialect = dialect
        self.missing = missing(package)
        self._sdk = sdk

    def ask(self, call: str, url: str, secret: str | None, model: str, how: str = "key",
            prefix: str | None = None) -> dict:
        if NodeSdk._worker is None:
            NodeSdk._worker = NodeProcess("sdk_worker.mjs")
        job = {"sdk": self._sdk, "call": call, "url": url, "secret": secret, "model": model, "how": how,
               "ask": QUESTIONS} | ({} if prefix is None else {"prefix": prefix})
        found = NodeSdk._worker.ask(job)
        return found | {"stop": STOPS.get(found["stop"], found["stop"])} if "stop" in found else found

    @classmethod
    def stop(cls) -> None:
        if cls._worker is not None:
            cls._worker.stop()
            cls._worker = None


SDKS = [NodeSdk("openai (Node)", "openai", "openai", "openai"),
        NodeSdk("openai responses (Node)", "openai-responses", "openai", "openai"),
        NodeSdk("@anthropic-ai/sdk (Node)", "anthropic", "anthropic", "@anthropic-ai/sdk"),
        NodeSdk("AI SDK, openai", "ai-openai", "openai", "@ai-sdk/openai"),
        NodeSdk("AI SDK, openai responses", "ai-responses", "openai", "@ai-sdk/openai"),
        NodeSdk("AI SDK, anthropic", "ai-anthropic", "anthropic", "@ai-sdk/anthropic")]
