"""Streams under limits: an honest one is never cut, one that ignores max_tokens is ended at its bound, and
whoever goes away, at whatever moment, leaves one right row and no hold."""

import threading
from decimal import Decimal

import pytest
from harness import gateway as gateways
from harness import wire
from harness.burst import burst
from harness.gateway import wait_for
from harness.limits import (COST_BOUND, FREE_INPUT, MAX_TOKENS, PRICED, STORMY, act_for, ask, assert_books_agree, body_of,
                            bytes_of, cost, limit_of, new_workspace, parallel, production_key, wait_idle,
                            workspace_of)
from harness.limit_streams import (LEFT_SECONDS, PHASES, TOKEN_COST, contents_of, counted, finish_reasons,
                                   honest_streams, leave)
from harness.recording_provider import TOKENS, tokens_of

DISCONNECTS = 5  # per phase; script/soak limits takes many


def test_honest_stream_that_uses_up_its_max_tokens_is_never_cut(recorded):
    honest_streams(*recorded, 120)


# A provider that ignores max_tokens.

def assert_ended_at_bound(gateway, provider, act, answer, per_event: int, most: int) -> dict:
    sent = tokens_of(act, act.output)
    events = ["".join(sent[at:at + per_event]) for at in range(0, len(sent), per_event)]
    fits = max(number for number in range(len(events) + 1) if counted(events[:number]) <= most)
    assert contents_of(answer) == events[:fits]  # within one event of the bound, and never past it
    assert finish_reasons(answer) == ["length"]
    assert answer.events()[-1] == "[DONE]"
    [end] = provider.wait_for_ends(1, act.key)
    assert end["how"] == "left"
    [row] = gateway.wait_for_rows({"id": act.key, "name": act.key}, 1)
    # The event that went past it was produced too: the bound is used up, and not one token more is charged.
    assert row["metering"] == "counted" and row["output_tokens"] == most
    return row


@pytest.mark.parametrize("per_event", [1, 7])
@pytest.mark.parametrize("text", list(TOKENS))
def test_stream_past_its_max_tokens_is_ended_with_length(recorded, text, per_event):
    gateway, provider = recorded
    key = production_key(gateway, cost("1"))
    act = act_for(key, output=2000, text=text, per_event=per_event, pace_ms=1)
    answer = ask(gateway, key, act, max_tokens=40, stream=True)
    row = assert_ended_at_bound(gateway, provider, act, answer, per_event, 40)
    assert Decimal(row["cost"]) <= 40 * TOKEN_COST
    wait_idle(gateway, key)
    assert Decimal(limit_of(gateway, key)["used"]) == Decimal(row["cost"])


def test_stream_past_the_max_tokens_that_was_filled_in_is_ended_within_the_budget(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost(20 * TOKEN_COST, "lifetime"))
    act = act_for(key, output=2000, pace_ms=1)
    answer = ask(gateway, key, act, max_tokens=None, stream=True)
    row = assert_ended_at_bound(gateway, provider, act, answer, 1, 20)
    wait_idle(gateway, key)
    limit = limit_of(gateway, key)
    assert Decimal(limit["used"]) == Decimal(row["cost"]) <= Decimal(limit["amount"])


def test_ended_stream_shows_its_usage_to_who_asked_for_it(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost("1"))
    act = act_for(key, output=2000, pace_ms=1)
    answer = ask(gateway, key, act, max_tokens=40, stream=True, stream_options={"include_usage": True})
    row = assert_ended_at_bound(gateway, provider, act, answer, 1, 40)
    last = answer.chunk_objects()[-1]
    assert last["choices"] == [] and last["usage"]["completion_tokens"] == row["output_tokens"]
    assert [part for part in answer.chunk_objects() if part["choices"] == []] == [last]


def test_running_usage_is_believed_before_any_count(recorded):
    """Ten tokens in an event of a few bytes: only the provider's own figure tells."""
    gateway, provider = recorded
    key = production_key(gateway, cost("1"))
    act = act_for(key, output=2000, text="chinese", per_event=10, usage="running", pace_ms=1)
    answer = ask(gateway, key, act, max_tokens=40, stream=True)
    assert len(contents_of(answer)) == 4 and finish_reasons(answer) == ["length"]
    [row] = gateway.wait_for_rows(key, 1)
    assert 40 <= row["output_tokens"] <= 50
    wait_idle(gateway, key)


def test_stream_of_an_unguarded_key_is_not_cut_without_a_bound(recorded):
    """Nothing was reserved and nothing asked for: there is no bound to end it at."""
    gateway, _ = recorded
    key = production_key(gateway)
    answer = ask(gateway, key, act_for(key, output=500), max_tokens=None, stream=True)
    assert len(contents_of(answer)) == 500 and finish_reasons(answer) == ["stop"]


def test_official_sdk_parses_a_stream_that_was_ended(recorded):
    openai = pytest.importorskip("openai", reason="the openai SDK (PyPI) is not installed")
    gateway, _ = recorded
    key = production_key(gateway, cost("1"))
    client = openai.OpenAI(base_url=gateway.url + "/v1", api_key=key["secret"], max_retries=0)
    for more in ({}, {"stream_options": {"include_usage": True}}):
        act = act_for(key, output=2000, pace_ms=1)
        chunks = list(client.chat.completions.create(model=FREE_INPUT, max_tokens=40, stream=True,
                                                     messages=[{"role": "user", "content": act.prompt()}], **more))
        with_choices = [chunk for chunk in chunks if chunk.choices]
        assert with_choices[-1].choices[0].finish_reason == "length"
        assert len("".join(chunk.choices[0].delta.content or "" for chunk in with_choices)) > 40
        assert (chunks[-1].usage is not None) == bool(more)


def test_official_sdk_gives_a_limit_its_own_exception_and_reads_its_body(recorded):
    openai = pytest.importorskip("openai", reason="the openai SDK (PyPI) is not installed")
    gateway, _ = recorded
    key = production_key(gateway, cost(0))
    client = openai.OpenAI(base_url=gateway.url + "/v1", api_key=key["secret"], max_retries=2)
    with pytest.raises(openai.RateLimitError) as refused:
        client.chat.completions.create(model=FREE_INPUT, messages=[{"role": "user", "content": "Hello"}])
    assert refused.value.code == "limit_exceeded" and refused.value.body["details"]["metric"] == "cost"
    assert gateway.get_key(key["id"])["request_count"] == 1  # x-should-retry: false was heard


# Clients that go away.

@pytest.mark.parametrize("phase", PHASES)
def test_client_that_leaves_closes_the_provider_and_leaves_one_right_row(recorded, phase):
    gateway, provider = recorded
    took = []
    for number in range(DISCONNECTS):
        key = production_key(gateway, cost("5"), parallel(3))
        took.append(leave(gateway, provider, key, phase, reset=number % 2 == 1))
        assert len(gateway.rows_of(key)) == 1
    assert sorted(took)[len(took) // 2] <= LEFT_SECONDS, took
    if not gateways.is_sanitized():
        assert max(took) <= LEFT_SECONDS, took


def test_client_that_leaves_while_it_sends_leaves_no_row_and_no_hold(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost("1"), parallel(1))
    data = bytes_of(key, act_for(key))
    for cut in (10, len(data) // 2, len(data) - 1):
        client = gateway.connect()
        client.send(data[:cut])
        client.close()
    assert ask(gateway, key).status == 200
    assert len(gateway.rows_of(key)) == 1 and len(provider.requests(key["id"])) == 1


def test_client_that_leaves_while_it_waits_for_room_leaves_no_row_and_its_place(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost(COST_BOUND * Decimal("1.5")))
    with gateway.connect() as first:
        first.send(bytes_of(key, act_for(key, gate="room", output=10)))
        provider.wait_for_requests(1, key["id"])
        waiting = [gateway.connect() for _ in range(5)]
        for client in waiting:
            client.send(bytes_of(key, act_for(key)))
        for client in waiting:
            client.close()
        provider.release("room")
        assert first.read_answer().status == 200
    assert ask(gateway, key, act_for(key, output=10)).status == 200
    wait_idle(gateway, key)
    # Whoever had been admitted before it was known to be gone was sent and stands in both books.
    assert_books_agree(gateway, provider, key)
    assert Decimal(limit_of(gateway, key)["used"]) <= COST_BOUND * Decimal("1.5")


def test_wait_for_room_ends_when_its_client_leaves(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost(COST_BOUND * Decimal("1.5")))
    with gateway.connect() as first:
        first.send(bytes_of(key, act_for(key, gate="room-for-nobody")))
        provider.wait_for_requests(1, key["id"])
        with gateway.connect() as waiting:
            waiting.send(bytes_of(key, act_for(key)))
        # Not after the two seconds that it may last.
        wait_for(lambda: gateway.get_key(key["id"])["error_count"] == 1, 1.5, "the end of its wait")
        provider.release("room-for-nobody")
        assert first.read_answer().status == 200
    wait_idle(gateway, key)
    assert len(provider.requests(key["id"])) == len(gateway.rows_of(key)) == 1


def test_client_that_leaves_after_the_end_is_billed_as_reported(recorded):
    gateway, provider = recorded
    key = production_key(gateway, cost("1"))
    for stream in (None, True):
        client = gateway.connect()
        client.send(bytes_of(key, act_for(key), stream=stream))
        client.read_answer()
        client.close()
    assert [row["metering"] for row in gateway.wait_for_rows(key, 2)] == ["reported"] * 2
    assert_books_agree(gateway, provider, key)


def test_many_clients_that_leave_at_once_leave_no_hold(recorded):
    """100 streams on a prepaid workspace, all dropped in one moment."""
    gateway, provider = recorded
    workspace = new_workspace(gateway, grant="5")
    key = production_key(gateway, cost("5"), parallel(100), workspace=workspace["id"])
    clients = [gateway.connect() for _ in range(100)]
    for client in clients:
        client.send(bytes_of(key, act_for(key, hang="stream"), stream=True))
    provider.wait_for_requests(100, key["id"])
    for client in clients:
        client.close()
    wait_for(lambda: limit_of(gateway, key, "concurrency")["held"] == 0, what="the end of every request")
    wait_idle(gateway, key, workspace=workspace)
    rows = gateway.rows_of(key)
    assert len(rows) == 100 and {row["status"] for row in rows} == {499}
    balance = workspace_of(gateway, workspace)["balance"]
    assert Decimal(balance["charged"]) == sum(Decimal(row["charged"]) for row in rows)
    assert_books_agree(gateway, provider, key)


# Providers that fail.

@pytest.mark.parametrize("status", [429, 500, 503])
def test_storm_of_provider_errors_costs_and_holds_nothing(recorded, status):
    gateway, provider = recorded
    workspace = new_workspace(gateway, cost("1", "day"), grant="1")
    key = production_key(gateway, cost("1"), workspace=workspace["id"])
    asked = [bytes_of(key, act_for(key, status=status), STORMY[status], stream=number % 2 == 0 or None)
             for number in range(150)]
    answers = burst(gateway.address, asked)
    assert {answer.status for answer in answers} <= {502, 503}
    wait_idle(gateway, key, workspace=workspace)
    rows = gateway.rows_of(key)
    admitted = [answer for answer in answers if answer.status == 502]
    assert len(admitted) >= 5 and len(admitted) <= len(rows) <= 150  # once it is down, none is admitted
    assert {Decimal(row["cost"]) for row in rows} == {0}
    assert Decimal(limit_of(gateway, key)["used"]) == 0
    assert Decimal(workspace_of(gateway, workspace)["balance"]["available"]) == 1
    assert_books_agree(gateway, provider, key)


@pytest.mark.parametrize("fault, metering", [({"drop": "reset"}, "interrupted"), ({"cut_after": 3}, "interrupted")])
def test_lost_provider_is_charged_what_it_may_have_used(recorded, fault, metering):
    gateway, provider = recorded
    key = production_key(gateway, cost("1"))
    act = act_for(key, **fault)
    with gateway.connect() as client:
        client.send(bytes_of(key, act, PRICED, stream=True))
        try:
            client.read_answer()
        except (EOFError, ConnectionResetError):
            pass  # a stream that has begun can only be cut
    [row] = gateway.wait_for_rows(key, 1)
    assert row["metering"] == metering
    least = -(-len(body_of(act, PRICED, stream=True)) // 4) * Decimal("0.0000025")
    assert least <= Decimal(row["cost"]) <= least + 3 * TOKEN_COST
    wait_idle(gateway, key)
    assert Decimal(limit_of(gateway, key)["used"]) == Decimal(row["cost"])


def test_gateway_that_aborts_a_revoked_key_settles_its_streams(recorded):
    gateway, provider = recorded
    workspace = new_workspace(gateway, grant="5")
    key = production_key(gateway, cost("5"), workspace=workspace["id"])
    clients = [gateway.connect() for _ in range(10)]
    for client in clients:
        client.send(bytes_of(key, act_for(key, hang="stream"), PRICED, stream=True))
    answers = [client.read_head() for client in clients]
    for client in clients:
        client.read_event()
    done = threading.Event()

    def revoke() -> None:
        gateway.admin_json("DELETE", f"/admin/v1/keys/{key['id']}?abort_inflight=true&workspace={workspace['id']}")
        done.set()

    threading.Thread(target=revoke).start()
    for client, answer in zip(clients, answers):
        try:
            client.read_body(answer)
        except (EOFError, ConnectionResetError):
            pass  # as good an end
        assert b"[DONE]" not in b"".join(answer.chunks)
        client.close()
    assert done.wait(wire.WAIT_SECONDS)
    assert len(gateway.wait_for_rows(key, 10)) == 10
    wait_idle(gateway, workspace=workspace)
    assert all(Decimal(row["charged"]) > 0 for row in gateway.rows_of(key))
    assert_books_agree(gateway, provider, key)
