"""What the tests of limited streams share: how a stream is counted, a thousand honest ones, and clients that
leave in every phase of an answer."""

import time
from decimal import Decimal

from . import wire
from .burst import burst
from .limits import (COST_BOUND, MAX_TOKENS, PRICED, act_for, assert_books_agree, body_of, bytes_of, cost, limit_of,
                     production_key, wait_idle)
from .recording_provider import TOKENS, tokens_of

LEFT_SECONDS = 0.1  # from a client's leaving to the closed upstream
TOKEN_COST = COST_BOUND / MAX_TOKENS
AT_ONCE = 250


def contents_of(answer: wire.Answer) -> list[str]:
    return [choice["delta"]["content"] for part in answer.chunk_objects() for choice in part["choices"]
            if choice["delta"].get("content")]


def finish_reasons(answer: wire.Answer) -> list[str]:
    return [choice["finish_reason"] for part in answer.chunk_objects() for choice in part["choices"]
            if choice.get("finish_reason")]


def counted(contents: list[str]) -> int:
    """Rule 4's count of what was streamed."""
    size = sum(len(content.encode()) for content in contents)
    return max(min(len(contents), size // 4), size // 16)


def honest_streams(gateway, provider, count: int) -> int:
    """So many streams, in four kinds of text and cut into events in several ways, each of exactly its
    max_tokens. The number of tokens that went through."""
    key = production_key(gateway, cost("1000"))
    acts, asked = [], []
    for number in range(count):
        act = act_for(key, text=list(TOKENS)[number % 4], per_event=(1, 3, 8, 1, 25)[number // 4 % 5])
        acts.append((act, 40 + number % 211))
        shown = {"stream_options": {"include_usage": True}} if number % 3 == 0 else {}
        asked.append(bytes_of(key, act, max_tokens=acts[-1][1], stream=True, **shown))
    answers = [answer for at in range(0, count, AT_ONCE)
               for answer in burst(gateway.address, asked[at:at + AT_ONCE])]
    for (act, most), answer in zip(acts, answers):
        assert answer is not None and answer.status == 200
        assert "".join(contents_of(answer)) == "".join(tokens_of(act, most))
        assert finish_reasons(answer) == ["stop"] and answer.events()[-1] == "[DONE]"
    rows = {row["request_id"]: row for row in gateway.rows_of(key)}
    for act, most in acts:
        row = rows[act.mark]
        assert (row["metering"], row["flags"], row["output_tokens"]) == ("reported", "", most)
        assert Decimal(row["cost"]) == most * TOKEN_COST
    wait_idle(gateway, key)
    total = sum(most for _, most in acts)
    assert Decimal(limit_of(gateway, key)["used"]) == total * TOKEN_COST
    assert_books_agree(gateway, provider, key)
    return total


PHASES = {
    "before the provider answers": ({"hang": "head"}, {}),
    "before the provider answers a stream": ({"hang": "head"}, {"stream": True}),
    "while an answer is made": ({"gate": "never"}, {}),
    "after the first event": ({"hang": "stream", "per_event": 8}, {"stream": True}),
    "in the middle of a stream": ({"pace_ms": 5, "output": 4000}, {"stream": True, "max_tokens": 4000}),
    "in a stream without usage": ({"pace_ms": 5, "output": 4000, "usage": "absent"},
                                  {"stream": True, "max_tokens": 4000}),
}


def leave(gateway, provider, key: dict, phase: str, reset: bool) -> float:
    """One client that leaves in that phase: seconds until the provider saw its connection closed."""
    settings, members = PHASES[phase]
    act = act_for(key, **settings)
    client = gateway.connect()
    client.send(bytes_of(key, act, PRICED, **members))
    if "event" in phase or "middle" in phase or "usage" in phase:
        client.read_head()
        for _ in range(1 if "event" in phase else 10):
            client.read_event()
    else:
        provider.wait_for_requests(1, key["id"])
    left = time.monotonic()
    (client.reset if reset else client.close)()
    [end] = provider.wait_for_ends(1, key["id"])
    assert end["how"] == "left"
    [row] = gateway.wait_for_rows(key, 1)
    assert row["status"] == 499
    estimated_input = -(-len(body_of(act, PRICED, **members)) // 4)
    assert row["metering"] in ("estimated", "interrupted") and row["input_tokens"] == estimated_input
    if "stream" in members and "answers" not in phase:
        assert 0 < row["output_tokens"] <= members.get("max_tokens", MAX_TOKENS)
    else:
        assert row["output_tokens"] == 0
    assert Decimal(row["cost"]) == estimated_input * Decimal("0.0000025") + row["output_tokens"] * TOKEN_COST
    wait_idle(gateway, key)
    assert Decimal(limit_of(gateway, key)["used"]) == Decimal(row["cost"])
    return end["at"] - left
