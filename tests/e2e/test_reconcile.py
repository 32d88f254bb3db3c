"""The two books agree after honest traffic; and reconcile.py sees each way in which they can differ."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import reconcile
from harness import wire
from harness.burst import burst
from harness.limits import FREE_INPUT, MAX_TOKENS, act_for, ask, assert_books_agree, bytes_of, production_key

TOOL = Path(reconcile.__file__)


def run_tool(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, TOOL, *map(str, arguments)], capture_output=True, text=True, timeout=60)


def asked(mark: str = "m", **more) -> dict:
    return {"kind": "request", "number": 1, "mark": mark, "key": "key_a", "at": 1.0, "stream": False, "max_tokens": 9,
            "status": 200, "input": 10, "output": 9, "usage": "honest"} | more


def ended(**more) -> dict:
    return {"kind": "end", "number": 1, "mark": "m", "at": 2.0, "how": "whole", "sent": 9} | more


def row(mark: str = "m", **more) -> dict:
    return {"request_id": mark, "key": "key_a", "input_tokens": 10, "output_tokens": 9, "metering": "reported",
            "status": 200, "cost": "0.00009", "charged": "0.00009"} | more


def books(lines, rows, **more) -> reconcile.KeyBooks:
    return reconcile.reconcile(lines, rows, **more)["key_a"]


def test_one_row_for_each_request_is_right():
    mine = books([asked(), ended()], [row()])
    assert mine.is_right and (mine.requests, mine.rows) == (1, 1)


def test_request_without_a_row_is_told():
    assert books([asked()], []).without_row == ["m"]


def test_loose_key_needs_rows_only_for_answers_that_were_seen():
    lines = [asked("seen"), asked("unseen", number=2)]
    assert books(lines, [], seen=["seen"], loose=["key_a"]).without_row == ["seen"]


def test_row_without_a_request_is_told_unless_it_cost_nothing():
    assert books([], [row()]).without_request == ["m"]
    assert books([], [row(status=502, cost="0")]).is_right
    assert books([], [row(status=502)]).without_request == ["m"]


def test_two_rows_of_one_request_are_told():
    assert books([asked(), ended()], [row(), row()]).double_rows == ["m"]


def test_row_with_other_tokens_than_were_reported_is_told():
    assert books([asked(), ended()], [row(output_tokens=8)]).other_tokens == ["m"]
    assert books([asked(), ended()], [row(output_tokens=8, metering="estimated")]).is_right
    assert books([asked(usage="below"), ended()], [row(output_tokens=8)]).is_right
    assert books([asked(), ended(how="left")], [row(output_tokens=8)]).is_right


def test_help_says_what_is_compared():
    result = run_tool("--help")
    assert result.returncode == 0 and "--loose" in result.stdout and "rows without a" in result.stdout


@pytest.fixture(scope="module")
def traffic(recorded):
    gateway, provider = recorded
    key = production_key(gateway)
    answers = burst(gateway.address, [bytes_of(key, act_for(key, output=1 + number), stream=number % 2 == 0 or None)
                                      for number in range(60)])
    assert {answer.status for answer in answers} == {200}
    return gateway, provider, key


def test_books_agree_after_honest_traffic(traffic):
    gateway, provider, key = traffic
    mine = assert_books_agree(gateway, provider, key)[key["id"]]
    assert (mine.requests, mine.rows, mine.row_output) == (60, 60, sum(range(1, 61)))


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_tool_reads_what_the_command_line_writes(traffic, tmp_path, form):
    gateway, provider, key = traffic
    usage = tmp_path / "usage"
    usage.write_text(gateway.cli("usage", form, "--key", key["id"], "--limit", "1000"))
    result = run_tool("--log", provider.log_path, "--usage", usage)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{key['id']}: 60 requests, 60 rows (60 reported)" in result.stdout
    cut = tmp_path / "cut"
    if form == "--json":
        document = json.loads(usage.read_text())
        cut.write_text(json.dumps(document | {"data": document["data"][1:]}))
    else:
        lines = usage.read_text().splitlines()
        cut.write_text("\n".join([lines[0], *lines[2:]]) + "\n")
    result = run_tool("--log", provider.log_path, "--usage", cut)
    assert result.returncode == 1 and "WRONG: 1 requests without a row" in result.stdout


def test_tool_reads_the_database_of_a_stopped_gateway(traffic):
    gateway, provider, _ = traffic
    gateway.stop()
    try:
        result = run_tool("--log", provider.log_path, "--data", gateway.data, "--json")
        [mine] = json.loads(result.stdout).values()
        assert result.returncode == 0 and (mine["requests"], mine["rows"]) == (60, 60)
    finally:
        gateway.start()


def test_every_request_is_in_the_providers_log_before_its_answer(recorded):
    gateway, provider = recorded
    key = production_key(gateway)
    act = act_for(key, hang="stream")
    with gateway.connect() as client:
        client.send(bytes_of(key, act, stream=True))
        client.read_head()
        client.read_event()
        [line] = provider.requests(key["id"])
    assert (line["mark"], line["max_tokens"], line["output"]) == (act.mark, MAX_TOKENS, MAX_TOKENS)
    [end] = provider.wait_for_ends(1, key["id"])
    assert (end["how"], end["sent"]) == ("left", 1)


def test_provider_stands_a_thousand_at_once(recorded):
    gateway, provider = recorded
    key = production_key(gateway)
    answers = burst(("127.0.0.1", provider.port), [bytes_of(key, act_for(key, output=2)) for _ in range(1000)])
    assert {answer.status for answer in answers} == {200}
    assert len(provider.requests(key["id"])) == 1000


def test_provider_answers_as_it_is_told(recorded):
    gateway, provider = recorded
    key = production_key(gateway)
    one_percent = ask(gateway, key, act_for(key, output="1%"), max_tokens=300).json()
    assert one_percent["usage"]["completion_tokens"] == 3
    assert ask(gateway, key, act_for(key, status=500)).status == 502
    plain = gateway.chat(key["secret"], wire.chat_body(FREE_INPUT, "no script at all"))
    assert plain.json()["usage"] == {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
