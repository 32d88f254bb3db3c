"""What the official SDKs make of a refusal: the exception that their users would catch for it, with our code
in it, and never a reset connection. By either header of a key, and under each path that clients know."""

import json

import pytest
from harness import wire
from harness.sdk_cases import refusals
from harness.sdk_world import FAILING, SDKS, settled_rows

CASES = ["malformed", "unknown", "disabled", "rotated-out", "revoked", "disallowed model", "management key"]
LIMIT = {"metric": "cost", "window": "month", "amount": "10"}
BY_AI_SDK = "AI_APICallError"  # its one class for what a server refuses
PATHS = {"openai": ["/v1", "/api/v1", "/v2/router", "/v3/router"], "anthropic": ["", "/api", "/api/v1/anthropic"]}
DIALECTS = ["openai", "anthropic"]

every_sdk = pytest.mark.parametrize("sdk", SDKS)
either_header = pytest.mark.parametrize("how", ["key", "header"])


@pytest.fixture(scope="module")
def cases(world):
    return {case.name: case for case in refusals(world.gateway)}


def asker(sdk: str):
    if SDKS[sdk].missing:
        pytest.skip(SDKS[sdk].missing)
    return SDKS[sdk].ask


def error_of(found: dict) -> tuple:
    assert "error" in found, found
    assert str(found["error"]["request_id"]).startswith("req_"), found
    return tuple(found["error"][name] for name in ("name", "status", "code"))


def wanted(sdk: str, name: str, status: int, code: str) -> tuple:
    return BY_AI_SDK if sdk.startswith("AI SDK") else name, status, code


@every_sdk
@either_header
def test_key_goes_in_either_header(world, sdk, how):
    key = world.gateway.create_key()
    found = asker(sdk)("chat", world.gateway.url, key["secret"], "sandbox/echo", how=how)
    assert found["text"] == "Ada"


@pytest.mark.parametrize("sdk, path", [(name, path) for name, sdk in SDKS.items() for path in PATHS[sdk.dialect]])
def test_sdk_works_under_each_path(world, sdk, path):
    key = world.gateway.create_key()
    for call in ("chat", "stream"):
        found = asker(sdk)(call, world.gateway.url, key["secret"], "sandbox/echo", prefix=path)
        assert found["text"] == "Ada", found
    assert len(settled_rows(world.gateway, key, 2)) == 2


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1", "/v2/router", "/v3/router", "/api/v1/anthropic/v1"])
def test_messages_and_their_count_stand_under_each_path(world, prefix):
    key = world.gateway.create_key()
    body = json.dumps({"model": "sandbox/echo", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]})
    for path, member in (("/messages", "stop_reason"), ("/messages/count_tokens", "input_tokens")):
        answer = world.gateway.request("POST", prefix + path, wire.json_headers(key["secret"]), body.encode())
        assert (answer.status, member in answer.json()) == (200, True)


@every_sdk
@either_header
@pytest.mark.parametrize("name", CASES)
def test_refused_key_is_the_right_exception(world, cases, sdk, how, name):
    case = cases[name]
    found = asker(sdk)("chat", world.gateway.url, case.secret, case.model, how=how)
    assert error_of(found) == wanted(sdk, case.error, case.status, case.code)


@every_sdk
def test_missing_key_is_an_authentication_error(world, sdk):
    found = asker(sdk)("chat", world.gateway.url, None, "sandbox/echo", how="none")
    assert error_of(found) == wanted(sdk, "AuthenticationError", 401, "missing_api_key")


@every_sdk
def test_unknown_model_is_a_bad_request(world, sdk):
    key = world.gateway.create_key(environment="production")
    found = asker(sdk)("chat", world.gateway.url, key["secret"], "nobody/knows-it")
    assert error_of(found) == wanted(sdk, "BadRequestError", 400, "invalid_model")


@pytest.mark.parametrize("sdk", [name for name in SDKS if not name.startswith("AI SDK")])  # these check it themselves
def test_body_without_messages_is_a_bad_request(world, sdk):
    key = world.gateway.create_key()
    found = asker(sdk)("bad_body", world.gateway.url, key["secret"], "sandbox/echo")
    assert error_of(found) == wanted(sdk, "BadRequestError", 400, "invalid_message_format")


@every_sdk
@pytest.mark.parametrize("call", ["chat", "stream"])
@pytest.mark.parametrize("limit, code", [
    ({"metric": "cost", "window": "month", "amount": "0.000000001"}, "limit_exceeded"),
    ({"metric": "tokens", "window": "day", "amount": 1}, "limit_exceeded"),
    ({"metric": "requests", "window": "60s", "amount": 1}, "rate_limit_exceeded")])
def test_limit_that_is_reached_is_a_rate_limit_error(world, sdk, call, limit, code):
    key = world.gateway.create_key(environment="production", limits=[limit])
    used_up = int(limit["metric"] == "requests")
    for _ in range(used_up):
        assert "error" not in asker(sdk)("chat", world.gateway.url, key["secret"], "openai/large")
    found = asker(sdk)(call, world.gateway.url, key["secret"], "openai/large")
    assert error_of(found) == wanted(sdk, "RateLimitError", 429, code)
    assert len(world.gateway.rows_of(key)) == used_up


@every_sdk
@pytest.mark.parametrize("provider", DIALECTS)
@pytest.mark.parametrize("call", ["chat", "stream"])
def test_request_that_the_provider_refuses_is_a_bad_request(world, sdk, provider, call):
    """Said in the caller's dialect, with the provider's own reason, and charged nothing."""
    key = world.gateway.create_key(environment="production", limits=[LIMIT])
    found = asker(sdk)(call, world.gateway.url, key["secret"], f"{provider}/refusing")
    assert error_of(found) == wanted(sdk, "BadRequestError", 400, "invalid_request")
    [row] = settled_rows(world.gateway, key, 1)
    assert (row["status"], row["cost"]) == (400, "0")


@pytest.mark.parametrize("provider", DIALECTS)
@pytest.mark.parametrize("sdk, model", zip(SDKS, FAILING))
def test_overloaded_provider_is_a_server_error(world, sdk, model, provider):
    key = world.gateway.create_key(environment="production", limits=[LIMIT])
    found = asker(sdk)("chat", world.gateway.url, key["secret"], f"{provider}/{model}")
    assert error_of(found) == wanted(sdk, "InternalServerError", 502, "provider_error")
    [row] = settled_rows(world.gateway, key, 1)
    assert (row["error_code"], row["cost"]) == ("provider_error", "0")
