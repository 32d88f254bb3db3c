"""Every way an upstream can fail × streamed or not × the client's dialect × the provider's: the right error in
the client's own shape, in time; one right row; no connection used again that is not sound; hardly any memory."""

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from harness import dialect_scripts as say
from harness.fault_matrix import (CUT, FAILED, FAULTS, HUGE, MEMORY_RISE_MAX, REFUSES, SERVED, TELLS, Fault, Memory,
                                  all_cases, assert_huge, assert_told, fault_matrix, request_id)

AT_ONCE = 12
SLACK_SECONDS = 1.0
HUGE_BYTES = 64 << 20
REFUSING = Fault(None, FAILED, FAILED, attempts=2)
CASES = all_cases([REFUSES, *FAULTS])
HUGE_CASES = all_cases([HUGE])


@pytest.fixture(scope="module")
def matrix(tmp_path_factory, binary):
    with fault_matrix(tmp_path_factory.mktemp("matrix"), CASES + HUGE_CASES, HUGE_BYTES) as running:
        yield running
        assert [upstream.problems for upstream in running.upstreams.values()] == [[]] * 3


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
    assert_huge(matrix, case, HUGE_BYTES)


def test_gateway_serves_on(matrix, told):
    for dialect in say.DIALECTS:
        answer = matrix.ask_good(dialect)
        document = json.loads(answer.body)
        said = document["choices"][0]["message"] if "choices" in document else document["output"][0]["content"][0]
        assert answer.status == 200 and said.get("content", said.get("text")) == "Hi there"
