"""Our own TLS listener, and the certificate's renewal without a stop."""

import shutil
import ssl

import pytest
from harness import gateway as gateways
from harness import wire
from harness.certificates import Authority
from harness.gateway import wait_for
from harness.wire import chat_body, json_headers


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def tls_gateway(tmp_path, authority):
    issued = authority.issue()
    shutil.copy(issued.chain, tmp_path / "chain.pem")
    shutil.copy(issued.private_key, tmp_path / "key.pem")
    config = gateways.write_config(tmp_path / "tollgate.yaml", tls={
        "certificate": str(tmp_path / "chain.pem"), "private_key": str(tmp_path / "key.pem")})
    with gateways.Gateway(tmp_path / "data", config) as running:
        yield running


def install(gateway, certificate) -> None:
    folder = gateway.config.parent
    shutil.copy(certificate.chain, folder / "chain.pem")
    shutil.copy(certificate.private_key, folder / "key.pem")


def serial_of(connection) -> str:
    return connection.sock.getpeercert()["serialNumber"]


def test_tls_listener_serves_and_says_https(tls_gateway, authority):
    assert tls_gateway.scheme == "https"
    secret = tls_gateway.create_key()["secret"]
    with tls_gateway.connect(tls=authority.client_context()) as client:
        for stream in (False, True):
            answer = client.request("POST", "/v1/chat/completions", json_headers(secret), chat_body(stream=stream))
            assert answer.status == 200


def test_large_bodies_cross_tls_whole(tls_gateway, authority):
    secret = tls_gateway.create_key()["secret"]
    content = "word " * 20_000
    with tls_gateway.connect(tls=authority.client_context()) as client:
        answer = client.request("POST", "/v1/chat/completions", json_headers(secret), chat_body(content=content))
        assert answer.status == 200
        assert content.startswith(answer.json()["choices"][0]["message"]["content"].rstrip())


def test_plain_http_to_the_tls_port_is_no_request(tls_gateway):
    with tls_gateway.connect() as client:
        client.send(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            assert not client.read_to_end().startswith(b"HTTP/1.1 200")
        except ConnectionResetError:
            pass  # as good an end


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(tls_gateway, authority, version):
    context = authority.client_context()
    context.minimum_version = context.maximum_version = version
    with tls_gateway.connect(tls=context) as client:
        assert client.request("GET", "/livez").status == 200


def test_renewed_certificate_is_served_after_sighup_and_open_connections_stay(tls_gateway, authority):
    context = authority.client_context()
    with tls_gateway.connect(tls=context) as old:
        before = serial_of(old)
        install(tls_gateway, authority.issue())
        tls_gateway.reload()

        def renewed():
            with tls_gateway.connect(tls=context) as client:
                return serial_of(client) != before

        wait_for(renewed, what="the new certificate")
        assert old.request("GET", "/livez").status == 200


def test_broken_certificate_changes_nothing_and_is_said(tls_gateway, authority):
    (tls_gateway.config.parent / "chain.pem").write_text("no certificate")
    before = tls_gateway.log
    tls_gateway.reload()
    wait_for(lambda: "chain.pem" in tls_gateway.log[len(before):], what="the reason")
    with tls_gateway.connect(tls=authority.client_context()) as client:
        assert client.request("GET", "/livez").status == 200


def test_peer_that_never_speaks_tls_harms_nobody(tls_gateway, authority):
    silent = [wire.connect(tls_gateway.address) for _ in range(20)]
    with tls_gateway.connect(tls=authority.client_context()) as client:
        assert client.request("GET", "/livez").status == 200
    for one in silent:
        one.reset()
