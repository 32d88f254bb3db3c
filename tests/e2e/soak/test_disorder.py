"""Everything at once: streams, faults, clients that vanish, keys revoked with and without a cut, reloads.
Nothing is left open, no row is lost or doubled, and the process ends cleanly."""

import random
import re
import threading
import time
from collections import Counter

import pytest
from harness import gateway as gateways
from harness import upstream as mock
from harness import wire
from harness.certificates import Authority
from harness.gateway import wait_for
from harness.load import scaled

SECONDS = scaled(6, 60)
CLIENTS = 12
SEED = 4711

SCRIPTS = [mock.default_script] * 6 + [mock.reset, mock.close, mock.gzipped, mock.cut_stream("one", "two"),
                                       mock.json_answer(b"<html>"), mock.json_answer({}, status=500),
                                       mock.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}")]
MODELS = ["acme/large"] * 4 + ["sandbox/lorem", "sandbox/slow", "sandbox/cut-stream", "sandbox/no-usage",
                               "sandbox/error-500", "sandbox/overrun", "no/such"]


class Disorder:
    def __init__(self, gateway, upstream):
        self.gateway, self.upstream = gateway, upstream
        self.until = time.monotonic() + SECONDS
        self.whole: list[str] = []  # request ids of answers seen whole and served
        self.problems: list[str] = []
        self.lock = threading.Lock()

    def run(self) -> None:
        jobs = [threading.Thread(target=self.guarded, args=(self.client, number)) for number in range(CLIENTS)]
        jobs += [threading.Thread(target=self.guarded, args=(job, 99)) for job in (self.operator, self.reloads)]
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()

    def guarded(self, job, number: int) -> None:
        try:
            job(random.Random(SEED + number), number)
        except Exception as problem:
            self.problems.append(f"{job.__name__}: {problem!r}")

    def client(self, chance: random.Random, number: int) -> None:
        count = 0
        while time.monotonic() < self.until:
            model = chance.choice(MODELS)
            environment = "production" if model.startswith("acme") else "sandbox"
            key = self.gateway.create_key(environment=environment)
            with self.gateway.connect() as connection:
                for _ in range(chance.randrange(1, 8)):
                    count += 1
                    if time.monotonic() > self.until or not self.call(chance, connection, key, model, f"d-{number}-{count}"):
                        break
            if chance.random() < 0.3:
                self.gateway.admin("DELETE", f"/admin/v1/keys/{key['id']}")

    def call(self, chance, connection, key, model: str, request_id: str) -> bool:
        """Whether the connection can go on."""
        self.upstream.script = chance.choice(SCRIPTS)
        body = wire.chat_body(model, "word " * chance.choice((1, 20, 30_000)), stream=chance.random() < 0.5)
        request = wire.request_bytes("POST", "/v1/chat/completions",
                                     wire.json_headers(key["secret"], **{"X-Request-Id": request_id}), body)
        way = chance.random()
        try:
            if way < 0.1:
                connection.send(request[:chance.randrange(len(request))])
                connection.reset()
                return False
            connection.send(request)
            if way < 0.2:
                (connection.reset if way < 0.15 else connection.close)()
                return False
            if way < 0.3:
                self.gateway.admin("DELETE", f"/admin/v1/keys/{key['id']}?abort_inflight=true")
            answer = connection.read_answer()
        except (EOFError, OSError) as end:
            assert not isinstance(end, TimeoutError), f"{request_id} {model} hung"
            return False
        if answer.status == 200 and (b"stream\": false" in body or answer.events()[-1:] == ["[DONE]"]):
            with self.lock:
                self.whole.append(request_id)
        return True

    def operator(self, chance: random.Random, _) -> None:
        while time.monotonic() < self.until:
            for target in ("keys?limit=20", "usage?limit=50", "usage?group_by=key", "audit?limit=20"):
                assert self.gateway.admin("GET", f"/admin/v1/{target}").status == 200
            assert self.gateway.request("GET", "/readyz").status == 200
            assert self.gateway.request("GET", "/metrics").status == 200

    def reloads(self, chance: random.Random, _) -> None:
        pause = threading.Event()
        while time.monotonic() < self.until:
            self.gateway.reload()
            pause.wait(0.2)


def gauge(gateway, name: str) -> int:
    return int(float(re.search(rf"^{name} (\S+)$", gateway.metrics(), re.M)[1]))


@pytest.mark.parametrize("way", ["plain", "TLS on both sides"])
def test_disorder_leaves_nothing_open_lost_or_doubled(start_gateway, tmp_path, way):
    settings, upstream_tls, client_tls = {}, None, None
    if way != "plain":
        authority = Authority(tmp_path / "authority")
        issued = authority.issue()
        settings = {"upstream_ca_file": str(authority.certificate),
                    "tls": {"certificate": str(issued.chain), "private_key": str(issued.private_key)}}
        upstream_tls, client_tls = issued.server_context(), authority.client_context()
    with mock.MockUpstream(upstream_tls) as upstream:
        entry = mock.provider(upstream, deadlines={"head_ms": 1000, "silence_ms": 1000})
        gateway = start_gateway({"ACME_KEY": "unused"}, providers=[entry], **settings)
        gateway.tls = client_tls
        disorder = Disorder(gateway, upstream)
        disorder.run()
        assert "\n".join(disorder.problems + upstream.problems) == ""
        wait_for(lambda: gauge(gateway, "tollgate_ledger_open_reservations") == 0, what="the last reservation")
        rows = Counter(row["request_id"] for row in gateway.rows())
        written = gauge(gateway, "tollgate_ledger_rows_written_total")
        print(f"\nnote: disorder ({way}): {SECONDS} s, {len(disorder.whole)} answers seen whole, {sum(rows.values())} rows")
        assert [one for one in disorder.whole if rows[one] != 1] == []
        assert [one for one, count in rows.items() if count > 1] == []
        assert written == sum(rows.values())
        assert gauge(gateway, "tollgate_ledger_rows_lost_total") == 0
        assert gateway.admin_json("GET", "/admin/v1/audit/verify")["valid"]
        gateway.stop()
        assert gateways.SANITIZER.search(gateway.log) is None
        assert "bug" not in gateway.log
