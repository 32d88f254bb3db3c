"""Who may do what: every operation of the admin API in api/openapi.yaml × every kind of caller. What is expected is
written by hand from the roles of the specification, and an operation that is not in the table fails the test."""

import json
from pathlib import Path

import pytest
from harness.browser import Browser, first_operator

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

DOCUMENT = Path(__file__).resolve().parents[2] / "api" / "openapi.yaml"
METHODS = ("get", "post", "patch", "put", "delete")

# The least role that an operation asks for. "anybody": no credential; "person": a signed-in person, of any role;
# "admin person": a person of that role, and no key.
NEEDS = {
    "listKeys": "viewer", "countKeys": "viewer", "createKey": "member", "getKey": "viewer", "updateKey": "member", "revokeKey": "member",
    "rotateKey": "member", "mintKeySecret": "member", "showKeyOverview": "viewer",
    "listWorkspaces": "viewer", "createWorkspace": "operator", "getWorkspace": "viewer",
    "updateWorkspace": "operator", "listGrants": "viewer", "createGrant": "operator", "advanceTestClock": "admin",
    "listUsage": "viewer", "getUsage": "viewer", "explainRoute": "viewer",
    "showOverview": "viewer", "watchEvents": "viewer", "listModels": "viewer", "listProviders": "viewer",
    "importModels": "operator", "getModel": "viewer", "replaceModelFacts": "operator", "updateModelFacts": "operator",
    "resetModelFacts": "operator", "putOffer": "operator", "removeOffer": "operator",
    "createProvider": "operator", "getProvider": "viewer", "updateProvider": "operator", "removeProvider": "operator",
    "testProvider": "operator", "listAliases": "viewer", "putAlias": "operator", "removeAlias": "operator",
    "listProfiles": "viewer", "createProfile": "admin", "getProfile": "viewer", "updateProfile": "admin",
    "deleteProfile": "admin",
    "listAudit": "admin", "verifyAudit": "admin",
    "showSignIn": "anybody", "setUp": "anybody", "signIn": "anybody", "lookUpInvitation": "anybody",
    "acceptInvitation": "anybody", "usePasswordReset": "anybody", "startOidc": "anybody", "finishOidc": "anybody",
    "showSession": "person", "signOut": "person", "changePassword": "person", "listSessions": "person",
    "endSession": "person", "showOidcLink": "person", "linkOidc": "person", "unlinkOidc": "person",
    "listMembers": "viewer", "updateMember": "admin", "removeMember": "admin", "listPeople": "operator",
    "removePerson": "operator", "resetMember": "admin person", "resetPerson": "operator", "listInvitations": "admin", "createInvitation": "admin", "revokeInvitation": "admin",
}
# Answers that do not end by themselves: with this the caller who passes the door hears 400.
ENDLESS = {"watchEvents": "?unknown=1"}
RANK = {"viewer": 1, "member": 2, "admin": 3, "operator": 4}
# Said before anything is looked at: the caller may not do this at all.
REFUSED = {"insufficient_scope", "missing_api_key"}


def operations():
    document = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    for path, item in document["paths"].items():
        if not path.startswith("/admin/v1/"):
            continue
        for method in METHODS:
            if method in item:
                yield pytest.param(method.upper(), path.removeprefix("/admin/v1/"), item[method]["operationId"],
                                   id=item[method]["operationId"])


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The callers by name: (their rank, None for no person, how they ask)."""
    from harness import gateway as gateways, wire

    with gateways.Gateway(tmp_path_factory.mktemp("people") / "data") as gateway:
        ada = first_operator(gateway)
        callers = {"operator": (4, True, ada.ask)}
        shop = ada.json("POST", "workspaces", {"name": "shop"})["id"]
        for role in ("viewer", "member", "admin"):
            browser = Browser(gateway)
            assert browser.join(ada.invite(f"{role}@example.com", role)).status == 200
            callers[role] = (RANK[role], True, browser.ask)
        outsider = Browser(gateway)
        assert outsider.join(ada.invite("outsider@example.com", "admin", shop)).status == 200

        def by_key(key):
            def ask(method, path, body=None):
                data = None if body is None else json.dumps(body).encode()
                return gateway.request(method, f"/admin/v1/{path}", wire.json_headers(key["secret"]), data)
            return ask

        for role in ("viewer", "member", "admin"):
            key = gateway.cli_json("keys", "create", "--name", f"{role} key", "--type", "management", "--role", role)
            callers[f"{role} key"] = (RANK[role], False, by_key(key))
        callers["virtual key"] = (0, False, by_key(gateway.create_key(name="standard")))
        callers["no one"] = (0, False, Browser(gateway).ask)
        callers["outsider"] = (RANK["admin"], True, outsider.ask)
        yield gateway, callers


def expected_refusal(needs, rank, is_person):
    if needs == "anybody":
        return False
    if needs == "person":
        return not is_person
    role, _, kind = needs.partition(" ")
    return rank < RANK[role] or (kind == "person" and not is_person)


def is_refused(answer) -> bool:
    if answer.status not in (401, 403):
        return False
    return json.loads(answer.body)["error"]["code"] in REFUSED


@pytest.mark.parametrize("method,path,operation", list(operations()))
def test_each_caller_may_do_what_their_role_says_and_no_more(world, method, path, operation):
    _, callers = world
    assert operation in NEEDS, f"{operation} is in api/openapi.yaml and not in this table"
    for name, (rank, is_person, ask) in callers.items():
        if operation in ("signOut", "changePassword") and is_person:
            continue  # would end the caller's own session; test_people.py does
        # Bodies and ids that are wrong: who passes the door hears 400, 404, 415 or 422.
        target = path.replace("{id}", "none") + ENDLESS.get(operation, "")
        answer = ask(method, target, None if method in ("GET", "DELETE") else [])
        assert is_refused(answer) == expected_refusal(NEEDS[operation], rank, is_person), \
            f"{name}: {method} {path}: {answer.status} {answer.body[:200]}"


def test_members_of_another_workspace_see_nothing_of_it(world):
    gateway, callers = world
    key = gateway.create_key(name="theirs")
    for method, path in (("GET", f"keys/{key['id']}"), ("PATCH", f"keys/{key['id']}"),
                         ("DELETE", f"keys/{key['id']}"), ("GET", f"keys/{key['id']}/overview"),
                         ("POST", f"keys/{key['id']}/secrets"),
                         ("GET", "keys?workspace=ws_default"), ("GET", "members?workspace=ws_default"),
                         ("GET", "overview?workspace=default"), ("GET", "events?workspace=ws_default"),
                         ("GET", "workspaces/ws_default")):
        body = {"PATCH": {"enabled": False}, "POST": {"purpose": "playground"}}.get(method)
        answer = callers["outsider"][2](method, path, body)
        assert answer.status == 404, f"{method} {path}: {answer.status}"
    assert "theirs" not in callers["outsider"][2]("GET", "keys").body.decode()


@pytest.mark.parametrize("method,path,operation", [one for one in operations() if one.values[0] != "GET"])
def test_foreign_pages_and_missing_tokens_are_refused(world, method, path, operation):
    gateway, callers = world
    ask = callers["operator"][2]
    target = path.replace("{id}", "none")
    body = None if method == "DELETE" else {}
    answers = [ask(method, target, body, Origin="http://evil.example"), ask(method, target, body, Origin="null"),
               ask(method, target, body, **{"Sec-Fetch-Site": "cross-site"})]
    if NEEDS[operation] != "anybody":
        answers += [ask(method, target, body, **{"X-CSRF-Token": token}) for token in ("", "0" * 64)]
    for answer in answers:
        assert answer.status == 403 and json.loads(answer.body)["error"]["code"] == "foreign_request", answer.body
