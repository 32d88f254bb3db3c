#!/usr/bin/env python3
"""Compares what a provider says it was asked with what the ledger says was admitted.

usage: reconcile.py --log FILE (--usage FILE | --data DIR) [--seen FILE] [--loose KEY …] [--json]

  --log    the provider's own log (recording_provider.py)
  --usage  the ledger's rows: what `tollgate usage --json` or `--csv` wrote, or - for standard input
  --data   or the data directory of a gateway that was stopped in order, read without changing it
  --seen   marks of the answers whose end a client saw, one a line
  --loose  a key without a money or token limit: of its requests only those in --seen must have a row

Requests are matched by the mark in the prompt, which clients also send as X-Request-Id. For each key it
says how many requests came and how many rows there are, requests without a row, rows without a
request (admitted, and never sent: right for a row of status 4xx or 5xx that cost nothing), marks with two rows,
rows whose tokens are not what the provider reported, and the sums. Exit status 0 if nothing is wrong.
"""

import argparse
import csv
import io
import json
import sqlite3
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

NANO = Decimal("0.000000001")
SHOWN_MAX = 10


@dataclass
class KeyBooks:
    """One key, both sides."""
    requests: int = 0
    rows: int = 0
    without_row: list[str] = field(default_factory=list)
    without_request: list[str] = field(default_factory=list)
    double_rows: list[str] = field(default_factory=list)
    other_tokens: list[str] = field(default_factory=list)
    cost: Decimal = Decimal(0)
    charged: Decimal = Decimal(0)
    provider_input: int = 0
    provider_output: int = 0
    row_input: int = 0
    row_output: int = 0
    metering: Counter = field(default_factory=Counter)

    @property
    def is_right(self) -> bool:
        return not (self.without_row or self.without_request or self.double_rows or self.other_tokens)

    def document(self) -> dict:
        names = ("without_row", "without_request", "double_rows", "other_tokens")
        lists = {name: getattr(self, name) for name in names}
        return {"requests": self.requests, "rows": self.rows, **lists, "cost": f"{self.cost:f}",
                "charged": f"{self.charged:f}", "provider_tokens": [self.provider_input, self.provider_output],
                "row_tokens": [self.row_input, self.row_output], "metering": dict(self.metering)}


def reconcile(lines: list[dict], rows: list[dict], seen=(), loose=()) -> dict[str, KeyBooks]:
    """By key id. `lines` are the provider's, `rows` as `tollgate usage --json` has them."""
    books: dict[str, KeyBooks] = defaultdict(KeyBooks)
    by_mark: dict[str, list[dict]] = defaultdict(list)
    for row in rows:
        by_mark[row["request_id"]].append(row)
        add_row(books[row["key"]], row)
    ends = {line["number"]: line for line in lines if line["kind"] == "end"}
    asked: dict[str, list[dict]] = defaultdict(list)
    for line in lines:
        if line["kind"] == "request":
            asked[line["mark"]].append(line)
            mine = books[line["key"]]
            mine.requests += 1
            mine.provider_input += line["input"] if line["status"] == 200 else 0
            mine.provider_output += line["output"]
    seen, loose = set(seen), set(loose)
    for mark, requests in asked.items():
        key, found = requests[0]["key"], by_mark.get(mark, [])
        if not found and (key not in loose or mark in seen):
            books[key].without_row.append(mark)
        if len(found) == 1 and not tokens_agree(found[0], requests, ends):
            books[key].other_tokens.append(mark)
    for mark, found in by_mark.items():
        key = found[0]["key"]
        if len(found) > 1:
            books[key].double_rows.append(mark)
        if mark not in asked and not was_never_sent(found[0]):
            books[key].without_request.append(mark)
    return dict(books)


def add_row(mine: KeyBooks, row: dict) -> None:
    mine.rows += 1
    mine.cost += Decimal(row["cost"])
    mine.charged += Decimal(row["charged"])
    mine.row_input += int(row["input_tokens"])
    mine.row_output += int(row["output_tokens"])
    mine.metering[row["metering"]] += 1


def was_never_sent(row: dict) -> bool:
    """A row may stand alone where nothing reached the provider: it then cost nothing; or where a
    crash came between the reservation and the request: it is then charged at the reserve."""
    return row["metering"] == "interrupted" or (int(row["status"]) >= 400 and Decimal(row["cost"]) == 0)


def tokens_agree(row: dict, requests: list[dict], ends: dict[int, dict]) -> bool:
    """Whether a row that was metered by a report says what an honest provider reported."""
    last = requests[-1]
    whole = ends.get(last["number"], {}).get("how") == "whole"
    if row["metering"] != "reported" or last["usage"] != "honest" or last["status"] != 200 or not whole:
        return True
    return (int(row["input_tokens"]), int(row["output_tokens"])) == (last["input"], last["output"])


def read_lines(path: Path) -> list[dict]:
    """Every whole line; a kill may have cut the last."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def read_usage(text: str) -> list[dict]:
    if text.lstrip().startswith("{"):
        document = json.loads(text)
        if document.get("next_cursor"):
            raise SystemExit("reconcile: the rows are not complete: ask for more with --limit")
        return document["data"]
    return list(csv.DictReader(io.StringIO(text)))


def read_data(folder: Path) -> list[dict]:
    """The rows of a stopped gateway; its journal is empty then."""
    with sqlite3.connect(f"file:{folder / 'tollgate.db'}?mode=ro", uri=True) as database:
        database.row_factory = sqlite3.Row
        rows = database.execute(
            "SELECT u.request_id, k.id AS key, u.input_tokens, u.output_tokens, u.metering, u.status, u.cost, u.charged"
            " FROM usage u JOIN keys k ON k.number = u.key_number ORDER BY u.id").fetchall()
    return [dict(row) | {"cost": str(row["cost"] * NANO), "charged": str(row["charged"] * NANO)} for row in rows]


def describe(key: str, mine: KeyBooks) -> str:
    lines = [f"{key}: {mine.requests} requests, {mine.rows} rows "
             f"({', '.join(f'{count} {name}' for name, count in sorted(mine.metering.items()))})",
             f"  cost {mine.cost:f}, charged {mine.charged:f} USD; tokens in and out: provider {mine.provider_input} + "
             f"{mine.provider_output}, rows {mine.row_input} + {mine.row_output}"]
    for name, what in (("without_row", "requests without a row"), ("without_request", "rows without a request"),
                       ("double_rows", "requests with more than one row"), ("other_tokens", "rows with other tokens")):
        marks = getattr(mine, name)
        if marks:
            more = ", …" if len(marks) > SHOWN_MAX else ""
            lines.append(f"  WRONG: {len(marks)} {what}: {', '.join(marks[:SHOWN_MAX])}{more}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     usage=argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, required=True)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--usage")
    source.add_argument("--data", type=Path)
    parser.add_argument("--seen", type=Path)
    parser.add_argument("--loose", nargs="*", default=[])
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    if chosen.data is not None:
        rows = read_data(chosen.data)
    else:
        rows = read_usage(sys.stdin.read() if chosen.usage == "-" else Path(chosen.usage).read_text(encoding="utf-8"))
    seen = chosen.seen.read_text(encoding="utf-8").split() if chosen.seen else []
    books = reconcile(read_lines(chosen.log), rows, seen, chosen.loose)
    if chosen.json:
        print(json.dumps({key: mine.document() for key, mine in sorted(books.items())}, indent=2))
    else:
        print("\n".join(describe(key, mine) for key, mine in sorted(books.items())) or "nothing on either side")
    return 0 if all(mine.is_right for mine in books.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
