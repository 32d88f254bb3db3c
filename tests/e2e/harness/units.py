"""The routes that are no conversation, as their tests ask them: what is sent, and what it must come to."""

import json
import secrets
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from . import openai_units, wire
from .gateway import Gateway, write_config
from .openai_provider import OpenAiProvider
from .openai_units import BROKEN, DROPPING, GARBAGE, SILENT

WINDOW = 1000  # of every model here that has one
OUTPUT_MAX = 300
RECORDING = b"RIFF\x00\x01\xff\r\n--almost" + bytes(range(256)) * 16
LONG = "x" * 1000  # more than a window by bytes
TEXT = "Grüße aus Köln, 漢字 and 🎈!"


def usd(per_million: str, tokens: int) -> Decimal:
    return Decimal(per_million) * tokens / 1_000_000


@dataclass
class Route:
    """`bound` is what a cost limit holds for a request; None: it cannot be bounded, and is refused. `tokens` are
    what the row says; None: the input's estimate, and no output."""
    name: str
    path: str
    kind: str
    prices: dict
    body: dict
    cost: Decimal
    bound: Decimal | None
    tokens: tuple[int, int] | None = None
    metering: str = "reported"
    upstream: str = ""
    audio_seconds_max: int | None = None

    @property
    def model(self) -> str:
        return f"acme/{self.name}"

    @property
    def is_form(self) -> bool:
        return self.kind == "transcription"

    def content(self, model: str | None = None, **members) -> tuple[str, bytes]:
        """Its type and its bytes. A member that is None is left out."""
        body = {name: value for name, value in ({"model": model or self.model} | self.body | members).items()
                if value is not None}
        return form(body) if self.is_form else ("application/json", json.dumps(body).encode())

    @property
    def row_tokens(self) -> tuple[int, int]:
        if self.tokens is not None:
            return self.tokens
        text = len(self.content()[1]) - (len(RECORDING) if self.is_form else 0)
        return -(-text // 4), 0

    def request(self, secret: str, model: str | None = None, prefix: str = "/v1", **members) -> bytes:
        kind, content = self.content(model, **members)
        return wire.request_bytes("POST", prefix + self.path, wire.bearer(secret) | {"Content-Type": kind}, content)

    def ask(self, gateway: Gateway, key: dict, **members) -> wire.Answer:
        with gateway.connect() as connection:
            connection.send(self.request(key["secret"], **members))
            return connection.read_answer()


def form(fields: dict, boundary: str = "a-boundary_of.tests") -> tuple[str, bytes]:
    """Bytes are a file."""
    out = b""
    for name, value in fields.items():
        file = '; filename="speech.wav"\r\nContent-Type: audio/wav' if isinstance(value, bytes) else ""
        out += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode()
        out += (value if isinstance(value, bytes) else str(value).encode()) + b"\r\n"
    return f"multipart/form-data; boundary={boundary}", out + f"--{boundary}--\r\n".encode()


def rerank_tokens(query: str, documents: list[str]) -> int:
    """The most that its body and its query, read again with every piece of a document, can come to."""
    body = len(json.dumps({"model": "acme/rerank-tokens", "query": query, "documents": documents}))
    query_bytes = len(json.dumps(query))
    further = (body - query_bytes) // max(WINDOW - query_bytes - 4, WINDOW // 2)
    text = body + (len(documents) - 1) * query_bytes
    return min(text + further * (query_bytes + 4) + 1024, (len(documents) + further) * WINDOW)


TOKENS_ONLY = {"output": "0"}
ROUTES = [
    Route("embed", "/embeddings", "embedding", TOKENS_ONLY | {"input": "10"}, {"input": [LONG, LONG]},
          cost=usd("10", 2 * openai_units.EMBEDDED), bound=usd("10", 2 * WINDOW), tokens=(14, 0)),
    Route("moderate", "/moderations", "moderation", TOKENS_ONLY | {"input": "10"}, {"input": LONG},
          cost=usd("10", 260), bound=usd("10", WINDOW), metering="estimated"),
    Route("rerank", "/rerank", "rerank", {"per_request": "0.002"},
          {"query": "what", "documents": ["a", "b", "c"], "top_n": 2},
          cost=Decimal("0.002"), bound=Decimal("0.002"), tokens=(openai_units.RERANKED, 0)),
    Route("rerank-tokens", "/rerank", "rerank", TOKENS_ONLY | {"input": "10"},
          {"query": "what", "documents": [LONG, LONG, LONG]},
          cost=usd("10", openai_units.RERANKED), bound=usd("10", rerank_tokens("what", [LONG, LONG, LONG])),
          tokens=(openai_units.RERANKED, 0)),
    Route("image", "/images/generations", "image", {"per_image": "0.04"}, {"prompt": "a fox", "n": 2},
          cost=Decimal("0.08"), bound=Decimal("0.08"), metering="counted"),
    Route("image-tokens", "/images/generations", "image", {"input": "5", "output": "40"},
          {"prompt": "a fox", "n": 2}, upstream="tokens",
          cost=usd("5", openai_units.IMAGE_INPUT) + usd("40", 2 * openai_units.IMAGE_OUTPUT),
          bound=usd("5", WINDOW) + usd("40", 2 * OUTPUT_MAX),
          tokens=(openai_units.IMAGE_INPUT, 2 * openai_units.IMAGE_OUTPUT)),
    Route("speech", "/audio/speech", "speech", {"per_million_characters": "15"}, {"input": TEXT, "voice": "alloy"},
          cost=usd("15", len(TEXT)), bound=usd("15", len(TEXT)), metering="counted"),
    Route("speech-events", "/audio/speech", "speech", {"input": "0.60", "output": "12"},
          {"input": TEXT, "voice": "alloy", "stream_format": "sse"},
          cost=usd("0.60", openai_units.SPOKEN_INPUT) + usd("12", openai_units.SPOKEN_OUTPUT),
          bound=usd("0.60", WINDOW) + usd("12", OUTPUT_MAX),
          tokens=(openai_units.SPOKEN_INPUT, openai_units.SPOKEN_OUTPUT)),
    Route("transcribe", "/audio/transcriptions", "transcription",
          {"input": "2.50", "output": "10", "audio_input": "6"}, {"file": RECORDING, "language": "en"},
          cost=usd("6", openai_units.HEARD_TOKENS) + usd("10", openai_units.TRANSCRIBED),
          bound=usd("6", WINDOW) + usd("10", OUTPUT_MAX),
          tokens=(openai_units.HEARD_TOKENS, openai_units.TRANSCRIBED)),
    Route("whisper-bounded", "/audio/transcriptions", "transcription", {"per_minute": "0.006"},
          {"file": RECORDING}, upstream="whisper", cost=Decimal("0.00905"), bound=Decimal("0.012"),
          metering="counted", audio_seconds_max=120),
    Route("whisper", "/audio/transcriptions", "transcription", {"per_minute": "0.006"}, {"file": RECORDING},
          upstream="whisper", cost=Decimal("0.00905"), bound=None, metering="counted"),
]


def settings(url: str, routes: list[Route] = ROUTES) -> dict:
    """Every route's model, those of a provider that fails, and one that two providers offer."""
    models, facts = [], []
    for route in routes:
        offer = {"prices": route.prices}
        if route.audio_seconds_max:
            offer["audio_seconds_max"] = route.audio_seconds_max
        if "input" in route.prices:
            offer |= {"context_window": WINDOW, "max_output_tokens": OUTPUT_MAX}
        names = {route.model: route.upstream or route.name}
        names |= {f"{route.model}-{what}": f"{what}-{route.name}" for what in (BROKEN, DROPPING, GARBAGE)}
        names[f"{route.model}-{SILENT}"] = SILENT
        names[f"{route.model}-twice"] = route.upstream or route.name
        models += [offer | {"id": public, "upstream_model": sent} for public, sent in names.items()]
        facts += [{"id": public, "kind": route.kind} for public in names]
    models.append({"id": "acme/chat", "context_window": WINDOW, "prices": {"input": "1", "output": "1"}})
    facts.append({"id": "acme/chat", "kind": "chat"})
    entry = {"dialect": "openai", "base_url": url, "api_key": "${ACME_KEY}", "region": "eu-west",
             "deadlines": {"connect_ms": 2000, "head_ms": 8000, "silence_ms": 8000, "total_ms": 20000}}
    hasty = [model | {"id": f"{model['id']}-hasty"} for model in models
             if model["id"] in {route.model for route in routes}]
    facts += [{"id": f"{route.model}-hasty", "kind": route.kind} for route in routes]
    twice = [{"id": f"{route.model}-twice", "upstream_model": route.upstream or route.name,
              "prices": route.prices} | ({"context_window": WINDOW, "max_output_tokens": OUTPUT_MAX}
                                         if "input" in route.prices else {}) for route in routes]
    claude = [{"id": "claude/unknown", "prices": {"input": "1", "output": "1"}, "context_window": WINDOW}]
    return {"providers": [entry | {"id": "acme", "models": models}, entry | {"id": "spare", "models": twice},
                          entry | {"id": "hasty", "models": hasty,
                                   "deadlines": {"connect_ms": 2000, "head_ms": 300, "silence_ms": 300,
                                                 "total_ms": 5000}},
                          entry | {"id": "claude", "dialect": "anthropic", "models": claude}],
            "models": facts}


class UnitProvider(OpenAiProvider):
    """Holds its answers back while `open` is not set, and answers the next `failing` requests with 503."""

    def __init__(self, key: str):
        super().__init__(key)
        self.open = threading.Event()
        self.open.set()
        self.failing = 0

    def serve(self, received, line) -> None:
        self.open.wait(20)
        if self.failing > 0:
            self.failing -= 1
            return line.respond(503, {}, b"")
        return super().serve(received, line)


@contextmanager
def units_world(folder: Path):
    """(Gateway, UnitProvider)"""
    key = secrets.token_hex(16)
    with UnitProvider(key) as provider:
        config = write_config(folder / "tollgate.yaml", **settings(provider.url))
        with Gateway(folder / "data", config, {"ACME_KEY": key}) as running:
            yield running, provider
