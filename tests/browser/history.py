#!/usr/bin/env python3
"""Gives a data directory a past, for the pictures: the hours and days before now as aggregates, as they stand when
retention has taken their rows. The gateway is not running.

usage: history.py DATA
"""

import math
import random
import sqlite3
import sys
import time
from collections import Counter
from pathlib import Path

DAYS = 30
HOUR, DAY = 3600, 86400
# Of each key: requests in a busy hour, tokens of one request in and out, the share that fails, models with their share
# and their prices in nano-dollars a token, days since it was made.
KEYS = {
    "prod-backend": (620, 1900, 260, 0.004, {"acme/large": (0.42, 2500, 10000), "acme/small": (0.58, 150, 600)}, 84),
    "support-bot": (140, 900, 210, 0.011, {"northwind/chat": (0.8, 800, 3200), "acme/small": (0.2, 150, 600)}, 52),
    "data-pipeline": (260, 1500, 90, 0.002, {"acme/small": (1, 150, 600)}, 37),
    "chatbox-personal": (14, 1100, 420, 0.0, {"acme/large": (1, 2500, 10000)}, 61),
    "ci": (46, 60, 30, 0.06, {"sandbox/echo": (1, 1000, 2000)}, 97),
    "old-prototype": (0, 0, 0, 0.0, {}, 141),
    "reporting": (0, 0, 0, 0.0, {}, 70),
    "support": (0, 0, 0, 0.0, {}, 20),
}
# Latencies stand in buckets, eight to a doubling from 1,024 µs on (src/domain/latency_histogram.h).
FIRST_EXPONENT, SUB_BITS = 10, 3
SUMS = ("requests", "errors", "input_tokens", "cached_input_tokens", "output_tokens", "cost", "charged")


def busy(hour: int) -> float:
    """How much of a busy hour this one is: days and nights, and quieter weekends."""
    of_day, weekday = hour % 24, (hour // 24 + 3) % 7
    return (0.12 + 0.88 * max(0.0, math.sin((of_day - 5) / 18 * math.pi)) ** 1.4) * (0.45 if weekday >= 5 else 1.0)


def bucket_of(ms: float) -> int:
    micros = max(int(ms * 1000), 1 << FIRST_EXPONENT)
    exponent = micros.bit_length() - 1
    sub = (micros >> (exponent - SUB_BITS)) & ((1 << SUB_BITS) - 1)
    return ((exponent - FIRST_EXPONENT) << SUB_BITS) + sub


def number(value: int) -> bytes:
    """Seven bits to a byte, the lowest first, as base/sparse_counts.h packs them."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def packed(latencies: Counter) -> bytes:
    out, at = b"", 0
    for bucket in sorted(latencies):
        out += number(bucket - at) + number(latencies[bucket])
        at = bucket + 1
    return out


def used(chance, key, hour, sandbox):
    """Per model: what was used in that hour."""
    rate, tokens_in, tokens_out, failing, models, _ = KEYS[key]
    for model, (share, price_in, price_out) in models.items():
        requests = round(rate * share * busy(hour) * chance.uniform(0.8, 1.2))
        if requests == 0:
            continue
        errors = sum(chance.random() < failing for _ in range(requests))
        told = (requests - errors) * chance.uniform(0.9, 1.1)
        sums = Counter(requests=requests, errors=errors, input_tokens=round(told * tokens_in),
                       cached_input_tokens=round(told * tokens_in * 0.3), output_tokens=round(told * tokens_out))
        sums["cost"] = sums["input_tokens"] * price_in + sums["output_tokens"] * price_out
        sums["charged"] = 0 if sandbox else sums["cost"]
        typical = 3 if sandbox else 240 + price_out / 25
        for _ in range(requests):
            sums["bucket", bucket_of(typical * chance.lognormvariate(0.1 * busy(hour), 0.45))] += 1
        yield model, sums


def write(database, table, columns, sums):
    names = [*columns, *SUMS, "latencies", "last_used_at"]
    marks = ", ".join("?" * len(names))
    for at, (amounts, last) in sums.items():
        latencies = Counter({name[1]: count for name, count in amounts.items() if isinstance(name, tuple)})
        row = [*at, *(amounts[name] for name in SUMS), packed(latencies), last]
        database.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", row)


def add(table, at, amounts, last):
    before, earlier = table.get(at, (Counter(), 0))
    table[at] = (before + amounts, max(earlier, last))


def main() -> None:
    database = sqlite3.connect(Path(sys.argv[1]) / "tollgate.db")
    chance = random.Random(7)
    now = int(time.time())
    hours, days, workspace_hours, workspace_days = {}, {}, {}, {}
    rows = database.execute("SELECT s.number, k.number, k.name, k.workspace_id, k.environment FROM secrets s"
                            " JOIN keys k ON k.number = s.key_number").fetchall()
    for secret, key, name, workspace, environment in rows:
        if name not in KEYS:
            continue
        made = (now - KEYS[name][5] * DAY - 5000) * 1_000_000
        database.execute("UPDATE keys SET created_at = ? WHERE number = ?", (made, key))
        database.execute("UPDATE secrets SET created_at = ? WHERE number = ?", (made, secret))
        for hour in range(now // HOUR - DAYS * 24, now // HOUR):
            last = (hour * HOUR + 3599) * 1_000_000
            for model, amounts in used(chance, name, hour, environment == "sandbox"):
                add(hours, (secret, hour, model), amounts, last)
                add(days, (secret, hour // 24, model), amounts, last)
                add(workspace_hours, (workspace, environment, hour, model), amounts, last)
                add(workspace_days, (workspace, environment, hour // 24, model), amounts, last)
    write(database, "usage_hours", ("secret_number", "hour", "model"), hours)
    write(database, "usage_days", ("secret_number", "day", "model"), days)
    write(database, "workspace_hours", ("workspace_id", "environment", "hour", "model"), workspace_hours)
    write(database, "workspace_days", ("workspace_id", "environment", "day", "model"), workspace_days)
    database.commit()
    database.close()


if __name__ == "__main__":
    main()
