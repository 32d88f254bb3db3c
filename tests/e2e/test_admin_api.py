"""Administration by management key over TCP: one workspace, one role, never a model; and the audit
chain that remembers every change."""

import json
import sqlite3
from collections import Counter
from decimal import Decimal

import pytest
from harness import wire
from harness.gateway import CommandFailed, run


@pytest.fixture(scope="module")
def managers(gateway):
    return {role: gateway.create_key(name=f"manager {role}", type="management", role=role)
            for role in ("viewer", "member", "admin")}


def call(gateway, key, method, target, body=None):
    data = None if body is None else json.dumps(body).encode()
    return gateway.request(method, target, wire.json_headers(key["secret"]), data)


def test_viewer_reads_and_changes_nothing(gateway, managers):
    assert call(gateway, managers["viewer"], "GET", "/admin/v1/keys").status == 200
    answer = call(gateway, managers["viewer"], "POST", "/admin/v1/keys", {"name": "viewer tries"})
    assert (answer.status, answer.code) == (403, "insufficient_scope")


def test_member_manages_only_what_it_created(gateway, managers):
    own = call(gateway, managers["member"], "POST", "/admin/v1/keys", {"name": "member's own"})
    assert own.status == 201 and own.json()["created_by"] == managers["member"]["id"]
    target = f"/admin/v1/keys/{own.json()['id']}"
    assert call(gateway, managers["member"], "PATCH", target, {"enabled": False}).status == 200
    other = gateway.create_key()
    assert call(gateway, managers["member"], "DELETE", f"/admin/v1/keys/{other['id']}").status in (403, 404)
    assert gateway.get_key(other["id"])["status"] == "active"


def test_nobody_grants_above_the_own_role(gateway, managers):
    body = {"name": "climber", "type": "management", "role": "admin"}
    assert call(gateway, managers["member"], "POST", "/admin/v1/keys", body).status == 403


def test_admin_manages_every_key(gateway, managers):
    key = gateway.create_key()
    target = f"/admin/v1/keys/{key['id']}"
    assert call(gateway, managers["admin"], "PATCH", target, {"enabled": False}).status == 200
    assert gateway.chat(key["secret"]).code == "disabled_api_key"
    assert call(gateway, managers["admin"], "DELETE", target).json()["status"] == "revoked"


def test_audit_is_for_admins(gateway, managers):
    assert call(gateway, managers["viewer"], "GET", "/admin/v1/audit").status == 403
    assert call(gateway, managers["admin"], "GET", "/admin/v1/audit").status == 200


def test_another_workspace_is_404(gateway, managers):
    assert call(gateway, managers["admin"], "GET", "/admin/v1/keys?workspace=elsewhere").status == 404


def test_management_key_calls_no_model(gateway, managers):
    answer = gateway.chat(managers["admin"]["secret"])
    assert (answer.status, answer.code) == (403, "insufficient_scope")


def test_standard_key_administers_nothing(gateway, sandbox_key):
    answer = call(gateway, sandbox_key, "GET", "/admin/v1/keys")
    assert (answer.status, answer.code) == (403, "insufficient_scope")


def test_disabled_management_key_is_refused_at_once(gateway):
    manager = gateway.create_key(type="management", role="admin")
    with gateway.connect() as connection:
        assert connection.request("GET", "/admin/v1/keys", wire.bearer(manager["secret"])).status == 200
        gateway.admin_json("PATCH", f"/admin/v1/keys/{manager['id']}", {"enabled": False})
        answer = connection.request("GET", "/admin/v1/keys", wire.bearer(manager["secret"]))
        assert (answer.status, answer.code) == (401, "disabled_api_key")


def test_cli_speaks_to_a_url_with_a_management_key(gateway, managers):
    result = run("keys", "create", "--name", "from afar", "--url", gateway.url, "--json",
                 TOLLGATE_ADMIN_KEY=managers["admin"]["secret"])
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["created_by"] == managers["admin"]["id"]


def test_cli_failure_is_the_envelope_on_standard_error(gateway):
    with pytest.raises(CommandFailed) as failed:
        gateway.cli("keys", "get", "no such key", "--json")
    assert (failed.value.status, failed.value.error["code"]) == (1, "not_found")


def test_every_change_is_an_audit_row_without_secrets(gateway):
    key = gateway.create_key(name="audited")
    gateway.admin_json("PATCH", f"/admin/v1/keys/{key['id']}", {"description": "changed"})
    rotated = gateway.admin_json("POST", f"/admin/v1/keys/{key['id']}/rotate")
    gateway.revoke(key["id"])
    answer = gateway.admin("GET", f"/admin/v1/audit?object={key['id']}")
    rows = answer.json()["data"]
    assert [row["action"] for row in rows] == ["key.revoke", "key.rotate", "key.update", "key.create"]
    assert rows[2]["before"]["description"] != rows[2]["after"]["description"] == "changed"
    assert {row["actor"] for row in rows} == {"cli"} and {row["from"] for row in rows} == {"local socket"}
    for secret in (key["secret"], rotated["secret"]):
        assert secret not in answer.body.decode()


def test_audit_chain_verifies(gateway):
    gateway.create_key()
    verdict = gateway.cli_json("audit", "verify")
    assert verdict["valid"] and verdict["rows"] > 0


def test_edited_audit_row_is_found(start_gateway, tmp_path):
    first = start_gateway(data=tmp_path / "data")
    first.create_key()
    first.stop()
    [database] = [path for path in first.data.iterdir() if path.read_bytes()[:15] == b"SQLite format 3"]
    with sqlite3.connect(database) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(audit)")]
        assert "actor" in columns
        connection.execute("UPDATE audit SET actor = 'nobody' WHERE number = 1")
    connection.close()
    second = start_gateway(data=tmp_path / "data")
    answer = second.admin_json("GET", "/admin/v1/audit/verify")
    assert not answer["valid"] and answer["first_bad"] == 1
    with pytest.raises(CommandFailed) as failed:
        second.cli("audit", "verify")
    assert failed.value.status == 1


def test_models_and_providers_list_the_sandbox(gateway):
    models = gateway.cli_json("models")["data"]
    assert {"sandbox/echo", "sandbox/lorem"} <= {model["id"] for model in models}
    assert [p["id"] for p in gateway.cli_json("providers")["data"]] == ["sandbox"]


def test_usage_is_shown_by_row_by_key_and_as_csv(gateway):
    key = gateway.create_key(name="=reported")
    for _ in range(3):
        assert gateway.chat(key["secret"]).status == 200
    rows = gateway.cli_json("usage", "--key", key["id"])["data"]
    assert len(rows) == 3 and {row["key_name"] for row in rows} == {"=reported"}
    assert len(gateway.cli_json("usage", "--key", key["id"], "--limit", "2")["data"]) == 2
    totals = gateway.cli_json("usage", "--by", "key")["data"]
    assert next(total for total in totals if total["key"] == key["id"])["requests"] == 3
    lines = gateway.cli("usage", "--key", key["id"], "--csv").splitlines()
    assert len(lines) == 4 and "'=reported" in lines[1]


@pytest.mark.parametrize("by, of_row", [("key", "key"), ("model", "model"), ("day", "admitted_at")])
def test_totals_are_the_sums_of_the_rows(gateway, by, of_row):
    key = gateway.create_key()
    for model in ("sandbox/echo", "sandbox/lorem", "sandbox/error-500"):
        gateway.chat(key["secret"], wire.chat_body(model))
    requests, tokens, cost = Counter(), Counter(), Counter()
    for row in gateway.rows():
        group = row[of_row][:10] if by == "day" else row[of_row]
        requests[group] += 1
        tokens[group] += row["input_tokens"] + row["output_tokens"]
        cost[group] += Decimal(row["cost"])
    totals = gateway.admin_json("GET", f"/admin/v1/usage?group_by={by}")["data"]
    assert {t[by]: t["requests"] for t in totals} == requests
    assert {t[by]: t["input_tokens"] + t["output_tokens"] for t in totals} == tokens
    assert {t[by]: Decimal(t["cost"]) for t in totals} == cost


def test_usage_is_found_by_how_it_ended_in_rows_csv_and_by_cli(gateway):
    key = gateway.create_key()
    for model, status in (("sandbox/echo", 200), ("sandbox/error-500", 502), ("sandbox/lorem", 200)):
        assert gateway.chat(key["secret"], wire.chat_body(model)).status == status

    def models(status):
        return [row["model"] for row in gateway.rows(f"key={key['id']}&status={status}")]

    assert models("ok") == ["sandbox/lorem", "sandbox/echo"]
    for failed in ("error", "5xx", "502", "provider_error"):
        assert models(failed) == ["sandbox/error-500"]
    assert models("4xx") == []
    csv = gateway.admin("GET", f"/admin/v1/usage?key={key['id']}&status=5xx&format=csv").body.decode().splitlines()
    assert len(csv) == 2 and "sandbox/error-500" in csv[1]
    listed = gateway.cli_json("usage", "--key", key["id"], "--status", "ok")["data"]
    assert [row["model"] for row in listed] == ["sandbox/lorem", "sandbox/echo"]
    assert gateway.admin("GET", "/admin/v1/usage?status=gone%20wrong").status == 400
    assert gateway.admin("GET", "/admin/v1/usage?status=ok&group_by=day").status == 400


def test_usage_is_found_by_time_and_model(gateway):
    key = gateway.create_key()
    for model in ("sandbox/echo", "sandbox/lorem"):
        assert gateway.chat(key["secret"], wire.chat_body(model)).status == 200
    assert [row["model"] for row in gateway.rows(f"key={key['id']}&model=sandbox/lorem")] == ["sandbox/lorem"]
    newest, oldest = gateway.rows_of(key)
    later = gateway.rows(f"key={key['id']}&from={newest['admitted_at']}")
    assert [row["id"] for row in later] == [newest["id"]]
    earlier = gateway.rows(f"key={key['id']}&to={newest['admitted_at']}")
    assert [row["id"] for row in earlier] == [oldest["id"]]


def test_unknown_query_parameter_is_refused(gateway):
    assert gateway.admin("GET", "/admin/v1/keys?surprise=1").status == 400
    assert gateway.admin("GET", "/admin/v1/keys?limit=1001").status == 400
    assert gateway.admin("GET", "/admin/v1/keys?cursor=nonsense").status == 400


def test_revoked_key_is_409_for_every_change(gateway):
    key = gateway.create_key()
    gateway.revoke(key["id"])
    target = f"/admin/v1/keys/{key['id']}"
    assert gateway.admin("PATCH", target, {"enabled": True}).status == 409
    assert gateway.admin("POST", target + "/rotate").status == 409
    assert gateway.admin("DELETE", target).status == 409
