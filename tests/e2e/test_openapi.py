"""api/openapi.yaml is valid OpenAPI 3.1, and says of every operation what a caller may meet."""

from pathlib import Path

import pytest

openapi_spec_validator = pytest.importorskip(
    "openapi_spec_validator", reason="openapi-spec-validator (PyPI) is not installed")
yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

DOCUMENT = Path(__file__).resolve().parents[2] / "api" / "openapi.yaml"
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


@pytest.fixture(scope="module")
def document():
    return yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield f"{method.upper()} {path}", operation


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        node = node.values()
    elif not isinstance(node, list):
        return
    for child in node:
        yield from references(child)


def test_document_is_valid_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(document)


def test_nothing_stands_twice_in_a_mapping():
    """Of two, YAML readers silently take the last."""
    class Strict(yaml.SafeLoader):
        def construct_mapping(self, node, deep=False):
            names = [self.construct_object(name, deep=True) for name, _ in node.value]
            assert sorted({*names}) == sorted(names), f"line {node.start_mark.line + 1}: {names}"
            return super().construct_mapping(node, deep)

    def mapping(loader, node):
        return loader.construct_mapping(node, deep=True)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    yaml.load(DOCUMENT.read_text(encoding="utf-8"), Strict)


def test_every_operation_has_its_own_id_and_a_summary(document):
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    assert [name for name, operation in operations(document) if not operation.get("summary")] == []


def test_every_operation_with_a_key_documents_its_refusals(document):
    for name, operation in operations(document):
        if operation.get("security") == []:
            continue
        assert {"401", "403"} <= operation["responses"].keys(), name


def test_every_operation_with_a_body_documents_what_is_wrong_with_it(document):
    for name, operation in operations(document):
        if "requestBody" in operation:
            assert {"400", "413", "415"} <= operation["responses"].keys(), name


def test_every_component_is_used(document):
    used = set(references(document))
    for kind in ("parameters", "headers", "responses", "schemas"):
        for name in document["components"][kind]:
            assert f"#/components/{kind}/{name}" in used, f"{kind}/{name}"
