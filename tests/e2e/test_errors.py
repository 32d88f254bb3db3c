"""Every refusal a caller can meet before a provider is asked: its status, code, type, envelope and
headers (the table of errors), and that it leaves no usage row."""

import json
import re

import pytest
from harness import gateway as gateways
from harness import wire
from harness.wire import bearer, chat_body, json_headers

CHAT = "/v1/chat/completions"
ENVELOPE = {"message", "type", "code", "param", "request_id", "doc_url", "details"}


def expect(answer, status: int, code: str, kind: str) -> dict:
    assert (answer.status, answer.code) == (status, code), answer.body
    assert answer.error.keys() == ENVELOPE
    assert answer.error["type"] == kind
    assert answer.error["message"]
    assert answer.header("Content-Type").startswith("application/json")
    assert answer.header("X-Request-Id") == answer.error["request_id"]
    return answer.error


@pytest.fixture(scope="module")
def key(sandbox_key):
    return sandbox_key["secret"]


def unknown_token(secret: str) -> str:
    """A token of an earlier prefix: no checksum is asked of it, so it is looked up, and not found."""
    return "old-" + secret[6:]


def test_no_key_is_401_missing(gateway):
    expect(gateway.request("POST", CHAT, {"Content-Type": "application/json"}, chat_body()),
           401, "missing_api_key", "authentication_error")


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer two words", "nonsense"])
def test_malformed_authorization_is_401(gateway, value):
    answer = gateway.request("POST", CHAT, {"Authorization": value, "Content-Type": "application/json"}, chat_body())
    assert answer.status == 401
    expect(answer, 401, answer.code, "authentication_error")
    assert answer.code in ("invalid_api_key", "missing_api_key")


def test_wrong_checksum_is_401_invalid(gateway, key):
    other = "a" if key[-1] != "a" else "b"
    expect(gateway.chat(key[:-1] + other), 401, "invalid_api_key", "authentication_error")


def test_unknown_token_is_401_invalid(gateway, key):
    expect(gateway.chat(unknown_token(key)), 401, "invalid_api_key", "authentication_error")


def test_revoked_key_is_401_expired(gateway):
    made = gateway.create_key()
    gateway.revoke(made["id"])
    expect(gateway.chat(made["secret"]), 401, "expired_api_key", "authentication_error")


def test_disabled_key_is_401_disabled(gateway):
    made = gateway.create_key(enabled=False)
    expect(gateway.chat(made["secret"]), 401, "disabled_api_key", "authentication_error")


@pytest.mark.parametrize("name", ["x-api-key", "api-key", "x-goog-api-key", "X-API-KEY"])
def test_key_is_taken_from_each_header(gateway, key, name):
    answer = gateway.request("POST", CHAT, {name: key, "Content-Type": "application/json"}, chat_body())
    assert answer.status == 200


def test_same_key_in_two_headers_is_one_credential(gateway, key):
    assert gateway.chat(key, **{"x-api-key": key}).status == 200


def test_two_different_credentials_are_401(gateway, key):
    other = gateway.create_key()["secret"]
    expect(gateway.chat(key, **{"x-api-key": other}), 401, "invalid_api_key", "authentication_error")
    twice = [("Authorization", f"Bearer {key}"), ("Authorization", f"Bearer {other}"),
             ("Content-Type", "application/json")]
    assert gateway.request("POST", CHAT, twice, chat_body()).status in (400, 401)


@pytest.mark.parametrize("query", ["?key={}", "?api_key={}", "?x=1&anything={}", "?k=Bearer%20{}"])
def test_key_in_the_url_is_400_even_beside_a_good_header(gateway, key, query):
    expect(gateway.request("GET", "/v1/models" + query.format(key), bearer(key)),
           400, "api_key_in_url", "invalid_request_error")
    assert key not in gateway.log


def test_model_outside_the_allow_list_is_403(gateway):
    made = gateway.create_key(models=["sandbox/echo"])
    answer = gateway.chat(made["secret"], chat_body("sandbox/lorem"))
    expect(answer, 403, "model_not_allowed", "permission_error")
    assert answer.header("x-should-retry") == "false"


def test_wildcard_allows_what_it_covers(gateway):
    made = gateway.create_key(models=["sandbox/e*"])
    assert gateway.chat(made["secret"]).status == 200
    assert gateway.chat(made["secret"], chat_body("sandbox/lorem")).code == "model_not_allowed"


def test_production_key_never_calls_the_sandbox(gateway):
    made = gateway.create_key(environment="production")
    expect(gateway.chat(made["secret"]), 403, "model_not_allowed", "permission_error")


def test_unknown_model_is_400_for_a_production_key(gateway):
    made = gateway.create_key(environment="production")
    expect(gateway.chat(made["secret"], chat_body("nobody/nothing")), 400, "invalid_model", "invalid_request_error")


def test_ordinary_model_is_simulated_for_a_sandbox_key(gateway, key):
    answer = gateway.chat(key, chat_body("openai/gpt-4o"))
    assert answer.status == 200 and answer.json()["model"] == "openai/gpt-4o"
    assert answer.header("X-Tollgate-Provider") == "sandbox"


def test_wrong_kind_of_key_is_403_either_way(gateway, key):
    expect(gateway.request("GET", "/admin/v1/keys", bearer(key)), 403, "insufficient_scope", "permission_error")
    manager = gateway.create_key(type="management")
    expect(gateway.chat(manager["secret"]), 403, "insufficient_scope", "permission_error")
    expect(gateway.request("GET", "/v1/models", bearer(manager["secret"])),
           403, "insufficient_scope", "permission_error")


def test_address_outside_allowed_ips_is_403(gateway):
    made = gateway.create_key(allowed_ips=["10.1.2.0/24"])
    expect(gateway.chat(made["secret"]), 403, "ip_not_allowed", "permission_error")
    inside = gateway.create_key(allowed_ips=["127.0.0.0/8"])
    assert gateway.chat(inside["secret"]).status == 200


def test_unknown_path_is_404(gateway, key):
    expect(gateway.request("GET", "/v1/nothing", bearer(key)), 404, "not_found", "not_found_error")


def test_unknown_model_of_the_list_is_404(gateway, key):
    expect(gateway.request("GET", "/v1/models/nobody/nothing", bearer(key)), 404, "not_found", "not_found_error")


def test_wrong_method_is_405_with_allow(gateway, key):
    answer = gateway.request("DELETE", CHAT, bearer(key))
    expect(answer, 405, "method_not_allowed", "invalid_request_error")
    assert answer.header("Allow") == "POST"


def test_declared_body_above_the_limit_is_413(gateway, key):
    headers = json_headers(key, **{"Content-Length": str(40 * 1024 * 1024)})
    with gateway.connect() as connection:
        connection.send(wire.request_bytes("POST", CHAT, headers))
        answer = connection.read_answer()
    expect(answer, 413, "payload_too_large", "invalid_request_error")
    assert answer.header("Connection") == "close"


def test_chunked_body_above_the_limit_is_413(start_gateway):
    gateway = start_gateway(limits={"body_bytes": 4096})
    made = gateway.create_key()
    headers = json_headers(made["secret"], **{"Transfer-Encoding": "chunked"})
    with gateway.connect() as connection:
        connection.send(wire.request_bytes("POST", CHAT, headers))
        connection.send(b"1001\r\n" + b" " * 4097 + b"\r\n0\r\n\r\n")
        expect(connection.read_answer(), 413, "payload_too_large", "invalid_request_error")


def test_body_of_exactly_the_limit_is_read(start_gateway):
    gateway = start_gateway(limits={"body_bytes": 4096})
    secret = gateway.create_key()["secret"]
    body = chat_body()
    assert gateway.chat(secret, body + b" " * (4096 - len(body))).status == 200
    expect(gateway.chat(secret, body + b" " * (4097 - len(body))), 413, "payload_too_large", "invalid_request_error")


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"])
def test_other_media_type_is_415(gateway, key, kind):
    answer = gateway.request("POST", CHAT, bearer(key) | {"Content-Type": kind}, chat_body())
    expect(answer, 415, "unsupported_media_type", "invalid_request_error")


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"null", b'{"model":"sandbox/echo"}', b'{"messages":[{"role":"user","content":"x"}]}',
    b'{"model":1,"messages":[{"role":"user","content":"x"}]}', b'{"model":"sandbox/echo","messages":"x"}',
    b'{"model":"sandbox/echo","messages":[{"role":"user","content":"x"}],"stream":"yes"}',
    b'{"model":"sandbox/echo","messages":[{"role":"user","content":"\xff"}]}',
    b'{"model":"sandbox/echo","messages":[{"role":"user","content":"x"}]} trailing',
])
def test_bad_body_is_400_and_names_no_secret(gateway, key, body):
    answer = gateway.chat(key, body)
    assert answer.status == 400, answer.body
    assert answer.code in ("invalid_request", "invalid_model", "invalid_message_format")
    expect(answer, 400, answer.code, "invalid_request_error")


@pytest.mark.parametrize("twice", ['"model":"sandbox/echo","model":"sandbox/lorem"',
                                   '"model":"sandbox/echo","mod\\u0065l":"sandbox/lorem"',
                                   '"model":"sandbox/echo","stream":false,"str\\u0065am":true',
                                   '"model":"sandbox/echo","max_tokens":1,"max\\u005ftokens":2'])
def test_policy_member_twice_is_400_in_any_spelling(gateway, key, twice):
    body = '{%s,"messages":[{"role":"user","content":"x"}]}' % twice
    expect(gateway.chat(key, body.encode()), 400, "invalid_request", "invalid_request_error")


def test_request_id_of_the_caller_is_sent_back(gateway, key):
    assert gateway.chat(key, **{"X-Request-Id": "my-id_1.2:3"}).header("X-Request-Id") == "my-id_1.2:3"


@pytest.mark.parametrize("value", ["x" * 129, "with space", "semi;colon"])
def test_unsafe_request_id_is_replaced(gateway, key, value):
    given = gateway.chat(key, **{"X-Request-Id": value}).header("X-Request-Id")
    assert re.fullmatch(r"req_[0-9a-f]{32}", given)


def test_authenticated_answers_carry_their_headers(gateway, key):
    for answer in (gateway.chat(key), gateway.chat(key, b"{"), gateway.request("GET", "/v1/models", bearer(key))):
        assert re.fullmatch(r"req_[0-9a-f]{32}", answer.header("X-Request-Id"))
        assert re.fullmatch(r"gen_[0-9a-f]{16}", answer.header("X-Tollgate-Generation-Id"))
        assert answer.header("X-Credit-Balance") == "unlimited"


def test_served_answer_tells_who_served_it_and_its_cost(gateway, key):
    answer = gateway.chat(key)
    assert answer.header("X-Tollgate-Model") == "sandbox/echo"
    assert answer.header("X-Tollgate-Provider") == "sandbox"
    assert re.fullmatch(r"\d+(\.\d{1,9})?", answer.header("X-Tollgate-Cost"))


def test_refusals_before_admission_leave_no_row(gateway):
    made = gateway.create_key(models=["sandbox/echo"])
    assert gateway.chat(made["secret"], chat_body("sandbox/lorem")).status == 403
    assert gateway.chat(made["secret"], b"{").status == 400
    assert gateway.rows_of(made) == []


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1", "/v2/router", "/v3/router"])
def test_data_plane_answers_under_its_aliases(gateway, key, prefix):
    answer = gateway.request("POST", f"{prefix}/chat/completions", json_headers(key), chat_body())
    assert answer.status == 200
    assert gateway.request("GET", f"{prefix}/models", bearer(key)).status == 200


def test_models_can_be_read_one_by_one(gateway, key):
    listed = gateway.request("GET", "/v1/models", bearer(key)).json()
    assert listed["object"] == "list"
    for model in listed["data"]:
        for spelling in (model["id"], model["id"].replace("/", "%2F")):
            assert gateway.request("GET", f"/v1/models/{spelling}", bearer(key)).json() == model


# Behind proxies: the peer is loopback and trusted, so what it says of the client counts.

@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proxied")
    config = gateways.write_config(folder / "tollgate.yaml", trusted_proxies=["127.0.0.1/32"])
    with gateways.Gateway(folder / "data", config) as running:
        yield running


def test_client_without_https_is_403(proxied):
    made = proxied.create_key()
    far = {"X-Forwarded-For": "203.0.113.9"}
    expect(proxied.chat(made["secret"], **far), 403, "https_required", "permission_error")
    expect(proxied.chat(made["secret"], **far, **{"X-Forwarded-Proto": "http"}),
           403, "https_required", "permission_error")
    assert proxied.chat(made["secret"], **far, **{"X-Forwarded-Proto": "https"}).status == 200


def test_allowed_ips_and_rows_use_the_rightmost_untrusted_address(proxied):
    made = proxied.create_key(allowed_ips=["203.0.113.0/24"])
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9, 198.51.100.1"}
    expect(proxied.chat(made["secret"], **headers), 403, "ip_not_allowed", "permission_error")
    headers["X-Forwarded-For"] = "198.51.100.1, 203.0.113.9"
    assert proxied.chat(made["secret"], **headers).status == 200
    [row] = proxied.rows_of(made)
    assert row["ip"] == "203.0.113.9"


def test_metrics_are_not_for_strangers(proxied):
    far = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    assert proxied.request("GET", "/metrics", far).status in (401, 403)
    manager = proxied.create_key(type="management")
    assert proxied.request("GET", "/metrics", far | bearer(manager["secret"])).status == 200


def test_probes_are_exempt_from_the_https_rule(proxied):
    assert proxied.request("GET", "/readyz", {"X-Forwarded-For": "203.0.113.9"}).status == 200


def test_forwarded_headers_of_an_untrusted_peer_are_not_believed(gateway, key):
    assert gateway.chat(key, **{"X-Forwarded-For": "203.0.113.9"}).status == 200


def test_https_rule_can_be_turned_off(start_gateway):
    gateway = start_gateway(trusted_proxies=["127.0.0.1/32"], require_https=False)
    made = gateway.create_key()
    assert gateway.chat(made["secret"], **{"X-Forwarded-For": "203.0.113.9"}).status == 200


def test_error_message_never_holds_the_key(gateway, key):
    other = key[:-1] + ("a" if key[-1] != "a" else "b")
    for answer in (gateway.chat(other), gateway.chat(key, b"{"), gateway.chat(key, chat_body("no model"))):
        assert other not in json.dumps(answer.fields) + answer.body.decode()
        assert key not in json.dumps(answer.fields) + answer.body.decode()
