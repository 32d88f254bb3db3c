"""People: the printed link makes the operator, sessions outlive a crash and die on logout, and nothing that signs in
is ever written down."""

import contextlib
import json
import re
import sqlite3
import statistics
import time
from urllib.parse import quote

import pytest
from harness import wire
from harness.browser import SETUP, Browser, first_operator, new_password


@pytest.fixture
def started(start_gateway, tmp_path):
    return start_gateway(data=tmp_path / "data")


def test_start_prints_a_setup_link_until_there_is_an_operator(started, start_gateway, tmp_path):
    old = SETUP.search(started.wait_for_line(SETUP))[1]
    started.stop()
    again = start_gateway(data=tmp_path / "data")
    new = SETUP.search(again.wait_for_line(SETUP))[1]
    assert new != old
    stale = Browser(again).enter("setup", {"token": old, "email": "eve@example.com", "name": "Eve",
                                           "password": new_password()})
    assert stale.status == 401
    assert json.loads(Browser(again).ask("GET", "sign-in").body)["setup_required"] is True
    first_operator(again)
    assert json.loads(Browser(again).ask("GET", "sign-in").body)["setup_required"] is False
    again.stop()
    last = start_gateway(data=tmp_path / "data")
    assert not any(SETUP.search(line) for line in last.lines)


def test_session_outlives_a_crash_and_dies_on_logout(started, start_gateway, tmp_path):
    ada = first_operator(started)
    other = Browser(started)
    started.kill()
    again = start_gateway(data=tmp_path / "data")
    ada.gateway = other.gateway = again
    assert ada.ask("GET", "keys").status == 200
    assert ada.ask("DELETE", "session").status == 200
    assert ada.ask("GET", "keys").status == 401
    again.kill()
    last = start_gateway(data=tmp_path / "data")
    ada.gateway = last
    assert json.loads(ada.ask("GET", "keys").body)["error"]["code"] == "expired_session"


def test_a_page_that_nobody_touches_keeps_no_session_from_ending(started, start_gateway, tmp_path):
    ada = first_operator(started)
    started.stop()
    # As if half a day had nearly gone by, without waiting for it.
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "tollgate.db")) as database, database:
        database.execute("UPDATE sessions SET last_seen_at = last_seen_at - ?", (12 * 3_600_000_000 - 60_000_000,))
        [[before]] = database.execute("SELECT last_seen_at FROM sessions")

    def last_seen() -> int:
        with contextlib.closing(sqlite3.connect(f"file:{tmp_path / 'data' / 'tollgate.db'}?mode=ro", uri=True)) as database:
            [[at]] = database.execute("SELECT last_seen_at FROM sessions")
        return at

    ada.gateway = start_gateway(data=tmp_path / "data")
    assert ada.ask("GET", "keys", **{"X-Tollgate-Unattended": "true"}).status == 200
    assert ada.ask("GET", "events?unknown=1").status == 400
    assert last_seen() == before
    assert ada.ask("GET", "keys").status == 200
    assert last_seen() > before


def test_nothing_that_signs_in_is_written_down(started):
    password = new_password()
    ada = first_operator(started, password=password)
    token = ada.invite("bob@example.com", "member")
    bob = Browser(started)
    bobs = new_password()
    assert bob.join(token, "Bob", bobs).status == 200
    assert Browser(started).sign_in("ada@example.com", "not " + password).status == 401
    hidden = [password, bobs, token, ada.cookie.partition("=")[2], bob.cookie.partition("=")[2],
              SETUP.search(started.wait_for_line(SETUP))[1]]
    audit = started.admin("GET", "/admin/v1/audit?limit=1000").body
    metrics = started.request("GET", "/metrics").body
    started.stop()
    files = [path.read_bytes() for path in started.data.rglob("*") if path.is_file()]
    for text in hidden:
        for place in [*files, started.log.encode(), audit, metrics]:
            assert text.encode() not in place
    assert "bob@example.com" in audit.decode()


def test_member_manages_their_own_keys_and_no_others(started):
    ada = first_operator(started)
    bob, vera = Browser(started), Browser(started)
    assert bob.join(ada.invite("bob@example.com", "member")).status == 200
    assert vera.join(ada.invite("vera@example.com", "viewer")).status == 200
    adas = ada.json("POST", "keys?workspace=ws_default", {"name": "ada's"})
    bobs = bob.json("POST", "keys", {"name": "bob's"})
    assert bobs["created_by"] == bob.session["person"]["id"]
    assert bob.ask("PATCH", f"keys/{bobs['id']}", {"enabled": False}).status == 200
    assert bob.ask("PATCH", f"keys/{adas['id']}", {"enabled": False}).status == 403
    assert vera.ask("PATCH", f"keys/{bobs['id']}", {"enabled": True}).status == 403
    assert {row["name"] for row in vera.json("GET", "keys")["data"]} >= {"ada's", "bob's"}


def test_playground_secrets_are_for_who_may_change_the_key(started):
    ada = first_operator(started)
    bob, vera, amy = Browser(started), Browser(started), Browser(started)
    for browser, role in ((bob, "member"), (vera, "viewer"), (amy, "admin")):
        assert browser.join(ada.invite(f"{role}@example.com", role)).status == 200
    adas = ada.json("POST", "keys?workspace=ws_default", {"name": "ada's", "environment": "sandbox"})
    bobs = bob.json("POST", "keys", {"name": "bob's", "environment": "sandbox"})
    wanted = {"purpose": "playground"}
    for browser, key, status in ((bob, bobs, 201), (bob, adas, 403), (vera, bobs, 403), (amy, adas, 201),
                                 (amy, bobs, 201)):
        answer = browser.ask("POST", f"keys/{key['id']}/secrets", wanted)
        assert answer.status == status, answer.body
        if status == 201:
            assert started.chat(json.loads(answer.body)["secret"]).status == 200


def test_audit_tells_names_and_is_found_by_them(started):
    ada = first_operator(started)
    bob = Browser(started)
    assert bob.join(ada.invite("bob@example.com", "admin"), "Bob").status == 200
    bobs = bob.json("POST", "keys", {"name": "bob's"})
    console = started.cli_json("keys", "create", "--name", "console", "--type", "management", "--role", "member")
    made = started.request("POST", "/admin/v1/keys", wire.json_headers(console["secret"]), b'{"name":"by console"}')
    assert made.status == 201

    def rows(**filters):
        query = "&".join(f"{name}={quote(value)}" for name, value in filters.items())
        return ada.json("GET", f"audit?workspace=ws_default&{query}")["data"]

    by_bob = rows(actor="bob@example.com", action="key")
    assert [(row["action"], row["object"], row["actor_name"]) for row in by_bob] == [
        ("key.create", bobs["id"], "bob@example.com")]
    assert rows(actor=bob.session["person"]["id"], action="key") == by_bob
    assert [row["actor_name"] for row in rows(actor="console")] == ["console"]
    assert {row["actor_name"] for row in rows(actor="cli")} == {"local CLI"}
    assert rows(to="2020-01-01") == [] and rows(**{"from": "2020-01-01"}) == rows()
    listed = started.cli_json("audit", "list", "--actor", "bob@example.com", "--action", "key.create")
    assert listed["data"] == by_bob
    assert ada.ask("DELETE", f"people/{bob.session['person']['id']}").status in (200, 204)
    assert [row["actor_name"] for row in rows(object=bobs["id"])] == [None]
    assert ada.ask("GET", "audit?colour=red").status == 400


def test_command_line_invites_lists_and_removes(started):
    ada = first_operator(started)
    invited = started.cli_json("users", "invite", "bob@example.com", "--role", "admin")
    bob = Browser(started)
    assert bob.join(invited["link"].partition("#")[2], "Bob").status == 200
    people = {row["email"]: row for row in started.cli_json("users", "list")["data"]}
    assert people["ada@example.com"]["operator"] is True
    assert people["bob@example.com"]["memberships"] == [
        {"workspace_id": "ws_default", "workspace": "default", "role": "admin"}]
    started.cli_json("users", "remove", "bob@example.com")
    assert bob.ask("GET", "keys").status == 401
    assert ada.ask("GET", "keys").status == 200
    assert started.cli_json("audit", "verify")["valid"] is True


def hashes(gateway) -> int:
    return int(float(re.search(r"^tollgate_password_hashes_total (\S+)$", gateway.metrics(), re.MULTILINE)[1]))


def told(answer) -> tuple:
    """All that an answer tells a guesser, but for what names the request."""
    error = json.loads(answer.body)["error"]
    del error["request_id"]
    fields = sorted(name.lower() for name, _ in answer.fields)
    return answer.status, json.dumps(error), fields, answer.header("Content-Length")


def test_thousand_guesses_run_at_most_ten_hashes(started):
    first_operator(started)
    before = hashes(started)
    statuses = []
    with started.connect() as client:
        for number in range(500):
            for email in ("ada@example.com", "eve@example.com"):
                body = json.dumps({"email": email, "password": f"guess number {number}"}).encode()
                client.send_request("POST", "/admin/v1/session", {"Content-Type": "application/json"}, body)
                answer = client.read_answer()
                statuses.append(answer.status)
                assert answer.status == 401 or int(answer.header("Retry-After")) >= 1
    ran = hashes(started) - before
    print(f"note: {len(statuses)} guesses ran {ran} hashes")
    assert len(statuses) == 1000 and 1 <= ran <= 10 and statuses.count(401) == ran and statuses.count(429) == 1000 - ran


def test_existing_and_unknown_accounts_cannot_be_told_apart(start_gateway):
    """By status, by body, by header fields, and by time. Each guess comes from an address of its own, as a patient
    guesser's would, so that nothing slows it down."""
    gateway = start_gateway(trusted_proxies=["127.0.0.1"])
    first_operator(gateway)
    seen: dict[str, set] = {"ada@example.com": set(), "eve@example.com": set()}
    seconds: dict[str, list[float]] = {email: [] for email in seen}
    for number in range(30):
        for email in sorted(seen, reverse=number % 2 == 0):
            fields = {"Content-Type": "application/json", "X-Forwarded-For": f"192.0.2.{number + 1}",
                      "X-Forwarded-Proto": "https"}
            body = json.dumps({"email": email, "password": f"guess number {number:02}"}).encode()
            began = time.perf_counter()
            answer = gateway.request("POST", "/admin/v1/session", fields, body)
            seconds[email].append(time.perf_counter() - began)
            seen[email].add(repr(told(answer)))
    assert len(seen["ada@example.com"]) == 1 and seen["ada@example.com"] == seen["eve@example.com"]
    assert "invalid_credentials" in seen["ada@example.com"].pop()
    existing, unknown = (statistics.median(times) for times in seconds.values())
    print(f"note: an existing account answers in {existing * 1000:.0f} ms, an unknown one in {unknown * 1000:.0f} ms")
    assert abs(existing - unknown) < 0.25 * max(existing, unknown), (existing, unknown)
    assert hashes(gateway) == 61  # the operator's own, and one for each guess
