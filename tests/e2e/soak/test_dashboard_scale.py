"""Every page's data in a large installation: what each page of the dashboard asks for, with the worst that it can
ask, alone and while the data plane serves; and a list that is walked to its end has each key once."""

import re
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml
from harness import gateway as gateways
from harness import large, wire
from harness.browser import first_operator
from harness.gateway import wait_for, write_config
from harness.large import BUSY, MODELS, QUIET, RARE_MODEL, SECOND
from harness.load import Load, percentile, scaled

SIZE = large.Size(keys=scaled(2_000, 100_000), rows=scaled(20_000, 1_000_000))
ROUNDS = scaled(3, 20)
PAGE_P95_MS = 200
DATA_PLANE_P99_MS = 50
RATE = 200  # requests a second, while pages are read
SELF_CHECK_SECONDS = 62  # the first one is after a minute
OPENAPI = Path(gateways.ROOT / "api" / "openapi.yaml")


class Dashboard:
    """A signed-in browser on one connection that is kept, and what it waited for: milliseconds by request."""

    def __init__(self, gateway, cookie: str):
        self.gateway, self.cookie = gateway, cookie
        self.connection = gateway.connect()
        self.took: dict[str, list[float]] = {}

    def get(self, target: str) -> wire.Answer:
        return self.connection.request("GET", f"/admin/v1/{target}", {"Cookie": self.cookie})

    def json(self, target: str) -> dict:
        answer = self.get(target)
        assert answer.status == 200, (target, answer.body[:500])
        return answer.json()

    def time(self, name: str, target: str) -> None:
        began = time.monotonic()
        answer = self.get(target)
        self.took.setdefault(name, []).append((time.monotonic() - began) * 1000)
        assert answer.status == 200, (name, target, answer.body[:500])

    def time_csv(self, name: str, target: str) -> None:
        """Until its first lines are there."""
        with self.gateway.connect() as connection:
            began = time.monotonic()
            connection.send_request("GET", f"/admin/v1/{target}", {"Cookie": self.cookie})
            answer = connection.read_head()
            connection.read_chunk()
            self.took.setdefault(name, []).append((time.monotonic() - began) * 1000)
            assert answer.status == 200

    def pages(self, target: str, limit: int):
        """Every page of a list."""
        cursor = None
        while True:
            page = self.json(f"{target}&limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
            yield page
            cursor = page["next_cursor"]
            if cursor is None:
                return


def choices(path: str) -> dict[str, list[str]]:
    """The values of each parameter of a list that has a few of them: every filter and every order, those of a
    later day too."""
    document = yaml.safe_load(OPENAPI.read_text(encoding="utf-8"))
    found = {}
    for parameter in document["paths"][path]["get"]["parameters"]:
        if "$ref" in parameter:
            parameter = document["components"]["parameters"][parameter["$ref"].split("/")[-1]]
        schema = parameter["schema"]
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].split("/")[-1]]
        if "enum" in schema:
            found[parameter["name"]] = schema["enum"]
    return found


def target(path: str, **query) -> str:
    return f"{path}?{urlencode(query)}"


def keys_requests(dashboard: Dashboard) -> dict[str, str]:
    keys = {"keys": target("keys", workspace=BUSY, limit=100),
            "keys, those of a small workspace": target("keys", workspace=QUIET, limit=100),
            "keys, a name that many have": target("keys", workspace=BUSY, search="SERVICE 0", limit=100),
            "keys, the last that is looked at": target("keys", workspace=BUSY, search="service 000000", limit=100),
            "keys, a text that none has": target("keys", workspace=BUSY, search="no such key", limit=100),
            "keys, a tag": target("keys", workspace=BUSY, tag="cost-39", limit=100),
            "keys, a tag that none has": target("keys", workspace=BUSY, tag="none", limit=100),
            "keys, a name that is free": target("keys", workspace=BUSY, name="no such key", limit=1),
            "palette": target("keys", workspace=BUSY, search="00000", limit=6)}
    cursors = [page["next_cursor"] for page in dashboard.pages(f"keys?workspace={BUSY}", 1000)][:-1]
    if cursors:
        keys["keys, the last pages"] = target("keys", workspace=BUSY, limit=100, cursor=cursors[-1])
        keys["keys, a text that none has, deep"] = target("keys", workspace=BUSY, search="none", cursor=cursors[len(cursors) // 2])
    keys["keys, counted by status"] = target("key-counts", workspace=BUSY)
    keys["keys, counted by status, searched"] = target("key-counts", workspace=BUSY, search="99")
    keys["keys, a long page"] = target("keys", workspace=BUSY, limit=500)
    keys["keys, those that are used most"] = target("keys", workspace=BUSY, sort="requests", limit=100)
    for parameter, values in choices("/admin/v1/keys").items():
        for value in values:
            keys[f"keys, {parameter}={value}"] = target("keys", workspace=BUSY, limit=100, **{parameter: value})
            keys[f"keys, {parameter}={value}, searched"] = target("keys", workspace=BUSY, search="99", limit=100,
                                                                  **{parameter: value})
    return keys


def usage_requests(dashboard: Dashboard, filled: large.Filled) -> dict[str, str]:
    first, last = (time.strftime("%Y-%m-%d", time.gmtime(time.time() - days * 86_400)) for days in (60, 30))
    filters = {"": {}, "the hot key": {"key": filled.hot_key}, "a key's name": {"key": "service 000000"},
               "a key of few rows": {"key": filled.quiet_key, "workspace": QUIET},
               "the first model": {"model": MODELS[0]}, "a rare model": {"model": RARE_MODEL},
               "a model that nobody asked for": {"model": "acme/none"},
               "hot key and rare model": {"key": filled.hot_key, "model": RARE_MODEL},
               "a month": {"from": first, "to": last}, "a month and a rare model": {"from": first, "to": last, "model": RARE_MODEL},
               "a month of the hot key": {"from": first, "to": last, "key": filled.hot_key},
               "a workspace of few rows": {"workspace": QUIET}, "another workspace": {"workspace": SECOND}}
    for parameter, values in choices("/admin/v1/usage").items():
        if parameter not in ("group_by", "format"):
            for value in values:
                filters |= {f"{parameter}={value}": {parameter: value},
                            f"{parameter}={value} of the hot key": {parameter: value, "key": filled.hot_key},
                            f"{parameter}={value}, a rare model": {parameter: value, "model": RARE_MODEL}}
    requests = {}
    for name, query in filters.items():
        query = {"workspace": BUSY} | query
        requests[f"usage, {name}"] = target("usage", limit=100, **query)
        requests[f"usage totals by day, {name}"] = target("usage", group_by="day", **query)
    cursors = [page["next_cursor"] for page, _ in zip(dashboard.pages(f"usage?workspace={BUSY}", 1000), range(scaled(5, 100)))]
    requests["usage, deep"] = target("usage", workspace=BUSY, limit=100, cursor=cursors[-1])
    requests["usage, deep, of a rare model"] = target("usage", workspace=BUSY, limit=100, cursor=cursors[-1], model=RARE_MODEL)
    requests["usage, the newest row"] = target(f"usage/{filled.last_row}", workspace=BUSY)
    requests["usage, the oldest row"] = target(f"usage/{filled.first_row}", workspace=BUSY)
    requests["usage totals by model"] = target("usage", workspace=BUSY, group_by="model")
    return requests


def audit_requests(dashboard: Dashboard, filled: large.Filled) -> dict[str, str]:
    last = dashboard.json(f"audit?workspace={BUSY}&limit=1")["data"][0]["id"]
    filters = {"": {}, "an object": {"object": filled.hot_key}, "no object": {"object": "key_none"},
               "a small workspace": {"workspace": QUIET}, "deep": {"cursor": last // 10},
               "an object, deep": {"object": filled.hot_key, "cursor": last // 10}}
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 80 * 86_400))
    more = {"actor": ["person_00003", "nobody"], "action": ["key.update", "key.create", "no.action", "key", "workspace"], "from": [day], "to": [day]}
    document = yaml.safe_load(OPENAPI.read_text(encoding="utf-8"))
    offered = {parameter.get("name") for parameter in document["paths"]["/admin/v1/audit"]["get"]["parameters"]}
    for name, values in more.items():
        for value in values if name in offered else []:
            filters[f"{name}={value}"] = {name: value}
    if {"actor", "action"} <= offered:
        filters["actor and action"] = {"actor": "person_00003", "action": "key.none"}
    return {f"audit, {name}": target("audit", limit=100, **({"workspace": BUSY} | query)) for name, query in filters.items()}


def other_requests(filled: large.Filled) -> dict[str, str]:
    requests = {"a key": target(f"keys/{filled.hot_key}", workspace=BUSY)}
    for range_ in ("24h", "7d", "30d"):
        requests[f"overview, {range_}"] = target("overview", workspace=BUSY, range=range_)
        requests[f"overview of a small workspace, {range_}"] = target("overview", workspace=QUIET, range=range_)
        requests[f"overview of a key, {range_}"] = target(f"keys/{filled.hot_key}/overview", workspace=BUSY, range=range_)
    month = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 29 * 86_400))
    requests["credits"] = target(f"workspaces/{BUSY}", workspace=BUSY)
    requests["credits by day"] = target("usage", workspace=BUSY, group_by="day", **{"from": month})
    requests["grants"] = target(f"workspaces/{BUSY}/grants", workspace=BUSY, limit=100)
    for name in ("models", "providers", "workspaces"):
        requests[name] = target(name, workspace=BUSY, limit=1000) if name != "workspaces" else "workspaces?limit=1000"
    for name in ("members", "invitations"):
        requests[name] = target(name, workspace=BUSY)
    requests["profiles"] = target("profiles", workspace=BUSY, limit=1000)
    return requests | {"session": "session", "sessions": "sessions"}


class Large:
    """The installation, running, with its dashboard and every request of it."""

    def __init__(self, gateway, filled: large.Filled, cookie: str, seconds: float):
        self.gateway, self.filled, self.start_seconds = gateway, filled, seconds
        self.began = time.monotonic()
        self.cookie = cookie
        dashboard = Dashboard(gateway, cookie)
        self.requests = (keys_requests(dashboard) | usage_requests(dashboard, filled) | audit_requests(dashboard, filled)
                         | other_requests(filled))

    def read_pages(self, rounds: int) -> dict[str, list[float]]:
        """Each request `rounds` times, in turn."""
        dashboard = Dashboard(self.gateway, self.cookie)
        for name, path in self.requests.items():
            dashboard.get(path)  # what is in no cache yet
        for _ in range(rounds):
            for name, path in self.requests.items():
                dashboard.time(name, path)
            dashboard.time_csv("CSV, its beginning", target("usage", workspace=BUSY, format="csv"))
        return dashboard.took

    def memory_mb(self, what: str) -> int:
        status = Path(f"/proc/{self.gateway.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(rf"^{what}:\s+(\d+) kB", status, re.M)[1]) // 1024


@pytest.fixture(scope="module")
def installation(tmp_path_factory, binary):
    folder = tmp_path_factory.mktemp("large")
    config = write_config(folder / "tollgate.yaml", providers=large.provider_settings())

    def gateway():
        return gateways.Gateway(folder / "data", config, {"ACME_KEY": "unused"})

    with gateway() as first:
        cookie = first_operator(first).cookie
    began = time.monotonic()
    filled = large.fill(folder / "data", SIZE)
    print(f"\nnote: dashboard_scale: {filled.keys} keys and {filled.rows} rows filled in {time.monotonic() - began:.1f} s")
    began = time.monotonic()
    with gateway() as running:
        seconds = time.monotonic() - began
        large.wait_for_index(folder / "data")
        yield Large(running, filled, cookie, seconds)


def report(took: dict[str, list[float]], heading: str) -> None:
    print(f"\n{heading}: p50 and p95 in ms of {ROUNDS} each")
    for name, values in sorted(took.items(), key=lambda item: -percentile(item[1], 0.95)):
        print(f"  {percentile(values, 0.5):8.1f} {percentile(values, 0.95):8.1f}  {name}")


def slowest(took: dict[str, list[float]]) -> tuple[float, str]:
    return max((percentile(values, 0.95), name) for name, values in took.items())


def assert_in_time(took: dict[str, list[float]]) -> None:
    slow = {name: percentile(values, 0.95) for name, values in took.items() if percentile(values, 0.95) > PAGE_P95_MS}
    # Times of few rows, or of a sanitised build, say nothing about users'.
    if scaled(0, 1) and not gateways.is_sanitized():
        assert slow == {}


@pytest.mark.timeout(3600)
def test_every_pages_data_comes_in_time(installation):
    took = installation.read_pages(ROUNDS)
    report(took, "pages alone")
    worst, name = slowest(took)
    print(f"note: dashboard_scale: {len(took)} requests of pages; started in {installation.start_seconds:.2f} s, "
          f"{installation.memory_mb('VmRSS')} MB; the slowest: {worst:.1f} ms at p95 ({name})")
    assert_in_time(took)


@pytest.mark.timeout(3600)
def test_neither_pages_nor_data_plane_wait_for_the_other(installation):
    gateway = installation.gateway
    keys = [gateway.create_key(limits=limits) for limits in ([], [{"metric": "requests", "window": "day", "amount": 10**9}])]
    requests = [wire.request_bytes("POST", "/v1/chat/completions", wire.json_headers(key["secret"]), wire.chat_body())
                for key in keys]

    def load() -> Load:
        return Load(gateway.address, 16, lambda number: (requests[number % 2], False), rate=RATE)

    alone = load()
    alone.finished(scaled(100, 2_000))
    before = alone.stop()
    beside = load()
    took = installation.read_pages(ROUNDS)
    during = beside.stop()
    report(took, f"pages beside {RATE} requests a second")
    assert {done.status for done in before.done + during.done} == {200} and before.lost + during.lost == []
    times = {name: [(done.ended - done.began) * 1000 for done in one.done] for name, one in (("alone", before), ("beside", during))}
    said = ", ".join(f"{name} p50 {percentile(values, 0.5):.2f}, p99 {percentile(values, 0.99):.2f}, most {max(values):.1f} ms"
                     for name, values in times.items())
    worst, name = slowest(took)
    print(f"note: dashboard_scale: beside {RATE} requests a second the slowest page: {worst:.1f} ms at p95 ({name}); "
          f"{len(times['beside'])} requests of the data plane: {said}; {installation.memory_mb('VmHWM')} MB at most")
    assert_in_time(took)
    if scaled(0, 1) and not gateways.is_sanitized():
        assert percentile(times["beside"], 0.99) <= DATA_PLANE_P99_MS


@pytest.mark.timeout(3600)
def test_list_walked_to_its_end_has_each_key_once(installation):
    dashboard = Dashboard(installation.gateway, installation.cookie)
    seen = [row["id"] for status in ("", "&status=revoked") for page in dashboard.pages(f"keys?workspace={BUSY}{status}", 100)
            for row in page["data"]]
    others = [row["id"] for workspace in (SECOND, QUIET) for status in ("", "&status=revoked")
              for page in dashboard.pages(f"keys?workspace={workspace}{status}", 1000) for row in page["data"]]
    assert len(set(seen)) == len(seen) and len(set(seen + others)) == len(seen + others)
    assert len(seen + others) >= installation.filled.keys
    print(f"\nnote: dashboard_scale: {len(seen)} keys in {-(-len(seen) // 100)} pages, each once")


@pytest.mark.timeout(3600)
def test_books_of_the_large_installation_agree(installation):
    """What was filled in is no easier than what the gateway writes: its own checks find nothing."""
    gateway = installation.gateway
    dashboard = Dashboard(gateway, installation.cookie)
    by_model = dashboard.json("usage?group_by=model")["data"]
    by_day = dashboard.json("usage?group_by=day")["data"]
    for figure in ("requests", "errors", "input_tokens", "output_tokens"):
        assert sum(total[figure] for total in by_model) == sum(total[figure] for total in by_day), figure
    assert sum(total["requests"] for total in by_day) >= installation.filled.rows
    assert dashboard.json("audit/verify")["valid"]
    if scaled(0, 1):
        wait_for(lambda: time.monotonic() - installation.began > SELF_CHECK_SECONDS, 2 * SELF_CHECK_SECONDS, "the self-check")
    differences = re.search(r"^tollgate_ledger_self_check_differences (\S+)$", gateway.metrics(), re.M)[1]
    assert float(differences) == 0
    assert "bug" not in gateway.log
