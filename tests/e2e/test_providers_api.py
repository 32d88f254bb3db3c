"""Providers made over the API: in force when the call returns and as long as nobody takes them back, whatever becomes
of the process; their credential sealed, for their own row alone; and `test` says what is wrong with one."""

import base64
import contextlib
import json
import secrets
import socket
import sqlite3
import threading

import pytest
from harness import wire
from harness.certificates import Authority
from harness.gateway import CommandFailed, Gateway, run, write_config
from harness.names import Names
from harness.upstream import MockUpstream, default_script, hang, json_answer, provider, sse

numbers = iter(range(1, 1_000_000))
PRICES = {"input": "2", "output": "8"}


def definition(url: str, provider_id: str | None = None, **more) -> dict:
    """Of a provider with one model, `ID/model`, on this machine."""
    provider_id = provider_id or f"p{next(numbers)}"
    model = {"id": f"{provider_id}/model", "upstream_model": "large", "prices": PRICES}
    return {"id": provider_id, "base_url": url, "allow_private": True, "models": [model]} | more


def make(gateway, url: str, provider_id: str | None = None, **more) -> dict:
    return gateway.admin_json("POST", "/admin/v1/providers", definition(url, provider_id, **more))


def verdict(gateway, provider_id: str, body=None) -> dict:
    return gateway.admin_json("POST", f"/admin/v1/providers/{provider_id}/test", body or {})


def listed(*ids: str) -> bytes:
    return json.dumps({"object": "list", "data": [{"id": one, "object": "model"} for one in ids]}).encode()


def well_behaved(*ids: str):
    """A provider that lists these models, and answers."""
    def script(received, line) -> None:
        if received.method == "GET":
            line.respond(200, {"Content-Type": "application/json"}, listed(*ids))
        else:
            default_script(received, line)
    return script


@pytest.fixture
def upstream():
    with MockUpstream() as running:
        running.script = well_behaved("large")
        yield running
        assert running.problems == []


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    return Names(tmp_path_factory.mktemp("names"))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, names, binary):
    with Gateway(tmp_path_factory.mktemp("providers") / "data", environment=names.environment) as running:
        yield running


@pytest.fixture(scope="module")
def key(gateway):
    return gateway.create_key(environment="production")


def test_provider_serves_when_the_call_returns_and_not_once_it_is_removed(gateway, key, upstream):
    credential = secrets.token_hex(16)
    made = make(gateway, upstream.url, api_key=credential, headers={"X-Team": "blue"}, region="eu-west")
    assert made["source"] == "api" and made["api_key_set"] and made["header_names"] == ["X-Team"]
    answer = gateway.chat(key["secret"], wire.chat_body(made["models"][0]))
    assert answer.status == 200 and answer.header("X-Tollgate-Region") == "eu-west"
    received = upstream.requests[-1]
    assert received.header("Authorization") == f"Bearer {credential}" and received.header("X-Team") == "blue"
    row = gateway.rows_of(key)[0]
    assert (row["provider"], float(row["cost"])) == (made["id"], pytest.approx(10 * 2e-6 + 5 * 8e-6))
    gateway.admin_json("DELETE", f"/admin/v1/providers/{made['id']}")
    assert gateway.chat(key["secret"], wire.chat_body(made["models"][0])).code == "invalid_model"


def test_no_answer_log_or_audit_row_shows_a_credential(gateway, upstream):
    credential, hidden = secrets.token_hex(16), secrets.token_hex(16)
    made = make(gateway, upstream.url, api_key=credential, headers={"X-Team": hidden})
    place = f"/admin/v1/providers/{made['id']}"
    texts = [json.dumps(made), json.dumps(gateway.admin_json("PATCH", place, {"region": "eu"})),
             json.dumps(gateway.admin_json("GET", place)), json.dumps(verdict(gateway, made["id"])),
             json.dumps(gateway.admin_json("GET", "/admin/v1/providers")),
             json.dumps(gateway.admin_json("GET", f"/admin/v1/audit?object={made['id']}")),
             gateway.metrics(), gateway.log]
    assert "provider.create" in texts[5] and "provider.update" in texts[5]
    for text in texts:
        assert credential not in text and hidden not in text


def test_only_operators_change_providers_and_viewers_do_not_see_where_they_are(gateway, upstream):
    made = make(gateway, upstream.url)
    for role in ("viewer", "member", "admin"):
        caller = gateway.create_key(type="management", role=role)
        for method, target in (("POST", "/admin/v1/providers"), ("PATCH", f"/admin/v1/providers/{made['id']}"),
                               ("DELETE", f"/admin/v1/providers/{made['id']}"),
                               ("POST", f"/admin/v1/providers/{made['id']}/test")):
            refused = gateway.request(method, target, wire.json_headers(caller["secret"]), b"{}")
            assert (refused.status, refused.code) == (403, "insufficient_scope")
        seen = gateway.request("GET", f"/admin/v1/providers/{made['id']}", wire.json_headers(caller["secret"]))
        assert seen.status == 200 and ("base_url" in seen.json()) == (role == "admin")


def test_credential_is_not_sent_to_another_host_by_a_change_that_does_not_name_it(gateway):
    credential = secrets.token_hex(16)
    made = make(gateway, "http://127.0.0.1:9/v1", api_key=credential, headers={"X-Tenant": "seven"})
    target = f"/admin/v1/providers/{made['id']}"
    for edit in ({"base_url": "https://elsewhere.example/v1"}, {"preset": "groq"},
                 {"base_url": "https://127.0.0.1:9/v1"}):
        refused = gateway.admin("PATCH", target, edit)
        assert refused.status == 422 and refused.error["param"] in ("api_key", "headers"), refused.body
    moved = gateway.admin("PATCH", target, {"base_url": "https://elsewhere.example/v1", "api_key": None, "headers": None})
    assert moved.status == 200 and moved.json()["api_key_set"] is False


def test_changed_provider_keeps_what_was_not_named(gateway, key, upstream):
    credential = secrets.token_hex(16)
    made = make(gateway, "http://127.0.0.1:9/v1", api_key=credential)
    gateway.admin_json("PATCH", f"/admin/v1/providers/{made['id']}", {"base_url": upstream.url})
    assert gateway.chat(key["secret"], wire.chat_body(made["models"][0])).status == 200
    assert upstream.requests[-1].header("Authorization") == f"Bearer {credential}"
    gateway.admin_json("PATCH", f"/admin/v1/providers/{made['id']}", {"api_key": None})
    assert gateway.chat(key["secret"], wire.chat_body(made["models"][0])).status == 200
    assert upstream.requests[-1].header("Authorization") is None


def test_stream_outlives_the_removal_of_its_provider(gateway, key, upstream):
    made = make(gateway, upstream.url)
    gate = threading.Event()
    upstream.script = sse("one", "two", before_each=lambda n: n == 0 or gate.wait(wire.WAIT_SECONDS))
    with gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", wire.json_headers(key["secret"]),
                            wire.chat_body(made["models"][0], stream=True))
        head = client.read_head()
        client.read_event()
        gateway.admin_json("DELETE", f"/admin/v1/providers/{made['id']}")
        gate.set()
        client.read_body(head)
        assert head.events()[-1] == "[DONE]"


def test_change_of_one_provider_keeps_the_connections_to_the_others(gateway, key, upstream):
    made = make(gateway, upstream.url)
    other = make(gateway, "http://127.0.0.1:9/v1")
    with gateway.connect() as client:
        for region in ("eu", "us", "asia"):
            answer = client.request("POST", "/v1/chat/completions", wire.json_headers(key["secret"]),
                                    wire.chat_body(made["models"][0]))
            assert answer.status == 200
            gateway.admin_json("PATCH", f"/admin/v1/providers/{other['id']}", {"region": region})
    assert upstream.connections == 1 and len(upstream.requests) == 3


def test_azure_without_models_is_refused_by_name(gateway):
    refused = gateway.admin("POST", "/admin/v1/providers",
                            {"id": "mine", "preset": "azure", "api_key": secrets.token_hex(8),
                             "base_url": "https://mine.example.com"})
    assert refused.status == 422 and refused.error["param"] == "models" and "deployment" in refused.error["message"]


# What is durable, and how it is kept.

def files_of(data):
    return [path for path in data.rglob("*") if path.is_file()]


def spellings(credential: str) -> list[bytes]:
    raw = credential.encode()
    return [raw, raw.hex().encode(), base64.b64encode(raw)[:-4], base64.b64encode(b"x" + raw)[4:-4],
            base64.b64encode(b"xx" + raw)[4:-4], raw[::-1]]


@pytest.fixture
def own(start_gateway, upstream):
    """A gateway that a test may kill, with the providers acme and other: (gateway, credentials)."""
    running = start_gateway()
    credentials = {name: secrets.token_hex(24) for name in ("acme", "other")}
    for name, credential in credentials.items():
        make(running, upstream.url, name, api_key=credential, headers={"X-Token": credential[::-1]})
    return running, credentials


def expect_no_start(data, **environment) -> str:
    refused = run("serve", "--data", data, "--listen", "127.0.0.1:0", **environment)
    assert refused.returncode == 1 and "listening" not in refused.stdout, refused.stderr
    return refused.stderr


def change_database(data, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(data / "tollgate.db")) as database:
        assert database.execute(statement).rowcount == 1
        database.commit()


def test_credential_stands_nowhere_in_the_data_directory(own):
    gateway, credentials = own
    assert (gateway.data / "master.key").stat().st_mode & 0o777 == 0o600
    for moment in ("running", "killed"):
        if moment == "killed":
            gateway.kill()
        searched = 0
        for path in files_of(gateway.data):
            content = path.read_bytes()
            searched += len(content)
            for credential in credentials.values():
                assert not any(form in content for form in spellings(credential)), (moment, path.name)
        assert searched > 10_000
    assert not any(credential in gateway.log for credential in credentials.values())


def test_providers_survive_kill_and_restart(own, upstream):
    gateway, credentials = own
    key = gateway.create_key(environment="production")
    for _ in range(2):
        gateway.kill()
        gateway.start()
        for name, credential in credentials.items():
            assert gateway.chat(key["secret"], wire.chat_body(f"{name}/model")).status == 200
            received = upstream.requests[-1]
            assert received.header("Authorization") == f"Bearer {credential}"
            assert received.header("X-Token") == credential[::-1]


def test_credential_moved_into_anothers_row_opens_nothing(own):
    gateway, _ = own
    gateway.kill()
    # Its write-ahead log is taken in first, so that the row is there to be changed.
    change_database(gateway.data, "UPDATE providers SET sealed = (SELECT sealed FROM providers WHERE id = 'acme') "
                                  "WHERE id = 'other'")
    said = expect_no_start(gateway.data)
    assert "other" in said and "damaged" in said and "acme" not in said


def test_wrong_master_key_says_what_to_do_and_loses_nothing(own, tmp_path):
    gateway, _ = own
    gateway.stop()
    key = gateway.data / "master.key"
    said = expect_no_start(gateway.data, TOLLGATE_MASTER_KEY=secrets.token_hex(32))
    assert "another master key" in said and "acme, other" in said and "TOLLGATE_MASTER_KEY" in said
    assert "nothing was changed" in said
    right = key.read_text()
    key.unlink()
    said = expect_no_start(gateway.data)
    assert "master.key is missing" in said and "TOLLGATE_MASTER_KEY" in said
    assert not key.exists()
    key.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
    key.chmod(0o600)
    assert "Put the former master.key back" in expect_no_start(gateway.data)
    key.write_text(right)
    key.chmod(0o644)
    assert "chmod 600" in expect_no_start(gateway.data)
    key.unlink()
    gateway.environment = {"TOLLGATE_MASTER_KEY": right.strip()}
    gateway.start()
    assert {row["id"] for row in gateway.admin_json("GET", "/admin/v1/providers")["data"]} >= {"acme", "other"}


def test_master_key_of_the_environment_leaves_no_file(start_gateway, upstream):
    gateway = start_gateway(environment={"TOLLGATE_MASTER_KEY": secrets.token_hex(32)})
    make(gateway, upstream.url, "acme", api_key=secrets.token_hex(8))
    assert not (gateway.data / "master.key").exists()
    gateway.kill()
    gateway.start()
    assert verdict(gateway, "acme")["verdict"] == "ok"


def test_malformed_master_key_is_refused_and_not_repeated(tmp_path, binary):
    wrong = secrets.token_hex(9)
    said = expect_no_start(tmp_path / "data", TOLLGATE_MASTER_KEY=wrong)
    assert "TOLLGATE_MASTER_KEY" in said and wrong not in said


# What `test` says.

def test_working_provider_is_told_so(gateway, upstream):
    made = make(gateway, upstream.url, api_key=secrets.token_hex(8))
    said = verdict(gateway, made["id"])
    assert (said["ok"], said["verdict"], said["status"], said["missing_models"]) == (True, "ok", 200, [])
    assert said["latency_ms"] >= 0 and upstream.requests[-1].target == "/v1/models"
    assert verdict(gateway, made["id"], {"model": made["models"][0]})["verdict"] == "ok"
    assert upstream.requests[-1].target == "/v1/chat/completions" and upstream.requests[-1].json()["model"] == "large"


def test_models_that_the_account_lacks_are_named(gateway, upstream):
    upstream.script = well_behaved("small")
    said = verdict(gateway, make(gateway, upstream.url)["id"])
    assert (said["ok"], said["verdict"], said["missing_models"]) == (False, "model", ["large"])


@pytest.mark.parametrize("status, meant, word", [
    (401, "credential", "api_key"), (403, "credential", "api_key"), (404, "base_url", "/v1"),
    (302, "redirect", "never followed"), (429, "refused", "limits"), (402, "refused", "balance"),
    (500, "refused", "status page")])
def test_each_answer_of_a_provider_has_its_meaning(gateway, upstream, status, meant, word):
    upstream.script = json_answer({"error": {"message": "no"}}, status=status)
    said = verdict(gateway, make(gateway, upstream.url)["id"])
    assert (said["ok"], said["verdict"], said["status"]) == (False, meant, status) and word in said["message"]


def test_answer_that_is_no_list_is_told(gateway, upstream):
    upstream.script = json_answer(b"<html>welcome</html>")
    assert verdict(gateway, make(gateway, upstream.url)["id"])["verdict"] == "answer"


def test_port_where_nobody_listens_is_told(gateway):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        said = verdict(gateway, make(gateway, f"http://127.0.0.1:{unused.getsockname()[1]}/v1")["id"])
    assert (said["verdict"], said["status"]) == ("connect", None) and "port" in said["message"]


def test_name_without_an_address_is_told(gateway, names):
    name = f"nowhere{next(numbers)}.example.com"
    names.means(name)
    said = verdict(gateway, make(gateway, f"http://{name}/v1")["id"])
    assert said["verdict"] == "dns" and "spelling" in said["message"]


def test_provider_that_hangs_is_told_within_its_deadline(gateway, upstream):
    upstream.script = hang
    made = make(gateway, upstream.url, deadlines={"head_ms": 300})
    assert verdict(gateway, made["id"])["verdict"] == "timeout"


def test_server_that_does_not_speak_http_is_told(gateway, upstream):
    def script(_, line) -> None:
        line.send(b"220 mail.example.com ready\r\n")
        line.close()
    upstream.script = script
    assert verdict(gateway, make(gateway, upstream.url)["id"])["verdict"] == "connection"


def test_certificate_of_another_host_is_told(start_gateway, tmp_path):
    authority = Authority(tmp_path / "authority")
    gateway = start_gateway(upstream_ca_file=str(authority.certificate))
    for host, meant in (("elsewhere.test", "tls"), ("localhost", "ok")):
        with MockUpstream(authority.issue(host).server_context()) as upstream:
            upstream.script = well_behaved("large")
            said = verdict(gateway, make(gateway, upstream.url, f"tls-{meant}")["id"])
            assert said["verdict"] == meant, said


def test_plain_server_behind_https_is_told(gateway, upstream):
    upstream.script = hang
    made = make(gateway, upstream.url.replace("http:", "https:"), deadlines={"connect_ms": 500})
    assert verdict(gateway, made["id"])["verdict"] == "tls"


def test_what_is_tested_must_exist(gateway, upstream):
    assert gateway.admin("POST", "/admin/v1/providers/nobody/test", {}).status == 404
    made = make(gateway, upstream.url)
    refused = gateway.admin("POST", f"/admin/v1/providers/{made['id']}/test", {"model": "nobody/none"})
    assert refused.status == 422 and refused.error["param"] == "model"


# At a terminal.

def test_provider_is_added_tried_changed_and_removed_at_a_terminal(gateway, key, upstream, tmp_path):
    credential = secrets.token_hex(16)
    models = tmp_path / "models.json"
    models.write_text(json.dumps({"models": [{"id": "till/large", "upstream_model": "large", "prices": PRICES}]}))
    made = gateway.cli_json("providers", "add", "till", "--base-url", upstream.url, "--allow-private",
                            "--api-key-env", "TILL_KEY", "--from", models, TILL_KEY=credential)
    assert made["models"] == ["till/large"] and credential not in json.dumps(made)
    assert gateway.chat(key["secret"], wire.chat_body("till/large")).status == 200
    assert upstream.requests[-1].header("Authorization") == f"Bearer {credential}"
    assert "ok: " in gateway.cli("providers", "test", "till")
    assert "till" in gateway.cli("providers") and "till/large" in gateway.cli("providers", "get", "till")
    upstream.script = json_answer({"error": {"message": "no"}}, status=401)
    with pytest.raises(CommandFailed) as failed:
        gateway.cli("providers", "test", "till")
    assert failed.value.status == 1 and "credential: " in failed.value.stderr
    assert gateway.cli_json("providers", "update", "till", "--region", "eu")["region"] == "eu"
    gateway.cli("providers", "remove", "till")
    with pytest.raises(CommandFailed) as failed:
        gateway.cli_json("providers", "get", "till")
    assert failed.value.error["code"] == "not_found"


def test_credential_is_never_an_argument(binary):
    helped = run("providers", "add", "--help")
    assert helped.returncode == 0 and "--api-key-env" in helped.stdout and "--api-key-stdin" in helped.stdout
    assert "--api-key " not in helped.stdout and "--api-key=" not in helped.stdout


# What the file defines.

def test_providers_of_the_file_are_the_files(start_gateway, upstream):
    gateway = start_gateway(environment={"ACME_KEY": secrets.token_hex(8)}, providers=[provider(upstream)])
    for method, target, body in (("POST", "/admin/v1/providers", definition(upstream.url, "acme")),
                                 ("PATCH", "/admin/v1/providers/acme", {"region": "us"}),
                                 ("DELETE", "/admin/v1/providers/acme", None)):
        refused = gateway.admin(method, target, body)
        assert (refused.status, refused.code) == (409, "managed_by_file")
        assert "tollgate.yaml" in refused.error["message"]
    assert gateway.admin_json("GET", "/admin/v1/providers/acme")["source"] == "file"
    assert verdict(gateway, "acme")["ok"] is True


def test_file_that_takes_an_id_gives_it_back(start_gateway, upstream):
    with MockUpstream() as second:
        second.script = default_script
        gateway = start_gateway(environment={"ACME_KEY": secrets.token_hex(8)}, providers=[])
        key = gateway.create_key(environment="production")
        make(gateway, upstream.url, "acme")
        for entries, served, model in (([provider(second)], second, "acme/large"), ([], upstream, "acme/model")):
            write_config(gateway.config, providers=entries)
            gateway.stop()
            gateway.start()
            before = len(served.requests)
            assert gateway.chat(key["secret"], wire.chat_body(model)).status == 200
            assert len(served.requests) == before + 1
