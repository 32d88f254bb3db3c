"""Gives the data directory of a stopped gateway a past: keys made long ago, and rows of long ago with their aggregates
and what they are found by, as the gateway itself would have stored them."""

import sqlite3
from collections import Counter
from pathlib import Path

HOUR, DAY = 3_600_000_000, 86_400_000_000  # microseconds
EPOCH = 1_577_836_800_000_000  # of the time in an id
SUMS = ("requests", "errors", "input_tokens", "cached_input_tokens", "output_tokens", "cost", "charged")


def connect(data: Path) -> sqlite3.Connection:
    database = sqlite3.connect(data / "tollgate.db", timeout=10)
    database.row_factory = sqlite3.Row
    return database


def make_older(data: Path, micros: int) -> None:
    """Keys and workspaces were made that much earlier."""
    with connect(data) as database:
        for table in ("workspaces", "keys", "secrets"):
            database.execute(f"UPDATE {table} SET created_at = created_at - ?", (micros,))
    database.close()


def add_rows(data: Path, key_id: str, times: list[int]) -> list[int]:
    """A row of the key for each of `times` (microseconds, before its newest row), like that row; their ids."""
    with connect(data) as database:
        key = database.execute("SELECT * FROM keys WHERE id = ?", (key_id,)).fetchone()
        like = dict(database.execute("SELECT * FROM usage WHERE key_number = ? ORDER BY id DESC LIMIT 1",
                                     (key["number"],)).fetchone())
        kind = (key["workspace_id"], like["model"], like["status"], like["error_code"])
        database.execute("INSERT OR IGNORE INTO usage_kinds (workspace_id, model, status, error_code) "
                         "VALUES (?, ?, ?, ?)", kind)
        number = database.execute("SELECT number FROM usage_kinds WHERE workspace_id = ? AND model = ? AND status = ? "
                                  "AND error_code = ?", kind).fetchone()[0]
        ids = [((at - EPOCH) << 10) + serial % 1024 for serial, at in enumerate(times)]
        rows = [like | {"id": row, "admitted_at": at, "finished_at": at + 1000} for row, at in zip(ids, times)]
        database.executemany(f"INSERT INTO usage ({', '.join(like)}) VALUES ({', '.join(':' + name for name in like)})",
                             rows)
        mark = database.execute("SELECT mark FROM usage_index").fetchone()[0]
        found_by = [(key["number"], number, row) for row in ids if row <= mark]
        database.executemany("INSERT INTO usage_by_key (key_number, kind, id) VALUES (?, ?, ?)", found_by)
        database.executemany("INSERT INTO usage_by_kind (kind, id) VALUES (?, ?)", [found[1:] for found in found_by])
        _add_sums(database, key, like, times)
    database.close()
    return ids


def _add_sums(database: sqlite3.Connection, key: sqlite3.Row, like: dict, times: list[int]) -> None:
    error = int(like["status"] >= 400 or like["error_code"] != "")
    one = {name: like.get(name, 0) for name in SUMS} | {"requests": 1, "errors": error}
    owners = {"usage": ("secret_number",), "workspace": ("workspace_id", "environment")}
    values = {"usage": (like["secret_number"],), "workspace": (key["workspace_id"], key["environment"])}
    for unit, micros in (("hour", HOUR), ("day", DAY)):
        for at, count in Counter(time // micros for time in times).items():
            for owner, names in owners.items():
                columns = [*names, unit, "model"]
                sums = ", ".join(f"{name} = {name} + excluded.{name}" for name in SUMS)
                database.execute(
                    f"INSERT INTO {owner}_{unit}s ({', '.join([*columns, *SUMS, 'last_used_at'])}) "
                    f"VALUES ({', '.join('?' * (len(columns) + len(SUMS) + 1))}) "
                    f"ON CONFLICT ({', '.join(columns)}) DO UPDATE SET {sums}",
                    [*values[owner], at, like["model"], *(one[name] * count for name in SUMS), at * micros])
