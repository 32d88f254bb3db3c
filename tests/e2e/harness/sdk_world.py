"""What the tests with SDKs share: one gateway before a provider of each dialect, each of them ours and the
independent mock, and the books that must be right after whatever an SDK asked."""

import json
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from . import sdk_node
from .anthropic_provider import AnthropicProvider
from .gateway import Gateway, wait_for, write_config
from .openai_provider import OpenAiProvider
from .sdk_python import AnthropicPython, OpenAiPython, OpenAiResponsesPython
from .talker import CALL_INPUT, COUNT, DEAF, OVERLOADED, PERSON, REFUSING, THINKER, THOUGHT

SDKS = {sdk.name: sdk for sdk in [OpenAiPython(), OpenAiResponsesPython(), AnthropicPython(), *sdk_node.SDKS]}
PRICES = {"input": "2.00", "cached_input": "0.20", "cache_write": "2.50", "output": "10.00"}
FREE_INPUT = "free-input"  # a model whose bound is max_tokens × 10,000 nano-dollars, whatever it is sent
# An offer that fails is left alone after a while: every SDK has its own.
FAILING = [f"{OVERLOADED}-{number}" for number in range(len(SDKS))]


@dataclass
class World:
    gateway: Gateway
    openai: OpenAiProvider
    anthropic: AnthropicProvider

    def refusals(self) -> list[str]:
        return self.openai.refusals + self.anthropic.refusals + self.openai.problems + self.anthropic.problems


def provider_entry(name: str, dialect: str, url: str) -> dict:
    upstream = {name: name for name in ("large", THINKER, DEAF, REFUSING)} | dict.fromkeys(FAILING, OVERLOADED)
    models = [{"id": f"{name}/{public}", "upstream_model": sent, "context_window": 128000, "max_output_tokens": 4096,
               "prices": PRICES} for public, sent in upstream.items()]
    models.append(models[0] | {"id": f"{name}/{FREE_INPUT}", "prices": {"input": "0", "output": PRICES["output"]}})
    return {"id": name, "dialect": dialect, "base_url": url, "api_key": f"${{{name.upper()}_KEY}}",
            "region": "eu-west", "models": models}


# What the independent mock says to the same questions; cached tokens it knows of OpenAI's dialect only.
def aimock_fixtures() -> list[dict]:
    def usage(output_tokens: int) -> dict:
        return {"usage": {"prompt_tokens": 45, "completion_tokens": output_tokens,
                          "total_tokens": 45 + output_tokens}}
    weather = {"userMessage": "weather", "toolName": "get_weather"}
    call = {"toolCalls": [{"name": "get_weather", "arguments": json.dumps(CALL_INPUT)}]} | usage(4)
    thought = {"reasoning": THOUGHT, "reasoningSignature": "c2lnbmVkIGJ5IGFpbW9jaw=="}
    return [
        {"match": {"userMessage": "Ada", "systemMessage": "Be brief."},
         "response": {"content": "system: Be brief. | user: Hello | assistant: Who is it? | user: Ada"} | usage(14)},
        {"match": weather | {"toolResultContains": "21 degrees"},
         "response": {"content": "It is 21 degrees there."} | usage(5)},
        {"match": weather | {"hasToolResult": False, "model": THINKER}, "response": call | thought},
        {"match": weather | {"hasToolResult": False}, "response": call},
        {"match": {"userMessage": "What do you see?"}, "response": {"content": "I see image/png."} | usage(3)},
        {"match": {"userMessage": "Who is it?"}, "response": {"content": PERSON} | usage(4)},
        {"match": {"userMessage": "Count"}, "response": {"content": COUNT} | usage(6)},
    ]


@contextmanager
def aimock():
    """Its URL, or None where it is not installed."""
    if sdk_node.missing("@copilotkit/aimock"):
        yield None
        return
    process = sdk_node.NodeProcess("aimock.mjs")
    try:
        yield process.ask(aimock_fixtures())["url"]
    finally:
        process.stop()


@contextmanager
def world(folder: Path):
    keys = {name: secrets.token_hex(16) for name in ("openai", "anthropic", "aimock")}
    with aimock() as mock_url, OpenAiProvider(keys["openai"]) as openai, \
            AnthropicProvider(keys["anthropic"]) as anthropic:
        providers = [provider_entry("openai", "openai", openai.url),
                     provider_entry("anthropic", "anthropic", anthropic.url)]
        if mock_url is not None:
            providers += [provider_entry("aimock-openai", "openai", mock_url + "/v1"),
                          provider_entry("aimock-anthropic", "anthropic", mock_url + "/v1")]
        for entry in providers[2:]:
            entry["api_key"] = "${AIMOCK_KEY}"
        config = write_config(folder / "tollgate.yaml", providers=providers)
        environment = {f"{name.upper()}_KEY": key for name, key in keys.items()}
        try:
            with Gateway(folder / "data", config, environment) as running:
                yield World(running, openai, anthropic)
        finally:
            sdk_node.NodeSdk.stop()


def settled_rows(gateway: Gateway, key: dict, count: int) -> list[dict]:
    """The key's rows, oldest first: as many as requests were answered, and nothing held any more."""
    rows = gateway.wait_for_rows(key, count)
    assert len(rows) == count, rows
    wait_for(lambda: not any(Decimal(limit["held"]) for limit in gateway.get_key(key["id"])["limits"]),
             what="the end of every hold")
    return rows[::-1]


def list_price(row: dict, written: int = 0) -> Decimal:
    """What a row costs at PRICES; `written` of its input went into a cache."""
    fresh = row["input_tokens"] - row["cached_input_tokens"] - written
    per_million = (fresh * Decimal(PRICES["input"]) + row["cached_input_tokens"] * Decimal(PRICES["cached_input"])
                   + written * Decimal(PRICES["cache_write"]) + row["output_tokens"] * Decimal(PRICES["output"]))
    return per_million / 1_000_000
