"""Hard means hard, at full counts: a thousand requests at once on room for ten, again and again; budgets spent
to their end; a thousand honest streams; clients that leave in every phase."""

import time
from decimal import Decimal

import pytest
from harness import gateway as gateways
from harness.limit_streams import LEFT_SECONDS, PHASES, honest_streams, leave
from harness.limits import (COST_BOUND, Storm, assert_books_agree, cost, gateway_and_provider, limit_of, parallel,
                            production_key, spend_in_sequence, spend_with_clients, wait_idle)
from harness.load import percentile, scaled

RUNS = scaled(2, 100)
DELAY_MS = 400  # of the provider, in every other run
AT_ONCE = scaled(400, 1000)
BOUNDS = scaled(20, 1000)
STREAMS = scaled(200, 1000)
DISCONNECTS = scaled(6, 100)


@pytest.fixture
def pair(tmp_path, binary):
    """For each test its own: a provider's log is read whole, again and again."""
    with gateway_and_provider(tmp_path) as running:
        yield running


@pytest.mark.parametrize("kind", Storm.KINDS)
def test_exactly_ten_reach_the_provider_every_time(pair, kind):
    storm, refused, began = Storm(*pair, AT_ONCE), 0, time.monotonic()
    for run in range(RUNS):
        storm.delay_ms = 0 if run % 2 else DELAY_MS
        refused += len(getattr(storm, kind)())
    seconds = time.monotonic() - began
    print(f"\nnote: limits: {kind}: {RUNS} runs of {AT_ONCE} at once, {RUNS * Storm.ADMITTED} served, "
          f"{refused} refused, {seconds / RUNS:.1f} s each")
    assert refused == RUNS * (AT_ONCE - Storm.ADMITTED)


def assert_spent(gateway, provider, key: dict, least: Decimal) -> None:
    wait_idle(gateway, key)
    used, whole = Decimal(limit_of(gateway, key)["used"]), BOUNDS * COST_BOUND
    rows = assert_books_agree(gateway, provider, key)[key["id"]].rows
    print(f"\nnote: limits: {rows} requests at 1 % of their bound used {used / whole:.3%} of {BOUNDS} bounds")
    assert whole * min(least, Decimal(BOUNDS - 1) / BOUNDS) <= used <= whole


def test_one_client_spends_its_budget_to_the_end(pair):
    gateway, provider = pair
    key = production_key(gateway, cost(BOUNDS * COST_BOUND))
    _, refusal = spend_in_sequence(gateway, key, {"output": "1%"}, 101 * BOUNDS)
    assert (refusal.status, refusal.code) == (429, "limit_exceeded")
    assert_spent(gateway, provider, key, Decimal("0.99"))


def test_64_clients_that_retry_spend_their_budget(pair):
    gateway, provider = pair
    key = production_key(gateway, cost(BOUNDS * COST_BOUND))
    ends = spend_with_clients(gateway, key, 64, {"output": "1%"}, seconds=1800)
    assert {(getattr(end, "status", end), getattr(end, "code", "")) for end in ends} == {(429, "limit_exceeded")}
    assert_spent(gateway, provider, key, Decimal("0.95"))


def test_honest_streams_are_never_cut(pair):
    tokens = honest_streams(*pair, STREAMS)
    print(f"\nnote: limits: {STREAMS} honest streams, {tokens} tokens, none cut, none charged above its report")


@pytest.mark.parametrize("phase", PHASES)
def test_clients_that_leave_leave_one_right_row(pair, phase):
    gateway, provider = pair
    took = []
    for number in range(DISCONNECTS):
        key = production_key(gateway, cost("5"), parallel(3))
        took.append(leave(gateway, provider, key, phase, reset=number % 2 == 1))
        assert len(gateway.rows_of(key)) == 1
    print(f"\nnote: limits: {DISCONNECTS} clients left {phase}: provider closed after "
          f"{percentile(took, 0.5) * 1000:.1f} ms at p50, {percentile(took, 0.99) * 1000:.1f} ms at p99")
    if not gateways.is_sanitized():
        assert percentile(took, 0.99) <= LEFT_SECONDS
