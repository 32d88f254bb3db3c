"""The dashboard as the binary serves it: a page for people, the API's own 404 for its clients, headers
that allow nothing inline and nothing from elsewhere."""

import http.client
from urllib.parse import urlsplit

import pytest

HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


def ask(gateway, method, path, headers=None):
    where = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=10)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/", "/keys", "/keys/key_1?range=7d", "/sign-in", "/setup"])
def test_every_page_is_the_same_document(gateway, path):
    status, headers, body = ask(gateway, "GET", path, HTML)
    assert status == 200
    assert headers["content-type"].startswith("text/html")
    assert b"<title>Tollgate</title>" in body


def test_page_may_run_and_load_only_what_the_binary_serves(gateway):
    _, headers, body = ask(gateway, "GET", "/", HTML)
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert b"<style" not in body and b"onload=" not in body


def test_head_says_the_length_and_sends_nothing(gateway):
    _, whole, body = ask(gateway, "GET", "/", HTML)
    status, headers, nothing = ask(gateway, "HEAD", "/", HTML)
    assert (status, headers["content-length"], nothing) == (200, whole["content-length"], b"")
    assert int(whole["content-length"]) == len(body)


def test_what_a_browser_has_is_not_sent_again(gateway):
    _, headers, _ = ask(gateway, "GET", "/", HTML)
    if "etag" not in headers:
        pytest.skip("this binary was built without its dashboard")
    status, _, body = ask(gateway, "GET", "/", HTML | {"If-None-Match": headers["etag"]})
    assert (status, body) == (304, b"")


@pytest.mark.parametrize("path", ["/chat/completions", "/models", "/favicon.ico", "/assets/gone-1.js"])
def test_lost_client_of_the_api_gets_the_envelope_and_no_page(gateway, path):
    status, headers, body = ask(gateway, "GET", path, {"Accept": "application/json"})
    assert status == 404
    assert headers["content-type"].startswith("application/json")
    assert b'"request_id"' in body


@pytest.mark.parametrize("path", ["/v1/nothing", "/admin/v1/nothing", "/api/v1/nothing", "/v2/router/nothing"])
def test_paths_of_the_apis_are_never_a_page(gateway, path):
    status, headers, _ = ask(gateway, "GET", path, HTML)
    assert status in (401, 404)
    assert headers["content-type"].startswith("application/json")


def test_page_is_no_place_for_a_key(gateway):
    status, _, body = ask(gateway, "GET", "/keys?token=sk-tg-" + "x" * 42, HTML)
    assert status == 400 and b"api_key_in_url" in body


def test_other_methods_find_no_page(gateway):
    status, _, _ = ask(gateway, "POST", "/keys", HTML)
    assert status == 404
