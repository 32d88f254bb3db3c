"""What other systems document of their keys (harness/behaviours.py) and no other test shows."""

import secrets

import pytest
from harness.limits import cost, new_workspace, production_key, requests, workspace_of
from harness.upstream import MockUpstream, provider

HELD_BY_A_LIMIT = "0.000001"


@pytest.mark.parametrize("prefix", ["sk-routor-", "lr-sk-", "sk-"])
def test_prefix_is_a_setting_and_keys_of_an_earlier_one_go_on_working(start_gateway, prefix):
    before = start_gateway()
    earlier = before.create_key()["secret"]
    before.stop()
    gateway = start_gateway(data=before.data, token_prefix=prefix)
    for environment, kind in (("production", ""), ("sandbox", "test-")):
        key = gateway.create_key(environment=environment)
        assert key["secret"].startswith(prefix + kind) and len(key["secret"]) == 48
        assert key["prefix"] == key["secret"][:18] + "..." and key["last4"] == key["secret"][-4:]
    assert [gateway.chat(secret).status for secret in (earlier, key["secret"])] == [200, 200]


def test_another_vendors_key_is_refused(gateway):
    for form in ("sk-{}", "sk-proj-{}", "sk-ant-api03-{}", "AIza{}"):
        answer = gateway.chat(form.format(secrets.token_hex(20)))
        assert (answer.status, answer.code) == (401, "invalid_api_key")


def test_many_keys_share_one_balance_and_keep_limits_of_their_own(start_gateway):
    with MockUpstream() as upstream:
        gateway = start_gateway(environment={"ACME_KEY": secrets.token_hex(16)}, providers=[provider(upstream)])
        team = new_workspace(gateway, grant="1")
        keys = [production_key(gateway, workspace=team["id"]) for _ in range(3)]
        narrow = production_key(gateway, cost(HELD_BY_A_LIMIT), workspace=team["id"])
        body = b'{"model": "acme/large", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5}'
        answers = [gateway.chat(key["secret"], body) for key in [*keys, narrow]]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert answers[3].code == "limit_exceeded"
    balances = [float(answer.header("X-Credit-Balance")) for answer in answers]
    assert balances[0] > balances[1] > balances[2] == balances[3]
    assert workspace_of(gateway, team)["balance"]["held"] == "0"


def test_usage_shows_the_keys_name_and_is_found_by_it(gateway):
    key, other = (gateway.create_key(name=name) for name in ("billing robot", "somebody else"))
    for one in (key, other):
        assert gateway.chat(one["secret"]).status == 200
    assert [row["key_name"] for row in gateway.rows("key=billing%20robot")] == ["billing robot"]


def test_description_and_icon_are_kept(gateway):
    made = gateway.create_key(description="Pays the bills", icon="receipt")
    shown = gateway.get_key(made["id"])
    assert (shown["description"], shown["icon"]) == ("Pays the bills", "receipt")


def test_name_is_all_that_a_new_key_needs_and_the_list_tells_it(gateway):
    made = gateway.admin_json("POST", "/admin/v1/keys", {"name": "a name alone"})
    assert made["secret"].startswith("sk-tg-")
    [listed] = [key for key in gateway.admin_json("GET", "/admin/v1/keys?limit=1000")["data"]
                if key["id"] == made["id"]]
    assert {name: listed[name] for name in ("name", "prefix", "type", "environment", "status", "request_count")} == {
        "name": "a name alone", "prefix": made["secret"][:18] + "...", "type": "standard",
        "environment": "production", "status": "active", "request_count": 0}
    assert listed["created_at"] == made["created_at"]


@pytest.mark.parametrize("metric", [{"metric": "cost", "amount": "0.000000001"}, {"metric": "tokens", "amount": 1}])
@pytest.mark.parametrize("window, turn", [("day", "24h"), ("week", "7d"), ("month", "31d")])
def test_cost_and_tokens_start_again_with_their_window(gateway, metric, window, turn):
    """A soft key is refused once it has used its limit up, and not before."""
    team = new_workspace(gateway)
    key = production_key(gateway, metric | {"window": window}, workspace=team["id"], environment="sandbox",
                         enforcement="soft")
    assert [gateway.chat(key["secret"]).status for _ in range(2)] == [200, 429]
    gateway.cli_json("workspaces", "advance-clock", team["id"], turn)
    assert [gateway.chat(key["secret"]).status for _ in range(2)] == [200, 429]


def test_requests_a_minute_are_counted_whatever_the_reset_period_is(gateway):
    a_minute = requests(2, "60s")
    key = gateway.create_key(limits=[a_minute, cost("10", "day")])
    assert [gateway.chat(key["secret"]).status for _ in range(3)] == [200, 200, 429]
    gateway.admin_json("PATCH", f"/admin/v1/keys/{key['id']}", {"limits": [a_minute, cost("10", "month")]})
    answer = gateway.chat(key["secret"])
    assert (answer.status, answer.code) == (429, "rate_limit_exceeded")
    assert (answer.error["details"]["metric"], answer.error["details"]["window"]) == ("requests", "60s")
