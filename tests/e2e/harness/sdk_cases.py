"""What both official SDKs are tried with: each way a call can be refused, and the exception it must
come to. Never a reset connection, never a nameless one."""

import json
from dataclasses import dataclass

BIG_PROMPT = 20 * 1024 * 1024


@dataclass
class Case:
    name: str
    secret: str
    error: str  # the SDK's class
    status: int
    code: str
    model: str = "sandbox/echo"
    prompt: str | None = "Hello"  # None: a body without messages
    prompt_bytes: int = 0  # a prompt of this many bytes instead

    def json(self) -> dict:
        return {"model": self.model, "prompt": self.prompt, "prompt_bytes": self.prompt_bytes, "secret": self.secret}


def refusals(gateway) -> list[Case]:
    good = gateway.create_key()["secret"]
    narrow = gateway.create_key(models=["sandbox/lorem"])["secret"]
    disabled = gateway.create_key(enabled=False)["secret"]
    revoked = gateway.create_key()
    gateway.revoke(revoked["id"])
    expired = gateway.create_key()
    rotated = gateway.admin_json("POST", f"/admin/v1/keys/{expired['id']}/rotate")
    assert rotated["secret"] != expired["secret"]
    management = gateway.create_key(type="management")["secret"]
    malformed = good[:-1] + ("a" if good[-1] != "a" else "b")
    return [
        Case("malformed", malformed, "AuthenticationError", 401, "invalid_api_key"),
        Case("unknown", "old-" + good[6:], "AuthenticationError", 401, "invalid_api_key"),
        Case("disabled", disabled, "AuthenticationError", 401, "disabled_api_key"),
        Case("rotated-out", expired["secret"], "AuthenticationError", 401, "expired_api_key"),
        Case("revoked", revoked["secret"], "AuthenticationError", 401, "expired_api_key"),
        Case("disallowed model", narrow, "PermissionDeniedError", 403, "model_not_allowed"),
        Case("management key", management, "PermissionDeniedError", 403, "insufficient_scope"),
        Case("bad body", good, "BadRequestError", 400, "invalid_message_format", prompt=None),
        Case("20 MB with a bad key", malformed, "AuthenticationError", 401, "invalid_api_key",
             prompt_bytes=BIG_PROMPT),
    ]


def as_json(cases: list[Case]) -> str:
    return json.dumps({case.name: case.json() for case in cases})


NAMES = ["malformed", "unknown", "disabled", "rotated-out", "revoked", "disallowed model", "management key",
         "bad body", "20 MB with a bad key"]
