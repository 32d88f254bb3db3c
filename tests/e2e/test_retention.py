"""Rows past their retention go, soon after a start, and nothing else changes: limits, totals and the overview say what
they said, also when the gateway is killed while it removes."""

import sqlite3
import time
from datetime import datetime, timedelta, timezone

import pytest
from harness import past
from harness.gateway import Gateway, wait_for, write_config
from harness.wire import bearer, chat_body

# What a month of retention keeps at least and at most: 28 to 31 days, from a midnight.
KEPT_MIN, KEPT_MAX = 28 * past.DAY, 32 * past.DAY
# Keys are made so long before the rows begin, at some microsecond within an hour.
AGE = 100 * past.DAY + 5 * past.HOUR + 17 * 60_000_000 + 42
REMOVAL_SECONDS = 120
# Windows that do not turn while the test runs: the last three begin within an hour, long ago and lately.
WINDOWS = ("lifetime", "60d", "75d", "365d")
LIMITS = [{"metric": metric, "window": window, "amount": amount} for window in WINDOWS
          for metric, amount in (("cost", "1000000"), ("tokens", 10**12), ("requests", 10**9))]


class Installation:
    """A data directory with a history, and a gateway that is started on it with this or that retention."""

    def __init__(self, folder, rows: int):
        self.data = folder / "data"
        self.folder = folder
        with self.gateway(1200) as gateway:
            self.key = gateway.create_key(name="old", limits=LIMITS)
            gateway.admin_json("PATCH", "/admin/v1/workspaces/ws_default", {"limits": LIMITS})
            assert gateway.chat(self.key["secret"]).status == 200
            gateway.wait_for_rows(self.key, 1)
        past.make_older(self.data, AGE)
        now = time.time_ns() // 1000
        first, last = now - 95 * past.DAY, now - past.HOUR
        times = [first + (last - first) * number // rows for number in range(rows)]
        # And where the key's limits turn, on every day: just before, and just then.
        turn = now - AGE
        times += [turn + day * past.DAY - before for day in range(6, 99) for before in (0, 1)]
        self.times = sorted(times)
        past.add_rows(self.data, self.key["id"], self.times)
        self.old, self.young = now - KEPT_MAX, now - KEPT_MIN
        # From 3 to 22 o'clock: parts of days, of whole hours.
        today = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
        begin, end = today - timedelta(days=80, hours=-3), today - timedelta(days=50, hours=-22)
        self.window = f"&from={begin:%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}"

    def gateway(self, months: int) -> Gateway:
        config = write_config(self.folder / f"months{months}.yaml", retention_months=months)
        return Gateway(self.data, config)

    def old_rows_left(self) -> int:
        database = sqlite3.connect(f"file:{self.data}/tollgate.db?mode=ro", uri=True, timeout=10)
        count = database.execute("SELECT count(*) FROM usage WHERE admitted_at < ?", (self.old,)).fetchone()[0]
        database.close()
        return count

    def books(self, gateway: Gateway) -> dict:
        """What must be the same with and without the rows."""
        key = gateway.get_key(self.key["id"])
        workspace = gateway.admin_json("GET", "/admin/v1/workspaces/ws_default")
        totals = [gateway.admin_json("GET", f"/admin/v1/usage?group_by={group}{window}")["data"]
                  for group in ("key", "model", "day")
                  for window in ("", self.window, f"&key={self.key['id']}{self.window}")]
        return {"limits": key["limits"], "requests": key["request_count"], "workspace": workspace["limits"],
                "totals": totals}

    def series(self, gateway: Gateway) -> dict:
        return {step["at"]: step["requests"]
                for step in gateway.admin_json("GET", "/admin/v1/overview?range=30d")["series"]}


def without_today(series: dict, other: dict) -> dict:
    """The days that both know; the day may have changed between."""
    return {start: count for start, count in series.items() if start in other}


def admitted(row: dict) -> int:
    return round(datetime.fromisoformat(row["admitted_at"].replace("Z", "+00:00")).timestamp() * 1_000_000)


def generation(gateway: Gateway, secret: str, row: str) -> int:
    return gateway.request("GET", f"/v1/generation?id={row}", bearer(secret)).status


def requests_used(books: dict) -> int:
    return next(limit["used"] for limit in books["limits"]
                if (limit["metric"], limit["window"]) == ("requests", "lifetime"))


def wait_until_removed(installation: Installation) -> None:
    wait_for(lambda: installation.old_rows_left() == 0, REMOVAL_SECONDS, "the end of the old rows")


@pytest.fixture
def installation(tmp_path, binary):
    return Installation(tmp_path, 4_000)


def test_old_rows_go_and_every_sum_stays(installation):
    key = installation.key
    with installation.gateway(1200) as gateway:
        rows = gateway.rows()
        old = [row["id"] for row in rows if admitted(row) < installation.old]
        young = [row["id"] for row in rows if admitted(row) >= installation.young]
        assert len(old) > 2000 and len(young) > 1000
        assert generation(gateway, key["secret"], old[0]) == 200
        before, series_before = installation.books(gateway), installation.series(gateway)
    assert requests_used(before) == len(rows)

    with installation.gateway(1) as gateway:
        wait_until_removed(installation)
        assert installation.books(gateway) == before
        series = installation.series(gateway)
        assert without_today(series, series_before) == without_today(series_before, series)
        left = [row["id"] for row in gateway.rows_of(key)]
        assert left == [row["id"] for row in rows][:len(left)]
        assert len(young) <= len(left) <= len(rows) - len(old)
        never = f"gen_{int(old[0][4:], 16) + 7:016x}"
        assert [generation(gateway, key["secret"], row) for row in (old[0], old[-1], never)] == [404] * 3
        csv = gateway.admin("GET", "/admin/v1/usage?format=csv").body.decode()
        assert len(csv.splitlines()) == len(left) + 1
        wait_for(lambda: "usage rows of before" in gateway.log, what="the line that says so")
        assert f"tollgate_ledger_rows_removed_total {len(rows) - len(left)}" in gateway.metrics()
    # And what is counted from the store alone.
    with installation.gateway(1) as gateway:
        asked_for_rows = before["requests"] + 3
        assert installation.books(gateway) == before | {"requests": asked_for_rows}
        answer = gateway.chat(key["secret"], chat_body())
        assert answer.status == 200 and answer.header("X-Tollgate-Generation-Id") > left[0]
    with installation.gateway(1) as gateway:
        assert requests_used(installation.books(gateway)) == len(rows) + 1


def test_killed_while_it_removes_it_goes_on_after_the_next_start(tmp_path, binary):
    installation = Installation(tmp_path, 30_000)
    with installation.gateway(1200) as gateway:
        before = installation.books(gateway)
    everything = installation.old_rows_left()
    for _ in range(3):
        gateway = installation.gateway(1).start()
        left = installation.old_rows_left()
        wait_for(lambda: installation.old_rows_left() < left or left == 0, REMOVAL_SECONDS, "the first step")  # noqa: B023
        gateway.kill()
    assert installation.old_rows_left() < everything
    with installation.gateway(1) as gateway:
        wait_until_removed(installation)
        assert installation.books(gateway) == before


def test_reload_with_a_shorter_retention_removes_at_once(installation):
    with installation.gateway(1200) as gateway:
        assert installation.old_rows_left() > 2000
        write_config(gateway.config, retention_months=1)
        gateway.reload()
        wait_until_removed(installation)
