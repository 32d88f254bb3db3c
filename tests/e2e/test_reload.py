"""Configuration: a reload takes what is sound, an unsound file changes nothing and says why, and what
the file defines belongs to the file."""

import json
import secrets
import threading

import pytest
from harness import gateway as gateways
from harness import wire
from harness.browser import first_operator
from harness.gateway import run, wait_for
from harness.upstream import MockUpstream, default_script, provider, sse
from harness.wire import chat_body


@pytest.fixture
def reloadable(tmp_path):
    with MockUpstream() as upstream:
        upstream.script = default_script
        config = gateways.write_config(tmp_path / "tollgate.yaml", providers=[provider(upstream)])
        with gateways.Gateway(tmp_path / "data", config, {"ACME_KEY": secrets.token_hex(16)}) as running:
            yield running, upstream


def models(gateway) -> set[str]:
    return {model["id"] for model in gateway.admin_json("GET", "/admin/v1/models")["data"]}


def renamed(upstream, name: str) -> dict:
    entry = provider(upstream)
    entry["models"][0]["id"] = name
    return entry


def test_reload_holds_for_requests_that_follow(reloadable):
    gateway, upstream = reloadable
    secret = gateway.create_key(environment="production")["secret"]
    assert gateway.chat(secret, chat_body("acme/large")).status == 200
    gateways.write_config(gateway.config, providers=[renamed(upstream, "acme/new")])
    gateway.reload()
    wait_for(lambda: "acme/new" in models(gateway), what="the new model")
    assert gateway.chat(secret, chat_body("acme/new")).status == 200
    assert gateway.chat(secret, chat_body("acme/large")).code == "invalid_model"


def test_reload_keeps_keys_and_running_streams(reloadable):
    gateway, upstream = reloadable
    key = gateway.create_key(environment="production")
    gate = threading.Event()
    upstream.script = sse("one", "two", before_each=lambda n: n == 0 or gate.wait(wire.WAIT_SECONDS))
    with gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", wire.json_headers(key["secret"]),
                            chat_body("acme/large", stream=True))
        head = client.read_head()
        client.read_event()
        gateways.write_config(gateway.config, providers=[renamed(upstream, "acme/new")])
        gateway.reload()
        wait_for(lambda: "acme/new" in models(gateway), what="the new model")
        gate.set()
        client.read_body(head)
        assert head.events()[-1] == "[DONE]"
    assert gateway.get_key(key["id"])["status"] == "active"


def test_reload_changes_the_age_at_which_a_secret_is_due_for_rotation(reloadable):
    gateway, upstream = reloadable
    person = first_operator(gateway)

    def age():
        return person.json("GET", "session")["secret_age_warning_days"]

    assert age() == 90
    gateways.write_config(gateway.config, providers=[provider(upstream)], secret_age_warning_days=30)
    gateway.reload()
    wait_for(lambda: age() == 30, what="the new age")


@pytest.mark.parametrize("broken", ["providers: [", "surprise: 1\n", "providers:\n  - id: x\n    base_url: nonsense\n"])
def test_unsound_file_changes_nothing_and_says_where(reloadable, broken):
    gateway, _ = reloadable
    secret = gateway.create_key(environment="production")["secret"]
    gateway.config.write_text(broken)
    before = len(gateway.log)
    gateway.reload()
    wait_for(lambda: "tollgate.yaml:" in gateway.log[before:], what="the reason, with its line")
    assert "acme/large" in models(gateway)
    assert gateway.chat(secret, chat_body("acme/large")).status == 200


def test_unset_variable_in_a_file_is_said_by_its_name(tmp_path, binary):
    config = gateways.write_config(tmp_path / "tollgate.yaml", providers=[
        {"id": "acme", "base_url": "http://127.0.0.1:1/v1", "api_key": "${NOT_SET_ANYWHERE}", "models": []}])
    result = run("config", "check", "--config", config)
    assert result.returncode == 1 and "NOT_SET_ANYWHERE" in result.stderr


def test_serve_refuses_an_unsound_file_with_line_and_column(tmp_path, binary):
    config = tmp_path / "tollgate.yaml"
    config.write_text("listen: 127.0.0.1:0\nsurprise: 1\n")
    result = run("serve", "--config", config, "--data", tmp_path / "data")
    assert result.returncode == 1 and "tollgate.yaml:2:1" in result.stderr


def test_model_without_a_price_is_a_configuration_error_that_says_so(tmp_path, binary):
    config = gateways.write_config(tmp_path / "tollgate.yaml", providers=[
        {"id": "acme", "base_url": "http://127.0.0.1:1/v1", "models": [{"id": "acme/free"}]}])
    result = run("config", "check", "--config", config)
    assert result.returncode == 1 and "prices" in result.stderr


def test_command_line_beats_environment_beats_file(tmp_path, binary):
    config = gateways.write_config(tmp_path / "tollgate.yaml", listen="127.0.0.1:1111")

    def port(*arguments, **environment):
        result = run("config", "check", "--json", "--config", config, *arguments, **environment)
        assert result.returncode == 0, result.stderr
        return json.dumps(json.loads(result.stdout))

    assert "1111" in port()
    assert "2222" in port(TOLLGATE_LISTEN="127.0.0.1:2222")
    assert "3333" in port("--listen", "127.0.0.1:3333", TOLLGATE_LISTEN="127.0.0.1:2222")


def test_config_check_shows_no_credential(tmp_path, binary):
    credential = secrets.token_hex(16)
    config = gateways.write_config(tmp_path / "tollgate.yaml", providers=[
        {"id": "acme", "base_url": "http://127.0.0.1:1/v1", "api_key": "${ACME_KEY}", "models": []}])
    result = run("config", "check", "--json", "--config", config, ACME_KEY=credential)
    assert result.returncode == 0 and credential not in result.stdout + result.stderr


def test_reload_prices_apply_to_later_requests_only(reloadable):
    gateway, upstream = reloadable
    key = gateway.create_key(environment="production")
    assert gateway.chat(key["secret"], chat_body("acme/large")).status == 200
    entry = provider(upstream)
    entry["models"][0]["prices"]["output"] = "20.00"
    gateways.write_config(gateway.config, providers=[entry])
    gateway.reload()
    wait_for(lambda: gateway.admin_json("GET", "/admin/v1/models")["data"][0]["prices"]["output"] in ("20", "20.00"),
             what="the new price")
    assert gateway.chat(key["secret"], chat_body("acme/large")).status == 200
    new, old = gateway.rows_of(key)
    assert float(old["cost"]) == pytest.approx(0.00007) and float(new["cost"]) == pytest.approx(0.00012)
    assert old["price_version"] != new["price_version"]
