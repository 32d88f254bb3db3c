"""POST /v1/responses beside what every SDK shows of it (test_sdk_matrix.py, test_sdk_refusals.py,
test_sdk_limits.py): who makes a response, what goes upstream, and what is refused by name."""

import json
import secrets
from decimal import Decimal

import pytest
from harness import wire
from harness.anthropic_provider import AnthropicProvider
from harness.gateway import Gateway, write_config
from harness.openai_provider import OpenAiProvider
from harness.sdk_questions import PNG
from harness.sdk_world import PRICES, settled_rows
from harness.talker import CACHED, DEAF, FRESH, OVERLOADED, REFUSING, WRITTEN

LIMIT = {"metric": "cost", "window": "month", "amount": "10"}
CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
# By id: its dialect, what it is told to do, and whether it has the path.
PROVIDERS = {"native": ("openai", "native", True), "asked": ("openai", "auto", True), "bare": ("openai", None, False),
             "bare2": ("openai", None, False), "told": ("openai", "translated", True),
             "claude": ("anthropic", None, None)}


def entry(name: str, dialect: str, responses: str | None, url: str) -> dict:
    models = [{"id": f"{name}/{model}", "upstream_model": model, "context_window": 10000, "max_output_tokens": 4096,
               "prices": PRICES} for model in ("large", DEAF)]
    # What fails first goes first: it is cheaper than anything.
    if name in ("bare2", "native"):
        broken = name == "bare2"
        models.append({"id": "both/large", "upstream_model": OVERLOADED if broken else "large",
                       "context_window": 10000, "max_output_tokens": 4096,
                       "prices": {"input": "1", "output": "1"} if broken else PRICES | {"input": "200"}})
    settings = {"id": name, "dialect": dialect, "base_url": url, "api_key": "${PROVIDER_KEY}", "region": "eu-west",
                "models": models}
    return settings | ({"responses": responses} if responses else {})


@pytest.fixture(scope="module")
def running(tmp_path_factory, binary):
    folder, key = tmp_path_factory.mktemp("responses"), secrets.token_hex(16)
    mocks = {}
    for name, (dialect, _, serves) in PROVIDERS.items():
        mocks[name] = (AnthropicProvider(key) if dialect == "anthropic" else OpenAiProvider(key)).start()
        mocks[name].serves_responses = serves
    config = write_config(folder / "tollgate.yaml", providers=[
        entry(name, dialect, told, mocks[name].url) for name, (dialect, told, _) in PROVIDERS.items()])
    with Gateway(folder / "data", config, {"PROVIDER_KEY": key}) as gateway:
        yield gateway, mocks
    for mock in mocks.values():
        mock.stop()
        assert mock.problems == []


@pytest.fixture
def served(running):
    gateway, mocks = running
    for mock in mocks.values():
        serves = mock.__dict__.get("serves_responses")
        mock.reset()
        mock.serves_responses = serves
    return gateway, mocks


def production(gateway, **more) -> dict:
    return gateway.create_key(environment="production", **({"limits": [LIMIT]} | more))


def ask(gateway, key, model: str, prefix: str = "/v1", **members):
    body = json.dumps({"model": model, "input": "Hello"} | members).encode()
    return gateway.request("POST", prefix + "/responses", wire.json_headers(key["secret"]), body)


def events_of(answer) -> list[dict]:
    """Named as their data are, and numbered one after another."""
    found = []
    for block in answer.body.decode().strip().split("\n\n"):
        name, data = block.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    return found


def text_of(response: dict) -> str:
    return "".join(part.get("text", "") for item in response["output"] for part in item.get("content", []))


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1", "/v2/router", "/v3/router"])
def test_responses_stand_under_each_path(running, prefix):
    gateway, _ = running
    answer = ask(gateway, gateway.create_key(), "sandbox/echo", prefix)
    assert (answer.status, text_of(answer.json())) == (200, "Hello")


def test_native_provider_gets_the_clients_bytes_with_its_members_spliced(served):
    gateway, mocks = served
    key = production(gateway, limits=[])
    body = b'{"model":"native/large", "input" : "Hello",\n "metadata":{"a":"\\u0041"},"route":{"region":"eu-west"}}'
    answer = gateway.request("POST", RESPONSES, wire.json_headers(key["secret"]), body)
    assert answer.status == 200, answer.body
    assert mocks["native"].requests[-1].body == \
        b'{"model":"large", "input" : "Hello",\n "metadata":{"a":"\\u0041"}}'
    assert mocks["native"].requests[-1].target == RESPONSES
    assert answer.json()["model"] == "native/large"


def test_limit_of_output_is_set_where_money_is_guarded(served):
    gateway, mocks = served
    key = production(gateway)
    for name in ("native", "told", "claude"):
        assert ask(gateway, key, f"{name}/large").status == 200
    assert mocks["native"].requests[-1].json()["max_output_tokens"] == 4096
    assert mocks["told"].requests[-1].json()["max_tokens"] == 4096
    assert mocks["claude"].requests[-1].json()["max_tokens"] == 4096
    assert ask(gateway, key, "native/large", max_output_tokens=7).status == 200
    assert mocks["native"].requests[-1].json()["max_output_tokens"] == 7


def test_provider_without_the_path_is_asked_for_a_chat_as_the_same_request(served):
    gateway, mocks = served
    key = production(gateway)
    answers = [ask(gateway, key, "bare/large"), ask(gateway, key, "bare/large", stream=True)]
    assert [answer.status for answer in answers] == [200, 200]
    assert text_of(answers[0].json()) == "user: Hello"
    assert events_of(answers[1])[-1]["type"] == "response.completed"
    # It was asked once, and never again.
    assert [received.target for received in mocks["bare"].requests] == [RESPONSES, CHAT, CHAT]
    first, second = settled_rows(gateway, key, 2)
    assert [(attempt["status"], Decimal(attempt["cost"]) > 0) for attempt in first["attempts"]] == \
        [(404, False), (200, True)]
    assert [attempt["status"] for attempt in second["attempts"]] == [200]
    assert first["status"] == 200 and Decimal(first["cost"]) == Decimal(first["attempts"][1]["cost"])


def test_provider_that_has_the_path_is_never_taken_for_one_without(served):
    """What it has not, is a model, or something that the request names."""
    gateway, mocks = served
    key = production(gateway, limits=[])
    assert ask(gateway, key, "asked/large").status == 200
    for members in ({}, {"previous_response_id": "resp_gone"}):
        mocks["asked"].serves_responses = False  # answers 404
        assert ask(gateway, key, "asked/large", **members).status == 404
        mocks["asked"].serves_responses = True
        assert ask(gateway, key, "asked/large").status == 200
    assert {received.target for received in mocks["asked"].requests} == {RESPONSES}


def answering(status: int, body) -> object:
    return lambda _, line: line.respond(status, {"Content-Type": "application/json"}, json.dumps(body).encode())


def test_missing_model_is_not_taken_for_a_missing_path(served):
    gateway, mocks = served
    for body in ({"error": {"message": "Model not found"}}, {"code": "DeploymentNotFound"}, "No such ENGINE"):
        name = f"spelled{len(json.dumps(body))}"
        gateway.admin_json("POST", "/admin/v1/providers", {
            "id": name, "base_url": mocks["asked"].url, "api_key": mocks["asked"].key, "allow_private": True,
            "models": [{"id": f"{name}/large", "upstream_model": "large", "prices": PRICES}]})
        key = production(gateway, limits=[])
        mocks["asked"].script = answering(404, body)
        assert ask(gateway, key, f"{name}/large").status == 404
        mocks["asked"].script = mocks["asked"].serve
        assert ask(gateway, key, f"{name}/large").status == 200
    assert {received.target for received in mocks["asked"].requests} == {RESPONSES}


def test_missing_path_is_learnt_by_a_chat_that_succeeds(served):
    """Not by the refusal alone, which one client's request may have caused."""
    gateway, mocks = served
    mock = mocks["asked"]
    gateway.admin_json("POST", "/admin/v1/providers", {
        "id": "doubted", "base_url": mock.url, "api_key": mock.key, "allow_private": True,
        "models": [{"id": f"doubted/{model}", "upstream_model": model, "prices": PRICES}
                   for model in ("large", REFUSING)]})
    key = production(gateway, limits=[])

    def serves(*paths):
        def script(received, line):
            if received.target in paths:
                return mock.serve(received, line)
            return answering(404, {"detail": "Not here"})(received, line)
        return script
    for members in ({}, {"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "file_gone"}]}]},
                    {"input": [{"role": "user", "content": "x", "file_ids": ["file_gone"]}]}):
        mock.script = serves()
        assert ask(gateway, key, "doubted/large", **members).status >= 400
    mock.script = serves(CHAT)
    assert ask(gateway, key, f"doubted/{REFUSING}").status == 400
    mock.requests.clear()
    for _ in range(2):
        assert ask(gateway, key, "doubted/large").status == 200
    assert [received.target for received in mock.requests] == [RESPONSES, CHAT, CHAT]
    # Known until that provider changes, whatever else does.
    mock.script = mock.serve
    gateway.admin_json("POST", "/admin/v1/providers", {
        "id": "another", "base_url": mock.url, "api_key": mock.key, "allow_private": True, "models": [
            {"id": "another/large", "upstream_model": "large", "prices": PRICES}]})
    assert ask(gateway, key, "doubted/large").status == 200
    gateway.admin_json("PATCH", "/admin/v1/providers/doubted", {"headers": {"X-Team": "one"}})
    assert ask(gateway, key, "doubted/large").status == 200
    assert [received.target for received in mock.requests[3:]] == [CHAT, RESPONSES]


@pytest.mark.parametrize("name", ["native", "told", "claude"])
def test_row_and_answer_say_the_same(served, name):
    gateway, _ = served
    key = production(gateway)
    answer = ask(gateway, key, f"{name}/large")
    streamed = events_of(ask(gateway, key, f"{name}/large", stream=True))
    for row, said in zip(settled_rows(gateway, key, 2), (answer.json(), streamed[-1]["response"])):
        usage = said["usage"]
        assert [usage["input_tokens"], usage["input_tokens_details"]["cached_tokens"], usage["output_tokens"]] == \
            [row["input_tokens"], row["cached_input_tokens"], row["output_tokens"]] == \
            [FRESH + CACHED + WRITTEN, CACHED, row["output_tokens"]]
        assert (row["metering"], row["status"], row["model"]) == ("reported", 200, f"{name}/large")
        assert text_of(said) == "user: Hello" and said["status"] == "completed"
        assert Decimal(usage.get("cost", row["cost"])) == Decimal(row["cost"]) > 0
    assert answer.header("X-Tollgate-Provider") == name


@pytest.mark.parametrize("name", ["native", "told", "claude"])
def test_stream_that_is_ended_at_its_bound_says_so_properly(served, name):
    gateway, _ = served
    key = production(gateway)
    events = events_of(ask(gateway, key, f"{name}/{DEAF}", stream=True, max_output_tokens=3))
    kinds = [event["type"].removeprefix("response.") for event in events]
    assert kinds == ["created", "in_progress", "output_item.added", "content_part.added", *["output_text.delta"] * 3,
                     "output_text.done", "content_part.done", "output_item.done", "incomplete"]
    last = events[-1]["response"]
    assert (last["status"], last["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert text_of(last) == "fourfourfour" and last["output"][0]["status"] == "incomplete"
    [row] = settled_rows(gateway, key, 1)
    assert (row["metering"], row["output_tokens"]) == ("counted", 3)
    assert last["usage"]["output_tokens"] == 3
    assert Decimal(last["usage"]["cost"]) == Decimal(row["cost"])


FOREIGN = [
    ({"previous_response_id": "resp_1"}, "previous_response_id"),
    ({"conversation": "conv_1"}, "conversation"),
    ({"prompt": {"id": "pmpt_1"}}, "prompt"),
    ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
    ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
]


@pytest.mark.parametrize("name", ["told", "claude"])
@pytest.mark.parametrize("members, param", FOREIGN)
def test_what_cannot_be_translated_is_refused_by_name(served, name, members, param):
    gateway, mocks = served
    key = production(gateway, limits=[])
    answer = ask(gateway, key, f"{name}/large", **members)
    assert (answer.status, answer.json()["error"]["code"], answer.json()["error"]["param"]) == \
        (400, "invalid_request", param)
    assert mocks[name].requests == []


def test_what_nobody_waits_for_is_refused_everywhere(served):
    gateway, mocks = served
    answer = ask(gateway, production(gateway), "native/large", background=True)
    assert (answer.status, answer.json()["error"]["param"]) == (400, "background")
    assert mocks["native"].requests == []


def test_hosted_tools_are_not_sold_where_money_is_guarded(served):
    gateway, mocks = served
    for members in ({"tools": [{"type": "web_search"}]}, {"prompt": {"id": "pmpt_1"}},
                    {"service_tier": "priority"}, {"context_management": [{"type": "compaction"}]}):
        answer = ask(gateway, production(gateway), "native/large", **members)
        assert (answer.status, answer.json()["error"]["code"]) == (403, "model_not_priced"), members
    assert mocks["native"].requests == []


def test_what_stands_at_the_provider_is_bound_by_the_whole_window(served):
    """The window of 10,000 tokens at the dearest input, 2.50 dollars a million, and 5 tokens at 10 dollars."""
    gateway, _ = served
    bound = Decimal("0.02505")
    enough = {"limits": [LIMIT | {"amount": str(bound)}]}
    too_little = {"limits": [LIMIT | {"amount": str(bound - Decimal("0.000000001"))}]}
    members = {"previous_response_id": "resp_1", "max_output_tokens": 5}
    assert ask(gateway, production(gateway, **enough), "native/large", **members).status == 200
    refused = ask(gateway, production(gateway, **too_little), "native/large", **members)
    assert (refused.status, refused.json()["error"]["code"]) == (429, "limit_exceeded")
    assert Decimal(refused.json()["error"]["details"]["bound"]) == bound
    # By value, the same conversation fits.
    assert ask(gateway, production(gateway, **too_little), "native/large", max_output_tokens=5).status == 200


def test_who_makes_responses_is_a_setting_of_the_api_too(served):
    gateway, mocks = served
    key = production(gateway, limits=[])
    made = gateway.admin_json("POST", "/admin/v1/providers", {
        "id": "mine", "base_url": mocks["asked"].url, "api_key": mocks["asked"].key, "allow_private": True,
        "responses": "translated", "models": [{"id": "mine/large", "upstream_model": "large", "prices": PRICES}]})
    assert made["responses"] == "translated"
    assert ask(gateway, key, "mine/large").status == 200
    assert gateway.admin_json("PATCH", "/admin/v1/providers/mine", {"responses": "native"})["responses"] == "native"
    assert ask(gateway, key, "mine/large").status == 200
    assert [received.target for received in mocks["asked"].requests] == [CHAT, RESPONSES]
    refused = gateway.admin("PATCH", "/admin/v1/providers/mine", {"dialect": "anthropic"})
    assert (refused.status, refused.json()["error"]["param"]) == (422, "responses")


def test_failover_goes_from_one_way_to_the_other(served):
    gateway, mocks = served
    key = production(gateway, limits=[])
    answer = ask(gateway, key, "both/large")
    assert (answer.status, text_of(answer.json())) == (200, "user: Hello"), answer.body
    assert answer.header("X-Tollgate-Provider") == "native"
    assert [received.target for received in mocks["bare2"].requests] == [RESPONSES, CHAT]
    [row] = settled_rows(gateway, key, 1)
    assert [attempt["status"] for attempt in row["attempts"]] == [404, 503, 200]


@pytest.mark.parametrize("name", ["native", "told", "claude"])
def test_client_that_leaves_is_charged_what_came(served, name):
    gateway, _ = served
    key = production(gateway, limits=[])
    body = json.dumps({"model": f"{name}/{DEAF}", "input": "Count", "stream": True}).encode()
    with gateway.connect() as connection:
        connection.send(wire.request_bytes("POST", RESPONSES, wire.json_headers(key["secret"]), body))
        assert connection.read_head().status == 200
        connection.read_until(b"four")
    [row] = gateway.wait_for_rows(key, 1)
    assert (row["error_code"], row["metering"]) == ("client_gone", "estimated")
    assert row["output_tokens"] > 0


def failing(*events: dict):
    def script(_, line):
        line.start_stream()
        for number, event in enumerate(events):
            line.send_chunk(f"event: {event['type']}\ndata: {json.dumps(event | {'sequence_number': number})}\n\n"
                            .encode())
        line.end_stream()
    return script


CREATED = {"type": "response.created", "response": {"id": "resp_1", "object": "response", "status": "in_progress",
                                                     "model": "large", "output": [], "usage": None}}
DELTA = {"type": "response.output_text.delta", "item_id": "m", "output_index": 0, "content_index": 0,
         "delta": "one two three four"}
FAILED = {"type": "response.failed", "response": {
    "id": "resp_1", "object": "response", "status": "failed", "model": "large", "output": [],
    "error": {"code": "server_error", "message": "It broke."},
    "usage": {"input_tokens": 11, "output_tokens": 7}}}


@pytest.mark.parametrize("events, tokens", [
    ([CREATED, DELTA, FAILED], [11, 7]), ([CREATED, DELTA, {"type": "error", "code": "x", "message": "y"}], None),
    ([CREATED, DELTA], None)])
def test_stream_that_fails_ends_with_an_error_and_is_charged(served, events, tokens):
    gateway, mocks = served
    mocks["native"].script = failing(*events)
    key = production(gateway)
    found = events_of(ask(gateway, key, "native/large", stream=True))
    assert [event["type"] for event in found] == ["response.created", "response.output_text.delta", "error"]
    assert found[-1]["code"] == found[-1]["error"]["code"] == "provider_error"
    [row] = settled_rows(gateway, key, 1)
    assert (row["error_code"], row["metering"]) == ("provider_error", "reported" if tokens else "interrupted")
    if tokens:
        assert [row["input_tokens"], row["output_tokens"]] == tokens


def test_whole_answer_that_failed_is_an_error_and_is_charged_as_reported(served):
    gateway, mocks = served
    mocks["native"].script = lambda _, line: line.respond(
        200, {"Content-Type": "application/json"}, json.dumps(FAILED["response"]).encode())
    key = production(gateway)
    answer = ask(gateway, key, "native/large")
    assert (answer.status, answer.json()["error"]["code"]) == (502, "provider_error")
    [row] = settled_rows(gateway, key, 1)
    assert [row["input_tokens"], row["output_tokens"]] == [11, 7]


def test_whole_answer_that_failed_is_charged_what_it_reports_whatever_a_client_sent(served):
    gateway, mocks = served
    echoed = {"metadata": {"usage": "x"}, "tools": [{"usage": {f"a{i}": {} for i in range(20_000)}}]}
    mocks["asked"].script = answering(200, FAILED["response"] | echoed)
    key = production(gateway)
    assert ask(gateway, key, "asked/large").status == 502
    [row] = settled_rows(gateway, key, 1)
    assert (row["metering"], row["input_tokens"], row["output_tokens"]) == ("reported", 11, 7)


def said_at_once(usage, text: str) -> tuple[dict, ...]:
    message = {"id": "m", "type": "message", "status": "completed", "role": "assistant",
               "content": [{"type": "output_text", "text": text, "annotations": []}]}
    return (CREATED, {"type": "response.output_item.done", "output_index": 0, "item": message},
            {"type": "response.completed", "response": CREATED["response"] | {
                "status": "completed", "output": [message], "usage": usage}})


@pytest.mark.parametrize("usage", [None, {"input_tokens": 0, "output_tokens": 0}])
def test_stream_that_says_its_text_at_once_is_charged_for_it(served, usage):
    gateway, mocks = served
    mocks["native"].script = failing(*said_at_once(usage, "four" * 5000))
    key = production(gateway, limits=[])
    assert events_of(ask(gateway, key, "native/large", stream=True))[-1]["type"] == "response.completed"
    [row] = settled_rows(gateway, key, 1)
    assert (row["metering"], row["output_tokens"]) == ("estimated", 1250)
    assert Decimal(row["cost"]) > 0


def test_stream_that_says_its_text_at_once_is_ended_at_its_bound(served):
    gateway, mocks = served
    mocks["native"].script = failing(*said_at_once({"input_tokens": 11, "output_tokens": 5000}, "four" * 5000))
    key = production(gateway)
    events = events_of(ask(gateway, key, "native/large", stream=True, max_output_tokens=100))
    assert events[-1]["type"] == "response.incomplete" and text_of(events[-1]["response"]) == ""
    [row] = settled_rows(gateway, key, 1)
    assert (row["metering"], row["output_tokens"]) == ("counted", 100)


def test_number_of_an_event_that_is_none_breaks_nothing(served):
    gateway, mocks = served

    def script(_, line):
        line.start_stream()
        line.send_chunk(b'data: {"type":"response.created","sequence_number":9223372036854775807,'
                        b'"response":{"id":"r","output":[]}}\n\n')
        line.close()
    mocks["asked"].script = script
    answer = ask(gateway, production(gateway), "asked/large", stream=True)
    last = json.loads(answer.body.decode().strip().split("data: ")[-1])
    assert (last["type"], last["sequence_number"]) == ("error", 1)


def test_hosted_tool_does_not_choose_a_model(served):
    gateway, mocks = served
    key = production(gateway, limits=[], models=["native/*"])
    answer = ask(gateway, key, "native/large", tools=[{"type": "image_generation", "model": "gpt-image-1"}])
    assert (answer.status, answer.json()["error"]["param"]) == (400, "tools[0].model")
    assert mocks["native"].requests == []


def test_image_is_counted_and_its_bytes_are_not(served):
    gateway, _ = served
    key = production(gateway)
    picture = [{"role": "user", "content": [{"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}]}]
    for name in ("native", "told", "claude"):
        answer = ask(gateway, key, f"{name}/large", input=picture)
        assert (answer.status, text_of(answer.json())) == (200, "I see image/png."), answer.body


def test_settings_of_a_request_stand_in_its_response(served):
    gateway, _ = served
    members = {"instructions": "Be brief.", "metadata": {"a": "b"}, "temperature": 0.5, "max_output_tokens": 99,
               "parallel_tool_calls": False, "tools": [{"type": "function", "name": "f", "parameters": {}}]}
    answer = ask(gateway, production(gateway), "told/large", **members).json()
    assert {name: answer[name] for name in members} == members
    assert (answer["object"], answer["store"], answer["id"][:5]) == ("response", False, "resp_")


@pytest.mark.parametrize("model, status, code", [
    ("sandbox/error-500", 502, "provider_error"), ("sandbox/error-429", 502, "provider_error")])
def test_faults_of_the_sandbox_are_errors(running, model, status, code):
    gateway, _ = running
    answer = ask(gateway, gateway.create_key(), model)
    assert (answer.status, answer.json()["error"]["code"]) == (status, code)


def test_stream_that_is_cut_ends_with_an_error_event(running):
    gateway, _ = running
    events = events_of(ask(gateway, gateway.create_key(), "sandbox/cut-stream", stream=True))
    assert events[0]["type"] == "response.created" and events[-1]["type"] == "error"
    assert events[-1]["error"]["code"] == "provider_error"
