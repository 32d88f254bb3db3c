"""Profiles and their keys: made together, the secret shown once; a key that is gone stays gone until the profile is
made anew; both survive the process."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import wire
from harness.gateway import CommandFailed, Gateway, write_config
from harness.upstream import MockUpstream, default_script

numbers = iter(range(1, 1_000_000))


def create(gateway, workspace: str = "", **rules):
    body = {"name": f"profile {next(numbers)}", "environment": "sandbox"} | rules
    return gateway.admin("POST", "/admin/v1/profiles" + workspace, body)


def made(gateway, **rules) -> dict:
    answer = create(gateway, **rules)
    assert answer.status == 201, answer.body
    return answer.json()


def shown(gateway, profile: dict) -> dict:
    return gateway.admin_json("GET", f"/admin/v1/profiles/{profile['id']}")


def test_profile_comes_with_its_key_whose_secret_is_shown_once(gateway):
    answer = create(gateway, strategy="cheapest", tier_floor="LIGHT", cost_cap="0.05", region="eu")
    profile = answer.json()
    assert answer.header("Location") == f"/admin/v1/profiles/{profile['id']}"
    assert (profile["strategy"], profile["tier_floor"], profile["cost_cap"]) == ("cheapest", "LIGHT", "0.05")
    key = profile["key"]
    assert (key["type"], key["status"], key["name"]) == ("profile", "active", profile["name"])
    assert key["secret"].startswith("sk-tg-test-")
    own = gateway.request("GET", "/v1/key", wire.json_headers(key["secret"]))
    assert own.status == 200 and own.json()["name"] == profile["name"]
    for text in (json.dumps(shown(gateway, profile)), json.dumps(gateway.get_key(key["id"])),
                 json.dumps(gateway.admin_json("GET", "/admin/v1/profiles")),
                 json.dumps(gateway.admin_json("GET", f"/admin/v1/audit?object={profile['id']}"))):
        assert key["secret"] not in text
    assert "secret" not in shown(gateway, profile)["key"]


def test_key_that_is_revoked_leaves_its_profile_without_one(gateway):
    profile = made(gateway)
    gateway.revoke(profile["key"]["id"])
    assert shown(gateway, profile)["key"] is None
    refused = gateway.request("GET", "/v1/key", wire.json_headers(profile["key"]["secret"]))
    assert (refused.status, refused.code) == (401, "expired_api_key")
    # Its rules may still be changed, but no call gives it another key.
    assert gateway.admin_json("PATCH", f"/admin/v1/profiles/{profile['id']}", {"region": "eu"})["key"] is None
    rotated = gateway.admin("POST", f"/admin/v1/keys/{profile['key']['id']}/rotate", {})
    assert rotated.status in (404, 409) and shown(gateway, profile)["key"] is None


def test_only_making_the_profile_anew_gives_another_key(gateway):
    profile = made(gateway)
    gateway.revoke(profile["key"]["id"])
    assert create(gateway, name=profile["name"]).status == 409
    gateway.admin_json("DELETE", f"/admin/v1/profiles/{profile['id']}")
    again = made(gateway, name=profile["name"])
    assert again["id"] != profile["id"] and again["key"]["id"] != profile["key"]["id"]
    assert gateway.request("GET", "/v1/key", wire.json_headers(again["key"]["secret"])).status == 200


def test_live_key_of_a_profile_may_be_rotated(gateway):
    profile = made(gateway)
    rotated = gateway.admin_json("POST", f"/admin/v1/keys/{profile['key']['id']}/rotate", {})
    assert rotated["id"] == profile["key"]["id"]
    assert gateway.request("GET", "/v1/key", wire.json_headers(rotated["secret"])).status == 200
    old = gateway.request("GET", "/v1/key", wire.json_headers(profile["key"]["secret"]))
    assert old.code == "expired_api_key"
    assert shown(gateway, profile)["key"]["id"] == rotated["id"]


def test_deleted_profile_takes_its_key_along(gateway):
    profile = made(gateway)
    gateway.admin_json("DELETE", f"/admin/v1/profiles/{profile['id']}")
    assert gateway.admin("GET", f"/admin/v1/profiles/{profile['id']}").status == 404
    assert gateway.get_key(profile["key"]["id"])["status"] == "revoked"
    refused = gateway.request("GET", "/v1/key", wire.json_headers(profile["key"]["secret"]))
    assert refused.code == "expired_api_key"
    assert gateway.admin("DELETE", f"/admin/v1/profiles/{profile['id']}").status == 404


def test_profile_that_several_delete_at_once_is_deleted_once(gateway):
    for _ in range(20):
        profile = made(gateway)
        with ThreadPoolExecutor(8) as pool:
            targets = [f"/admin/v1/profiles/{profile['id']}"] * 6 + [f"/admin/v1/keys/{profile['key']['id']}"] * 2
            answers = list(pool.map(lambda target: gateway.admin("DELETE", target).status, targets))
        assert set(answers) <= {200, 404, 409}, answers
        assert answers[:6].count(200) == 1, answers
        assert gateway.admin("GET", f"/admin/v1/profiles/{profile['id']}").status == 404


def test_no_key_is_made_into_a_profile_key_or_out_of_one(gateway):
    refused = gateway.admin("POST", "/admin/v1/keys", {"name": f"k{next(numbers)}", "type": "profile"})
    assert refused.status == 422 and refused.error["param"] == "type"
    profile = made(gateway)
    for change in ({"type": "standard"}, {"profile": "prof_other"}, {"profile_id": None}):
        assert gateway.admin("PATCH", f"/admin/v1/keys/{profile['key']['id']}", change).status == 422
    assert gateway.get_key(profile["key"]["id"])["type"] == "profile"


def test_name_is_taken_once_among_profiles_and_among_keys(gateway):
    profile = made(gateway)
    assert create(gateway, name=profile["name"]).status == 409
    taken = gateway.create_key()
    refused = create(gateway, name=taken["name"])
    assert refused.status == 409
    # Nothing of it stays behind.
    assert taken["name"] not in {row["name"] for row in gateway.admin_json("GET", "/admin/v1/profiles")["data"]}


@pytest.mark.parametrize("rules, param", [
    ({"strategy": "best"}, "strategy"), ({"tier_floor": "HUGE"}, "tier_floor"),
    ({"tier_floor": "COMPLEX", "tier_ceiling": "NANO"}, "tier"), ({"cost_cap": "-1"}, "cost_cap"),
    ({"min_tool_calling": 101}, "min_tool_calling"), ({"colour": "red"}, "colour"),
    ({"environment": "x"}, "environment"), ({"name": ""}, "name")])
def test_unsound_rules_are_refused_by_name(gateway, rules, param):
    refused = create(gateway, **rules)
    assert refused.status == 422 and param in refused.error["message"], refused.body


def test_replayed_creation_gives_the_same_profile_without_a_secret(gateway):
    headers = {"Idempotency-Key": f"once-{next(numbers)}"}
    body = {"name": f"profile {next(numbers)}", "environment": "sandbox"}
    first = gateway.admin("POST", "/admin/v1/profiles", body, headers)
    second = gateway.admin("POST", "/admin/v1/profiles", body, headers)
    assert (first.status, second.header("Idempotent-Replayed")) == (201, "true")
    assert second.json()["id"] == first.json()["id"] and "secret" not in second.json()["key"]


def test_profiles_are_their_workspaces_own_and_an_admins_to_change(gateway):
    other = gateway.admin_json("POST", "/admin/v1/workspaces", {"name": f"workspace {next(numbers)}"})
    theirs = create(gateway, f"?workspace={other['id']}").json()
    viewer = gateway.create_key(type="management", role="viewer")
    admin = gateway.create_key(type="management", role="admin")

    def ask(caller, method, target, body=b"{}"):
        return gateway.request(method, target, wire.json_headers(caller["secret"]), body)

    assert ask(admin, "GET", f"/admin/v1/profiles/{theirs['id']}", None).status == 404
    assert ask(admin, "DELETE", f"/admin/v1/profiles/{theirs['id']}", None).status == 404
    own = ask(admin, "POST", "/admin/v1/profiles", json.dumps({"name": f"profile {next(numbers)}"}).encode())
    assert own.status == 201
    place = f"/admin/v1/profiles/{own.json()['id']}"
    assert ask(viewer, "GET", place, None).status == 200
    for method in ("PATCH", "DELETE"):
        assert ask(viewer, method, place).status == 403
    assert theirs["id"] not in {row["id"] for row in ask(viewer, "GET", "/admin/v1/profiles", None).json()["data"]}


def test_profiles_and_keyless_ones_survive_kill_and_restart(tmp_path, binary):
    with Gateway(tmp_path / "data") as gateway:
        kept, keyless = made(gateway, cost_cap="0.5"), made(gateway)
        gateway.revoke(keyless["key"]["id"])
        gateway.kill()
        gateway.start()
        again = shown(gateway, kept)
        assert again["cost_cap"] == "0.5" and again["key"]["id"] == kept["key"]["id"]
        assert gateway.request("GET", "/v1/key", wire.json_headers(kept["key"]["secret"])).status == 200
        assert shown(gateway, keyless)["key"] is None


def test_rules_hold_for_requests_of_the_profiles_key(tmp_path, binary):
    with MockUpstream() as upstream:
        upstream.script = default_script
        prices = {"input": "1", "output": "2"}
        providers = [{"id": region, "base_url": upstream.url, "region": region,
                      "models": [{"id": f"{region}/model", "upstream_model": region, "prices": prices}]}
                     for region in ("eu", "us")]
        config = write_config(tmp_path / "tollgate.yaml", providers=providers)
        with Gateway(tmp_path / "data", config) as gateway:
            profile = made(gateway, environment="production", region="us")
            secret = profile["key"]["secret"]

            def regions_of(count: int) -> set:
                answers = [gateway.chat(secret, wire.chat_body("eu/model")) for _ in range(count)]
                assert {answer.status for answer in answers} == {200}, answers[0].body
                return {answer.header("X-Tollgate-Region") for answer in answers}

            assert regions_of(4) == {"us"}
            # A change holds from the next request on.
            gateway.admin_json("PATCH", f"/admin/v1/profiles/{profile['id']}", {"region": "eu"})
            assert regions_of(4) == {"eu"}
            gateway.admin_json("PATCH", f"/admin/v1/profiles/{profile['id']}", {"region": "asia"})
            assert gateway.chat(secret, wire.chat_body("eu/model")).code == "region_unavailable"


def test_profiles_at_a_terminal(gateway):
    name = f"terminal-{next(numbers)}"
    profile = gateway.cli_json("profiles", "create", "--name", name, "--environment", "sandbox",
                               "--strategy", "cheapest", "--deny", "video")
    assert profile["key"]["secret"] and profile["strategy"] == "cheapest"
    assert profile["capabilities"]["video"] is False
    assert name in gateway.cli("profiles", "list")
    assert gateway.cli_json("profiles", "update", name, "--cost-cap", "0.25")["cost_cap"] == "0.25"
    assert gateway.cli_json("profiles", "update", name, "--cost-cap", "")["cost_cap"] is None
    assert profile["id"] in gateway.cli("profiles", "get", name)
    gateway.cli("profiles", "delete", name)
    with pytest.raises(CommandFailed) as failed:
        gateway.cli("profiles", "get", name)
    assert failed.value.status == 1
