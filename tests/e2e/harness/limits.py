"""What the tests of limits share: a gateway before the recording provider, models whose bound is known to
the nano-dollar, requests that carry their own script, and the storm that every cap must stand."""

import itertools
import json
import secrets
import threading
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import reconcile

from . import wire
from .burst import Burst, allow_files
from .gateway import Gateway, wait_for, write_config
from .recording_provider import Act, RecordingProvider

FREE_INPUT = "acme/free-input"  # input 0, output 10 USD a million: a bound is max_tokens × 10,000 nano-dollars
SMALL = "acme/small"  # the same with a context of 1,024 tokens: its input bound is 1,024, whatever the body
PRICED = "acme/priced"  # input 2.50, output 10
LONG = "acme/long"  # as FREE_INPUT, with longer answers
WIDE = "acme/wide"  # as FREE_INPUT, with answers as long as its context
RENAMED = "acme/renamed"  # as FREE_INPUT, and takes max_completion_tokens
# As FREE_INPUT, for providers that fail: after five failures an offer is left alone for a while.
STORMY = {status: f"acme/stormy-{status}" for status in (429, 500, 503)}
CONTEXT = 1024
WIDE_CONTEXT = 8192
OUTPUT_MAX = 4096  # of FREE_INPUT, PRICED and RENAMED
LONG_OUTPUT_MAX = 64000
MAX_TOKENS = 100  # what requests ask for here
COST_BOUND = Decimal("0.001")  # of MAX_TOKENS at FREE_INPUT or SMALL
TOKEN_BOUND = CONTEXT + MAX_TOKENS  # of MAX_TOKENS at SMALL
IDLE_SECONDS = 1.0  # after which nothing is held any more

marks = itertools.count(1)


def provider_settings(url: str, **more) -> dict:
    def model(public_id: str, window: int, most: int, prices=(), **members) -> dict:
        return {"id": public_id, "upstream_model": public_id.split("/")[1], "context_window": window,
                "max_output_tokens": most, "prices": {"input": "0", "output": "10.00"} | dict(prices)} | members
    return {"id": "acme", "dialect": "openai", "base_url": url, "api_key": "${ACME_KEY}", "region": "eu-west",
            "deadlines": {"connect_ms": 5000, "head_ms": 60000, "silence_ms": 60000, "total_ms": 120000},
            "models": [model(FREE_INPUT, 128000, OUTPUT_MAX), model(SMALL, CONTEXT, CONTEXT),
                       model(PRICED, 128000, OUTPUT_MAX, {"input": "2.50"}), model(LONG, 128000, LONG_OUTPUT_MAX),
                       model(WIDE, WIDE_CONTEXT, WIDE_CONTEXT),
                       *(model(stormy, 128000, OUTPUT_MAX) for stormy in STORMY.values()),
                       model(RENAMED, 128000, OUTPUT_MAX, max_tokens_field="max_completion_tokens")]} | more


@contextmanager
def gateway_and_provider(folder: Path, provider=None, **settings):
    """(Gateway, RecordingProvider); `provider` holds settings of the provider, the rest is the gateway's."""
    allow_files(8192)
    with RecordingProvider(folder) as recording:
        entry = provider_settings(recording.url, **(provider or {}))
        config = write_config(folder / "tollgate.yaml", providers=[entry], **settings)
        with Gateway(folder / "data", config, {"ACME_KEY": secrets.token_hex(16)}) as running:
            yield running, recording


def cost(amount, window: str = "month") -> dict:
    return {"metric": "cost", "window": window, "amount": f"{Decimal(amount):f}"}


def tokens(amount: int, window: str = "day") -> dict:
    return {"metric": "tokens", "window": window, "amount": amount}


def requests(amount: int, window: str = "60s") -> dict:
    return {"metric": "requests", "window": window, "amount": amount}


def parallel(amount: int) -> dict:
    return {"metric": "concurrency", "amount": amount}


def production_key(gateway, *limits: dict, workspace: str | None = None, **fields) -> dict:
    fields = {"name": f"key {next(Gateway._names)}", "environment": "production", "limits": list(limits)} | fields
    target = "/admin/v1/keys" + (f"?workspace={workspace}" if workspace else "")
    return gateway.admin_json("POST", target, fields)


def new_workspace(gateway, *limits: dict, grant: str | None = None) -> dict:
    """Prepaid, if a grant is given."""
    made = gateway.admin_json("POST", "/admin/v1/workspaces", {"name": f"tenant {next(Gateway._names)}"})
    target = f"/admin/v1/workspaces/{made['id']}"
    settings = {"limits": list(limits)} if limits else {}
    if grant is not None:
        settings["balance"] = {"mode": "prepaid"}
        if Decimal(grant):
            gateway.admin_json("POST", target + "/grants", {"amount": grant})
    return gateway.admin_json("PATCH", target, settings) if settings else made


def workspace_of(gateway, workspace: dict) -> dict:
    return gateway.admin_json("GET", f"/admin/v1/workspaces/{workspace['id']}")


def act_for(key: dict, **act) -> Act:
    return Act(**({"mark": f"m-{next(marks)}", "key": key["id"]} | act))


def body_of(act: Act, model: str = FREE_INPUT, **members) -> bytes:
    body = {"model": model, "messages": [{"role": "user", "content": act.prompt()}],
            "max_tokens": MAX_TOKENS} | members
    return json.dumps({name: value for name, value in body.items() if value is not None}).encode()


def bytes_of(key: dict, act: Act, model: str = FREE_INPUT, **members) -> bytes:
    """The whole request; a member that is None is left out."""
    headers = wire.json_headers(key["secret"], **{"X-Request-Id": act.mark})
    return wire.request_bytes("POST", "/v1/chat/completions", headers, body_of(act, model, **members))


def ask(gateway, key: dict, act: Act | None = None, model: str = FREE_INPUT, **members) -> wire.Answer:
    act = act or act_for(key)
    with gateway.connect() as connection:
        connection.send(bytes_of(key, act, model, **members))
        return connection.read_answer()


def limit_of(gateway, key: dict, metric: str = "cost") -> dict:
    return next(one for one in gateway.get_key(key["id"])["limits"] if one["metric"] == metric)


def wait_idle(gateway, *keys: dict, workspace: dict | None = None, seconds: float = IDLE_SECONDS) -> None:
    """Until nothing is held: at most a second after the last answer."""
    def held() -> list:
        left = [limit for key in keys for limit in gateway.get_key(key["id"])["limits"]
                if Decimal(limit["held"]) != 0]
        if workspace is not None and Decimal(workspace_of(gateway, workspace)["balance"]["held"]) != 0:
            left.append("balance")
        return left
    wait_for(lambda: not held(), seconds, "the end of every hold")


def assert_books_agree(gateway, provider: RecordingProvider, *keys: dict) -> dict[str, reconcile.KeyBooks]:
    lines = [line for key in keys for line in provider.lines(key=key["id"])]
    rows = [row for key in keys for row in gateway.rows_of(key)]
    books = reconcile.reconcile(lines, rows)
    wrong = [reconcile.describe(key, mine) for key, mine in books.items() if not mine.is_right]
    assert wrong == []
    return books


class Storm:
    """Many requests at once on what has room for exactly ten: every other one asks for a stream, and each
    uses up exactly what was reserved for it. With a delay of the provider all of them arrive while the ten
    are under way; without, the first are settled before the last arrive."""

    ADMITTED = 10

    def __init__(self, gateway, provider, at_once: int, delay_ms: int = 0):
        self.gateway, self.provider, self.at_once, self.delay_ms = gateway, provider, at_once, delay_ms

    def blow(self, keys: list[dict], refused_as: set[tuple[int, str]], model: str = FREE_INPUT, **act) -> list:
        """The refusals, after everything that must hold was checked."""
        act = {"delay_ms": self.delay_ms} | act
        asked = [bytes_of(key, act_for(key, input=CONTEXT if model == SMALL else 10, **act), model,
                          stream=number % 2 == 0 or None)
                 for number, key in zip(range(self.at_once), itertools.cycle(keys))]
        with Burst(self.gateway.address, asked) as running:
            if "gate" in act:
                running.collect(self.at_once - self.ADMITTED)
                self.provider.release(act["gate"])
            answers = running.collect()
        served = [answer for answer in answers if answer is not None and answer.status == 200]
        refused = [answer for answer in answers if answer is not None and answer.status != 200]
        assert len(served) + len(refused) == self.at_once, "an answer was lost"
        assert {(answer.status, answer.code) for answer in refused} <= refused_as
        reached = sum(len(self.provider.requests(key["id"])) for key in keys)
        assert (reached, len(served)) == (self.ADMITTED, self.ADMITTED)
        for answer in served:
            if answer.header("Content-Type").startswith("text/event-stream"):
                assert answer.events()[-1] == "[DONE]"
        wait_idle(self.gateway, *keys)
        books = assert_books_agree(self.gateway, self.provider, *keys)
        assert sum(mine.rows for mine in books.values()) == self.ADMITTED
        return refused

    # One method a kind of cap; each returns what was refused.

    def cost(self) -> list:
        key = production_key(self.gateway, cost(10 * COST_BOUND))
        refused = self.blow([key], {(429, "limit_exceeded"), (429, "limit_in_flight")})
        limit = limit_of(self.gateway, key)
        assert Decimal(limit["used"]) == 10 * COST_BOUND and Decimal(limit["remaining"]) == 0
        return refused

    def tokens(self) -> list:
        key = production_key(self.gateway, tokens(10 * TOKEN_BOUND))
        refused = self.blow([key], {(429, "limit_exceeded"), (429, "limit_in_flight")}, SMALL)
        assert limit_of(self.gateway, key, "tokens")["used"] == 10 * TOKEN_BOUND
        return refused

    def requests_per_minute(self) -> list:
        key = production_key(self.gateway, requests(10))
        return self.blow([key], {(429, "rate_limit_exceeded")})

    def parallel(self) -> list:
        key = production_key(self.gateway, parallel(10))
        return self.blow([key], {(429, "rate_limit_exceeded")}, gate=f"gate-{next(marks)}")

    def workspace_under_ten_keys(self) -> list:
        workspace = new_workspace(self.gateway, cost(10 * COST_BOUND, "day"))
        keys = [production_key(self.gateway, workspace=workspace["id"]) for _ in range(10)]
        return self.blow(keys, {(429, "limit_exceeded"), (429, "limit_in_flight")})

    def balance(self) -> list:
        workspace = new_workspace(self.gateway, grant=f"{10 * COST_BOUND:f}")
        keys = [production_key(self.gateway, workspace=workspace["id"]) for _ in range(3)]
        refused = self.blow(keys, {(402, "insufficient_credits"), (429, "limit_in_flight")})
        wait_idle(self.gateway, workspace=workspace)
        assert Decimal(workspace_of(self.gateway, workspace)["balance"]["available"]) == 0
        spent = ask(self.gateway, keys[0])
        assert (spent.status, spent.code) == (402, "insufficient_credits")
        return refused

    KINDS = ("cost", "tokens", "requests_per_minute", "parallel", "workspace_under_ten_keys", "balance")


def spend_in_sequence(gateway, key: dict, act: dict, most: int) -> tuple[int, wire.Answer]:
    """Asks on one connection until it is refused: (served, the refusal)."""
    with gateway.connect() as connection:
        for served in range(most):
            connection.send(bytes_of(key, act_for(key, **act), stream=served % 2 == 0 or None))
            answer = connection.read_answer()
            if answer.status != 200:
                return served, answer
    raise AssertionError(f"never refused in {most} requests")


def spend_with_clients(gateway, key: dict, clients: int, act: dict, seconds: float = 300) -> list[wire.Answer]:
    """So many clients ask until they are refused for good; limit_in_flight they retry, as it tells them to."""
    ends, lock = [], threading.Lock()

    def client() -> None:
        end = None
        try:
            with gateway.connect() as connection:
                while end is None:
                    connection.send(bytes_of(key, act_for(key, **act)))
                    answer = connection.read_answer()
                    if answer.status != 200 and answer.code != "limit_in_flight":
                        end = answer
        except Exception as problem:
            end = problem
        with lock:
            ends.append(end)

    threads = [threading.Thread(target=client, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    assert len(ends) == clients, f"{clients - len(ends)} clients still ask after {seconds} s"
    return ends
