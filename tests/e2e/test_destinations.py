"""Where the gateway may go: a provider made over the API leads to public addresses only, by whatever spelling or
name, unless an operator says otherwise; link-local and metadata addresses are nobody's; redirects are not
followed; a client chooses nothing. The sinkhole listens on every address of this machine."""

import json
import secrets
import socket

import pytest
from harness import wire
from harness.gateway import Gateway, write_config
from harness.names import Names
from harness.sinkhole import Sinkhole
from harness.upstream import MockUpstream, default_script, provider

numbers = iter(range(1, 1_000_000))

# Refused when they are written down, whoever allows what. PORT is the sinkhole's.
MALFORMED = [
    "http://0x7f000001:PORT/v1", "http://0X7F000001:PORT/v1", "http://2130706433:PORT/v1",
    "http://017700000001:PORT/v1", "http://0177.0.0.1:PORT/v1", "http://0x7f.0.0.1:PORT/v1", "http://0x7f.1:PORT/v1",
    "http://127.1:PORT/v1", "http://127.0.1:PORT/v1", "http://127.0.0.1.:PORT/v1", "http://localhost.:PORT/v1",
    "http://00127.0.0.1:PORT/v1", "http://127.0.0.0x1:PORT/v1", "http://1.0x7f000001:PORT/v1", "http://0:PORT/v1",
    "http://[::1%lo]:PORT/v1", "http://[::1%25lo]:PORT/v1", "http://[::ffff:7f00:1:PORT/v1", "http://::1:PORT/v1",
    "http://user@127.0.0.1:PORT/v1", "http://user:word@127.0.0.1:PORT/v1", "http://api.example.com@127.0.0.1:PORT/v1",
    "http://api.example.com:443@127.0.0.1:PORT/v1", "http://api.example.com%40127.0.0.1:PORT/v1",
    "http://127.0.0.1:PORT\\@api.example.com/v1", "http://127.0.0.1:PORT#@api.example.com/v1",
    "http://127.0.0.1:PORT?@api.example.com/v1", "http://api.example.com\\127.0.0.1:PORT/v1",
    "http:\\\\127.0.0.1:PORT/v1", "http:/127.0.0.1:PORT/v1", "http:127.0.0.1:PORT/v1", "//127.0.0.1:PORT/v1",
    "127.0.0.1:PORT/v1", "http:///127.0.0.1:PORT/v1", "http://\t127.0.0.1:PORT/v1",
    "http://127.0.0.1:PORT/v1\r\nHost: x",
    "http://127.0.0.1\x00.example.com:PORT/v1", "http://127。0。0。1:PORT/v1", "http://①②⑦.0.0.1:PORT/v1",
    "http://ⓛocalhost:PORT/v1", "http://local%68ost:PORT/v1", "http://[127.0.0.1]:PORT/v1",
    "http://[localhost]:PORT/v1",
    "ftp://127.0.0.1:PORT/v1", "file:///etc/passwd", "gopher://127.0.0.1:PORT/_x", "unix:///run/x.sock",
    "http://127.0.0.1:PORT/../v1", "http://127.0.0.1:0/v1", "http://127.0.0.1:65536/v1", "http://127.0.0.1:PORT:80/v1",
]
# Sound, but leading inside: refused unless an operator allows it.
INSIDE = [
    "http://127.0.0.1:PORT/v1", "http://127.255.0.9:PORT/v1", "http://localhost:PORT/v1", "http://LOCALHOST:PORT/v1",
    "http://api.localhost:PORT/v1", "http://[::1]:PORT/v1", "http://[0:0:0:0:0:0:0:1]:PORT/v1",
    "http://[::ffff:127.0.0.1]:PORT/v1", "http://[::ffff:7f00:1]:PORT/v1", "http://[::127.0.0.1]:PORT/v1",
    "http://[64:ff9b::7f00:1]:PORT/v1", "http://[2002:7f00:1::]:PORT/v1", "http://10.0.0.1:PORT/v1",
    "http://172.16.0.1:PORT/v1", "http://192.168.0.1:PORT/v1", "http://100.64.0.1:PORT/v1", "http://[fd12::1]:PORT/v1",
    "http://intranet:PORT/v1", "http://vllm.internal:PORT/v1", "http://printer.local:PORT/v1",
]
# Nobody's, whatever is allowed.
FORBIDDEN = [
    "http://169.254.169.254/latest/meta-data", "http://169.254.170.2:PORT/v1", "http://0.0.0.0:PORT/v1",
    "http://0.1.2.3:PORT/v1", "http://[::]:PORT/v1", "http://[::ffff:0.0.0.0]:PORT/v1",
    "http://[::ffff:169.254.169.254]/v1", "http://[64:ff9b::a9fe:a9fe]/v1", "http://[2002:a9fe:a9fe::]/v1",
    "http://[fe80::1]:PORT/v1", "http://[fd00:ec2::254]/v1", "http://224.0.0.1:PORT/v1", "http://[ff02::1]:PORT/v1",
    "http://255.255.255.255:PORT/v1", "http://100.100.100.200/latest", "http://168.63.129.16/v1",
]
# What public names come to mean behind our back.
MEANINGS = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "10.0.0.1", "192.168.1.1",
            "169.254.169.254", "fe80::1", "fd00:ec2::254", "64:ff9b::7f00:1", "2002:7f00:1::", "100.100.100.200"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """(gateway, sinkhole, names, upstream): upstream is a provider of the file."""
    folder = tmp_path_factory.mktemp("destinations")
    names = Names(folder)
    with Sinkhole() as sinkhole, MockUpstream() as upstream:
        deadlines = {"connect_ms": 2000, "head_ms": 2000, "silence_ms": 2000, "total_ms": 5000}
        config = write_config(folder / "tollgate.yaml", providers=[provider(upstream, deadlines=deadlines)])
        environment = names.environment | {"ACME_KEY": secrets.token_hex(16)}
        with Gateway(folder / "data", config, environment) as gateway:
            yield gateway, sinkhole, names, upstream


@pytest.fixture(scope="module")
def key(world):
    return world[0].create_key(environment="production")


@pytest.fixture
def upstream(world):
    world[3].reset()
    world[3].script = default_script
    return world[3]


def create(gateway, url: str, **more):
    number = next(numbers)
    model = {"id": f"p{number}/model", "upstream_model": "m", "prices": {"input": "0", "output": "0"}}
    body = {"id": f"p{number}", "base_url": url, "models": [model],
            "deadlines": {"connect_ms": 1000, "head_ms": 1000, "total_ms": 2000}} | more
    return gateway.admin("POST", "/admin/v1/providers", body), body["id"], model["id"]


def at(url: str, sinkhole) -> str:
    return url.replace("PORT", str(sinkhole.port))


def verdict(gateway, provider_id: str) -> dict:
    return gateway.admin_json("POST", f"/admin/v1/providers/{provider_id}/test")


@pytest.mark.parametrize("url", MALFORMED)
def test_url_that_is_not_plain_is_refused_even_where_private_ones_are_allowed(world, url):
    gateway, sinkhole, *_ = world
    for more in ({}, {"allow_private": True}):
        refused, _, _ = create(gateway, at(url, sinkhole), **more)
        assert refused.status == 422 and refused.error["param"] == "base_url", refused.body
    assert sinkhole.connections == 0


@pytest.mark.parametrize("url", INSIDE)
def test_url_that_leads_inside_is_refused_unless_an_operator_allows_it(world, url):
    gateway, sinkhole, *_ = world
    refused, _, _ = create(gateway, at(url, sinkhole))
    assert refused.status == 422 and refused.error["param"] == "base_url", refused.body
    assert "allow_private" in refused.error["message"]
    allowed, provider_id, _ = create(gateway, at(url, sinkhole), allow_private=True)
    assert allowed.status == 201, allowed.body
    assert gateway.admin("DELETE", f"/admin/v1/providers/{provider_id}").status == 200
    assert sinkhole.connections == 0


@pytest.mark.parametrize("url", FORBIDDEN)
def test_metadata_and_link_local_addresses_are_nobodys(world, url):
    gateway, sinkhole, *_ = world
    for more in ({}, {"allow_private": True}):
        refused, _, _ = create(gateway, at(url, sinkhole), **more)
        assert refused.status == 422 and refused.error["param"] == "base_url", refused.body
    assert sinkhole.connections == 0


@pytest.mark.parametrize("meaning", MEANINGS)
@pytest.mark.parametrize("allowed", [False, True])
def test_public_name_that_resolves_inside_is_never_connected_to(world, key, meaning, allowed):
    gateway, sinkhole, names, _ = world
    name = f"n{next(numbers)}.example.com"
    names.means(name, meaning)
    made, provider_id, model = create(gateway, f"http://{name}:{sinkhole.port}/v1", allow_private=allowed)
    assert made.status == 201, made.body
    assert verdict(gateway, provider_id)["verdict"] == "destination"
    answer = gateway.chat(key["secret"], wire.chat_body(model))
    assert (answer.status, answer.code) == (502, "provider_error"), answer.body
    assert name not in answer.body.decode() and meaning not in answer.body.decode()
    assert sinkhole.connections == 0


def test_name_that_changes_its_meaning_is_judged_anew_at_each_connection(world, key):
    gateway, sinkhole, names, _ = world
    name = f"rebinds{next(numbers)}.example.com"
    # A public address while it is written down: nobody connects then.
    names.means(name, "192.0.32.8")
    made, provider_id, model = create(gateway, f"http://{name}:{sinkhole.port}/v1")
    assert made.status == 201
    names.means(name, "127.0.0.1")
    assert gateway.chat(key["secret"], wire.chat_body(model)).code == "provider_error"
    assert verdict(gateway, provider_id)["verdict"] == "destination"
    assert sinkhole.connections == 0


def test_several_addresses_of_one_name_are_judged_one_by_one(world, key):
    gateway, sinkhole, names, _ = world
    name = f"several{next(numbers)}.example.com"
    names.means(name, "169.254.169.254", "127.0.0.1", "::1", "10.0.0.1")
    _, _, model = create(gateway, f"http://{name}:{sinkhole.port}/v1")
    assert gateway.chat(key["secret"], wire.chat_body(model)).code == "provider_error"
    assert sinkhole.connections == 0


def test_name_of_ones_own_network_never_leads_to_a_metadata_service(world, key):
    gateway, sinkhole, names, _ = world
    name = f"h{next(numbers)}.internal"
    names.means(name, "169.254.169.254")
    _, provider_id, model = create(gateway, f"http://{name}:{sinkhole.port}/v1", allow_private=True)
    assert verdict(gateway, provider_id)["verdict"] == "destination"
    assert gateway.chat(key["secret"], wire.chat_body(model)).code == "provider_error"
    assert sinkhole.connections == 0


def test_allowed_provider_on_this_machine_serves(world, key, upstream):
    gateway, _, names, _ = world
    names.means("ollama", "127.0.0.1")
    for url in (upstream.url, f"http://ollama:{upstream.port}/v1", f"http://localhost:{upstream.port}/v1"):
        made, provider_id, model = create(gateway, url, allow_private=True)
        assert made.status == 201, made.body
        assert gateway.chat(key["secret"], wire.chat_body(model)).status == 200
        # Taken back, it is unreachable from the next request on.
        refused = gateway.admin("PATCH", f"/admin/v1/providers/{provider_id}", {"allow_private": False})
        assert refused.status == 422 and refused.error["param"] == "base_url"
        assert gateway.admin("DELETE", f"/admin/v1/providers/{provider_id}").status == 200


def test_only_an_operator_makes_providers(world, upstream):
    gateway, sinkhole, *_ = world
    admin = gateway.create_key(type="management", role="admin")
    body = json.dumps({"id": "mine", "base_url": upstream.url, "allow_private": True}).encode()
    refused = gateway.request("POST", "/admin/v1/providers", wire.json_headers(admin["secret"]), body)
    assert (refused.status, refused.code) == (403, "insufficient_scope")
    assert sinkhole.connections == 0


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("stream", [False, True])
def test_redirect_is_a_provider_error_and_not_followed(world, key, upstream, status, stream):
    gateway, sinkhole, *_ = world
    location = f"http://127.0.0.1:{sinkhole.port}/v1/chat/completions"
    upstream.script = lambda _, line: line.respond(status, {"Location": location}, b"")
    # One of its own each time: an offer that has failed five times is left alone.
    _, provider_id, model = create(gateway, upstream.url, allow_private=True)
    answer = gateway.chat(key["secret"], wire.chat_body(model, stream=stream))
    assert (answer.status, answer.code) == (502, "provider_error"), answer.body
    assert upstream.requests != []
    assert answer.header("Location") is None and str(sinkhole.port) not in answer.body.decode()
    assert verdict(gateway, provider_id)["verdict"] == "redirect"
    assert sinkhole.connections == 0


def hosts(port: int):
    """Ways in which a client might name a destination."""
    inside = f"127.0.0.1:{port}"
    yield "another host", "/v1/chat/completions", {"Host": inside}, {}
    yield "absolute target", f"http://{inside}/v1/chat/completions", {"Host": inside}, {}
    yield "forwarded", "/v1/chat/completions", {"X-Forwarded-Host": inside, "Forwarded": f"host={inside}"}, {}
    yield "base url header", "/v1/chat/completions", {"X-Base-Url": f"http://{inside}/v1", "X-Upstream": inside}, {}
    yield "base url member", "/v1/chat/completions", {}, {"base_url": f"http://{inside}/v1",
                                                         "api_base": f"http://{inside}/v1"}
    yield "route member", "/v1/chat/completions", {}, {"provider": {"base_url": f"http://{inside}"}}


@pytest.mark.parametrize("number", range(6))
def test_client_never_chooses_a_destination(world, key, upstream, number):
    gateway, sinkhole, *_ = world
    _, target, headers, members = list(hosts(sinkhole.port))[number]
    sent = wire.json_headers(key["secret"]) | headers
    answer = gateway.request("POST", target, sent, wire.chat_body("acme/large", **members))
    assert answer.status in (200, 400, 404), answer.body
    for received in upstream.requests:
        assert received.header("Host") == f"127.0.0.1:{upstream.port}"
        assert received.header("X-Forwarded-Host") is None and received.header("X-Upstream") is None
    assert sinkhole.connections == 0


def test_sinkhole_counts_who_comes_by_any_address():
    with Sinkhole() as sinkhole:
        assert sinkhole.connections == 0
        for number, address in enumerate(("127.0.0.1", "127.9.9.9", "::1"), 1):
            socket.create_connection((address, sinkhole.port)).close()
            assert sinkhole.connections == number


def test_there_are_sixty_and_more_of_them():
    assert len(MALFORMED) + len(INSIDE) + len(FORBIDDEN) + 2 * len(MEANINGS) >= 60
