"""While nothing can be written, nothing is admitted; and what was under way is settled once writes
work again. A limit on the size of files stands for the full disk."""

import resource
import time

import pytest
from harness import gateway as gateways
from harness.gateway import wait_for
from harness.wire import chat_body, json_headers

REFUSED_WITHIN_SECONDS = 0.5
NOTHING = 1  # bytes: every write fails
JOURNAL_ONLY = 4096  # the journal's room is taken, so a full disk leaves it some; the database has none


class FullDisk:
    """Between the two, the gateway's writes fail."""

    def __init__(self, gateway, size: int = NOTHING):
        self.gateway = gateway
        self.size = size

    def limit(self, size: int) -> None:
        resource.prlimit(self.gateway.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def __enter__(self):
        self.limit(self.size)

    def __exit__(self, *_):
        self.limit(resource.RLIM_INFINITY)


@pytest.fixture
def full_disk(tmp_path, binary):
    gateway = gateways.Gateway(tmp_path / "data")
    gateway.restore_signals = False
    gateway.start()
    yield FullDisk(gateway)
    gateway.stop()


def test_requests_are_503_within_500_ms_and_served_again_afterwards(full_disk):
    gateway, key = full_disk.gateway, full_disk.gateway.create_key()
    assert gateway.chat(key["secret"]).status == 200
    with full_disk:
        for _ in range(5):
            began = time.monotonic()
            answer = gateway.chat(key["secret"])
            assert (answer.status, answer.code) == (503, "service_unavailable")
            assert time.monotonic() - began < REFUSED_WITHIN_SECONDS
    wait_for(lambda: gateway.chat(key["secret"]).status == 200, what="service")


def test_what_is_served_while_the_journal_has_room_is_kept(full_disk):
    gateway, key = full_disk.gateway, full_disk.gateway.create_key()
    served = 0
    with FullDisk(gateway, JOURNAL_ONLY):
        began = time.monotonic()
        while gateway.chat(key["secret"]).status == 200:
            served += 1
            assert time.monotonic() - began < REFUSED_WITHIN_SECONDS
        assert gateway.chat(key["secret"]).status == 503
    wait_for(lambda: gateway.request("GET", "/readyz").status == 200, what="readiness")
    rows = gateway.admin("GET", "/admin/v1/usage").json()["data"]
    assert len(rows) - served in (0, 1)  # one whose row was kept although its answer could not be


def test_readiness_fails_and_comes_back(full_disk):
    gateway, key = full_disk.gateway, full_disk.gateway.create_key()
    with full_disk:
        assert gateway.chat(key["secret"]).status == 503
        assert gateway.request("GET", "/readyz").status == 503
        assert gateway.request("GET", "/livez").status == 200
    wait_for(lambda: gateway.request("GET", "/readyz").status == 200, what="readiness")


def test_changes_of_keys_are_503_and_change_nothing(full_disk):
    gateway, key = full_disk.gateway, full_disk.gateway.create_key()
    with full_disk:
        target = f"/admin/v1/keys/{key['id']}"
        assert gateway.admin("POST", "/admin/v1/keys", {"name": "never made"}).status == 503
        assert gateway.admin("PATCH", target, {"enabled": False}).status == 503
        assert gateway.admin("DELETE", target).status == 503
    wait_for(lambda: gateway.chat(key["secret"]).status == 200, what="service")
    assert gateway.admin_json("GET", "/admin/v1/keys?search=never%20made")["data"] == []


def test_running_stream_ends_without_done_and_is_settled_later(full_disk):
    gateway, key = full_disk.gateway, full_disk.gateway.create_key()
    with gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", json_headers(key["secret"]),
                            chat_body("sandbox/slow", max_tokens=15, stream=True))
        answer = client.read_head()
        client.read_event()
        with full_disk:
            try:
                client.read_body(answer)
            except (EOFError, ConnectionResetError):
                pass  # as good an end
            assert b"[DONE]" not in b"".join(answer.chunks)
    [row] = gateway.wait_for_rows(key, 1, 10)
    assert row["streamed"] and row["output_tokens"] == 15
    assert row["metering"] == "reported"
