"""Streams are counted while they are relayed, and end at what was asked for (SPEC §5, rules 4 to 6): a
provider that ignores max_tokens is ended, and one that honours it never is."""

import json
from decimal import Decimal

import pytest
from harness.limits import cost, production_key
from harness.upstream import USAGE, chunk, endless, sse
from harness.wire import chat_body, json_headers

MODEL = "acme/large"
PROSE = ("It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of "
         "foolishness, it was the epoch of belief, it was the epoch of incredulity, extraordinarily so. ")
CODE = ("for (std::size_t i = 0; i < values.size(); ++i) {\n        if (values[i] == nullptr) return "
        "std::unexpected(Error{});\n                            total += *values[i];\n}\n")
CHINESE = "那是最美好的时代，那是最糟糕的时代；那是智慧的年头，那是愚昧的年头；那是信仰的时期，那是怀疑的时期。"
DATA = json.dumps({"names": ["a", "b"], "values": [1, 2.5, None, True], "nested": {"deep": {"deeper": []}}})


def stream(gateway, key, **more):
    return gateway.chat(key["secret"], chat_body(MODEL, stream=True, **more))


def contents(answer) -> list[str]:
    return [choice["delta"]["content"] for part in answer.chunk_objects() for choice in part["choices"]
            if choice["delta"].get("content")]


def tokens_of(text: str, count: int) -> list[str]:
    """As a tokenizer of words cuts it, repeated to `count` tokens: a word of up to 7 characters with the
    space before it, each Chinese character, each piece of punctuation; white space goes in one."""
    tokens, current = [], ""
    for character in text:
        joins = current and (character.isspace() == current.isspace() or current.isspace() and not
                             character.isspace() and character.isalnum()) and len(current) < 8 \
            and (character.isalnum() or character.isspace()) and character.isascii()
        if current and not joins:
            tokens.append(current)
            current = ""
        current += character
    tokens.append(current)
    return (tokens * (count // len(tokens) + 1))[:count]


def test_provider_that_ignores_max_tokens_is_ended_within_one_event(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    upstream.script = endless()
    answer = stream(gateway, key, max_tokens=20)
    assert contents(answer) == ["four"] * 20
    last = answer.chunk_objects()[-1]
    assert last["choices"] == [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "length"}]
    assert (last["id"], last["object"], last["created"], last["model"]) == \
        ("chatcmpl-upstream", "chat.completion.chunk", 1, MODEL)
    assert answer.events()[-1] == "[DONE]"
    assert upstream.script.closed.wait(1)
    [row] = gateway.rows_of(key)
    assert (row["metering"], row["status"], row["error_code"]) == ("counted", 200, None)
    assert row["output_tokens"] == 20 and row["input_tokens"] > 0 and Decimal(row["cost"]) > 0


def test_every_choice_is_ended_at_the_bound_of_all(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    upstream.script = endless(choices=3)
    answer = stream(gateway, key, max_tokens=5, n=3)
    assert contents(answer) == ["four"] * 15
    ended = [choice["index"] for part in answer.chunk_objects() for choice in part["choices"]
             if choice["finish_reason"] == "length"]
    assert ended == [0, 1, 2]


def test_usage_that_was_asked_for_ends_a_bounded_stream_with_its_cost(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    upstream.script = endless()
    answer = stream(gateway, key, max_tokens=4, stream_options={"include_usage": True})
    last = answer.chunk_objects()[-1]
    assert last["choices"] == [] and answer.events()[-1] == "[DONE]"
    [row] = gateway.rows_of(key)
    assert last["usage"]["completion_tokens"] == row["output_tokens"]
    assert Decimal(last["usage"]["cost"]) == Decimal(row["cost"])


def test_text_completion_ends_in_its_own_shape(acme, acme_key):
    gateway, upstream = acme
    upstream.script = endless()
    body = json.dumps({"model": MODEL, "prompt": "Once", "stream": True, "max_tokens": 3}).encode()
    answer = gateway.request("POST", "/v1/completions", json_headers(acme_key["secret"]), body)
    parts = answer.chunk_objects()
    assert "".join(part["choices"][0]["text"] for part in parts) == "four" * 3
    assert parts[-1]["choices"] == [{"index": 0, "text": "", "logprobs": None, "finish_reason": "length"}]
    assert parts[-1]["object"] == "text_completion"
    assert answer.events()[-1] == "[DONE]"


def test_echoed_prompt_is_not_output_that_was_not_allowed(acme, acme_key):
    gateway, upstream = acme

    def script(_, line):
        line.start_stream()
        for text in ["A prompt of many words, echoed first. "] * 20 + ["yes"]:
            line.send_event(chunk(choices=[{"index": 0, "text": text, "finish_reason": None}]))
        line.send_event("[DONE]")
        line.end_stream()

    upstream.script = script
    body = json.dumps({"model": MODEL, "prompt": "A prompt of many words, echoed first. " * 20, "stream": True,
                       "max_tokens": 1, "echo": True}).encode()
    answer = gateway.request("POST", "/v1/completions", json_headers(acme_key["secret"]), body)
    assert answer.chunk_objects()[-1]["choices"][0]["text"] == "yes"


@pytest.mark.parametrize("text", [PROSE, CODE, CHINESE, DATA], ids=["prose", "code", "chinese", "json"])
@pytest.mark.parametrize("per_delta", [1, 3, 40])
def test_honest_stream_that_uses_up_its_max_tokens_is_never_cut(acme, text, per_delta):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    tokens = tokens_of(text, 200)
    deltas = ["".join(tokens[at:at + per_delta]) for at in range(0, len(tokens), per_delta)]
    usage = USAGE | {"completion_tokens": len(tokens)}
    upstream.script = sse(*deltas, usage=usage)
    answer = stream(gateway, key, max_tokens=len(tokens))
    assert contents(answer) == deltas
    assert answer.chunk_objects()[-1]["choices"][0]["finish_reason"] == "stop"
    [row] = gateway.rows_of(key)
    assert (row["metering"], row["output_tokens"]) == ("reported", len(tokens))


def test_running_usage_is_believed_before_the_count(acme, acme_key):
    gateway, upstream = acme

    def script(_, line):
        line.start_stream()
        for count in range(1, 1000):
            line.send_event(chunk("x", usage={"prompt_tokens": 10, "completion_tokens": 10 * count}))
        line.wait_closed()

    upstream.script = script
    assert contents(stream(gateway, acme_key, max_tokens=30)) == ["x"] * 3


def test_report_above_max_tokens_is_charged_in_full_and_marked(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")
    upstream.script = sse("Hi", usage={"prompt_tokens": 10, "completion_tokens": 50})
    answer = stream(gateway, key, max_tokens=5, stream_options={"include_usage": True})
    assert answer.events()[-1] == "[DONE]"
    [row] = gateway.rows_of(key)
    assert (row["metering"], row["output_tokens"]) == ("overrun", 50)
    assert Decimal(row["cost"]) == Decimal("0.000525")


def test_cost_stands_in_the_usage_chunk_though_another_chunk_carries_the_usage(acme):
    gateway, upstream = acme
    key = gateway.create_key(environment="production")

    def script(_, line):
        line.start_stream()
        line.send_event(chunk("Hi", usage=USAGE))
        line.send_event("[DONE]")
        line.end_stream()

    upstream.script = script
    last = stream(gateway, key, stream_options={"include_usage": True}).chunk_objects()[-1]
    [row] = gateway.rows_of(key)
    assert last["choices"] == [] and Decimal(last["usage"]["cost"]) == Decimal(row["cost"])


def leave_before_the_head(_, upstream, __):
    upstream.wait_for_requests(1)


def leave_in_the_stream(client, _, events: int):
    client.read_head()
    seen = ""
    while seen.count("data: ") < events:
        seen += client.read_chunk().decode()


@pytest.mark.parametrize("events", [0, 1, 3])
def test_client_that_leaves_is_charged_each_event_that_was_produced(acme, events):
    gateway, upstream = acme
    body = chat_body(MODEL, max_tokens=100, stream=True)
    key = production_key(gateway, cost(1))

    def script(_, line):
        if events > 0:
            line.start_stream()
        for _ in range(events):
            line.send_event(chunk("four"))
        line.wait_closed()

    upstream.script = script
    with gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", json_headers(key["secret"]), body)
        (leave_in_the_stream if events else leave_before_the_head)(client, upstream, events)
    [row] = gateway.wait_for_rows(key, 1)
    assert (row["status"], row["metering"], row["output_tokens"]) == (499, "estimated", events)
    assert row["input_tokens"] == (len(body) + 3) // 4
    assert Decimal(row["cost"]) == row["input_tokens"] * Decimal("0.0000025") + events * Decimal("0.00001")


def test_python_sdk_reads_a_bounded_stream_as_a_whole_answer(acme, acme_key):
    openai = pytest.importorskip("openai", reason="the openai SDK (PyPI) is not installed")
    gateway, upstream = acme
    upstream.script = endless(choices=2)
    client = openai.OpenAI(base_url=gateway.url + "/v1", api_key=acme_key["secret"], max_retries=0)
    asked = {"model": MODEL, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 5, "n": 2}
    said, ended = ["", ""], []
    for part in client.chat.completions.create(**asked, stream=True):
        [choice] = part.choices
        said[choice.index] += choice.delta.content or ""
        ended += [(choice.index, choice.finish_reason)] if choice.finish_reason else []
    assert said == ["four" * 5] * 2 and ended == [(0, "length"), (1, "length")]
    # Its helper, which puts the stream together, says by this error that the answer is cut short.
    with pytest.raises(openai.LengthFinishReasonError) as raised, \
            client.chat.completions.stream(**asked) as events:
        events.get_final_completion()
    choices = raised.value.completion.choices
    assert [(choice.message.content, choice.finish_reason) for choice in choices] == [("four" * 5, "length")] * 2


def test_refused_provider_call_says_that_it_cost_nothing(acme, acme_key):
    gateway, upstream = acme
    upstream.script = lambda _, line: line.respond(500, {}, b"{}")
    answer = gateway.chat(acme_key["secret"], chat_body(MODEL))
    assert answer.status == 502 and answer.header("X-Tollgate-Cost") == "0"
