"""docs/compatibility.md says what the tests show: compared after test_sdk_matrix.py ran (conftest.py sees to
the order), or written where TOLLGATE_WRITE_COMPATIBILITY=1."""

import pytest
from harness import compatibility as document
from harness.behaviours import NOT_YET, SYSTEMS


def test_document_is_what_the_sdks_tests_found(compatibility):
    if not compatibility.is_whole:
        pytest.skip("not every cell of the matrix was tried in this run, or one of them failed")
    found = document.render(compatibility.working)
    if document.is_to_be_written():
        document.DOCUMENT.write_text(found, encoding="utf-8")
    assert document.DOCUMENT.read_text(encoding="utf-8") == found, "make it anew; its first lines say how"


def test_behaviours_in_the_document_are_those_that_are_known():
    """Without the SDKs, too."""
    written = document.DOCUMENT.read_text(encoding="utf-8")
    assert written.endswith(document.render(set()).split(document.BEHIND)[1])


def test_every_test_that_the_document_names_is_there():
    named = {test for behaviours in SYSTEMS.values() for _, tests in behaviours for test in tests
             if not test.startswith(NOT_YET)}
    assert sorted(test for test in named if not document.is_there(test)) == []


def test_test_that_is_not_there_is_noticed():
    assert document.is_there("test_keys.py::test_keys_survive_a_restart")
    assert not document.is_there("test_keys.py::test_keys_survive")
    assert not document.is_there("test_nothing.py::test_keys_survive_a_restart")
    assert document.is_there("src/domain/token_test.cc::TokenHash.CoversEveryCharacterOfTheToken")
    assert not document.is_there("src/domain/token_test.cc::TokenHash.CoversEveryCharacter")


def test_cell_that_does_not_work_is_told():
    assert "**no**" in document.render(set())
