"""The rows of AWS's http-desync-guardian through a real socket, where that folder is present
(TOLLGATE_SHARED_DATA): what two parsers could read differently gets the codec's own refusal and a
close. A 401 or a 404 would mean that somebody read it as a request."""

import os
from pathlib import Path

import pytest
from harness.gateway import ROOT

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

CORPUS = Path(os.environ.get("TOLLGATE_SHARED_DATA", ROOT.parent / "shared" / "data")) / "http-desync"


def rows(tiers):
    found = []
    for path in sorted(CORPUS.glob("*.yaml")):
        for row in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader):
            if row["expected"]["tier"] in tiers:
                found.append(row)
    return found


def head_of(row, encoding: str, separator: str) -> bytes:
    fields = [(field["name"], field["value"]) for field in row.get("headers") or []]
    if not any(name.lower() == "host" for name, _ in fields):
        fields.insert(0, ("Host", "localhost"))
    start = f"{row['method']} {row['uri']}" + (f" {row['version']}" if row["version"] else "")
    lines = [start] + [name + separator + value for name, value in fields]
    return "\r\n".join([*lines, "", ""]).encode(encoding, errors="replace")


pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS} (set TOLLGATE_SHARED_DATA)")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("separator", [":", ": "])
@pytest.mark.parametrize("tier", ["Severe", "Ambiguous"])
def test_every_dangerous_row_gets_the_codecs_refusal_and_a_close(gateway, tier, separator, encoding):
    dangerous = rows({tier})
    assert len(dangerous) == 58
    wrong = []
    for row in dangerous:
        with gateway.connect() as client:
            client.send(head_of(row, encoding, separator))
            answer = client.read_answer()
            closed = client.read_to_end() == b""
            if answer.status not in (400, 501) or not closed or answer.header("Connection") != "close":
                wrong.append((row["name"], answer.status, closed))
    assert wrong == []


def test_compliant_rows_are_read_as_requests(gateway):
    compliant = rows({"Compliant"})
    read = []
    for row in compliant:
        with gateway.connect() as client:
            client.send(head_of(row, "utf-8", ": "))
            # Whatever the request was: read and refused by somebody behind the codec, not by it.
            if client.read_answer().status not in (400, 501):
                read.append(row["name"])
    print(f"note: {len(read)} of {len(compliant)} compliant rows are read")
    assert len(compliant) == 28
    assert len(read) >= 19  # five more are read and then answered 501: gzip, deflate, compress
