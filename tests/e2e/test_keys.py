"""The life of a key, over the local socket and by the command line: every change holds from the very
next request on, also on a connection that is open already."""

import threading
from datetime import datetime, timedelta, timezone

import pytest
from harness import wire
from harness.gateway import CommandFailed, wait_for


def chat_on(connection, secret: str, **more):
    return connection.request("POST", "/v1/chat/completions", wire.json_headers(secret), wire.chat_body(**more))


def test_key_made_by_cli_works_at_once(gateway):
    key = gateway.cli_json("keys", "create", "--name", "by cli", "--environment", "sandbox")
    assert key["status"] == "active" and key["created_by"] == "cli"
    assert gateway.chat(key["secret"]).status == 200


def test_created_key_shows_its_secret_this_once(gateway):
    key = gateway.create_key()
    assert key["prefix"] == key["secret"][:18] + "..." and key["last4"] == key["secret"][-4:]
    assert "secret" not in gateway.get_key(key["id"])
    assert key["secret"] not in gateway.admin("GET", "/admin/v1/keys").body.decode()


def test_tokens_tell_their_environment_and_type(gateway):
    sandbox = gateway.create_key()["secret"]
    production = gateway.create_key(environment="production")["secret"]
    management = gateway.create_key(type="management")["secret"]
    assert sandbox.startswith("sk-tg-test-") and management.startswith("sk-tg-admin-")
    assert production.startswith("sk-tg-") and production.count("-") == 2
    assert {len(sandbox), len(production), len(management)} == {48}


def test_list_pages_through_all_keys_newest_first(gateway):
    made = [gateway.create_key(tags=["paged"])["id"] for _ in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = gateway.admin_json("GET", f"/admin/v1/keys?tag=paged&limit=2{cursor and '&cursor=' + cursor}")
        assert len(page["data"]) <= 2
        seen += [key["id"] for key in page["data"]]
        cursor = page["next_cursor"]
    assert seen == made[::-1]


def test_list_is_sorted_as_asked_and_counted_by_status(gateway):
    names = ["sorted b", "sorted A", "sorted c"]
    made = {name: gateway.create_key(name=name, tags=["sorted"]) for name in names}
    for name, count in (("sorted b", 2), ("sorted c", 1)):
        for _ in range(count):
            assert gateway.chat(made[name]["secret"]).status == 200
    gateway.admin_json("PATCH", f"/admin/v1/keys/{made['sorted A']['id']}", {"enabled": False})

    def listed(*options):
        return [key["name"] for key in gateway.cli_json("keys", "list", "--tag", "sorted", *options)["data"]]

    assert listed("--sort", "name") == ["sorted A", "sorted b", "sorted c"]
    assert listed("--sort", "requests") == ["sorted b", "sorted c", "sorted A"]
    assert listed("--sort", "last_used", "--order", "asc") == ["sorted A", "sorted b", "sorted c"]
    assert gateway.admin_json("GET", "/admin/v1/key-counts?tag=sorted") == {
        "active": 2, "limited": 0, "disabled": 1, "expired": 0, "revoked": 0}


def test_cli_list_finds_by_search_and_follows_cursors(gateway):
    for number in range(3):
        gateway.create_key(name=f"needle {number}")
    page = gateway.cli_json("keys", "list", "--search", "needle")
    assert {key["name"] for key in page["data"]} == {"needle 0", "needle 1", "needle 2"}
    assert len(gateway.cli_json("keys", "list", "--search", "needle", "--limit", "2")["data"]) == 2


def test_cli_get_finds_by_name_and_by_id(gateway):
    key = gateway.create_key(name="found either way")
    assert gateway.cli_json("keys", "get", "found either way")["id"] == key["id"]
    assert gateway.cli_json("keys", "get", key["id"])["name"] == "found either way"


def test_update_holds_from_the_next_request(gateway):
    key = gateway.create_key(models=["sandbox/echo"])
    with gateway.connect() as connection:
        assert chat_on(connection, key["secret"]).status == 200
        gateway.cli_json("keys", "update", key["id"], "--models", "sandbox/lorem", "--tags", "a,b")
        refused = chat_on(connection, key["secret"])
        assert (refused.status, refused.code) == (403, "model_not_allowed")
        assert chat_on(connection, key["secret"], model="sandbox/lorem").status == 200
    assert gateway.get_key(key["id"])["tags"] == ["a", "b"]


def test_toggle_holds_from_the_next_request_on_the_same_connection(gateway):
    key = gateway.create_key(name="toggled")
    with gateway.connect() as connection:
        assert chat_on(connection, key["secret"]).status == 200
        assert gateway.cli_json("keys", "disable", "toggled")["status"] == "disabled"
        refused = chat_on(connection, key["secret"])
        assert (refused.status, refused.code) == (401, "disabled_api_key")
        assert gateway.cli_json("keys", "enable", "toggled")["status"] == "active"
        assert chat_on(connection, key["secret"]).status == 200


def test_rotation_kills_the_old_secret_at_once(gateway):
    key = gateway.create_key()
    rotated = gateway.admin_json("POST", f"/admin/v1/keys/{key['id']}/rotate")
    assert rotated["id"] == key["id"] and rotated["secret"] != key["secret"]
    refused = gateway.chat(key["secret"])
    assert (refused.status, refused.code) == (401, "expired_api_key")
    assert gateway.chat(rotated["secret"]).status == 200


def test_rotation_with_grace_keeps_both_secrets_and_counts_them_apart(gateway):
    key = gateway.create_key(name="graceful")
    rotated = gateway.cli_json("keys", "rotate", "graceful", "--grace", "1h")
    for _ in range(3):
        assert gateway.chat(key["secret"]).status == 200
    for _ in range(2):
        assert gateway.chat(rotated["secret"]).status == 200
    now = gateway.get_key(key["id"])
    new, old = now["secrets"]
    assert (new["request_count"], old["request_count"], now["request_count"]) == (2, 3, 5)
    assert new["retires_at"] is None and old["retires_at"] is not None
    assert {row["secret"] for row in gateway.rows_of(key)} == {new["id"], old["id"]}


def test_playground_secret_is_counted_apart_listed_with_its_purpose_and_dies_with_the_key(gateway):
    key = gateway.create_key()
    target = f"/admin/v1/keys/{key['id']}/secrets"
    minted = gateway.admin_json("POST", target, {"purpose": "playground"})
    left = datetime.fromisoformat(minted["retires_at"]) - datetime.now(timezone.utc)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert gateway.chat(minted["secret"]).status == 200
    assert gateway.chat(key["secret"]).status == 200
    now = gateway.get_key(key["id"])
    assert (now["prefix"], now["last4"]) == (key["prefix"], key["last4"])
    assert [(row["purpose"], row["request_count"]) for row in now["secrets"]] == [("playground", 1), ("client", 1)]
    assert [row["secret"] for row in gateway.rows_of(key)] == [now["secrets"][1]["id"], minted["id"]]
    assert minted["secret"] not in gateway.admin("GET", f"/admin/v1/audit?object={key['id']}").body.decode()
    gateway.cli_json("keys", "rotate", key["id"])
    assert gateway.chat(minted["secret"]).code == "expired_api_key"
    further = gateway.admin_json("POST", target, {"purpose": "playground"})["secret"]
    assert gateway.chat(further).status == 200
    gateway.cli_json("keys", "revoke", key["id"])
    assert gateway.chat(further).code == "expired_api_key"
    assert gateway.admin("POST", target, {"purpose": "playground"}).status == 409


def test_playground_secrets_of_a_key_are_five_at_most(gateway):
    key = gateway.create_key()
    minted = [gateway.admin_json("POST", f"/admin/v1/keys/{key['id']}/secrets", {"purpose": "playground"})["secret"]
              for _ in range(7)]
    assert [gateway.chat(secret).status for secret in minted] == [401] * 2 + [200] * 5
    assert len(gateway.get_key(key["id"])["secrets"]) == 6


def test_second_rotation_ends_the_secret_still_in_grace(gateway):
    key = gateway.create_key()
    target = f"/admin/v1/keys/{key['id']}/rotate"
    second = gateway.admin_json("POST", target, {"grace_seconds": 3600})
    third = gateway.admin_json("POST", target, {"grace_seconds": 3600})
    assert gateway.chat(key["secret"]).code == "expired_api_key"
    assert gateway.chat(second["secret"]).status == 200
    assert gateway.chat(third["secret"]).status == 200


def test_revoked_during_a_stream_the_stream_finishes_and_the_next_request_is_refused(gateway):
    key = gateway.create_key()
    with gateway.connect() as connection:
        connection.send_request("POST", "/v1/chat/completions", wire.json_headers(key["secret"]),
                                wire.chat_body("sandbox/slow", stream=True))
        head = connection.read_head()
        connection.read_event()
        assert gateway.revoke(key["id"])["status"] == "revoked"
        connection.read_body(head)
        assert head.events()[-1] == "[DONE]"
        refused = chat_on(connection, key["secret"])
        assert (refused.status, refused.code) == (401, "expired_api_key")
    [row] = gateway.rows_of(key)
    assert row["status"] == 200 and row["streamed"]


def test_request_still_sending_its_body_when_revoked_is_refused(gateway):
    key = gateway.create_key()
    body = wire.chat_body()
    with gateway.connect() as connection:
        connection.send(wire.request_bytes("POST", "/v1/chat/completions", wire.json_headers(
            key["secret"], **{"Content-Length": str(len(body)), "Expect": "100-continue"})))
        assert connection.read_head().status == 100  # the key was good when the body was asked for
        gateway.revoke(key["id"])
        connection.send(body)
        refused = connection.read_answer()
        assert (refused.status, refused.code) == (401, "expired_api_key")
    assert gateway.rows_of(key) == []


def test_abort_inflight_cuts_what_was_admitted(gateway):
    key = gateway.create_key()
    with gateway.connect() as connection:
        connection.send_request("POST", "/v1/chat/completions", wire.json_headers(key["secret"]),
                                wire.chat_body("sandbox/slow", stream=True))
        head = connection.read_head()
        connection.read_event()
        assert gateway.cli_json("keys", "revoke", key["id"], "--abort-inflight")["status"] == "revoked"
        connection.read_body(head)
        assert "[DONE]" not in head.events()
        assert head.chunk_objects()[-1]["error"]["code"] == "expired_api_key"
    [row] = gateway.rows_of(key)
    assert row["error_code"] == "expired_api_key" and row["input_tokens"] > 0


def test_name_of_a_revoked_key_can_be_used_again(gateway):
    first = gateway.create_key(name="used again")
    gateway.revoke(first["id"])
    second = gateway.create_key(name="used again")
    assert second["id"] != first["id"]
    assert gateway.get_key(first["id"])["status"] == "revoked"
    listed = gateway.admin_json("GET", "/admin/v1/keys?search=used%20again")["data"]
    assert [key["id"] for key in listed] == [second["id"]]


def test_name_in_use_is_409(gateway):
    gateway.create_key(name="taken")
    answer = gateway.admin("POST", "/admin/v1/keys", {"name": "taken"})
    assert (answer.status, answer.code) == (409, "conflict")
    with pytest.raises(CommandFailed) as failed:
        gateway.cli("keys", "create", "--name", "taken", "--json")
    assert failed.value.status == 1 and failed.value.error["code"] == "conflict"


def test_two_creates_of_one_name_at_once_make_one_key(gateway):
    statuses = []
    start = threading.Barrier(8)

    def create():
        start.wait()
        statuses.append(gateway.admin("POST", "/admin/v1/keys", {"name": "raced"}).status)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] + [409] * 7


def test_limits_are_shown_by_id_and_bad_ones_refused_by_place(gateway):
    key = gateway.create_key(limits=[{"metric": "requests", "window": "60s", "amount": 60}])
    (limit,) = gateway.get_key(key["id"])["limits"]
    assert (limit["id"], limit["amount"]) == (key["id"] + "/requests/60s", 60)
    wrong = [{"metric": "requests", "window": "request", "amount": 1}]
    answer = gateway.admin("POST", "/admin/v1/keys", {"name": "limited", "limits": wrong})
    assert answer.status == 422
    assert [problem["param"] for problem in answer.error["details"]["problems"]] == ["limits[0].window"]
    with pytest.raises(CommandFailed) as failed:
        gateway.cli("keys", "create", "--name", "limited", "--limit", "requests:1/request", "--json")
    assert failed.value.status == 1


def test_every_problem_of_a_body_is_told_at_once(gateway):
    answer = gateway.admin("POST", "/admin/v1/keys", {"name": "", "environment": "moon", "surprise": 1,
                                                     "expires_at": "2001-01-01T00:00:00Z"})
    assert answer.status == 422
    params = {problem["param"] for problem in answer.error["details"]["problems"]}
    assert params >= {"name", "environment", "surprise", "expires_at"}


def test_key_expires_at_its_time(gateway):
    at = datetime.now(timezone.utc) + timedelta(seconds=1.5)
    key = gateway.create_key(expires_at=at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    assert gateway.chat(key["secret"]).status == 200
    wait_for(lambda: gateway.chat(key["secret"]).status == 401, what="the expiry")
    assert datetime.now(timezone.utc) >= at
    assert gateway.chat(key["secret"]).code == "expired_api_key"
    assert gateway.get_key(key["id"])["status"] == "expired"


def test_idempotent_create_is_replayed_without_its_secret(gateway):
    headers = {"Idempotency-Key": "create-once"}
    first = gateway.admin("POST", "/admin/v1/keys", {"name": "once"}, headers)
    replay = gateway.admin("POST", "/admin/v1/keys", {"name": "once"}, headers)
    assert first.status == 201 and first.header("Idempotent-Replayed") is None
    assert replay.status == 201 and replay.header("Idempotent-Replayed") == "true"
    assert replay.json()["id"] == first.json()["id"] and "secret" not in replay.json()


def test_idempotency_key_with_another_body_is_422(gateway):
    headers = {"Idempotency-Key": "create-another"}
    assert gateway.admin("POST", "/admin/v1/keys", {"name": "first body"}, headers).status == 201
    answer = gateway.admin("POST", "/admin/v1/keys", {"name": "second body"}, headers)
    assert (answer.status, answer.code) == (422, "idempotency_key_reused")


def test_idempotent_rotation_is_replayed_without_rotating_again(gateway):
    key = gateway.create_key()
    headers = {"Idempotency-Key": "rotate-once"}
    target = f"/admin/v1/keys/{key['id']}/rotate"
    first = gateway.admin("POST", target, {"grace_seconds": 0}, headers)
    replay = gateway.admin("POST", target, {"grace_seconds": 0}, headers)
    assert replay.status == 200 and replay.header("Idempotent-Replayed") == "true"
    assert gateway.chat(first.json()["secret"]).status == 200


def test_counts_tell_requests_and_errors_refusals_included(gateway):
    key = gateway.create_key(models=["sandbox/echo"])
    assert gateway.chat(key["secret"]).status == 200
    assert gateway.chat(key["secret"], wire.chat_body("sandbox/lorem")).status == 403
    now = gateway.get_key(key["id"])
    assert (now["request_count"], now["error_count"]) == (2, 1)
    assert now["last_used_at"] is not None


def test_holder_sees_the_own_key_and_no_other(gateway):
    key = gateway.create_key(name="holder", models=["sandbox/*"])
    answer = gateway.request("GET", "/v1/key", wire.bearer(key["secret"]))
    assert answer.status == 200
    own = answer.json()
    assert (own["name"], own["status"], own["environment"], own["models"]) == \
        ("holder", "active", "sandbox", ["sandbox/*"])
    assert key["secret"] not in answer.body.decode()


def test_keys_survive_a_restart(start_gateway, tmp_path):
    first = start_gateway(data=tmp_path / "data")
    kept, revoked = first.create_key(), first.create_key()
    first.revoke(revoked["id"])
    assert first.chat(kept["secret"]).status == 200
    first.stop()
    second = start_gateway(data=tmp_path / "data")
    assert second.chat(kept["secret"]).status == 200
    assert second.chat(revoked["secret"]).code == "expired_api_key"
    assert second.get_key(kept["id"])["request_count"] == 2
