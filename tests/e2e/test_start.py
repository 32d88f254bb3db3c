"""The first minutes: one command, one printed key, one curl line that works; and the probes."""

import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from harness import wire
from harness.gateway import ROOT, run, wait_for

SECRET = re.compile(r"sk-tg-test-[0-9A-Za-z]+")
CURL = re.compile(r"^\s*curl ")


def printed_curl(gateway) -> str:
    """The curl line, with its continuation lines if it has any."""
    start = next(i for i, line in enumerate(gateway.lines) if CURL.search(line))
    end = start
    while gateway.lines[end].endswith("\\"):
        end += 1
    return "\n".join(gateway.lines[start:end + 1])


def paste(line: str, cwd: Path) -> str:
    result = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, cwd=cwd)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture
def first_start(start_gateway, tmp_path):
    gateway = start_gateway(data=tmp_path / "data")
    gateway.wait_for_line(CURL)
    return gateway


def test_first_start_prints_one_sandbox_key(first_start):
    assert len(set(SECRET.findall("\n".join(first_start.lines)))) == 1
    [secret] = set(SECRET.findall("\n".join(first_start.lines)))
    assert len(secret) == 48
    assert first_start.chat(secret).status == 200


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_printed_curl_line_gives_a_completion_when_pasted(first_start, tmp_path):
    assert '"object":"chat.completion"' in paste(printed_curl(first_start), tmp_path).replace(" ", "")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_printed_curl_line_streams_when_asked_to(first_start, tmp_path):
    line = printed_curl(first_start)
    assert '"model"' in line
    output = paste(line.replace('"model"', '"stream": true, "model"'), tmp_path)
    assert output.count("data: ") > 1 and output.rstrip().endswith("data: [DONE]")


def test_curl_line_of_a_new_key_works_when_pasted_whatever_the_port(gateway, tmp_path):
    printed = gateway.cli("keys", "create", "--name", "pasted", "--environment", "sandbox")
    line = printed[printed.index("  curl "):].strip()
    assert f"curl {gateway.url}/v1/" in line
    assert '"chat.completion"' in paste(line, tmp_path)
    assert f"{gateway.url}/invite#" in gateway.cli("users", "invite", "pasted@example.com")


def test_second_start_prints_no_key(start_gateway, tmp_path):
    first = start_gateway(data=tmp_path / "data")
    first.wait_for_line(CURL)
    [secret] = set(SECRET.findall("\n".join(first.lines)))
    first.stop()
    second = start_gateway(data=tmp_path / "data")
    assert SECRET.findall("\n".join(second.lines)) == []
    assert second.chat(secret).status == 200


def test_nothing_is_printed_after_a_start_but_what_it_says_once(first_start):
    assert sum(line.startswith("listening ") for line in first_start.lines) == 1


def test_second_serve_on_the_same_data_directory_names_the_holder_and_exits_1(gateway):
    result = run("serve", "--data", gateway.data, "--listen", "127.0.0.1:0")
    assert result.returncode == 1
    assert str(gateway.process.pid) in result.stderr
    assert "listening" not in result.stdout
    assert gateway.request("GET", "/livez").status == 200


def test_address_in_use_is_said_and_exits_1(gateway, tmp_path):
    result = run("serve", "--data", tmp_path / "other", "--listen", f"127.0.0.1:{gateway.port}")
    assert result.returncode == 1
    assert str(gateway.port) in result.stderr


def test_another_database_is_refused_by_name(tmp_path):
    result = run("serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0",
                 TOLLGATE_DATABASE_URL="postgresql://user@host/db")
    assert result.returncode == 1
    assert "database_url" in result.stderr.lower()


def test_data_directory_is_private_to_its_owner(first_start):
    assert (first_start.data / "admin.sock").stat().st_mode & 0o777 == 0o600
    for path in first_start.data.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_cli_without_a_server_says_how_to_start_it(tmp_path, binary):
    result = run("keys", "list", "--data", tmp_path / "nobody")
    assert result.returncode == 1
    assert "tollgate serve" in result.stderr


def test_wrong_usage_exits_2(binary):
    assert run("keys", "create").returncode == 2
    assert run("serve", "--no-such-flag").returncode == 2


@pytest.mark.parametrize("target", ["/livez", "/readyz"])
def test_probe_needs_no_key(gateway, target):
    assert gateway.request("GET", target).status == 200


def test_metrics_are_prometheus_text_for_loopback(gateway, sandbox_key):
    assert gateway.chat(sandbox_key["secret"]).status == 200
    answer = gateway.request("GET", "/metrics")
    assert answer.status == 200
    assert answer.header("Content-Type").startswith("text/plain")
    assert re.search(rb"^# TYPE tollgate_\w+ \w+$", answer.body, re.M)


def test_metrics_name_no_key(gateway, sandbox_key):
    assert gateway.chat(sandbox_key["secret"]).status == 200
    assert sandbox_key["id"] not in gateway.metrics()


def test_openapi_document_is_served_as_it_stands(gateway):
    answer = gateway.request("GET", "/openapi.yaml")
    assert answer.status == 200
    assert answer.header("Content-Type").startswith("application/yaml")
    assert answer.body == (ROOT / "api" / "openapi.yaml").read_bytes()


def readiness(gateway) -> int:
    """As a load balancer sees it: 0 when nobody answers."""
    try:
        return gateway.request("GET", "/readyz").status
    except (OSError, EOFError):
        return 0


def test_sigterm_fails_readiness_at_once_and_lets_a_stream_finish(start_gateway):
    gateway = start_gateway()
    key = gateway.create_key()
    with gateway.connect() as stream:
        assert readiness(gateway) == 200
        stream.send_request("POST", "/v1/chat/completions", wire.json_headers(key["secret"]),
                            wire.chat_body("sandbox/slow", stream=True))
        head = stream.read_head()
        stream.read_event()
        gateway.process.send_signal(signal.SIGTERM)
        wait_for(lambda: readiness(gateway) != 200, 1.0, "the failing readiness")
        assert gateway.process.poll() is None
        stream.read_body(head)
        assert head.events()[-1] == "[DONE]"
    gateway.expect_clean_exit()


def test_second_signal_cuts_what_still_runs(start_gateway):
    gateway = start_gateway()
    key = gateway.create_key()
    with gateway.connect() as client:
        client.send_request("POST", "/v1/chat/completions", wire.json_headers(key["secret"]),
                            wire.chat_body("sandbox/slow", stream=True))
        head = client.read_head()
        client.read_event()
        gateway.process.send_signal(signal.SIGTERM)
        wait_for(lambda: readiness(gateway) != 200, 1.0, "the drain")
        gateway.process.send_signal(signal.SIGTERM)
        try:
            client.read_body(head)
        except (EOFError, ConnectionResetError):
            pass  # cut
        assert b"[DONE]" not in b"".join(head.chunks)
    gateway.expect_clean_exit()
    gateway.start()
    assert len(gateway.rows_of(key)) == 1
