"""Every change is an audit row: who, what, before and after, from where (SPEC §9). What each operation of
api/openapi.yaml leaves is written here by hand, and one that is not in this story fails the test."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from harness import wire
from harness.browser import SETUP, Browser, new_password

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

DOCUMENT = Path(__file__).resolve().parents[2] / "api" / "openapi.yaml"
# They need a provider to sign in with: src/admin/oidc_sign_in_test.cc.
ELSEWHERE = {"linkOidc", "unlinkOidc"}
# What stands in a row: of what is new, of what changed, of what is gone, and of what is told by its name alone.
NEW, CHANGED, GONE, TOLD = (False, True), (True, True), (True, False), (False, False)
DEFAULT = "ws_default"
MODEL = quote("acme/model", safe="")
PRICES = {"input": "2", "output": "8"}
CHAT = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "hi"}]}


class Story:
    """What a browser does, step by step, and the rows that each step left."""

    def __init__(self, gateway):
        self.gateway, self.last, self.told = gateway, 0, set()
        self.rows()

    def rows(self) -> list[dict]:
        """Those since the last look, oldest first."""
        listed = self.gateway.admin_json("GET", "/admin/v1/audit?limit=1000")["data"]
        new = [row for row in reversed(listed) if row["id"] > self.last]
        self.last = max((row["id"] for row in listed), default=0)
        return new

    def does(self, operation, ask, method, path, body=None):
        self.told.add(operation)
        answer = ask(method, path, body)
        assert answer.status in (200, 201), f"{operation}: {answer.status} {answer.body}"
        return json.loads(answer.body)

    def left(self, who: Browser, *expected: tuple):
        """(action, object, workspace, what stands in it) of each row, and nothing else; all by this person."""
        rows = self.rows()
        seen = [(row["action"], row["object"], row["workspace_id"],
                 (row["before"] is not None, row["after"] is not None)) for row in rows]
        assert sorted(seen) == sorted(expected)
        for row in rows:
            assert (row["actor"], row["from"]) == (who.session["person"]["id"], "127.0.0.1"), row


@pytest.fixture
def story(start_gateway):
    return Story(start_gateway())


def operator_of(story: Story) -> Browser:
    ada = Browser(story.gateway)
    token = SETUP.search(story.gateway.wait_for_line(SETUP))[1]
    setup = {"token": token, "email": "ada@example.com", "name": "Ada", "password": new_password()}
    assert ada.enter("setup", setup).status == 201
    story.told.add("setUp")
    person = ada.session["person"]["id"]
    story.left(ada, ("person.create", person, None, NEW), ("session.create", person, None, TOLD))
    return ada


def joined(story: Story, by: Browser, email: str, role: str) -> Browser:
    made = story.does("createInvitation", by.ask, "POST", f"invitations?workspace={DEFAULT}",
                      {"email": email, "role": role})
    story.left(by, ("invitation.create", made["id"], DEFAULT, NEW))
    browser = Browser(story.gateway)
    assert browser.join(made["link"].partition("#")[2]).status == 200
    story.told.add("acceptInvitation")
    story.left(browser, ("invitation.accept", made["id"], DEFAULT, NEW),
               ("session.create", browser.session["person"]["id"], None, TOLD))
    return browser


def workspaces(story: Story, ada: Browser):
    shop = story.does("createWorkspace", ada.ask, "POST", "workspaces", {"name": "shop"})["id"]
    story.left(ada, ("workspace.create", shop, shop, NEW))
    story.does("updateWorkspace", ada.ask, "PATCH", f"workspaces/{shop}", {"name": "store"})
    story.left(ada, ("workspace.update", shop, shop, CHANGED))
    story.does("createGrant", ada.ask, "POST", f"workspaces/{shop}/grants", {"amount": "5"})
    story.left(ada, ("workspace.grant", shop, shop, NEW))
    story.does("advanceTestClock", ada.ask, "POST", f"workspaces/{shop}/test-clock", {"advance": "1h"})
    story.left(ada, ("workspace.test_clock", shop, shop, CHANGED))


def keys(story: Story, ada: Browser):
    key = story.does("createKey", ada.ask, "POST", "keys", {"name": "till", "environment": "sandbox"})["id"]
    story.left(ada, ("key.create", key, DEFAULT, NEW))
    story.does("explainRoute", ada.ask, "POST", "route/explain", {"key": key, "body": CHAT})
    story.left(ada)
    for operation, method, path, body, action in (
            ("updateKey", "PATCH", "", {"description": "of the shop"}, "key.update"),
            ("rotateKey", "POST", "/rotate", {}, "key.rotate"),
            ("mintKeySecret", "POST", "/secrets", {"purpose": "playground"}, "key.playground"),
            ("revokeKey", "DELETE", "", None, "key.revoke")):
        story.does(operation, ada.ask, method, f"keys/{key}{path}", body)
        story.left(ada, (action, key, DEFAULT, CHANGED))
    profile = story.does("createProfile", ada.ask, "POST", "profiles", {"name": "support"})
    story.left(ada, ("profile.create", profile["id"], DEFAULT, NEW), ("key.create", profile["key"]["id"], DEFAULT, NEW))
    story.does("updateProfile", ada.ask, "PATCH", f"profiles/{profile['id']}", {"region": "eu"})
    story.left(ada, ("profile.update", profile["id"], DEFAULT, CHANGED))
    story.does("deleteProfile", ada.ask, "DELETE", f"profiles/{profile['id']}")
    story.left(ada, ("profile.delete", profile["id"], DEFAULT, GONE),
               ("key.revoke", profile["key"]["id"], DEFAULT, CHANGED))


def catalogue(story: Story, ada: Browser):
    acme = {"id": "acme", "base_url": "http://127.0.0.1:9/v1", "allow_private": True,
            "models": [{"id": "acme/model", "upstream_model": "large", "prices": PRICES}]}
    more = f"models/{quote('acme/more', safe='')}/offers?provider=acme"
    offer = {"upstream_model": "large", "prices": PRICES}
    dearer = offer | {"provider": "acme", "prices": {"input": "3", "output": "9"}}
    imported = {"models": [{"id": "acme/model", "kind": "chat", "offers": [dearer]}]}
    for operation, method, path, body, row in (
            ("createProvider", "POST", "providers", acme, ("provider.create", "acme", NEW)),
            ("updateProvider", "PATCH", "providers/acme", {"region": "eu"}, ("provider.update", "acme", CHANGED)),
            ("testProvider", "POST", "providers/acme/test", {}, None),
            ("putOffer", "PUT", more, offer, ("offer.create", "acme/more", NEW)),
            ("putOffer", "PUT", more, offer | {"context_window": 9000}, ("offer.update", "acme/more", CHANGED)),
            ("removeOffer", "DELETE", more, None, ("offer.delete", "acme/more", GONE)),
            ("replaceModelFacts", "PUT", f"models/{MODEL}", {"quality": 70}, ("model.update", "acme/model", CHANGED)),
            ("updateModelFacts", "PATCH", f"models/{MODEL}", {"quality": 71}, ("model.update", "acme/model", CHANGED)),
            ("resetModelFacts", "DELETE", f"models/{MODEL}", None, ("model.reset", "acme/model", GONE)),
            ("importModels", "POST", "models/import", imported, ("catalogue.import", "models", CHANGED)),
            ("putAlias", "PUT", "aliases/house", {"target": "acme/model"}, ("alias.create", "house", NEW)),
            ("putAlias", "PUT", "aliases/house", {"target": "tollgate/auto"}, ("alias.update", "house", CHANGED)),
            ("removeAlias", "DELETE", "aliases/house", None, ("alias.delete", "house", GONE)),
            ("removeProvider", "DELETE", "providers/acme", None, ("provider.delete", "acme", GONE))):
        story.does(operation, ada.ask, method, path, body)
        story.left(ada, *([] if row is None else [(row[0], row[1], None, row[2])]))


def people(story: Story, ada: Browser):
    bob = joined(story, ada, "bob@example.com", "member")
    person, here = bob.session["person"]["id"], f"?workspace={DEFAULT}"
    again = ada.json("POST", f"invitations{here}", {"email": "eve@example.com", "role": "viewer"})
    story.rows()
    story.does("revokeInvitation", ada.ask, "DELETE", f"invitations/{again['id']}{here}")
    story.left(ada, ("invitation.delete", again["id"], DEFAULT, GONE))
    story.does("updateMember", ada.ask, "PATCH", f"members/{person}{here}", {"role": "viewer"})
    story.left(ada, ("member.update", person, DEFAULT, CHANGED))
    for operation, path, workspace in (("resetMember", f"members/{person}/password-reset{here}", DEFAULT),
                                       ("resetPerson", f"people/{person}/password-reset", None)):
        link = story.does(operation, ada.ask, "POST", path)["link"]
        story.left(ada, ("person.reset", person, workspace, NEW))
    assert bob.enter("password-reset", {"token": link.partition("#")[2], "password": "four louder words"}).status == 200
    story.told.add("usePasswordReset")
    signed_in = ("session.create", person, None, TOLD)
    story.left(bob, ("person.password", person, None, TOLD), signed_in)
    other = Browser(story.gateway)
    assert other.sign_in("bob@example.com", "four louder words").status == 200
    story.told.add("signIn")
    story.left(bob, signed_in)
    story.does("endSession", bob.ask, "DELETE", f"sessions/{other.session['id']}")
    story.left(bob, ("session.delete", person, None, TOLD))
    story.does("changePassword", bob.ask, "POST", "session/password",
               {"current_password": "four louder words", "new_password": "five rather loud words"})
    story.left(bob, ("person.password", person, None, TOLD))
    story.does("signOut", bob.ask, "DELETE", "session")
    story.left(bob, ("session.delete", person, None, TOLD))
    story.does("removeMember", ada.ask, "DELETE", f"members/{person}{here}")
    story.left(ada, ("member.delete", person, DEFAULT, GONE))
    story.does("removePerson", ada.ask, "DELETE", f"people/{person}")
    story.left(ada, ("person.delete", person, None, GONE))


def test_every_change_of_every_operation_is_a_row(story):
    ada = operator_of(story)
    for chapter in (workspaces, keys, catalogue, people):
        chapter(story, ada)
    operations = {item[method]["operationId"]
                  for path, item in yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))["paths"].items()
                  for method in ("post", "patch", "put", "delete") if path.startswith("/admin/v1/") and method in item}
    assert operations == story.told | ELSEWHERE
    assert ada.json("GET", "audit/verify")["valid"] is True


def test_what_is_refused_is_no_row(story):
    ada = operator_of(story)
    bob = joined(story, ada, "bob@example.com", "viewer")
    key = ada.json("POST", "keys", {"name": "till"})["id"]
    story.rows()
    for who, method, path, body, status in (
            (bob, "POST", "keys", {"name": "bob's"}, 403), (bob, "DELETE", f"keys/{key}", None, 403),
            (ada, "POST", "keys", {"name": "till"}, 409), (ada, "PATCH", f"keys/{key}", {"colour": "red"}, 422),
            (ada, "PATCH", "keys/none", {"enabled": False}, 404), (ada, "DELETE", "people/none", None, 404),
            (ada, "DELETE", f"people/{ada.session['person']['id']}", None, 409)):
        answer = who.ask(method, path, body)
        assert answer.status == status, answer.body
    assert ada.ask("POST", "keys", {"name": "forged"}, Origin="http://evil.example").status == 403
    assert Browser(story.gateway).sign_in("ada@example.com", "not her password").status == 401
    unknown = story.gateway.request("POST", "/admin/v1/keys", wire.json_headers("no-such-key"), b'{"name":"x"}')
    assert unknown.status == 401
    assert story.rows() == []
