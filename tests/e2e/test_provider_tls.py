"""TLS to a provider is verified, always; and the way through a proxy changes nothing of that."""

import base64
import secrets

import pytest
from harness import gateway as gateways
from harness.certificates import Authority, self_signed
from harness.proxy import ConnectProxy
from harness.upstream import MockUpstream, default_script, provider
from harness.wire import chat_body

MODEL = "acme/large"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def serve(tmp_path):
    """serve(certificate, provider fields, settings…) → (gateway, upstream, secret)."""
    running = []

    def start(certificate, fields, environment=None, **settings):
        upstream = MockUpstream(certificate.server_context()).start()
        upstream.script = default_script
        config = gateways.write_config(tmp_path / "tollgate.yaml", providers=[provider(upstream, **fields)],
                                       **settings)
        gateway = gateways.Gateway(tmp_path / "data", config,
                                   {"ACME_KEY": secrets.token_hex(16)} | (environment or {})).start()
        running.extend([gateway, upstream])
        return gateway, upstream, gateway.create_key(environment="production")["secret"]

    yield start
    for one in running:
        one.stop()


def test_certificate_of_the_providers_authority_is_accepted(serve, authority):
    gateway, upstream, secret = serve(authority.issue(), {"ca_file": str(authority.certificate)})
    for _ in range(3):
        assert gateway.chat(secret, chat_body(MODEL)).status == 200
    assert len(upstream.requests) == 3


def test_stream_over_tls_comes_whole(serve, authority):
    gateway, upstream, secret = serve(authority.issue(), {"ca_file": str(authority.certificate)})
    answer = gateway.chat(secret, chat_body(MODEL, stream=True))
    assert answer.status == 200 and answer.events()[-1] == "[DONE]"


def test_authority_of_the_whole_installation_is_believed(serve, authority):
    gateway, _, secret = serve(authority.issue(), {}, upstream_ca_file=str(authority.certificate))
    assert gateway.chat(secret, chat_body(MODEL)).status == 200


@pytest.mark.parametrize("case", ["wrong host", "expired", "self-signed", "unknown authority"])
def test_certificate_that_does_not_verify_is_refused_and_nothing_is_sent(serve, authority, tmp_path, case):
    certificate = {"wrong host": lambda: authority.issue("elsewhere.test"),
                   "expired": lambda: authority.issue(expired=True),
                   "self-signed": lambda: self_signed(tmp_path / "self"),
                   "unknown authority": lambda: Authority(tmp_path / "other").issue()}[case]()
    gateway, upstream, secret = serve(certificate, {"ca_file": str(authority.certificate)})
    answer = gateway.chat(secret, chat_body(MODEL))
    assert (answer.status, answer.code) == (502, "provider_error")
    assert upstream.connections > 0 and upstream.bytes_received == 0 and upstream.requests == []
    assert "TLS handshake" in gateway.log
    [row] = gateway.rows()
    assert float(row["cost"]) == 0


def test_https_goes_through_the_proxy_by_connect(serve, authority):
    with ConnectProxy() as proxy:
        gateway, upstream, secret = serve(authority.issue(), {"ca_file": str(authority.certificate)},
                                          https_proxy=f"http://user:pass%40word@127.0.0.1:{proxy.port}")
        assert gateway.chat(secret, chat_body(MODEL)).status == 200
        head = proxy.heads[0]
    assert head.startswith(f"CONNECT localhost:{upstream.port} HTTP/1.1\r\n")
    expected = base64.b64encode(b"user:pass@word").decode()
    assert f"proxy-authorization: basic {expected}".lower() in head.lower()
    assert gateway.environment["ACME_KEY"] not in head


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "TOLLGATE_HTTPS_PROXY"])
def test_proxy_is_taken_from_the_environment(serve, authority, name):
    with ConnectProxy() as proxy:
        gateway, _, secret = serve(authority.issue(), {"ca_file": str(authority.certificate)},
                                   {name: f"http://127.0.0.1:{proxy.port}"})
        assert gateway.chat(secret, chat_body(MODEL)).status == 200
        assert len(proxy.heads) == 1


def test_plain_http_provider_is_reached_without_the_proxy(tmp_path, binary):
    with ConnectProxy() as proxy, MockUpstream() as upstream:
        upstream.script = default_script
        config = gateways.write_config(tmp_path / "tollgate.yaml", providers=[provider(upstream)],
                                       https_proxy=f"http://127.0.0.1:{proxy.port}")
        with gateways.Gateway(tmp_path / "data", config, {"ACME_KEY": secrets.token_hex(16)}) as gateway:
            secret = gateway.create_key(environment="production")["secret"]
            assert gateway.chat(secret, chat_body(MODEL)).status == 200
        assert proxy.heads == []


def test_proxy_that_refuses_is_502_and_nothing_is_sent(serve, authority):
    with ConnectProxy(status=403) as proxy:
        gateway, upstream, secret = serve(authority.issue(), {"ca_file": str(authority.certificate)},
                                          https_proxy=f"http://127.0.0.1:{proxy.port}")
        answer = gateway.chat(secret, chat_body(MODEL))
    assert (answer.status, answer.code) == (502, "provider_error")
    assert upstream.connections == 0


def test_certificate_is_verified_through_the_proxy_too(serve, authority, tmp_path):
    with ConnectProxy() as proxy:
        gateway, upstream, secret = serve(self_signed(tmp_path / "self"), {},
                                          https_proxy=f"http://127.0.0.1:{proxy.port}")
        assert gateway.chat(secret, chat_body(MODEL)).code == "provider_error"
        assert proxy.heads and upstream.bytes_received == 0


def test_no_proxy_goes_straight(serve, authority):
    with ConnectProxy() as proxy:
        gateway, upstream, secret = serve(authority.issue(), {"ca_file": str(authority.certificate)},
                                          https_proxy=f"http://127.0.0.1:{proxy.port}", no_proxy=["localhost"])
        assert gateway.chat(secret, chat_body(MODEL)).status == 200
        assert proxy.heads == []
