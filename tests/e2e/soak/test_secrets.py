"""No secret ever leaves the answer that showed it: it is in no file, no log, no metric, no error and no
process list."""

import base64
import hashlib
import secrets
from pathlib import Path

from harness import gateway as gateways
from harness import wire
from harness.load import scaled
from harness.upstream import MockUpstream, default_script, provider

KEYS = scaled(20, 100)


def use(gateway, secret: str, model: str) -> list[wire.Answer]:
    """Every kind of request that a key's holder sends, and gets wrong."""
    headers = wire.json_headers(secret)
    last = "a" if secret[-1] != "a" else "b"
    return [
        gateway.chat(secret, wire.chat_body(model)),
        gateway.chat(secret, wire.chat_body(model, stream=True)),
        gateway.chat(secret, wire.chat_body("no/such")),
        gateway.chat(secret, b"{"),
        gateway.chat(secret, wire.chat_body(model), **{"X-Request-Id": secret}),
        gateway.chat(secret[:-1] + last),
        gateway.request("GET", "/v1/key", headers),
        gateway.request("GET", "/v1/models", headers),
        gateway.request("GET", f"/v1/models/{secret}", headers),
        gateway.request("GET", f"/v1/models?key={secret}", headers),
        gateway.request("GET", f"/v1/{secret}", headers),
        gateway.request("GET", "/admin/v1/keys", headers),
        gateway.request("GET", "/v1/key", {"Authorization": f"Basic {secret}"}),
        gateway.request("GET", "/v1/key", {"x-api-key": secret, "api-key": "other"}),
        gateway.request("GET", "/v1/key", {"Authorization": f"Bearer {secret}\x01"}),
    ]


def needles(secret: str) -> list[bytes]:
    """The token, what of it is hidden, and the spellings it could be stored in by mistake."""
    raw = secret.encode()
    return [raw, raw[18:-4], raw.hex().encode(), base64.b64encode(raw)[:40], raw[::-1]]


def haystacks(gateway) -> dict[str, bytes]:
    found = {str(path): path.read_bytes() for path in gateway.data.rglob("*") if path.is_file()}
    found["log"] = gateway.log_path.read_bytes()
    found["standard output"] = "\n".join(gateway.lines).encode()
    process = Path(f"/proc/{gateway.process.pid}")
    found["process list"] = (process / "cmdline").read_bytes()
    found["metrics"] = gateway.metrics().encode()
    for target in ("keys?limit=1000", "keys?limit=1000&status=revoked", "audit?limit=1000", "usage?limit=1000",
                   "providers", "models"):
        found[target] = gateway.admin("GET", f"/admin/v1/{target}").body
    return found


def test_no_minted_secret_is_found_anywhere(start_gateway):
    credential = secrets.token_hex(16)
    with MockUpstream() as upstream:
        upstream.script = default_script
        gateway = start_gateway({"ACME_KEY": credential}, providers=[provider(upstream)], log_level="trace")
        minted, spoken = [], []
        for number in range(KEYS):
            environment = ("sandbox", "production")[number % 2]
            key = gateway.create_key(environment=environment)
            minted.append(key["secret"])
            spoken += use(gateway, key["secret"], "acme/large" if number % 2 else "sandbox/lorem")
            rotated = gateway.admin_json("POST", f"/admin/v1/keys/{key['id']}/rotate", {"grace_seconds": 60})
            minted.append(rotated["secret"])
            spoken += use(gateway, key["secret"], "sandbox/lorem")
            gateway.revoke(key["id"])
            spoken += use(gateway, rotated["secret"], "sandbox/lorem")
        manager = gateway.create_key(type="management", role="admin")
        minted.append(manager["secret"])
        gateways.run("keys", "list", "--url", gateway.url, TOLLGATE_ADMIN_KEY=manager["secret"])
        running = haystacks(gateway)
        gateway.stop()
        stopped = {str(path): path.read_bytes() for path in gateway.data.rglob("*") if path.is_file()}
    everywhere = running | {f"{name} (stopped)": data for name, data in stopped.items()} | {"log": gateway.log.encode()}
    answers = b"\n".join(answer.body + repr(answer.fields).encode() for answer in spoken)
    hits = [(name, needle[:6]) for secret in minted for needle in needles(secret)
            for name, data in (everywhere | {"answers": answers}).items() if needle in data]
    hits += [(name, b"credential") for name, data in everywhere.items() if credential.encode() in data]
    size = sum(map(len, everywhere.values()))
    print(f"\nnote: secrets: {len(minted)} minted, {len(spoken)} requests, {size / 1e6:.1f} MB searched, "
          f"{len(hits)} hits")
    assert sorted({name for name, _ in hits}) == []
    # The search would find them: their hashes are there, as they should be.
    digest = hashlib.sha256(minted[0].encode()).digest()
    assert any(digest in data for data in stopped.values())


def test_key_sent_as_user_agent_is_not_stored(gateway):
    key = gateway.create_key()
    answer = gateway.chat(key["secret"], **{"User-Agent": f"script/1 ({key['secret']})"})
    assert answer.status == 200
    [row] = gateway.rows_of(key)
    assert key["secret"] not in (row["client"] or "")
    assert not [name for name, data in haystacks(gateway).items() if key["secret"].encode() in data]
