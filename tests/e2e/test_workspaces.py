"""Workspaces over the local socket, by management key and by command line: each tenant has its own keys, rows,
balance and test clock, and only an operator moves money."""

import json
import threading
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from harness import wire
from harness.gateway import CommandFailed

names = iter(range(1, 1_000_000))


def new_workspace(gateway, **settings) -> dict:
    made = gateway.admin_json("POST", "/admin/v1/workspaces", {"name": f"workspace {next(names)}"})
    if settings:
        made = gateway.admin_json("PATCH", f"/admin/v1/workspaces/{made['id']}", settings)
    return made


def key_in(gateway, workspace, **fields) -> dict:
    fields = {"name": f"key {next(names)}", "environment": "sandbox"} | fields
    if fields.get("type") == "management":
        del fields["environment"]
    return gateway.admin_json("POST", f"/admin/v1/keys?workspace={workspace['id']}", fields)


def balance_of(gateway, workspace) -> dict:
    return gateway.admin_json("GET", f"/admin/v1/workspaces/{workspace['id']}")["balance"]


def grant(gateway, workspace, amount, **more):
    return gateway.admin("POST", f"/admin/v1/workspaces/{workspace['id']}/grants", {"amount": amount} | more)


def call(gateway, key, method, target, body=None):
    data = None if body is None else json.dumps(body).encode()
    return gateway.request(method, target, wire.json_headers(key["secret"]), data)


def test_first_start_has_the_default_workspace_unlimited(gateway):
    default = next(row for row in gateway.cli_json("workspaces", "list")["data"] if row["name"] == "default")
    assert default["id"] == "ws_default" and default["limits"] == [] and default["test_time"] is None
    assert default["balance"]["mode"] == "unlimited" and default["balance"]["available"] is None


def test_workspace_made_by_cli_takes_keys_at_once(gateway):
    made = gateway.cli_json("workspaces", "create", "by cli")
    key = gateway.cli_json("keys", "create", "--workspace", "by cli", "--name", "till", "--environment", "sandbox")
    assert key["workspace_id"] == made["id"]
    assert gateway.chat(key["secret"]).status == 200
    assert [row["id"] for row in gateway.cli_json("keys", "list", "--workspace", made["id"])["data"]] == [key["id"]]


def test_name_is_taken_once_and_never_looks_like_an_id(gateway):
    name = new_workspace(gateway)["name"]
    assert gateway.admin("POST", "/admin/v1/workspaces", {"name": name}).status == 409
    assert gateway.admin("POST", "/admin/v1/workspaces", {"name": "ws_default"}).status == 422


def test_renamed_workspace_is_found_by_its_new_name_only(gateway):
    made = gateway.cli_json("workspaces", "create", "old name")
    gateway.cli_json("workspaces", "update", "old name", "--name", "new name")
    assert gateway.cli_json("workspaces", "get", "new name")["id"] == made["id"]
    with pytest.raises(CommandFailed) as failed:
        gateway.cli_json("workspaces", "get", "old name")
    assert failed.value.status == 1 and failed.value.error["code"] == "not_found"


def test_key_name_is_unique_per_workspace_and_looked_up_in_it(gateway):
    one, two = new_workspace(gateway), new_workspace(gateway)
    first, second = key_in(gateway, one, name="same"), key_in(gateway, two, name="same")
    assert gateway.cli_json("keys", "get", "same", "--workspace", one["name"])["id"] == first["id"]
    assert gateway.cli_json("keys", "get", "same", "--workspace", two["id"])["id"] == second["id"]
    with pytest.raises(CommandFailed) as failed:
        gateway.cli_json("keys", "disable", "same")
    assert "--workspace" in failed.value.error["message"]
    target = f"/admin/v1/keys?workspace={one['id']}"
    assert gateway.admin("POST", target, {"name": "same"}).status == 409


def test_usage_and_audit_show_one_workspace_only(gateway):
    one, two = new_workspace(gateway), new_workspace(gateway)
    keys = {workspace["id"]: key_in(gateway, workspace) for workspace in (one, two)}
    for key in keys.values():
        assert gateway.chat(key["secret"]).status == 200
    for workspace in (one, two):
        rows = gateway.cli_json("usage", "--workspace", workspace["name"])["data"]
        assert [row["key"] for row in rows] == [keys[workspace["id"]]["id"]]
        audit = gateway.cli_json("audit", "list", "--workspace", workspace["id"])["data"]
        assert {row["action"] for row in audit} == {"workspace.create", "key.create"}
        assert {row["workspace_id"] for row in audit} == {workspace["id"]}
    with pytest.raises(CommandFailed):
        gateway.cli_json("usage", "--workspace", two["name"], "--key", keys[one["id"]]["id"])


def test_balance_is_what_was_granted_less_what_rows_were_charged(acme):
    running, _ = acme
    workspace = new_workspace(running)
    key = key_in(running, workspace, environment="production")
    for _ in range(3):
        answer = running.chat(key["secret"], wire.chat_body(model="acme/large"))
        assert answer.status == 200, answer.body
    rows = running.cli_json("usage", "--workspace", workspace["id"])["data"]
    charged = sum(Decimal(row["charged"]) for row in rows)
    assert len(rows) == 3 and charged > 0
    assert grant(running, workspace, "25").status == 201
    running.cli_json("workspaces", "update", workspace["name"], "--balance", "prepaid")
    balance = balance_of(running, workspace)
    assert Decimal(balance["charged"]) == charged and balance["granted"] == "25"
    assert Decimal(balance["available"]) == 25 - charged - Decimal(balance["held"])
    assert Decimal(balance["credits"]) == Decimal(balance["available"]) * 100
    refused = grant(running, workspace, "-25")
    assert refused.status == 422 and f"{(25 - charged).normalize():f} USD left" in refused.json()["error"]["message"]


def test_sandbox_requests_are_charged_nothing(gateway):
    workspace = new_workspace(gateway)
    assert gateway.chat(key_in(gateway, workspace)["secret"]).status == 200
    assert balance_of(gateway, workspace)["charged"] == "0"


def test_cli_grants_deducts_and_lists(gateway):
    workspace = new_workspace(gateway, balance={"mode": "prepaid"})
    gateway.cli_json("workspaces", "grant", workspace["name"], "25", "--note", "June")
    gateway.cli_json("workspaces", "grant", workspace["id"], "500cr")
    gateway.cli_json("workspaces", "grant", workspace["id"], "--deduct", "5")
    gateway.cli_json("workspaces", "grant", workspace["id"], "-0.5")
    rows = gateway.cli_json("workspaces", "grants", workspace["name"])["data"]
    assert [row["amount"] for row in rows] == ["-0.5", "-5", "5", "25"]
    assert rows[-1]["note"] == "June" and {row["actor"] for row in rows} == {"cli"}
    assert balance_of(gateway, workspace)["available"] == "24.5"
    assert gateway.cli_json("workspaces", "grants", workspace["id"], "--limit", "1")["data"] == rows[:1]


def test_deduction_never_takes_more_than_is_left_however_many_ask_at_once(gateway):
    workspace = new_workspace(gateway, balance={"mode": "prepaid"})
    assert grant(gateway, workspace, "10").status == 201
    statuses = []

    def deduct():
        statuses.append(grant(gateway, workspace, "-3").status)

    threads = [threading.Thread(target=deduct) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] * 3 + [422] * 5
    assert balance_of(gateway, workspace)["available"] == "1"


def test_replayed_grant_is_paid_once(gateway):
    workspace = new_workspace(gateway)
    target = f"/admin/v1/workspaces/{workspace['id']}/grants"
    headers = {"Idempotency-Key": f"grant-{workspace['id']}"}
    first = gateway.admin("POST", target, {"amount": "5"}, headers)
    again = gateway.admin("POST", target, {"amount": "5"}, headers)
    assert first.json() == again.json() and again.header("Idempotent-Replayed") == "true"
    other = gateway.admin("POST", target, {"amount": "6"}, headers)
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert balance_of(gateway, workspace)["granted"] == "5"


def test_management_key_sees_its_own_workspace_and_no_other(gateway):
    own, other = new_workspace(gateway), new_workspace(gateway)
    viewer = key_in(gateway, own, type="management", role="viewer")
    assert [row["id"] for row in call(gateway, viewer, "GET", "/admin/v1/workspaces").json()["data"]] == [own["id"]]
    assert call(gateway, viewer, "GET", f"/admin/v1/workspaces/{own['id']}").status == 200
    for target in (f"/admin/v1/workspaces/{other['id']}", f"/admin/v1/workspaces/{other['id']}/grants",
                   f"/admin/v1/keys?workspace={other['id']}", "/admin/v1/workspaces/ws_default"):
        assert call(gateway, viewer, "GET", target).status == 404, target
    hidden = key_in(gateway, other)
    assert call(gateway, viewer, "GET", f"/admin/v1/keys/{hidden['id']}").status == 404


def test_only_operators_move_money_or_change_workspaces(gateway):
    workspace = new_workspace(gateway)
    admin = key_in(gateway, workspace, type="management", role="admin")
    own = f"/admin/v1/workspaces/{workspace['id']}"
    for method, target, body in (("POST", "/admin/v1/workspaces", {"name": "tried"}),
                                 ("PATCH", own, {"balance": {"mode": "prepaid"}}),
                                 ("PATCH", own, {"limits": []}),
                                 ("POST", own + "/grants", {"amount": "1000"})):
        answer = call(gateway, admin, method, target, body)
        assert (answer.status, answer.code) == (403, "insufficient_scope"), target
    assert gateway.admin_json("GET", own) == workspace


def test_test_clock_moves_forward_only_and_stays_after_a_restart(start_gateway):
    gateway = start_gateway()
    workspace = new_workspace(gateway)
    before = datetime.fromisoformat(gateway.cli_json("workspaces", "advance-clock", workspace["name"],
                                                     "1h")["test_time"])
    target = f"/admin/v1/workspaces/{workspace['id']}/test-clock"
    back = gateway.admin("POST", target, {"now": "2026-01-01T00:00:00Z"})
    assert back.status == 422 and "forward only" in back.json()["error"]["message"]
    later = (before + timedelta(days=40)).isoformat()
    gateway.cli_json("workspaces", "advance-clock", workspace["id"], "--to", later)
    gateway.stop()
    again = start_gateway(data=gateway.data)
    kept = again.admin_json("GET", f"/admin/v1/workspaces/{workspace['id']}")["test_time"]
    assert datetime.fromisoformat(kept) >= datetime.fromisoformat(later)


def test_balances_and_grants_survive_kill_9(start_gateway):
    gateway = start_gateway()
    workspace = new_workspace(gateway, balance={"mode": "prepaid"},
                              limits=[{"metric": "cost", "window": "month", "amount": "500"}])
    assert grant(gateway, workspace, "25", note="kept").status == 201
    shown = gateway.admin_json("GET", f"/admin/v1/workspaces/{workspace['id']}")
    gateway.kill()
    again = start_gateway(data=gateway.data)
    assert again.admin_json("GET", f"/admin/v1/workspaces/{workspace['id']}") == shown
    assert [row["note"] for row in again.cli_json("workspaces", "grants", workspace["id"])["data"]] == ["kept"]
    assert again.cli_json("audit", "verify")["valid"] is True


def test_credits_are_worth_what_the_operator_says(start_gateway):
    gateway = start_gateway(credit_usd="0.001")
    workspace = new_workspace(gateway, balance={"mode": "prepaid"},
                              limits=[{"metric": "cost", "window": "day", "amount": "500", "unit": "credits"}])
    assert workspace["limits"][0]["amount"] == "0.5"
    assert grant(gateway, workspace, "500", unit="credits").json()["amount"] == "0.5"
    assert balance_of(gateway, workspace)["credits"] == "500"


def test_limits_are_replaced_whole_and_every_problem_is_told(gateway):
    workspace = new_workspace(gateway)
    name = workspace["name"]
    changed = gateway.cli_json("workspaces", "update", name, "--monthly", "500", "--rpm", "600")
    assert {limit["metric"]: limit["amount"] for limit in changed["limits"]} == {"cost": "500", "requests": 600}
    assert len(gateway.cli_json("workspaces", "update", name, "--parallel", "4")["limits"]) == 1
    assert gateway.cli_json("workspaces", "update", name, "--no-limits")["limits"] == []
    twice = {"limits": [{"metric": "cost", "window": "day", "amount": "1"}, {"metric": "cost", "window": "day",
                                                                            "amount": "2"}], "name": ""}
    refused = gateway.admin("PATCH", f"/admin/v1/workspaces/{workspace['id']}", twice)
    problems = {problem["param"] for problem in refused.json()["error"]["details"]["problems"]}
    assert refused.status == 422 and "name" in problems and any(param.startswith("limits[1]") for param in problems)


def test_tables_are_for_people(gateway):
    workspace = new_workspace(gateway, balance={"mode": "prepaid"})
    told = gateway.cli("workspaces", "grant", workspace["id"], "25")
    assert f"to workspace {workspace['name']}" in told and "balance: 25 USD (2500 credits)" in told
    listed = gateway.cli("workspaces", "list")
    assert listed.startswith("NAME") and workspace["name"] in listed
    assert "available" in gateway.cli("workspaces", "get", workspace["id"])
