"""Answers of a gigabyte, relayed or refused without being held (64 MB in tests/e2e/test_fault_matrix.py)."""

import pytest
from harness.fault_matrix import HUGE, all_cases, assert_huge, fault_matrix
from harness.load import scaled

HUGE_BYTES = scaled(96, 1024) << 20
TOTAL_SECONDS = 120.0
CASES = all_cases([HUGE])


@pytest.fixture(scope="module")
def matrix(tmp_path_factory, binary):
    with fault_matrix(tmp_path_factory.mktemp("huge"), CASES, HUGE_BYTES, TOTAL_SECONDS) as running:
        yield running
        assert [upstream.problems for upstream in running.upstreams.values()] == [[]] * 3


@pytest.mark.parametrize("case", CASES, ids=str)
def test_huge_answer_is_not_held_in_memory(matrix, case):
    assert_huge(matrix, case, HUGE_BYTES)
