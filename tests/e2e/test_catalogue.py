"""The catalogue: what is built in, what the file says and what was made over the API or at a terminal, each in its
place, and none of it taken back by somebody else's change."""

import json
import secrets
from urllib.parse import quote

import pytest
from harness.gateway import CommandFailed, Gateway, run, wait_for, write_config
from harness.upstream import MockUpstream, default_script
from harness.wire import chat_body

numbers = iter(range(1, 1_000_000))
GPT_4O_COST = (6 * 2.50 + 4 * 1.25 + 5 * 10.00) / 1e6  # what the provider's usage costs at the built-in prices


@pytest.fixture(scope="module")
def upstream(binary):
    with MockUpstream() as running:
        running.script = default_script
        yield running
        assert running.problems == []


@pytest.fixture(scope="module")
def world(tmp_path_factory, upstream):
    """(gateway, key) with the provider `file` of the file, and what the file states of models."""
    folder = tmp_path_factory.mktemp("catalogue")
    config = write_config(folder / "tollgate.yaml", **file_of(upstream))
    with Gateway(folder / "data", config, {"FILE_KEY": secrets.token_hex(16)}) as running:
        yield running, running.create_key(environment="production")


def file_of(upstream, **more) -> dict:
    listed = {"id": "file", "base_url": upstream.url, "api_key": "${FILE_KEY}",
              "models": [{"id": "file/large", "upstream_model": "large", "prices": {"input": "1", "output": "2"}}]}
    return {"providers": [listed], "models": [{"id": "file/large", "quality": 61}],
            "aliases": {"of-file": "file/large"}} | more


def model_path(model: str, rest: str = "") -> str:
    return f"/admin/v1/models/{quote(model, safe='')}{rest}"


def own(gateway, upstream, **more) -> str:
    """A provider made over the API with the model ID/large; its id."""
    name = f"own{next(numbers)}"
    model = {"id": f"{name}/large", "upstream_model": "large", "prices": {"input": "1", "output": "2"}}
    gateway.admin_json("POST", "/admin/v1/providers",
                       {"id": name, "base_url": upstream.url, "allow_private": True, "models": [model]} | more)
    return name


def cost_of(gateway, key, model: str) -> float:
    answer = gateway.chat(key["secret"], chat_body(model))
    assert answer.status == 200, answer.body
    return float(gateway.rows_of(key)[0]["cost"])


# A preset and a credential make a provider.

def test_preset_of_the_file_serves_by_full_and_by_short_name(start_gateway, upstream):
    credential = secrets.token_hex(16)
    gateway = start_gateway(environment={"KEY": credential}, providers=[
        {"id": "openai", "preset": "openai", "base_url": upstream.url, "api_key": "${KEY}"}])
    key = gateway.create_key(environment="production")
    for name in ("openai/gpt-4o", "gpt-4o"):
        assert cost_of(gateway, key, name) == pytest.approx(GPT_4O_COST)
        assert upstream.requests[-1].json()["model"] == "gpt-4o"
        assert upstream.requests[-1].header("Authorization") == f"Bearer {credential}"
    shown = gateway.admin_json("GET", model_path("openai/gpt-4o"))
    assert shown["context_window"] == 128_000 and shown["capabilities"]["vision"] is True
    assert [offer["source"] for offer in shown["offers"]] == ["built-in"]


def test_preset_at_a_terminal_serves(start_gateway, upstream):
    gateway = start_gateway()
    key = gateway.create_key(environment="production")
    made = gateway.cli_json("providers", "add", "openai", "--preset", "openai", "--base-url", upstream.url,
                            "--allow-private", "--api-key-env", "KEY", KEY=secrets.token_hex(8))
    assert "openai/gpt-4o" in made["models"] and made["models_of_preset"] is True
    assert cost_of(gateway, key, "gpt-4o") == pytest.approx(GPT_4O_COST)
    listed = gateway.cli_json("providers", "update", "openai", "--models", "openai/gpt-4o-mini")["models"]
    assert listed == ["openai/gpt-4o-mini"]
    assert gateway.chat(key["secret"], chat_body("gpt-4o")).code == "invalid_model"
    assert "openai/gpt-4o" in gateway.cli_json("providers", "update", "openai", "--all-models")["models"]


def test_preset_without_its_credential_is_refused_by_name(start_gateway):
    refused = start_gateway().admin("POST", "/admin/v1/providers", {"id": "openai", "preset": "openai"})
    assert refused.status == 422 and refused.error["param"] == "api_key"


def test_catalogue_needs_no_network(tmp_path, binary):
    config = write_config(tmp_path / "t.yaml", providers=[{"id": "a", "preset": "anthropic", "api_key": "${KEY}"}])
    checked = run("config", "check", "--json", "--config", config, KEY=secrets.token_hex(8))
    assert checked.returncode == 0 and json.loads(checked.stdout)["providers"][0]["models_of_preset"] > 5


# Models, prices and aliases: added and overridden by file, API and command line.

def test_price_told_over_the_api_goes_before_the_built_in_one_and_comes_off_again(start_gateway, upstream):
    gateway = start_gateway(environment={"KEY": secrets.token_hex(8)}, providers=[
        {"id": "openai", "preset": "openai", "base_url": upstream.url, "api_key": "${KEY}"}])
    key = gateway.create_key(environment="production")
    before = cost_of(gateway, key, "gpt-4o")
    place = model_path("openai/gpt-4o", "/offers?provider=openai")
    gateway.admin_json("PUT", place, {"prices": {"input": "100", "output": "100"}})
    assert cost_of(gateway, key, "gpt-4o") == pytest.approx(15 * 100 / 1e6)
    new, old = gateway.rows_of(key)
    assert new["price_version"] != old["price_version"]
    assert gateway.admin_json("GET", model_path("openai/gpt-4o"))["offers"][0]["source"] == "api"
    gateway.admin_json("DELETE", place)
    assert cost_of(gateway, key, "gpt-4o") == pytest.approx(before)
    assert gateway.admin("DELETE", place).status == 404


def test_price_told_in_the_file_goes_before_the_built_in_one(start_gateway, upstream):
    gateway = start_gateway(environment={"KEY": secrets.token_hex(8)}, providers=[
        {"id": "openai", "preset": "openai", "base_url": upstream.url, "api_key": "${KEY}",
         "models": [{"id": "openai/gpt-4o", "prices": {"input": "100", "output": "100"}},
                    {"id": "openai/gpt-4o-mini"}]}])
    key = gateway.create_key(environment="production")
    assert cost_of(gateway, key, "gpt-4o") == pytest.approx(15 * 100 / 1e6)
    assert cost_of(gateway, key, "gpt-4o-mini") < GPT_4O_COST
    assert gateway.chat(key["secret"], chat_body("gpt-4.1")).code == "invalid_model"


def test_model_is_added_and_priced_at_a_terminal(world, upstream):
    gateway, key = world
    name = own(gateway, upstream)
    model = f"{name}/small"
    gateway.cli("models", "set", model, "--provider", name, "--upstream", "tiny", "--input", "4", "--output", "4",
                "--context", "9000", "--has", "tools", "--quality", "33")
    assert cost_of(gateway, key, model) == pytest.approx(15 * 4 / 1e6)
    assert upstream.requests[-1].json()["model"] == "tiny"
    shown = gateway.cli_json("models", "get", model)
    assert (shown["quality"], shown["capabilities"]["tools"], shown["context_window"]) == (33, True, 9000)
    assert model in gateway.cli("models")
    gateway.cli("models", "reset", model, "--provider", name)
    assert gateway.chat(key["secret"], chat_body(model)).code == "invalid_model"


def test_facts_are_stated_replaced_and_taken_back(world, upstream):
    gateway, _ = world
    model = f"{own(gateway, upstream)}/large"
    stated = gateway.admin_json("PATCH", model_path(model), {"quality": 80, "capabilities": {"vision": True}})
    assert (stated["quality"], stated["capabilities"]["vision"], stated["facts_source"]) == (80, True, "api")
    assert gateway.admin_json("PATCH", model_path(model), {"tier": "COMPLEX"})["quality"] == 80
    replaced = gateway.admin_json("PUT", model_path(model), {"tool_calling": 7})
    assert replaced["stated"] == {"quality": None, "tier": None, "tool_calling": 7}
    gateway.admin_json("DELETE", model_path(model))
    assert gateway.admin_json("GET", model_path(model))["stated"]["tool_calling"] is None


def test_aliases_are_made_used_and_removed(world, upstream):
    gateway, key = world
    name = own(gateway, upstream)
    alias = f"{name}-best"
    gateway.admin_json("PUT", f"/admin/v1/aliases/{alias}", {"target": f"{name}/large"})
    answer = gateway.chat(key["secret"], chat_body(alias))
    assert answer.status == 200 and answer.header("X-Tollgate-Model") == f"{name}/large"
    gateway.cli("aliases", "set", f"chat/{alias}", f"{name}/large")
    assert gateway.chat(key["secret"], chat_body(f"chat/{alias}")).status == 200
    assert f"chat/{alias}" in gateway.cli("aliases")
    gateway.cli("aliases", "remove", f"chat/{alias}")
    assert gateway.chat(key["secret"], chat_body(f"chat/{alias}")).code == "invalid_model"
    assert gateway.chat(key["secret"], chat_body("of-file")).status == 200


def test_aliases_of_other_systems_are_settings(start_gateway, upstream):
    gateway = start_gateway(environment={"FILE_KEY": secrets.token_hex(8)},
                            **file_of(upstream, aliases={"lowrouter/auto": "tollgate/auto"}))
    gateway.cli("aliases", "set", "auto/chat", "tollgate/auto-fast")
    key = gateway.create_key(environment="production")
    for alias in ("lowrouter/auto", "auto/chat"):
        answer = gateway.chat(key["secret"], chat_body(alias))
        assert answer.status == 200 and answer.json()["model"] == "file/large"


@pytest.mark.parametrize("method, path, body", [
    ("PUT", model_path("file/large"), {"quality": 1}), ("PATCH", model_path("file/large"), {"quality": 1}),
    ("DELETE", model_path("file/large"), None),
    ("PUT", model_path("file/large", "/offers?provider=file"), {"prices": {"input": "9", "output": "9"}}),
    ("PUT", model_path("file/other", "/offers?provider=file"), {"prices": {"input": "9", "output": "9"}}),
    ("DELETE", model_path("file/large", "/offers?provider=file"), None),
    ("PUT", "/admin/v1/aliases/of-file", {"target": "file/large"}), ("DELETE", "/admin/v1/aliases/of-file", None)])
def test_what_the_file_says_is_the_files(world, method, path, body):
    gateway, _ = world
    before = gateway.admin_json("GET", "/admin/v1/models")
    refused = gateway.admin(method, path, body)
    assert (refused.status, refused.code) == (409, "managed_by_file"), refused.body
    assert "tollgate.yaml" in refused.error["message"]
    assert gateway.admin_json("GET", "/admin/v1/models") == before


@pytest.mark.parametrize("body, param", [
    ({"prices": {}}, "prices"), ({"prices": {"input": "-1", "output": "1"}}, "prices.input"),
    ({"prices": {"input": "1"}, "colour": "red"}, "colour"),
    ({"prices": {"input": "x", "output": "1"}}, "prices.input"),
    ({"region": "a b", "prices": {"input": "1", "output": "1"}}, "region")])
def test_unsound_offer_is_refused_by_name_and_changes_nothing(world, upstream, body, param):
    gateway, _ = world
    name = own(gateway, upstream)
    before = gateway.admin_json("GET", model_path(f"{name}/large"))
    refused = gateway.admin("PUT", model_path(f"{name}/large", f"/offers?provider={name}"), body)
    assert refused.status == 422 and param in refused.error["message"], refused.body
    assert gateway.admin_json("GET", model_path(f"{name}/large")) == before


# Nobody's change takes back another's.

def test_reload_and_kill_keep_what_was_made_elsewhere(start_gateway, upstream):
    gateway = start_gateway(environment={"FILE_KEY": secrets.token_hex(8)}, **file_of(upstream))
    key = gateway.create_key(environment="production")
    name = own(gateway, upstream)
    gateway.admin_json("PUT", "/admin/v1/aliases/mine", {"target": f"{name}/large"})
    gateway.admin_json("PATCH", model_path(f"{name}/large"), {"quality": 77})
    profile = gateway.admin_json("POST", "/admin/v1/profiles", {"name": "mine"})
    write_config(gateway.config, **file_of(upstream, aliases={"fresh": "file/large"}))
    gateway.reload()
    wait_for(lambda: gateway.chat(key["secret"], chat_body("fresh")).status == 200, what="the reload")

    def expect_all() -> None:
        assert gateway.chat(key["secret"], chat_body("mine")).status == 200
        assert gateway.admin_json("GET", model_path(f"{name}/large"))["quality"] == 77
        assert gateway.admin_json("GET", f"/admin/v1/profiles/{profile['id']}")["name"] == "mine"
        assert gateway.chat(key["secret"], chat_body("of-file")).code == "invalid_model"

    expect_all()
    gateway.kill()
    gateway.start()
    expect_all()


def test_change_over_the_api_and_a_reload_at_once_keep_both(start_gateway, upstream):
    gateway = start_gateway(environment={"FILE_KEY": secrets.token_hex(8)}, **file_of(upstream))
    names = []
    for number in range(8):
        write_config(gateway.config, **file_of(upstream, aliases={f"fresh{number}": "file/large"}))
        gateway.reload()
        names.append(own(gateway, upstream))
    listed = {row["id"] for row in gateway.admin_json("GET", "/admin/v1/providers")["data"]}
    assert {"file", *names} <= listed
    wait_for(lambda: "fresh7" in {row["alias"] for row in gateway.admin_json("GET", "/admin/v1/aliases")["data"]},
             what="the last reload")


# A price list.

def price_list(folder):
    path = folder / "prices.json"
    token = {"litellm_provider": "openai", "mode": "chat", "max_input_tokens": 8192, "max_output_tokens": 1024}
    path.write_text(json.dumps({
        "sample_spec": {"litellm_provider": "one of them", "input_cost_per_token": 0},
        "gpt-new": token | {"input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07,
                            "supports_function_calling": True},
        "gpt-4o": token | {"input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05,
                           "cache_read_input_token_cost": 1.25e-06},
        "gpt-4o-mini": token | {"input_cost_per_token": 9e-07, "output_cost_per_token": 9e-07},
        "claude-unknown": token | {"litellm_provider": "anthropic", "input_cost_per_token": 1e-06,
                                   "output_cost_per_token": 1e-06},
        "gpt-free": token}))
    return path


def test_price_list_is_imported_once_and_again_changes_nothing(start_gateway, upstream, tmp_path):
    gateway = start_gateway(environment={"KEY": secrets.token_hex(8)}, providers=[
        {"id": "openai", "preset": "openai", "base_url": upstream.url, "api_key": "${KEY}"}])
    key = gateway.create_key(environment="production")
    path = price_list(tmp_path)
    done = gateway.cli_json("models", "import", path)
    assert done["offers"] == {"added": 2, "changed": 0, "unchanged": 1}, done
    assert {row["model"] for row in done["skipped"]} >= {"claude-unknown", "gpt-free"}
    assert cost_of(gateway, key, "gpt-new") == pytest.approx((10 * 0.15 + 5 * 0.60) / 1e6)
    assert cost_of(gateway, key, "gpt-4o-mini") == pytest.approx(15 * 0.9 / 1e6)
    assert cost_of(gateway, key, "gpt-4o") == pytest.approx(GPT_4O_COST)
    shown = gateway.admin_json("GET", model_path("openai/gpt-new"))
    assert shown["capabilities"]["tools"] is True and shown["max_output_tokens"] == 1024
    again = gateway.cli_json("models", "import", path)
    assert again["offers"] == {"added": 0, "changed": 0, "unchanged": 3}
    assert "Skipped" in gateway.cli("models", "import", path)
    gateway.kill()
    gateway.start()
    assert cost_of(gateway, key, "gpt-new") == pytest.approx((10 * 0.15 + 5 * 0.60) / 1e6)


def test_file_that_is_no_price_list_is_refused(start_gateway, tmp_path):
    gateway = start_gateway()
    path = tmp_path / "other.json"
    path.write_text("[1, 2]")
    with pytest.raises(CommandFailed) as failed:
        gateway.cli("models", "import", path)
    assert failed.value.status == 1 and failed.value.stderr


def test_help_teaches_with_examples(binary):
    for command in (("providers",), ("providers", "add"), ("providers", "test"), ("models",), ("models", "set"),
                    ("models", "import"), ("aliases", "set"), ("profiles", "create")):
        helped = run(*command, "--help")
        assert helped.returncode == 0 and f"tollgate {' '.join(command)}" in helped.stdout, command
