"""Every way an upstream can fail × streamed or not × the client's dialect × the provider's: the right error in
the client's own shape, in time; one right row; no connection used again that is not sound; hardly any memory."""

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from harness import dialect_scripts as say
from harness.fault_matrix import (CUT, FAILED, FAULTS, HUGE, REFUSES, SERVED, TELLS, Fault, Memory, all_cases,
                                  fault_matrix, huge_end, request_id)
from harness.load import scaled

AT_ONCE = 12
SLACK_SECONDS = 1.0
HUGE_BYTES = scaled(64, 1024) << 20
REFUSING = Fault(None, FAILED, FAILED, attempts=2)
CASES = all_cases([REFUSES, *FAULTS])
HUGE_CASES = all_cases([HUGE])
MEMORY_RISE_MAX = 16 << 20  # of a sanitized binary too: fault_matrix() has it give back at once what is freed


@pytest.fixture(scope="module")
def matrix(tmp_path_factory, binary):
    with fault_matrix(tmp_path_factory.mktemp("matrix"), CASES + HUGE_CASES, HUGE_BYTES) as running:
        yield running
        assert [upstream.problems for upstream in running.upstreams.values()] == [[], []]


@pytest.fixture(scope="module")
def told(matrix):
    """What each case's client was told: all of them asked, a dozen at a time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(CASES, pool.map(matrix.ask, CASES)))


@pytest.fixture(scope="module")
def rows(matrix, told):
    """By request id: the rows, however many."""
    found = {}
    for row in matrix.gateway.rows_of(matrix.key):
        found.setdefault(row["request_id"], []).append(row)
    return found


def fault_of(case) -> Fault:
    return REFUSING if case.fault == REFUSES else FAULTS[case.fault]


def assert_error_shape(client: str, document: dict, code: str) -> None:
    error = document["error"]
    assert error["code"] == code and error["message"] and error["request_id"]
    assert "127.0.0.1" not in error["message"]
    timed_out = client == say.ANTHROPIC and code == "provider_timeout"
    assert error["type"] == ("timeout_error" if timed_out else "api_error")
    if client == say.ANTHROPIC:
        assert document["type"] == "error"
    else:
        assert set(document) == {"error"}


def events_of(told) -> list[bytes]:
    """The payloads of a stream, out of its chunks; that it is all proper UTF-8 is seen on the way."""
    text = told.body.decode()
    return [line[len("data: "):] for line in text.replace("\r\n", "\n").split("\n") if line.startswith("data: ")]


def assert_told(case, told, ends: str) -> None:
    if ends in TELLS:
        status, code = TELLS[ends]
        assert (told.status, told.header("Content-Type")) == (status, "application/json"), told.body[:500]
        return assert_error_shape(case.client, json.loads(told.body), code)
    assert told.status == 200, told.body[:500]
    if not case.stream:
        return
    last = events_of(told)[-1]
    ended = b"[DONE]" in told.body or b"message_stop" in told.body
    assert ended == (ends == SERVED)
    if ends == CUT:
        document = json.loads(last)
        assert_error_shape(case.client, document, document["error"]["code"])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fault_is_told_in_the_clients_dialect_in_time(told, case):
    fault = fault_of(case)
    assert_told(case, told[case], fault.ends(case.stream))
    assert fault.seconds * 0.9 <= told[case].seconds < fault.seconds + SLACK_SECONDS
    if told[case].status != 200:
        wanted = None if fault.retry_after is None else str(fault.retry_after)
        assert told[case].header("Retry-After") == wanted


@pytest.mark.parametrize("case", CASES, ids=str)
def test_fault_leaves_one_right_row(matrix, rows, case):
    [row] = rows[request_id(matrix.model(case))]
    fault = fault_of(case)
    ends = fault.ends(case.stream)
    if ends in TELLS:
        assert (row["status"], row["error_code"]) == TELLS[ends]
    else:
        assert row["status"] == 200
        assert (row["error_code"] is None) == (ends == SERVED)
    assert row["model"] == matrix.model(case) and row["streamed"] == case.stream
    assert len(row["attempts"]) == fault.attempts
    assert Decimal(row["cost"]) == sum(Decimal(one["cost"]) for one in row["attempts"])
    free = case.fault == REFUSES or row["attempts"][-1]["status"] >= 300
    assert (Decimal(row["cost"]) == 0) == free
    if not free and ends != SERVED:
        # A provider of that dialect reports in its first event.
        reported = case.dialect == say.ANTHROPIC and ends == CUT
        assert row["metering"] in (["interrupted", "reported"] if reported else ["interrupted"])
        assert row["input_tokens"] > 0


def test_every_request_has_one_row(rows, told):
    assert len(rows) == len(told) and {len(mine) for mine in rows.values()} == {1}


def test_connection_is_not_used_again_after_a_fault(matrix, told):
    for dialect, upstream in matrix.upstreams.items():
        for _ in range(AT_ONCE):
            assert matrix.ask_good(dialect).status == 200
        unsound = {case for case in CASES if case.dialect == dialect and not fault_of(case).framed}
        models = {matrix.model(case).split("/")[1]: case for case in unsound}
        ended = {}
        for received in upstream.requests:
            assert received.connection not in ended, f"used again after {ended[received.connection]}"
            case = models.get(received.json()["model"])
            if case is not None and fault_of(case).ends(case.stream) != SERVED:
                ended[received.connection] = case


def test_faults_hardly_take_memory(matrix, told):
    """Once more, when everything that is kept for later is there: a bomb is not unpacked, a flood not kept."""
    memory = Memory(matrix.gateway.process.pid)
    again = [case for case in CASES if case.fault in ("gzip bomb", "1xx flood", "garbage", "resets within the body")]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(matrix.ask, again))
    assert memory.risen <= MEMORY_RISE_MAX, f"{memory.risen >> 20} MB"


@pytest.mark.parametrize("case", HUGE_CASES, ids=str)
def test_huge_answer_is_not_held_in_memory(matrix, told, case):
    matrix.ask_good(case.dialect)
    memory = Memory(matrix.gateway.process.pid)
    got = matrix.ask(case)
    assert memory.risen <= MEMORY_RISE_MAX, f"{memory.risen >> 20} MB"
    ends = huge_end(case.client, case.dialect, case.stream)
    assert_told(case, got, ends)
    row = matrix.row(case)
    assert Decimal(row["cost"]) > 0
    if ends == SERVED:
        assert got.size > HUGE_BYTES
        assert (row["status"], row["error_code"], row["metering"]) == (200, None, "reported")
        assert (row["input_tokens"], row["output_tokens"]) == (10, 5)
    else:
        assert row["error_code"] == "provider_error"


def test_gateway_serves_on(matrix, told):
    for dialect in say.DIALECTS:
        answer = matrix.ask_good(dialect)
        assert answer.status == 200 and json.loads(answer.body)["choices"][0]["message"]["content"] == "Hi there"
