"""What the tests of crashes share: one installation that is started again and again before one provider, and
what must hold afterwards, whatever happened."""

import secrets
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import reconcile

from .burst import allow_files
from .gateway import Gateway, wait_for, write_config
from .limits import (COST_BOUND, SMALL, act_for, bytes_of, cost, limit_of, new_workspace, parallel, production_key,
                     provider_settings, requests, tokens, wait_idle, workspace_of)
from .recording_provider import RecordingProvider

CAPPED_BOUNDS = 60


class Installation:
    """Keys of every kind: `guarded` have a money or token limit or a prepaid balance, `loose` have none."""

    def __init__(self, folder: Path, provider: RecordingProvider, environment: dict[str, str] | None = None,
                 **settings):
        self.folder, self.provider = folder, provider
        self.environment = {"ACME_KEY": secrets.token_hex(16)} | (environment or {})
        self.config = write_config(folder / "tollgate.yaml", providers=[provider_settings(provider.url)], **settings)
        self.gateway: Gateway | None = None
        self.keys: dict[str, dict] = {}
        self.seen: set[str] = set()  # marks of the answers whose end a client saw

    def start(self) -> Gateway:
        self.gateway = Gateway(self.folder / "data", self.config, self.environment)
        return self.gateway.start()

    def kill(self) -> None:
        self.gateway.kill()
        self.wait_for_quiet_provider()

    def wait_for_quiet_provider(self) -> None:
        """Until it has noted the end of everything that was under way."""
        wait_for(lambda: self.provider.control("state")["open"] == 0, what="the provider's idleness")

    def make_keys(self) -> None:
        gateway = self.gateway
        self.workspace = new_workspace(gateway, cost("1000", "day"), grant="1000")
        self.keys = {
            "cost": production_key(gateway, cost("1000"), requests(10**9, "day")),
            "tokens": production_key(gateway, tokens(10**12), tokens(10**12, "60s")),
            "capped": production_key(gateway, cost(CAPPED_BOUNDS * COST_BOUND, "lifetime")),
            "prepaid": production_key(gateway, workspace=self.workspace["id"]),
            "free": production_key(gateway),
            "counted": production_key(gateway, requests(10**9, "60s"), parallel(100_000)),
        }

    @property
    def loose(self) -> list[str]:
        return [self.keys[name]["id"] for name in ("free", "counted") if name in self.keys]

    def request(self, number: int, prefix: str, **act) -> bytes:
        """One of the keys' in turn; its mark is the prefix with the number."""
        key = list(self.keys.values())[number % len(self.keys)]
        members = {name: act.pop(name) for name in ("stream", "max_tokens") if name in act}
        return bytes_of(key, act_for(key, mark=f"{prefix}-{number}", input=1024, **act), SMALL, **members)

    def rows(self) -> list[dict]:
        """Of its own keys: there may be a million others."""
        return [row for key in self.keys.values() for row in self.gateway.rows_of(key)]

    def assert_books_agree(self) -> list[dict]:
        """Each guarded request that the provider saw has one row, each loose one whose end was seen; no row is
        double; nothing is held; counters equal rows; no cap is exceeded."""
        gateway, keys = self.gateway, list(self.keys.values())
        wait_idle(gateway, *keys)
        rows = self.rows()
        books = reconcile.reconcile(self.provider.lines(), rows, self.seen, self.loose)
        wrong = [reconcile.describe(key, mine) for key, mine in books.items() if not mine.is_right]
        assert wrong == [], "\n".join(wrong)
        for name, key in self.keys.items():
            mine = [row for row in rows if row["key"] == key["id"]]
            if name in ("cost", "capped"):
                assert Decimal(limit_of(gateway, key)["used"]) == sum(Decimal(row["cost"]) for row in mine), name
            if name == "tokens":
                total = sum(row["input_tokens"] + row["output_tokens"] for row in mine)
                shown = [limit for limit in gateway.get_key(key["id"])["limits"] if limit["window"] == "day"]
                assert shown[0]["used"] == total
            if name == "prepaid":
                charged = workspace_of(gateway, self.workspace)["balance"]["charged"]
                assert Decimal(charged) == sum(Decimal(row["charged"]) for row in mine)
            if name == "capped":
                assert sum(Decimal(row["cost"]) for row in mine) <= CAPPED_BOUNDS * COST_BOUND
            for row in mine:
                if row["metering"] == "interrupted" and key["id"] not in self.loose and row["status"] != 499:
                    assert Decimal(row["cost"]) <= COST_BOUND
        return rows

    def true_cost(self, name: str) -> Decimal:
        """What the provider's own log says that the key's requests produced, at list price."""
        sent = {line["number"]: line["sent"] for line in self.provider.ends(self.keys[name]["id"])}
        return sum(sent.values()) * COST_BOUND / 100


@contextmanager
def installation(folder: Path, environment: dict[str, str] | None = None, **settings):
    allow_files(8192)
    with RecordingProvider(folder) as provider:
        running = Installation(folder, provider, environment, **settings)
        try:
            yield running
        finally:
            if running.gateway is not None and running.gateway.process is not None \
                    and running.gateway.process.poll() is None:
                running.gateway.kill()
