"""Limits hold for whoever asks in Anthropic's dialect, and whichever dialect the provider speaks."""

import threading
from decimal import Decimal

import pytest
from harness.sdk_questions import QUESTIONS
from harness.sdk_world import FREE_INPUT, SDKS, settled_rows
from harness.talker import DEAF

ROOM = 8
REQUESTS = 24
BOUND = QUESTIONS["short"] * Decimal("0.00001")  # of the call "length" at FREE_INPUT
PYTHON = [name for name in SDKS if name.endswith("(Python)")]


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("sdk", PYTHON)
def test_budget_for_eight_serves_eight_of_many_at_once(world, sdk, provider):
    if SDKS[sdk].missing:
        pytest.skip(SDKS[sdk].missing)
    limit = {"metric": "cost", "window": "month", "amount": str(ROOM * BOUND)}
    key = world.gateway.create_key(environment="production", limits=[limit])
    start, found = threading.Barrier(REQUESTS), []

    def ask():
        start.wait()
        found.append(SDKS[sdk].ask("length", world.gateway.url, key["secret"], f"{provider}/{FREE_INPUT}"))

    threads = [threading.Thread(target=ask) for _ in range(REQUESTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    refused = [one["error"]["name"] for one in found if "error" in one]
    assert refused == ["RateLimitError"] * (REQUESTS - ROOM), found
    rows = settled_rows(world.gateway, key, ROOM)
    assert sum(Decimal(row["cost"]) for row in rows) == ROOM * BOUND
    [limit] = world.gateway.get_key(key["id"])["limits"]
    assert (Decimal(limit["used"]), Decimal(limit["remaining"])) == (ROOM * BOUND, 0)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("sdk", SDKS)
def test_provider_that_heeds_no_limit_costs_what_was_held_at_most(world, sdk, provider):
    """The stream ends at the limit, and the upstream with it: there is no next event to read."""
    if SDKS[sdk].missing:
        pytest.skip(SDKS[sdk].missing)
    key = world.gateway.create_key(environment="production", limits=[
        {"metric": "cost", "window": "month", "amount": "1"}])
    found = SDKS[sdk].ask("bounded", world.gateway.url, key["secret"], f"{provider}/{DEAF}")
    assert (found["text"], found["stop"]) == ("four" * QUESTIONS["short"], "length")
    [row] = settled_rows(world.gateway, key, 1)
    assert (row["output_tokens"], row["metering"]) == (QUESTIONS["short"], "counted")
