"""A profile key's requests go where the profile's rules say, whatever `model` they name (SPEC §6): each rule seen
to bind, and what becomes of a profile whose key is gone (SPEC §2)."""

import json
from decimal import Decimal

import pytest
from harness import wire
from harness.explain_cases import PICTURE, TOOL, explain_world
from harness.gateway import Gateway

HARD = ("Design a distributed job scheduler that survives the failure of any node, and prove formally that it never "
        "runs a job twice. Analyse the trade-offs of three architectures step by step and recommend one.")


@pytest.fixture(scope="module")
def world(tmp_path_factory, binary):
    with explain_world(tmp_path_factory.mktemp("profiles"), seed=28) as running:
        yield running


@pytest.fixture
def gateway(world):
    return world.gateway


def make_profile(gateway, **rules) -> dict:
    named = {"name": f"profile {next(Gateway._names)}", "strategy": "cheapest"}
    return gateway.admin_json("POST", "/admin/v1/profiles", named | rules)


def chat(content="hi", **members) -> dict:
    return {"messages": [{"role": "user", "content": content}], "max_tokens": 20} | members


def ask(gateway, profile: dict, body: dict, path: str = "/v1/chat/completions", **headers: str) -> wire.Answer:
    return gateway.request("POST", path, wire.json_headers(profile["key"]["secret"], **headers),
                           json.dumps(body).encode())


def served(answer: wire.Answer) -> str:
    assert answer.status == 200, answer.body
    return answer.header("X-Tollgate-Model")


def refused(answer: wire.Answer) -> tuple[int, str]:
    assert answer.status != 200
    return answer.status, answer.json()["error"]["code"]


BODIES = {
    "/v1/chat/completions": chat(),
    "/v1/completions": {"prompt": "hi", "max_tokens": 20},
    "/v1/messages": chat(),
}


@pytest.mark.parametrize("model", [None, "b/complex", "nobody/nothing", "", "sandbox/echo"])
@pytest.mark.parametrize("path", BODIES)
def test_model_is_ignored_and_may_be_absent(gateway, path, model):
    profile = make_profile(gateway, models=["a/light"])
    body = BODIES[path] | ({} if model is None else {"model": model})
    assert served(ask(gateway, profile, body, path)) == "a/light"
    [row] = gateway.rows_of(profile["key"])
    assert row["requested_model"] == (model or "") and row["model"] == "a/light"
    assert row["route_decision"]["profile"] == profile["name"]


def test_model_that_the_profile_honors_narrows_the_choice(gateway):
    profile = make_profile(gateway, honor_model=True, models=["a/*", "b/*"])
    assert served(ask(gateway, profile, chat(model="b/standard"))) == "b/standard"
    assert refused(ask(gateway, profile, chat(model="c/blind"))) == (403, "model_not_allowed")
    assert refused(ask(gateway, profile, chat())) == (400, "invalid_request")


def test_floor_raises_what_an_easy_prompt_gets(gateway):
    assert served(ask(gateway, make_profile(gateway, models=["a/nano", "b/complex"]), chat())) == "a/nano"
    floored = make_profile(gateway, models=["a/nano", "b/complex"], tier_floor="STANDARD")
    assert served(ask(gateway, floored, chat())) == "b/complex"
    assert gateway.rows_of(floored["key"])[0]["route_decision"]["tier"] == "STANDARD"


def test_ceiling_lowers_what_a_hard_prompt_gets(gateway):
    assert served(ask(gateway, make_profile(gateway, models=["a/nano", "b/complex"]), chat(HARD))) == "b/complex"
    capped = make_profile(gateway, models=["a/nano", "b/complex"], tier_ceiling="LIGHT")
    assert served(ask(gateway, capped, chat(HARD))) == "a/nano"
    decision = gateway.rows_of(capped["key"])[0]["route_decision"]
    assert decision["classified"] == "COMPLEX" and decision["tier"] == "LIGHT"


@pytest.mark.parametrize("capability,members", [
    ("vision", chat([{"type": "text", "text": "hi"}, PICTURE])), ("tools", chat(tools=[TOOL]))])
def test_capability_that_is_capped_is_refused(gateway, capability, members):
    models = ["b/complex"]
    assert served(ask(gateway, make_profile(gateway, models=models), members)) == "b/complex"
    capped = make_profile(gateway, models=models, capabilities={capability: False})
    assert refused(ask(gateway, capped, members)) == (403, "insufficient_scope")
    assert served(ask(gateway, capped, chat())) == "b/complex"
    assert gateway.get_key(capped["key"]["id"])["error_count"] == 1


def test_cost_cap_binds_the_bound_of_a_request(gateway):
    profile = make_profile(gateway, models=["b/complex"], cost_cap="0.05")
    assert served(ask(gateway, profile, chat(max_tokens=1))) == "b/complex"
    filled = ask(gateway, profile, {key: value for key, value in chat().items() if key != "max_tokens"})
    assert served(filled) == "b/complex"
    answer = ask(gateway, profile, chat(max_tokens=10 ** 9))
    assert refused(answer) == (429, "limit_exceeded")
    details = answer.json()["error"]["details"]
    assert (details["metric"], details["window"], details["amount"]) == ("cost", "request", "0.05")
    assert Decimal(details["bound"]) > Decimal("0.05")
    assert answer.header("x-should-retry") == "false"


def test_cost_cap_sends_a_request_to_what_it_can_pay(gateway):
    rules = {"strategy": "quality", "models": ["a/nano", "b/complex"]}
    free = make_profile(gateway, **rules)
    assert served(ask(gateway, free, chat())) == "b/complex"
    explained = gateway.admin_json("POST", "/admin/v1/route/explain", {"key": free["key"]["id"], "body": chat()})
    bounds = {one["model"]: Decimal(one["cost_bound"]) for one in reversed(explained["candidates"])}
    between = (bounds["a/nano"] + bounds["b/complex"]) / 2
    capped = make_profile(gateway, **rules, cost_cap=f"{between:.9f}")
    assert served(ask(gateway, capped, chat())) == "a/nano"
    assert gateway.rows_of(capped["key"])[0]["route_decision"]["dropped_counts"]["cost_cap"] >= 1


def test_minimum_tool_calling_score_binds_where_tools_are_offered(gateway):
    profile = make_profile(gateway, models=["a/light", "b/complex"], min_tool_calling=60)
    assert served(ask(gateway, profile, chat())) == "a/light"
    assert served(ask(gateway, profile, chat(tools=[TOOL]))) == "b/complex"


def test_region_of_the_profile_is_a_pin(gateway):
    profile = make_profile(gateway, region="us-east", models=["a/light", "b/complex"])
    answer = ask(gateway, profile, chat())
    assert served(answer) == "b/complex" and answer.header("X-Tollgate-Region") == "us-east"
    assert refused(ask(gateway, profile, chat(), **{"X-Tollgate-Region": "eu-west"})) == (403, "region_not_allowed")
    alone = make_profile(gateway, region="us-east", models=["a/light"])
    assert refused(ask(gateway, alone, chat())) == (503, "region_unavailable")


@pytest.mark.parametrize("rules,route,param", [
    ({"tier_floor": "LIGHT"}, {"tier_floor": "NANO"}, "route.tier_floor"),
    ({"tier_ceiling": "LIGHT"}, {"tier_ceiling": "COMPLEX"}, "route.tier_ceiling"),
    ({"cost_cap": "0.01"}, {"max_cost": "0.02"}, "route.max_cost"),
    ({}, {"strategy": "quality"}, "route.strategy"),
])
def test_route_fields_cannot_loosen(gateway, rules, route, param):
    profile = make_profile(gateway, **rules)
    answer = ask(gateway, profile, chat(route=route))
    assert refused(answer) == (400, "invalid_request") and answer.json()["error"]["param"] == param


def test_route_fields_tighten(gateway):
    profile = make_profile(gateway, models=["a/*", "b/*"])
    assert served(ask(gateway, profile, chat(route={"models": ["b/standard"]}))) == "b/standard"
    assert served(ask(gateway, profile, chat(route={"tier_floor": "COMPLEX"}))) == "b/complex"
    assert refused(ask(gateway, profile, chat(route={"models": ["c/blind"]}))) == (403, "model_not_allowed")
    assert refused(ask(gateway, profile, chat(route={"max_cost": "0.000000001"}))) == (429, "limit_exceeded")


def test_change_of_the_rules_holds_from_the_next_request_on(gateway):
    profile = make_profile(gateway, models=["a/light"])
    assert served(ask(gateway, profile, chat())) == "a/light"
    gateway.admin_json("PATCH", f"/admin/v1/profiles/{profile['id']}", {"models": ["b/standard"]})
    assert served(ask(gateway, profile, chat())) == "b/standard"


def test_models_lists_what_the_profile_chooses_among(gateway):
    profile = make_profile(gateway, models=["a/*"])
    answer = gateway.request("GET", "/v1/models", wire.bearer(profile["key"]["secret"]))
    assert sorted(model["id"] for model in answer.json()["data"]) == ["a/light", "a/nano"]


def test_deleted_key_leaves_a_keyless_profile_and_making_it_anew_gives_a_new_key(gateway):
    profile = make_profile(gateway, models=["a/light"])
    gateway.revoke(profile["key"]["id"])
    assert refused(ask(gateway, profile, chat())) == (401, "expired_api_key")
    assert gateway.admin_json("GET", f"/admin/v1/profiles/{profile['id']}")["key"] is None
    gateway.admin_json("DELETE", f"/admin/v1/profiles/{profile['id']}")
    again = make_profile(gateway, name=profile["name"], models=["a/light"])
    assert again["key"]["id"] != profile["key"]["id"]
    assert served(ask(gateway, again, chat())) == "a/light"
    assert refused(ask(gateway, profile, chat())) == (401, "expired_api_key")


def test_rotated_profile_key_keeps_its_rules(gateway):
    profile = make_profile(gateway, models=["a/light"])
    rotated = gateway.admin_json("POST", f"/admin/v1/keys/{profile['key']['id']}/rotate", {})
    assert served(ask(gateway, {"key": rotated}, chat(model="b/complex"))) == "a/light"
    assert refused(ask(gateway, profile, chat())) == (401, "expired_api_key")
