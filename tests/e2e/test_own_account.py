"""What a key sees of what it spends (SPEC §7): its workspace's credits, and the rows of its own requests with
the decision that led them where they went (SPEC §6)."""

import json
from decimal import Decimal

import pytest
from harness import wire
from harness.limits import FREE_INPUT, PRICED, act_for, ask, new_workspace, production_key

PREFIXES = ["/v1", "/api/v1", "/v2/router", "/v3/router"]


def credits_of(gateway, key: dict, prefix: str = "/v1") -> dict:
    answer = gateway.request("GET", f"{prefix}/credits", wire.bearer(key["secret"]))
    assert answer.status == 200, answer.body
    return answer.json()


def generation(gateway, key: dict, answer, prefix: str = "/v1") -> wire.Answer:
    generation_id = answer.header("X-Tollgate-Generation-Id")
    return gateway.request("GET", f"{prefix}/generation?id={generation_id}", wire.bearer(key["secret"]))


@pytest.mark.parametrize("prefix", PREFIXES)
def test_credits_are_what_was_granted_less_what_was_used(recorded, prefix):
    gateway, _ = recorded
    workspace = new_workspace(gateway, grant="5")
    key = production_key(gateway, workspace=workspace["id"])
    before = {"unlimited": False, "balance": "500", "granted": "500", "used": "0", "held": "0", "unit": "credits",
              "credit_value": "0.01"}
    assert credits_of(gateway, key, prefix) == before
    answer = ask(gateway, key, model=PRICED)
    assert answer.status == 200
    [row] = gateway.rows_of(key)
    used = Decimal(row["charged"]) / Decimal("0.01")
    after = credits_of(gateway, key, prefix)
    assert used > 0 and Decimal(after["used"]) == used and Decimal(after["balance"]) == 500 - used
    assert after["held"] == "0"


def test_credits_of_a_workspace_without_a_balance_are_unlimited(recorded):
    gateway, _ = recorded
    key = production_key(gateway, workspace=new_workspace(gateway)["id"])
    assert ask(gateway, key).status == 200
    shown = credits_of(gateway, key)
    assert shown["unlimited"] is True and shown["balance"] is None
    assert Decimal(shown["used"]) == Decimal(gateway.rows_of(key)[0]["charged"]) * 100


@pytest.mark.parametrize("stream", [None, True], ids=["whole", "stream"])
def test_generation_is_there_as_soon_as_its_answer_has_ended(recorded, stream):
    gateway, _ = recorded
    key = production_key(gateway)
    for _ in range(20):
        answer = ask(gateway, key, stream=stream)
        shown = generation(gateway, key, answer)
        assert shown.status == 200, shown.body
        assert shown.json()["id"] == answer.header("X-Tollgate-Generation-Id")
        assert shown.json()["output_tokens"] > 0
    assert {row["id"]: row for row in gateway.rows_of(key)}[shown.json()["id"]] == shown.json()


@pytest.mark.parametrize("prefix", PREFIXES)
def test_generation_answers_under_its_aliases(recorded, prefix):
    gateway, _ = recorded
    key = production_key(gateway)
    assert generation(gateway, key, ask(gateway, key), prefix).status == 200


def test_generation_of_another_key_is_as_one_that_is_not_there(recorded):
    gateway, _ = recorded
    key, other = production_key(gateway), production_key(gateway)
    answer = ask(gateway, key)
    refused = generation(gateway, other, answer)
    missing = gateway.request("GET", "/v1/generation?id=gen_0000000000000001", wire.bearer(other["secret"]))
    assert refused.status == missing.status == 404
    assert [a.json()["error"]["message"] for a in (refused, missing)] == [refused.json()["error"]["message"]] * 2


def test_generation_that_was_refused_leaves_none(recorded):
    gateway, _ = recorded
    key = production_key(gateway)
    answer = ask(gateway, key, model="nobody/nothing")
    assert answer.status == 400
    assert generation(gateway, key, answer).status == 404


@pytest.mark.parametrize("query", ["", "?id=", "?id=nonsense", "?id=gen_12", "?other=gen_0000000000000001"])
def test_generation_without_an_id_is_400(recorded, query):
    gateway, _ = recorded
    key = production_key(gateway)
    answer = gateway.request("GET", f"/v1/generation{query}", wire.bearer(key["secret"]))
    assert answer.status == 400 and answer.json()["error"]["param"] == "id"


def test_row_keeps_what_was_chosen_among_and_why(recorded):
    gateway, _ = recorded
    key = production_key(gateway, models=["acme/*"], region="eu-west")
    answer = ask(gateway, key, model="tollgate/auto-cheap")
    assert answer.status == 200
    row = generation(gateway, key, answer).json()
    decision = row["route_decision"]
    assert decision["strategy"] == "cheapest"
    assert decision["candidates"][0]["model"] == row["model"] == answer.header("X-Tollgate-Model")
    assert decision["tier"] in ("NANO", "SIMPLE", "LIGHT", "STANDARD", "COMPLEX")
    assert 0 < decision["confidence"] <= 1
    assert gateway.admin_json("GET", f"/admin/v1/usage/{row['id']}") == row
    assert gateway.cli_json("usage", row["id"]) == row
    assert "CANDIDATE" in gateway.cli("usage", row["id"])
    csv = gateway.admin("GET", f"/admin/v1/usage?key={key['id']}&format=csv").body.decode()
    assert csv.splitlines()[0].endswith(",route_decision") and '""strategy"":""cheapest""' in csv


def test_decision_holds_nothing_of_the_prompt(recorded):
    gateway, provider = recorded
    key = production_key(gateway)
    word = "xyzzyplugh"
    act = act_for(key)
    body = {"model": "tollgate/auto", "max_tokens": 5,
            "messages": [{"role": "system", "content": word}, {"role": "user", "content": word},
                         {"role": "user", "content": act.prompt()}]}
    assert gateway.chat(key["secret"], json.dumps(body).encode()).status == 200
    [row] = gateway.rows_of(key)
    assert row["route_decision"]["eligible"] > 1
    assert word not in json.dumps(row)
    gateway_files = b"".join(path.read_bytes() for path in gateway.data.rglob("*") if path.is_file())
    assert word.encode() not in gateway_files


def test_named_model_of_one_offer_has_no_decision(recorded):
    gateway, _ = recorded
    key = production_key(gateway)
    assert ask(gateway, key, model=FREE_INPUT).status == 200
    assert gateway.rows_of(key)[0]["route_decision"] is None


def test_models_that_choose_are_listed_where_there_is_something_to_choose(recorded):
    gateway, _ = recorded
    auto = ["tollgate/auto", "tollgate/auto-cheap", "tollgate/auto-fast"]

    def listed(key: dict) -> list[str]:
        return [one["id"] for one in gateway.request("GET", "/v1/models", wire.bearer(key["secret"])).json()["data"]]

    some = production_key(gateway, models=[FREE_INPUT])
    assert listed(some) == [FREE_INPUT, *auto]
    assert listed(production_key(gateway, models=["nobody/*"])) == []
    one = gateway.request("GET", "/v1/models/tollgate/auto", wire.bearer(some["secret"])).json()
    assert one["id"] == "tollgate/auto" and one["owned_by"] == "tollgate"
