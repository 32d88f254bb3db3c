"""Signing in with a real, certified OpenID provider, which runs here: there and back as a browser goes."""

import json

import pytest
from harness import oidc_issuer, sdk_node
from harness.browser import first_operator, new_password
from harness.oidc_issuer import Traveller

pytestmark = pytest.mark.skipif(sdk_node.missing("oidc-provider") is not None,
                                reason=str(sdk_node.missing("oidc-provider")))


@pytest.fixture(scope="module")
def issuer():
    with oidc_issuer.issuer() as running:
        yield running


@pytest.fixture
def start(issuer, start_gateway):
    """(gateway, its operator)."""
    def started(proof="client_secret_basic", alg="RS256", claims_in="id_token", **settings):
        oidc = issuer.settings(**settings)
        if proof == "none":
            del oidc["client_secret"]
        gateway = start_gateway(environment=issuer.environment, oidc=oidc)
        issuer.serve(gateway, proof, alg, claims_in)
        return gateway, first_operator(gateway)
    return started


@pytest.mark.parametrize("proof,alg,claims_in", [
    ("client_secret_basic", "RS256", "id_token"), ("client_secret_post", "ES256", "userinfo"),
    ("none", "RS256", "userinfo")])
def test_invited_person_signs_in_with_the_provider(start, proof, alg, claims_in):
    gateway, ada = start(proof, alg, claims_in)
    ada.invite("bob@example.com", "member")
    bob = Traveller(gateway)
    assert bob.sign_in("bob@example.com", "/usage?status=error").place == "/usage?status=error"
    session = bob.session()
    assert session["person"]["email"] == "bob@example.com" and session["person"]["name"] == "bob"
    assert [one["role"] for one in session["memberships"]] == ["member"]
    again = Traveller(gateway)
    assert again.sign_in("bob@example.com").place == "/usage"
    assert again.session()["person"]["id"] == session["person"]["id"]
    assert gateway.cli_json("audit", "verify")["valid"] is True


def test_who_is_not_invited_or_not_verified_stays_outside(start):
    gateway, ada = start(allowed_domains=["example.com"])
    ada.invite("unverified@example.com", "member")
    ada.invite("bob@example.org", "member")
    for login, word in [("eve@example.com", "stranger"), ("unverified@example.com", "email"),
                        ("bob@example.org", "domain"), ("ada@example.com", "unlinked")]:
        visitor = Traveller(gateway)
        assert visitor.sign_in(login).place == f"/sign-in?refused={word}"
        assert visitor.session() is None


def test_code_of_one_browser_signs_no_other_one_in(start):
    gateway, ada = start()
    ada.invite("bob@example.com", "member")
    begin = f"{gateway.url}/admin/v1/oidc/start"
    attacker, victim = Traveller(gateway), Traveller(gateway)
    mine = attacker.travel(begin, "bob@example.com", until="/oidc/callback").location
    # The link as it is, given to somebody who began nothing, and to somebody who did.
    assert victim.ask(mine).location.endswith("/sign-in?refused=expired")
    theirs = victim.travel(begin, "eve@example.com", until="/oidc/callback").location
    assert victim.ask(mine).location.endswith("/sign-in?refused=expired")
    # The attacker's code in the victim's own answer: PKCE and the nonce are the victim's.
    swapped = theirs.split("code=")[0] + "code=" + mine.split("code=")[1].split("&")[0] + "&" + "&".join(
        part for part in theirs.split("?")[1].split("&") if not part.startswith("code="))
    assert victim.ask(swapped).location.endswith("/sign-in?refused=unverified")
    assert victim.session() is None


def test_answer_works_once(start):
    gateway, ada = start()
    ada.invite("bob@example.com", "member")
    bob = Traveller(gateway)
    back = bob.travel(f"{gateway.url}/admin/v1/oidc/start", "bob@example.com", until="/oidc/callback").location
    jar = dict(bob.cookies[gateway.url.split("//")[1]])
    assert bob.ask(back).location == f"{gateway.url}/"
    bob.cookies[gateway.url.split("//")[1]] = jar
    assert bob.ask(back).location.endswith("/sign-in?refused=expired")


def test_visitor_who_says_no_at_the_provider_is_told_so(start):
    gateway, _ = start()
    visitor = Traveller(gateway)
    form = visitor.ask(visitor.ask(visitor.ask(f"{gateway.url}/admin/v1/oidc/start").location).location)
    page = visitor.travel(f"{form.url}/abort")
    assert page.place == "/sign-in?refused=denied"


def test_account_with_a_password_is_linked_by_its_owner(start):
    gateway, ada = start()
    password = new_password()
    ada.gateway = gateway
    bob = type(ada)(gateway)
    assert bob.join(ada.invite("bob@example.com", "member"), "Bob", password).status == 200
    outside = Traveller(gateway)
    assert outside.sign_in("bob@example.com").place == "/sign-in?refused=unlinked"
    answer = bob.ask("POST", "session/oidc", {"password": password}, Host=gateway.url.split("//")[1])
    assert answer.status == 200, answer.body
    there = Traveller(gateway)
    name, _, value = answer.header("set-cookie").split(";")[0].partition("=")
    there.cookies[gateway.url.split("//")[1]] = {name: value}
    assert there.travel(json.loads(answer.body)["location"], "bob@example.com").place == "/settings"
    assert json.loads(bob.ask("GET", "session/oidc").body)["linked_at"] is not None
    inside = Traveller(gateway)
    assert inside.sign_in("bob@example.com").place == "/usage"
    assert inside.session()["person"]["id"] == bob.session["person"]["id"]


def test_nothing_of_the_sign_in_is_written_down(start, issuer):
    gateway, ada = start()
    ada.invite("bob@example.com", "member")
    bob = Traveller(gateway)
    begun = bob.ask(f"{gateway.url}/admin/v1/oidc/start")
    back = bob.travel(begun.location, "bob@example.com", until="/oidc/callback").location
    on_the_way = bob.cookies[gateway.url.split("//")[1]]["tollgate_sign_in"]
    assert bob.ask(back).location == f"{gateway.url}/"
    values = {part.partition("=")[0]: part.partition("=")[2] for part in back.split("?")[1].split("&")}
    hidden = [issuer.client_secret, values["code"], values["state"], on_the_way,
              bob.cookies[gateway.url.split("//")[1]]["tollgate_session"]]
    audit = gateway.admin("GET", "/admin/v1/audit?limit=1000").body
    gateway.stop()
    files = [path.read_bytes() for path in gateway.data.rglob("*") if path.is_file()]
    for text in hidden:
        for place in [*files, gateway.log.encode(), audit]:
            assert text.encode() not in place


def test_provider_that_is_not_there_is_said_so_and_passwords_go_on(start_gateway):
    gateway = start_gateway(oidc={"issuer": "http://127.0.0.1:9", "client_id": "tollgate"})
    first_operator(gateway)
    visitor = Traveller(gateway)
    assert visitor.sign_in("bob@example.com").place == "/sign-in?refused=unreachable"

