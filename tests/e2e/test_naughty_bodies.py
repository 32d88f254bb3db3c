"""Naughty strings in the bodies of the admin API: each string in each place of api/openapi.yaml that takes one, with
the rest of the body right. It is refused with the envelope, or it is there, to the letter, when the object is read."""

import ipaddress
import json
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from itertools import count
from urllib.parse import quote, urlsplit

import pytest
from harness import gateway as gateways
from harness import naughty
from harness.browser import Browser, first_operator
from harness.gateway import ROOT

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

DOCUMENT = yaml.safe_load((ROOT / "api" / "openapi.yaml").read_text(encoding="utf-8"))
NUMBERS = count(1)
CLOSED = "http://127.0.0.1:9/v1"  # discard: nobody listens there
PRICES = {"input": "1", "output": "2"}


def fresh() -> str:
    return f"plain {next(NUMBERS)}"


class Scene(naughty.Asker):
    """One of each object, for a worker alone: what others do meanwhile changes nothing of it."""

    def __init__(self, gateway):
        super().__init__(gateway)
        name = f"scene-{next(NUMBERS)}"
        self.workspace = self.json("POST", "/admin/v1/workspaces", {"name": name})["id"]
        self.key = self.json("POST", "/admin/v1/keys", {"name": name, "environment": "sandbox"})["id"]
        self.manager = self.json("POST", "/admin/v1/keys", {"name": f"{name} m", "type": "management"})["id"]
        self.provider = name
        self.json("POST", "/admin/v1/providers", {
            "id": name, "dialect": "openai", "base_url": CLOSED, "allow_private": True,
            "models": [{"id": f"{name}/large", "upstream_model": "large", "prices": PRICES}]})
        self.model = f"{name}/large"
        self.profile = self.json("POST", "/admin/v1/profiles", {"name": f"{name} p", "environment": "sandbox"})["id"]


@dataclass
class Case:
    """How one operation is asked: its path with the ids of a scene, a body that is right, other members that this body
    needs where the string is put into a member, where the object is read back, what is done away with afterwards."""
    path: str
    base: object = field(default_factory=dict)
    beside: dict = field(default_factory=dict)
    read: str | None = None
    undo: str | None = None


KEY = {"name": fresh, "environment": "sandbox", "limits": [{"metric": "cost", "window": "month", "amount": "5"}]}
PROVIDER = {"dialect": "openai", "base_url": CLOSED, "allow_private": True,
            "models": [{"id": "naughty/model", "upstream_model": "large", "prices": PRICES}]}
PROVIDER_BESIDE = {"base_url": {"allow_private": True, "api_key": None, "headers": None},
                   "api_version": {"dialect": "azure-openai"}}
CASES = {
    "createKey": Case("keys", KEY, {"role": {"type": "management", "limits": None, "environment": None},
                                    "type": {"limits": None, "environment": None}},
                      read="keys/{made}", undo="keys/{made}"),
    "updateKey": Case("keys/{key}", {"limits": KEY["limits"]}, read="keys/{key}"),
    "createWorkspace": Case("workspaces", {"name": fresh}, read="workspaces/{made}", undo="rename"),
    "updateWorkspace": Case("workspaces/{workspace}", {"limits": KEY["limits"]}, read="workspaces/{workspace}",
                            undo="rename"),
    "createGrant": Case("workspaces/{workspace}/grants", {"amount": "1"}, read="newest grant"),
    "advanceTestClock": Case("workspaces/{workspace}/test-clock", {}),
    "explainRoute": Case("route/explain", {"key": "{key}", "body": {"model": "sandbox/echo", "messages": [
        {"role": "user", "content": "Hello"}]}}),
    "importModels": Case("models/import", {"models": [{"id": "{model}", "offers": [
        {"provider": "{provider}", "prices": PRICES}]}]}, read="imported"),
    "replaceModelFacts": Case("models/{model}", {}, read="models/{model}"),
    "updateModelFacts": Case("models/{model}", {}, read="models/{model}"),
    "putOffer": Case("models/{model}/offers?provider={provider}", {
        "upstream_model": "large", "prices": PRICES | {"tiers": [{"above_input_tokens": 9} | PRICES]}}, read="offer"),
    "createProvider": Case("providers", {"id": "created-{provider}"} | PROVIDER, PROVIDER_BESIDE,
                           read="providers/{made}", undo="providers/{made}"),
    "updateProvider": Case("providers/{provider}", {}, PROVIDER_BESIDE, read="providers/{provider}"),
    "testProvider": Case("providers/{provider}/test"),
    "putAlias": Case("aliases/{provider}", {"target": "sandbox/echo"}, read="alias"),
    "createProfile": Case("profiles", {"name": fresh, "environment": "sandbox"}, read="profiles/{made}",
                          undo="profiles/{made}"),
    "updateProfile": Case("profiles/{profile}", {}, read="profiles/{profile}"),
    "createInvitation": Case("invitations?workspace={workspace}", {"email": "naughty@example.com"}, read="invitation"),
    "setUp": Case("setup", {"token": "none", "email": "a@example.com", "name": "A", "password": "four calm words"}),
    "signIn": Case("session", {"email": "a@example.com", "password": "four calm words"}),
    "changePassword": Case("session/password", {"current_password": "four calm words",
                                                "new_password": "four calm words"}),
    "updateMember": Case("members/none", {}),
    "acceptInvitation": Case("invitations/accept", {"token": "none", "name": "A", "password": "four calm words"}),
}
# Bodies that the schema leaves open.
MORE_PATHS = {"explainRoute": [("body", "model"), ("body", "messages", 0, "content"), ("body", "messages", 0, "role"),
                               ("body", "user"), ("body", naughty.NAME), ("body",)]}

# What is taken and not shown again, or shown by another name.
NOT_SHOWN = {"api_key", "x-any", "unit", naughty.NAME}


def same_number(sent, shown) -> bool:
    try:
        return Decimal(sent) == Decimal(str(shown))
    except InvalidOperation:
        return False


def same_time(sent, shown) -> bool:
    return datetime.fromisoformat(sent).replace(tzinfo=None) == datetime.fromisoformat(shown).replace(tzinfo=None)


def same_network(sent, shown) -> bool:
    network = ipaddress.ip_network(sent, strict=False)
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    return str(ipaddress.ip_network(mapped) if mapped else network) == shown


def same_url(sent, shown) -> bool:
    def parts(text):
        url = urlsplit(text)
        return url.scheme, url.hostname, url.port or {"http": 80, "https": 443}[url.scheme], url.path.rstrip("/")
    return parts(sent) == parts(shown)


# One thing has one spelling where it is shown.
SPELLINGS = {"email": lambda sent, shown: sent.strip().lower() == shown, "amount": same_number, "cost_cap": same_number,
             "base_url": same_url, "expires_at": same_time, "allowed_ips": same_network}


def operations():
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {}) if method != "parameters" else {}
            if path.startswith("/admin/") and "application/json" in content:
                yield pytest.param(method.upper(), path, operation["operationId"],
                                   content["application/json"]["schema"], id=operation["operationId"])


@pytest.fixture(scope="module")
def crowded(tmp_path_factory, binary):
    """Of its own, for the many objects that are made."""
    with gateways.Gateway(tmp_path_factory.mktemp("naughty") / "data") as running:
        yield running


def filled(value, scene):
    """The template with the ids of the scene in it, and fresh names."""
    if callable(value):
        return value()
    if isinstance(value, str):
        for name in ("key", "workspace", "provider", "profile", "model"):
            value = value.replace("{%s}" % name, getattr(scene, name))
        return value
    if isinstance(value, dict):
        return {name: filled(member, scene) for name, member in value.items()}
    return [filled(member, scene) for member in value] if isinstance(value, list) else value


def target_of(case, path, scene) -> str:
    at = case.path if case else path.removeprefix("/admin/v1/").replace("{id}", "none")
    return "/admin/v1/" + filled(at.replace("{model}", quote(scene.model, safe="")), scene)


def imported(scene, model):
    """As it was sent: of the model's offers, the one of the scene's provider."""
    found = scene.json("GET", f"/admin/v1/models/{quote(model, safe='')}")
    offers = [offer for offer in found["offers"] if offer["provider"] == scene.provider]
    return {"models": [{"id": found["id"], "offers": offers}]}


def read_back(case, scene, made, body):
    if case.read == "imported":
        return imported(scene, body["models"][0]["id"])
    if case.read == "newest grant":
        return scene.json("GET", f"/admin/v1/workspaces/{scene.workspace}/grants?limit=1")["data"][0]
    if case.read == "offer":
        return scene.json("GET", f"/admin/v1/models/{quote(scene.model, safe='')}")["offers"][0]
    if case.read == "alias":
        rows = scene.json("GET", "/admin/v1/aliases?limit=1000")["data"]
        return next(row for row in rows if row["alias"] == scene.provider)
    if case.read == "invitation":
        rows = scene.json("GET", f"/admin/v1/invitations?workspace={scene.workspace}")["data"]
        return next(row for row in rows if row["id"] == made)
    at = case.read.replace("{made}", made).replace("{model}", quote(scene.model, safe=""))
    return scene.json("GET", "/admin/v1/" + filled(at, scene))


def is_shown(path, text, document) -> bool:
    if any(part in NOT_SHOWN for part in path):
        return True
    spelling = SPELLINGS.get(next(part for part in reversed(path) if isinstance(part, str)))
    if "prices" in path:
        spelling = same_number
    if path[:1] == ("models",) and len(path) > 2 and isinstance(document["models"][0], str):
        # A provider's own document lists the ids alone.
        return path[2] != "id" or document["models"] == [text]
    shown = naughty.value_at(document, path)
    if shown is None and text == "":
        return True  # nothing, as it was before
    return shown == text or (spelling is not None and spelling(text, shown))


def undo(case, scene, answer, made):
    if case.undo == "rename":
        scene.json("PATCH", f"/admin/v1/workspaces/{answer.json()['id']}", {"name": f"renamed {next(NUMBERS)}"})
    elif case.undo:
        removed = scene.ask("DELETE", "/admin/v1/" + case.undo.replace("{made}", made))
        assert removed.status == 200, removed.body


def try_one(method, target, case, scene, item) -> str | None:
    path, text = item
    base = filled(case.base, scene) if case else {}
    member = path[0] if path else None
    base |= case.beside.get(member, {}) if case else {}
    body = naughty.with_string({name: value for name, value in base.items() if value is not None}, path, text)
    where = f"{method} {target(scene)} {naughty.shown(path)} = {text[:80]!a}"
    try:
        answer = scene.ask(method, target(scene), body)
    except (EOFError, OSError) as error:
        scene.close()
        return f"{where}: dropped: {error!r}"
    wrong = naughty.problem_with(answer)
    if wrong or answer.status >= 400 or case is None:
        return wrong and f"{where}: {wrong}"
    if answer.json().get("skipped"):
        return None  # an import says of each what it does not take
    made = quote(str(answer.json().get("id", "")), safe="")
    try:
        shown = read_back(case, scene, made, body) if case.read else None
        if case.read and not is_shown(path, text, shown):
            return f"{where}: taken, and then {shown}"[:600]
    except LookupError as error:
        return f"{where}: taken, and not shown: {error}"
    finally:
        undo(case, scene, answer, made)
    return None


@pytest.mark.parametrize("method,path,operation,schema", list(operations()))
def test_string_in_a_body_is_refused_or_there_to_the_letter(crowded, method, path, operation, schema):
    case = CASES.get(operation)
    paths = dict.fromkeys([*naughty.string_paths(DOCUMENT, schema), *MORE_PATHS.get(operation, [])])
    items = [(at, text) for at in paths if at for text in naughty.strings()]
    ask = partial(try_one, method, partial(target_of, case, path), case)
    found = naughty.over_workers(partial(Scene, crowded), items, ask)
    print(f"note: {operation}: {len(items)} bodies, {len(paths)} places")
    assert found == [], f"{len(found)} of {len(items)}:\n" + "\n".join(found[:20])


def test_name_of_a_person_is_refused_or_there_to_the_letter(start_gateway, tmp_path):
    """Each by an invitation of its own, as the door takes a name nowhere else. A password's hash takes its time."""
    gateway = start_gateway(data=tmp_path / "data")
    ada = first_operator(gateway)
    tried = naughty.strings()[:: 16 if gateways.is_sanitized() else 4]
    kept = {}
    for number, text in enumerate(tried):
        guest = Browser(gateway)
        token = ada.invite(f"guest{number}@example.com", "viewer")
        joined = guest.join(token, text, "four calm words here")
        assert naughty.problem_with(joined) is None, (text, joined.body)
        if joined.status == 200:
            kept[guest.session["person"]["id"]] = text
            assert guest.session["person"]["name"] == text
    members, cursor = [], ""
    while cursor is not None:
        page = ada.json("GET", f"members?workspace=ws_default&limit=100{cursor and f'&cursor={cursor}'}")
        members, cursor = members + page["data"], page["next_cursor"]
    shown = {row["id"]: row["name"] for row in members}
    print(f"note: {len(tried)} names, {len(kept)} taken")
    assert kept and {person: shown[person] for person in kept} == kept


@pytest.mark.parametrize("body", [b"\xff\xfe", b'{"name":"\xff"}', b'{"name":"\xc3"}', b'{"name":"\xed\xa0\x80"}',
                                  b'{"name":"\xf4\x90\x80\x80"}', b'{"name":"a\x00b"}', b'\xef\xbb\xbf{"name":"a"}',
                                  b'{"name":"a","name":"b"}', b'{"name":"\\ud800"}', b"[" * 100_000, b'"', b""])
def test_what_is_no_json_is_refused_with_the_envelope(crowded, body):
    answer = crowded.admin("POST", "/admin/v1/keys", body)
    assert answer.status in (400, 422) and naughty.problem_with(answer) is None, answer.body


def test_nothing_that_was_tried_is_in_the_audit_unescaped(crowded):
    """The rows are JSON, and their chain holds whatever stands in them."""
    assert crowded.admin_json("GET", "/admin/v1/audit/verify")["valid"] is True
    page = crowded.admin("GET", "/admin/v1/audit?limit=1000")
    assert page.status == 200 and json.loads(page.body)["data"]
