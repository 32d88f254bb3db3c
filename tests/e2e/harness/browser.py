"""A browser's part of signing in: the cookie it keeps and the CSRF token its page sends along."""

import json
import re
import secrets

SETUP = re.compile(r"/setup#(setup_\w+)")


def new_password() -> str:
    return secrets.token_urlsafe(18)


class Browser:
    def __init__(self, gateway):
        self.gateway = gateway
        self.cookie = ""
        self.csrf_token = ""
        self.session: dict = {}

    def ask(self, method, path, body=None, **headers):
        fields = {"Content-Type": "application/json", **headers}
        if self.cookie:
            fields["Cookie"] = self.cookie
        if method != "GET":
            fields.setdefault("X-CSRF-Token", self.csrf_token)
        data = None if body is None else json.dumps(body).encode()
        return self.gateway.request(method, f"/admin/v1/{path}", fields, data)

    def json(self, method, path, body=None):
        answer = self.ask(method, path, body)
        assert answer.status in (200, 201), answer.body
        return json.loads(answer.body)

    def enter(self, path, body):
        """An answer that signs in, or refuses to."""
        answer = self.ask("POST", path, body)
        if answer.status in (200, 201):
            self.cookie = answer.header("set-cookie").split(";")[0]
            self.session = json.loads(answer.body)
            self.csrf_token = self.session["csrf_token"]
        return answer

    def sign_in(self, email, password):
        return self.enter("session", {"email": email, "password": password})

    def invite(self, email, role, workspace="ws_default") -> str:
        """The token of the link."""
        made = self.json("POST", f"invitations?workspace={workspace}", {"email": email, "role": role})
        return made["link"].partition("#")[2]

    def join(self, token, name="Somebody", password=None):
        return self.enter("invitations/accept", {"token": token, "name": name, "password": password or new_password()})


def first_operator(gateway, email="ada@example.com", password=None) -> Browser:
    """By the link that the start printed."""
    token = SETUP.search(gateway.wait_for_line(SETUP))[1]
    browser = Browser(gateway)
    answer = browser.enter("setup", {"token": token, "email": email, "name": "Ada",
                                     "password": password or new_password()})
    assert answer.status == 201, answer.body
    return browser
