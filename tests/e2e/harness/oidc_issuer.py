"""A real OpenID provider, and a browser that goes to it and back: it follows redirects, keeps each origin's cookies,
and fills in the forms that the provider shows."""

import http.client
import json
import re
import secrets
from contextlib import contextmanager
from html import unescape
from urllib.parse import urlencode, urljoin, urlsplit

from . import sdk_node

FORM = re.compile(r'<form[^>]* action="([^"]+)"')
PROMPT = re.compile(r'name="prompt" value="(\w+)"')
STEPS_MAX = 20


class Issuer:
    def __init__(self, process: sdk_node.NodeProcess):
        self.process = process
        self.issuer = process.read()["issuer"]
        self.client_secret = secrets.token_urlsafe(24)

    def settings(self, **more) -> dict:
        """The gateway's `oidc`."""
        return {"issuer": self.issuer, "client_id": "tollgate", "client_secret": "${OIDC_SECRET}", "name": "Test"} | more

    @property
    def environment(self) -> dict:
        return {"OIDC_SECRET": self.client_secret}

    def serve(self, gateway, proof="client_secret_basic", alg="RS256", claims_in="id_token") -> None:
        client = {"client_id": "tollgate", "token_endpoint_auth_method": proof, "id_token_signed_response_alg": alg,
                  "redirect_uris": [f"{gateway.url}/admin/v1/oidc/callback"]}
        if proof != "none":
            client["client_secret"] = self.client_secret
        assert self.process.ask({"clients": [client], "claims_in": claims_in})["ready"]


@contextmanager
def issuer():
    process = sdk_node.NodeProcess("oidc_issuer.mjs")
    try:
        yield Issuer(process)
    finally:
        process.stop()


class Page:
    def __init__(self, url, status, location, body):
        self.url, self.status, self.location, self.body = url, status, location, body

    @property
    def place(self) -> str:
        """Path and query."""
        parts = urlsplit(self.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")


class Traveller:
    """One browser. `log` is every URL that it was at."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.cookies: dict[str, dict[str, str]] = {}
        self.log: list[str] = []

    def ask(self, url, form=None) -> Page:
        parts = urlsplit(url)
        jar = self.cookies.setdefault(parts.netloc, {})
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
        fields = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
        if form is not None:
            fields["Content-Type"] = "application/x-www-form-urlencoded"
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("GET" if form is None else "POST", target or "/", None if form is None else urlencode(form),
                           fields)
        answer = connection.getresponse()
        body = answer.read().decode()
        for one in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = one.split(";")[0].partition("=")
            jar[name] = value
            if not value or "Max-Age=0" in one or "1970" in one:
                del jar[name]
        connection.close()
        self.log.append(url)
        location = answer.headers.get("Location")
        return Page(url, answer.status, urljoin(url, location) if location else None, body)

    def travel(self, url, login=None, until=None) -> Page:
        """To where it ends: a page of the gateway, or the redirect whose address holds `until`."""
        page = self.ask(url)
        for _ in range(STEPS_MAX):
            if page.location:
                if until and until in page.location:
                    return page
                page = self.ask(page.location)
            elif page.url.startswith(self.gateway.url):
                return page
            else:
                page = self.fill_in(page, login)
        raise AssertionError(f"no end: {self.log}")

    def fill_in(self, page, login) -> Page:
        form, prompt = FORM.search(page.body), PROMPT.search(page.body)
        assert page.status == 200 and form and prompt, f"{page.url}: {page.status} {page.body[:500]}"
        answers = {"login": login, "password": "any"} if prompt[1] == "login" else {}
        return self.ask(urljoin(page.url, unescape(form[1])), {"prompt": prompt[1]} | answers)

    def sign_in(self, login, next_path="/usage") -> Page:
        return self.travel(f"{self.gateway.url}/admin/v1/oidc/start?{urlencode({'next': next_path})}", login)

    def session(self) -> dict | None:
        page = self.ask(f"{self.gateway.url}/admin/v1/session")
        return json.loads(page.body) if page.status == 200 else None
