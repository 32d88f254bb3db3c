"""A gateway before several scripted providers that serve the same models, for what fails over between them.

Which offer is tried first stands in the prices: `first` is so much cheaper that it goes first even where its
failures count against it. Offers that fail are left
alone after a while, so every test takes models of its own: several.model(kind)."""

import secrets
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from .gateway import Gateway, write_config
from .upstream import MockUpstream, completion, json_answer, sse

COPIES = 80  # of each kind of model
# By provider: its region. Deadlines of `first` are short, those of the others are not: they answer.
REGIONS = {"first": "eu-west", "second": "eu-west", "third": "us-east"}
FIRST_HEAD_SECONDS = 0.8
TOTAL_SECONDS = 20.0
PRICES = {"first": ("1", "2"), "second": ("200", "400"), "third": ("100", "200")}  # input, output: USD a million
NEARER_BUT_DEARER = {"second": {"prices": {"input": "2000", "output": "4000"}}}

# By kind of model: its offers, and what they have of their own.
KINDS = {
    "pair": {"first": {}, "second": {}},
    "alone": {"first": {}},
    "wide": {"first": {}, "third": {}} | NEARER_BUT_DEARER,
    "apart": {"first": {}, "third": {}},
    "narrow": {"first": {"context_window": 100, "max_output_tokens": 100}, "second": {}},
    "dear": {"first": {"prices": {"input": "0", "output": "10"}},
             "second": {"prices": {"input": "0", "output": "100"}}},
    "even": {"first": {"prices": {"input": "0", "output": "10"}},
             "second": {"prices": {"input": "0", "output": "11"}}},
    "unlike": {"first": {"max_output_tokens": 2000},
               "second": {"max_output_tokens": 3000, "max_tokens_field": "max_completion_tokens"}},
    "capped": {"first": {"prices": {"input": "0", "output": "10"}, "max_output_tokens": 100000},
               "second": {"prices": {"input": "0", "output": "20"}, "max_output_tokens": 100000}},
}


def answers(name: str):
    """As a well-behaved provider that says its name."""
    def script(received, line) -> None:
        streamed = sse("from ", name)
        (streamed if received.json().get("stream") else json_answer(completion(f"from {name}")))(received, line)
    return script


class Several:
    def __init__(self, gateway: Gateway, providers: dict[str, MockUpstream]):
        self.gateway, self.providers = gateway, providers
        self.first, self.second, self.third = (providers[name] for name in REGIONS)
        self._numbers = {kind: iter(range(COPIES)) for kind in KINDS}

    def model(self, kind: str = "pair") -> str:
        return f"{kind}/m{next(self._numbers[kind]):02}"

    def reset(self) -> None:
        for name, upstream in self.providers.items():
            upstream.reset()
            upstream.script = answers(name)

    def reached(self) -> dict[str, int]:
        """How many requests each provider got."""
        return {name: len(upstream.requests) for name, upstream in self.providers.items()}


def settings(name: str, url: str, head_ms: int, models: list[dict]) -> dict:
    deadlines = {"connect_ms": 2000, "head_ms": head_ms, "silence_ms": head_ms, "total_ms": int(TOTAL_SECONDS * 1000)}
    return {"id": name, "dialect": "openai", "base_url": url, "api_key": "${PROVIDER_KEY}", "region": REGIONS[name],
            "deadlines": deadlines, "models": models}


def models_of(name: str, copies: int = COPIES) -> list[dict]:
    common = {"upstream_model": "large", "context_window": 128000, "max_output_tokens": 4096,
              "prices": dict(zip(("input", "output"), PRICES[name]))}
    return [common | offers[name] | {"id": f"{kind}/m{number:02}"}
            for kind, offers in KINDS.items() if name in offers for number in range(copies)]


@contextmanager
def several_providers(folder: Path):
    with MockUpstream() as first, MockUpstream() as second, MockUpstream() as third:
        providers = dict(zip(REGIONS, (first, second, third)))
        entries = [settings(name, upstream.url, int(FIRST_HEAD_SECONDS * 1000) if name == "first" else 15000,
                            models_of(name)) for name, upstream in providers.items()]
        config = write_config(folder / "tollgate.yaml", providers=entries)
        with Gateway(folder / "data", config, {"PROVIDER_KEY": secrets.token_hex(16)}) as running:
            yield Several(running, providers)


def estimate(body: bytes) -> int:
    """The input tokens that a lost attempt is charged (SPEC §5, rule 5)."""
    return -(-len(body) // 4)


def price_of(name: str, input_tokens: int, output_tokens: int) -> Decimal:
    """At the provider's ordinary prices, which have none of their own for cached input."""
    one, other = (Decimal(price) for price in PRICES[name])
    return (input_tokens * one + output_tokens * other) / 1_000_000
