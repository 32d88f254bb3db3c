"""Revocation holds from the next request on, whatever else is going on: no request that began after the
call returned is ever accepted."""

import time

from harness import gateway as gateways
from harness import wire
from harness.load import Load, percentile, scaled

CLIENTS = 50
KEYS = scaled(8, 100)
REQUESTS_AFTER = 3  # of each client: 100 keys × 50 clients × 3 = 15,000
REVOKE_P99_SECONDS = 0.050


def test_no_request_begun_after_revocation_returned_is_accepted(start_gateway):
    gateway = start_gateway()
    accepted_before = begun_after = accepted_after = 0
    took = []
    for _ in range(KEYS):
        key = gateway.create_key()
        request = wire.request_bytes("POST", "/v1/chat/completions", wire.json_headers(key["secret"]),
                                     wire.chat_body())
        load = Load(gateway.address, CLIENTS, lambda number, data=request: (data, False))
        load.finished(2 * CLIENTS)
        with wire.connect(gateway.data / "admin.sock") as admin:
            began = time.monotonic()
            answer = admin.request("DELETE", f"/admin/v1/keys/{key['id']}")
            returned = time.monotonic()
        assert answer.status == 200
        took.append(returned - began)
        report = load.stop_after(returned, REQUESTS_AFTER)
        assert report.lost == []
        after = [done for done in report.done if done.began > returned]
        begun_after += len(after)
        accepted_after += sum(done.status == 200 for done in after)
        accepted_before += sum(done.status == 200 for done in report.done)
        assert {done.status for done in report.done} <= {200, 401}
    p99 = percentile(took, 0.99)
    print(f"\nnote: revoke: {KEYS} keys, {CLIENTS} clients, {accepted_before} served before; "
          f"{begun_after} requests begun after the call returned, {accepted_after} accepted; "
          f"revoke p50 {percentile(took, 0.5) * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms")
    assert accepted_after == 0
    assert begun_after >= KEYS * CLIENTS * REQUESTS_AFTER
    assert accepted_before >= KEYS * CLIENTS
    if not gateways.is_sanitized():
        assert p99 <= REVOKE_P99_SECONDS
