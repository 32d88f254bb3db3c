"""A large installation: keys, usage rows with their aggregates, audit rows and people, written into the database of
one that is stopped. The same figures give the same installation, but for the time: its last row is of now.

usage: large.py DATA [--keys N] [--rows N]
"""

import argparse
import hashlib
import json
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

DAYS = 90
DAY_US = 86_400_000_000
ID_EPOCH_US = 1_577_836_800_000_000  # that of generation ids: 2020-01-01
KEYS_PER_OLD_SECRET = 10
PEOPLE = 400
GRANTS = 1_000

BUSY, SECOND, QUIET = "ws_default", "ws_second", "ws_quiet"
MODELS = [f"acme/model-{number:02}" for number in range(38)]
# Asked for three times, long ago.
RARE_MODEL = "acme/rare"
PROVIDERS = [("acme-eu", "eu-west"), ("acme-us", "us-east"), ("acme-ap", "ap-south"), ("acme-lab", "eu-north")]
TAGS = ["production", "billing", "search", "mobile", "batch", "internal", "experiment", "team-a", "team-b"]
# Of a thousand rows each.
STATUSES = [(200, "", 940), (500, "provider_error", 25), (429, "provider_error", 20), (502, "provider_error", 10),
            (200, "client_gone", 4), (504, "provider_timeout", 1)]
LIMITS = {
    0: [{"metric": "cost", "window": "month", "amount": "25"}],
    1: [{"metric": "requests", "window": "60s", "amount": 600}, {"metric": "tokens", "window": "day", "amount": 50_000_000}],
    2: [{"metric": "requests", "window": "lifetime", "amount": 1}],
}


@dataclass(frozen=True)
class Size:
    keys: int
    rows: int


@dataclass(frozen=True)
class Filled:
    """What tests ask for by name."""
    hot_key: str  # the key with the most rows
    quiet_key: str  # one of the workspace QUIET
    last_row: str  # the newest generation id
    first_row: str
    rows: int
    keys: int


def provider_settings() -> list[dict]:
    """Of tollgate.yaml: what the rows name."""
    prices = {"input": "2.50", "cached_input": "1.25", "output": "10.00"}
    names = [*MODELS, RARE_MODEL]
    return [{"id": name, "dialect": "openai", "base_url": "http://127.0.0.1:9/v1", "api_key": "${ACME_KEY}",
             "region": region,
             "models": [{"id": model, "upstream_model": model.split("/")[1], "context_window": 128_000,
                         "max_output_tokens": 4096, "prices": prices} for model in names]}
            for name, region in PROVIDERS]


def generation_id(number: int) -> str:
    return f"gen_{number:016x}"


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


class Filler:
    def __init__(self, database: sqlite3.Connection, size: Size):
        self.database, self.size = database, size
        self.now = time.time_ns() // 1_000
        self.begin = self.now - DAYS * DAY_US
        self.first_key = self.number("SELECT coalesce(max(number), 0) + 1 FROM keys")
        self.first_secret = self.number("SELECT coalesce(max(number), 0) + 1 FROM secrets")

    def number(self, query: str) -> int:
        return self.database.execute(query).fetchone()[0]

    def insert(self, table: str, columns: str, rows) -> None:
        marks = ", ".join("?" * len(columns.split(", ")))
        self.database.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)

    def fill(self) -> Filled:
        self.add_workspaces()
        self.add_keys()
        self.add_secrets()
        self.add_rows()
        self.add_aggregates()
        self.add_refusals()
        self.add_audit()
        self.add_people()
        self.add_grants()
        ids = self.database.execute("SELECT min(id), max(id) FROM usage").fetchone()
        hot = self.number("SELECT key_number FROM usage GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
        return Filled(hot_key=self.key_id(hot - self.first_key), quiet_key=self.key_id(self.quiet()[0]),
                      first_row=generation_id(ids[0]), last_row=generation_id(ids[1]),
                      rows=self.number("SELECT count(*) FROM usage"), keys=self.number("SELECT count(*) FROM keys"))

    def add_workspaces(self) -> None:
        self.insert("workspaces", "id, name, created_at", [(SECOND, "second", self.begin), (QUIET, "quiet", self.begin)])

    # Keys: the first ones have most of the rows; every eighth belongs to SECOND, the last five to QUIET.

    def quiet(self) -> range:
        return range(self.size.keys - 5, self.size.keys)

    def key_id(self, index: int) -> str:
        return f"key_{digest(f'key {index}').hex()[:20]}"

    def workspace_of(self, index: int) -> str:
        return QUIET if index in self.quiet() else SECOND if index % 8 == 7 else BUSY

    def created_at(self, index: int) -> int:
        return self.begin + index * (80 * DAY_US) // self.size.keys

    def add_keys(self) -> None:
        def row(index: int):
            management = index % 1000 == 999
            environment = "sandbox" if index % 12 == 5 and not management else "production"
            revoked = self.now - DAY_US if index % 50 == 49 else None
            expires = self.now - DAY_US if index % 100 == 33 else None
            return (self.first_key + index, self.key_id(index), self.workspace_of(index), f"service {index:06}",
                    f"What service {index} calls with", "", environment, "management" if management else "standard",
                    "viewer", "[]", "", "hard", "[]", expires, 0 if index % 100 == 66 else 1, 0,
                    json.dumps([TAGS[index % len(TAGS)], f"cost-{index % 40}"]) if index % 3 else "[]",
                    self.created_at(index), "cli", revoked, json.dumps(LIMITS.get(index % 25, [])))
        self.insert("keys", "number, id, workspace_id, name, description, icon, environment, type, role, models, region, "
                    "enforcement, allowed_ips, expires_at, enabled, prefer_low_carbon, tags, created_at, created_by, "
                    "revoked_at, limits", (row(index) for index in range(self.size.keys)))

    @property
    def old_secrets(self) -> int:
        return -(-self.size.keys // KEYS_PER_OLD_SECRET)

    def add_secrets(self) -> None:
        """Every tenth key was rotated halfway: the old secrets come first, as their numbers are lower."""
        middle = self.begin + DAYS * DAY_US // 2

        def row(offset: int):
            old = offset < self.old_secrets
            index = offset * KEYS_PER_OLD_SECRET if old else offset - self.old_secrets
            number = self.first_secret + offset
            return (number, f"sec_{digest(f'secret {offset}').hex()[:20]}", self.first_key + index,
                    digest(f"token {offset}"), f"sk-tg-{offset:012}...", f"{offset % 10_000:04}",
                    self.created_at(index), middle if old else None)
        self.insert("secrets", "number, id, key_number, hash, preview, last4, created_at, retires_at",
                    (row(offset) for offset in range(self.old_secrets + self.size.keys)))

    # Rows: evenly over 90 days, keys and models by a curve with few hot ones.

    def add_choices(self) -> None:
        self.database.execute("CREATE TEMP TABLE model_choices (slot INTEGER PRIMARY KEY, model, provider, region)")
        models = [MODELS[min(int(len(MODELS) * (slot / 1000) ** 2.5), len(MODELS) - 1)] for slot in range(1000)]
        self.database.executemany("INSERT INTO model_choices VALUES (?, ?, ?, ?)",
                                  ((slot, model, *PROVIDERS[slot % 4]) for slot, model in enumerate(models)))
        self.database.execute("CREATE TEMP TABLE status_choices (slot INTEGER PRIMARY KEY, status, code)")
        statuses = [(status, code) for status, code, share in STATUSES for _ in range(share)]
        self.database.executemany("INSERT INTO status_choices VALUES (?, ?, ?)",
                                  ((slot, *choice) for slot, choice in enumerate(statuses)))

    def add_rows(self) -> None:
        self.add_choices()
        busy = self.size.keys - 5
        step = DAYS * DAY_US // self.size.rows
        rare = [self.size.rows // 100 * share for share in (3, 4, 5)]
        self.database.execute(f"""
            INSERT INTO usage (id, request_id, admitted_at, finished_at, key_number, secret_number, environment,
              requested_model, model, provider, region, input_tokens, cached_input_tokens, cache_write_tokens,
              cache_write_1h_tokens, audio_input_tokens, image_input_tokens, output_tokens, reasoning_output_tokens,
              audio_output_tokens, metering, price_version, cost, charged, status, error_code, latency_ms,
              first_token_ms, streamed, client, ip, attempts, decision)
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {self.size.rows}),
            -- Two numbers below a million that look random.
            chance(i, a, b) AS MATERIALIZED (
              SELECT i, ((i * 7919 + 11) % 999983) * ((i * 104729 + 17) % 999979) % 1000003,
                     ((i * 15485863 + 5) % 999961) * ((i * 32452843 + 29) % 999953) % 999907 FROM n),
            placed(i, a, b, at, key) AS MATERIALIZED (
              SELECT i, a, b, {self.begin} + i * {step} + b % {step},
                     CASE WHEN i % 50000 = 77 THEN {busy} + i % 5
                       ELSE min({busy} - 1, {busy} * (a / 1000003.0) * (a / 1000003.0) * (a / 1000003.0)) END FROM chance)
            SELECT (p.at - {ID_EPOCH_US}) << 10, 'request-' || p.i, p.at, p.at + 1000 * (80 + p.a % 4000), k.number,
              CASE WHEN s.number IS NOT NULL THEN s.number
                ELSE {self.first_secret + self.old_secrets} + k.number - {self.first_key} END,
              k.environment, m.model, CASE WHEN p.i IN ({rare[0]}, {rare[1]}, {rare[2]}) THEN '{RARE_MODEL}' ELSE m.model END,
              m.provider, m.region, 50 + p.b % 5000, p.b % 50, 0, 0, 0, 0, 10 + p.a % 900, 0, 0, 'reported', 'v1',
              1000 * (p.b % 5000 + 50), CASE k.environment WHEN 'sandbox' THEN 0 ELSE 1000 * (p.b % 5000 + 50) END,
              t.status, t.code, 80 + p.a % 4000, CASE p.i % 2 WHEN 0 THEN 40 + p.a % 300 END, 1 - p.i % 2,
              'openai-python/1.99', '10.0.0.' || (p.i % 250),
              '[["' || m.provider || '","' || m.model || '",' || t.status || ',' || (1000 * (p.b % 5000 + 50)) || ',100]]',
              CASE p.i % 4 WHEN 0 THEN '' ELSE '{{"strategy":"balanced"}}' END
            FROM placed p
            CROSS JOIN keys k ON k.number = {self.first_key} + CAST(p.key AS INTEGER)
            CROSS JOIN model_choices m ON m.slot = p.b % 1000
            CROSS JOIN status_choices t ON t.slot = (p.a + p.b) % 1000
            LEFT JOIN secrets s ON (k.number - {self.first_key}) % {KEYS_PER_OLD_SECRET} = 0 AND p.i < {self.size.rows // 2}
              AND s.number = {self.first_secret} + (k.number - {self.first_key}) / {KEYS_PER_OLD_SECRET}""")

    def add_aggregates(self) -> None:
        sums = ("count(*), sum(u.status >= 400 OR u.error_code <> ''), sum(u.input_tokens), sum(u.cached_input_tokens), "
                "sum(u.output_tokens), sum(u.cost), sum(u.charged), max(u.admitted_at)")
        hour, day = "u.admitted_at / 3600000000", "u.admitted_at / 86400000000"
        of_workspace = "k.workspace_id, u.environment"
        kinds = {"usage_hours": ("secret_number, hour, model", f"u.secret_number, {hour}, u.model"),
                 "usage_days": ("secret_number, day, model", f"u.secret_number, {day}, u.model"),
                 "workspace_hours": ("workspace_id, environment, hour, model", f"{of_workspace}, {hour}, u.model"),
                 "workspace_days": ("workspace_id, environment, day, model", f"{of_workspace}, {day}, u.model")}
        figures = "requests, errors, input_tokens, cached_input_tokens, output_tokens, cost, charged, last_used_at"
        for table, (columns, group) in kinds.items():
            self.database.execute(f"INSERT INTO {table} ({columns}, {figures}) SELECT {group}, {sums} FROM usage u "
                                  f"CROSS JOIN keys k ON k.number = u.key_number GROUP BY {group} ORDER BY {group}")

    def add_refusals(self) -> None:
        last = self.now // 3_600_000_000
        self.insert("request_counts", "secret_number, hour, code, count, last_at",
                    ((self.first_secret + self.old_secrets + index, last - index % 50, "rate_limit_exceeded", 1 + index % 9,
                      self.now - (index % 50) * 3_600_000_000) for index in range(0, self.size.keys, 20)))

    # The audit log: each key was made, every tenth changed; chained as the gateway chains it.

    def add_audit(self) -> None:
        number, previous = self.database.execute("SELECT number, hash FROM audit_head").fetchone()
        rows = []

        def append(index: int, action: str, at: int, before, after) -> None:
            nonlocal number, previous
            number += 1
            actor = "cli" if index % 3 else f"person_{index % PEOPLE:05}"
            fields = [str(number), str(at), actor, action, self.key_id(index), before, after, "local", self.workspace_of(index)]
            text = bytes(previous)
            for field in fields:
                raw = b"" if field is None else field.encode()
                text += b"-," if field is None else b"%d:%s," % (len(raw), raw)
            hash_ = hashlib.sha256(text).digest()
            rows.append((number, at, actor, action, self.key_id(index), before, after, "local", self.workspace_of(index),
                         previous, hash_))
            previous = hash_

        for index in range(self.size.keys):
            shown = json.dumps({"id": self.key_id(index), "name": f"service {index:06}", "models": [], "tags": []})
            append(index, "key.create", self.created_at(index), None, shown)
            if index % 10 == 0:
                append(index, "key.update", self.created_at(index) + 1, shown, shown)
        self.insert("audit", "number, at, actor, action, object, before, after, from_address, workspace_id, previous_hash, "
                    "hash", rows)
        self.database.execute("UPDATE audit_head SET number = ?, hash = ?", (number, previous))

    def add_people(self) -> None:
        self.insert("people", "id, email, name, operator, password, created_at",
                    ((f"person_{n:05}", f"person{n:05}@example.com", f"Person {n}", 0, "", self.begin) for n in range(PEOPLE)))
        self.insert("memberships", "person_id, workspace_id, role, created_at",
                    ((f"person_{n:05}", BUSY, ("viewer", "member", "admin")[n % 3], self.begin) for n in range(PEOPLE)))

    def add_grants(self) -> None:
        amount = 1_000_000_000
        self.insert("grants", "id, workspace_id, at, amount, note, actor",
                    ((f"grant_{digest(f'grant {n}').hex()[:20]}", BUSY, self.begin + n, amount, f"Invoice {n}", "cli")
                     for n in range(GRANTS)))
        self.database.execute("UPDATE workspaces SET granted = granted + ? WHERE id = ?", (GRANTS * amount, BUSY))


def fill(data: Path, size: Size) -> Filled:
    """REQUIRES: the gateway that made DATA has stopped."""
    database = sqlite3.connect(data / "tollgate.db", isolation_level=None)
    try:
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("PRAGMA cache_size = -200000")
        database.execute("PRAGMA temp_store = MEMORY")
        database.execute("BEGIN IMMEDIATE")
        filled = Filler(database, size).fill()
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return filled
    finally:
        database.close()


def wait_for_index(data: Path, seconds: float = 120) -> None:
    """Until the gateway that runs on DATA has indexed every row, as it does when nothing else is to be done."""
    from .gateway import wait_for
    database = sqlite3.connect(f"file:{data}/tollgate.db?mode=ro", uri=True)
    try:
        wait_for(lambda: database.execute("SELECT mark >= (SELECT max(id) FROM usage) FROM usage_index").fetchone()[0],
                 seconds, "the index of rows")
    finally:
        database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    print(fill(given.data, Size(given.keys, given.rows)))
