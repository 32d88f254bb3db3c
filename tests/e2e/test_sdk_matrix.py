"""The official SDKs, unmodified, against every dialect of a provider (harness/sdk_matrix.py): each cell of
docs/compatibility.md. Whatever was asked, the books are right afterwards."""

from decimal import Decimal

import pytest
from harness import sdk_node
from harness.sdk_matrix import CELLS, FEATURES, SANDBOX, SANDBOX_MODELS
from harness.sdk_questions import QUESTIONS
from harness.sdk_world import SDKS, list_price, settled_rows
from harness.talker import CACHED, FRESH, WRITTEN

LIMIT = {"metric": "cost", "window": "month", "amount": "10"}


def need_installed(sdk: str, provider: str) -> None:
    reason = SDKS[sdk].missing
    if provider.startswith("aimock"):
        reason = reason or sdk_node.missing("@copilotkit/aimock")
    if reason:
        pytest.skip(reason)


def named(cell: tuple) -> str:
    return "-".join(part.replace(" ", "").replace(",", "") for part in cell)


@pytest.mark.parametrize("cell", CELLS, ids=named)
def test_sdk_works_with_provider(world, cell, compatibility):
    sdk, feature, provider = cell
    need_installed(sdk, provider)
    asked, gateway = FEATURES[feature], world.gateway
    sandboxed = provider == "sandbox"
    expected = dict(SANDBOX[feature] if sandboxed else asked.expected)
    model = f"{provider}/{SANDBOX_MODELS.get(feature, 'echo') if sandboxed else asked.model}"
    key = gateway.create_key(environment="sandbox" if sandboxed else "production", limits=[LIMIT])

    found = SDKS[sdk].ask(feature, gateway.url, key["secret"], model)

    assert {name: found.get(name) for name in expected} == expected, found
    assert found.get("model", model) == model
    if feature == "stream" and not sandboxed:
        assert found["deltas"] > 1
    rows = settled_rows(gateway, key, asked.requests)
    assert_rows_are_right(rows, found, feature, provider, model)
    compatibility.works(*cell)


def assert_rows_are_right(rows: list[dict], found: dict, feature: str, provider: str, model: str) -> None:
    streamed = feature in ("stream", "tools_streamed", "bounded")
    for row in rows:
        assert (row["status"], row["error_code"], row["streamed"]) == (200, None, streamed)
        assert (row["model"], row["provider"]) == (model, provider)
        assert row["metering"] == ("reported" if feature != "bounded" else "counted"), row
        assert Decimal(row["cost"]) > 0
    tokens = [rows[-1][name] for name in ("input_tokens", "cached_input_tokens", "output_tokens")]
    if found.get("usage"):
        assert tokens == found["usage"]
    if feature == "bounded":
        assert tokens[2] == QUESTIONS["short"]
    for row in rows if provider != "sandbox" and feature != "bounded" else []:
        cached = 0 if provider.startswith("aimock") else CACHED
        assert (row["input_tokens"], row["cached_input_tokens"]) == (FRESH + CACHED + WRITTEN, cached)
        assert Decimal(row["cost"]) == list_price(row, WRITTEN if provider == "anthropic" else 0)


ANTHROPIC_SDKS = [name for name in SDKS if name.startswith(("anthropic", "@anthropic"))]


@pytest.mark.parametrize("provider", ["openai", "anthropic", "sandbox"])
@pytest.mark.parametrize("sdk", ANTHROPIC_SDKS)
def test_tokens_are_counted_before_a_message_is_sent(world, sdk, provider):
    """By the provider where it can; else estimated. Counting costs nothing."""
    need_installed(sdk, provider)
    gateway = world.gateway
    key = gateway.create_key(environment="sandbox" if provider == "sandbox" else "production", limits=[LIMIT])
    model = "sandbox/echo" if provider == "sandbox" else f"{provider}/large"
    counted = SDKS[sdk].ask("count_tokens", gateway.url, key["secret"], model)
    if provider == "anthropic":
        assert counted == {"input_tokens": FRESH + CACHED + WRITTEN}
    else:
        assert counted["input_tokens"] > 0
    assert sum(Decimal(row["cost"]) for row in gateway.rows_of(key)) == 0
