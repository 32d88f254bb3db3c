"""Naughty strings everywhere else: query parameters, ids in paths, header fields, and what clients send to models.
A search finds what has the string and nothing else, whatever a query language would make of it."""

import json
from functools import partial
from urllib.parse import quote

import pytest
from harness import gateway as gateways
from harness import naughty, wire
from harness.browser import first_operator, new_password
from harness.gateway import ROOT

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

DOCUMENT = yaml.safe_load((ROOT / "api" / "openapi.yaml").read_text(encoding="utf-8"))
METHODS = ("get", "post", "put", "patch", "delete")
LONGEST_HEADER = 8192


# An answer that does not end by itself: with this it is 400, once its workspace is found.
ENDLESS = {"/admin/v1/events": "&unknown=1"}


def encoded(text: str) -> str:
    """For a URL; a surrogate alone goes as the bytes that no UTF-8 has."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def parameters(kind):
    """(method, path, parameter's name) of every operation that has one of this kind."""
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS:
            if method not in item or path.startswith(("/livez", "/readyz", "/metrics", "/openapi")):
                continue
            for one in item.get("parameters", []) + item[method].get("parameters", []):
                parameter = naughty.dereferenced(DOCUMENT, one)
                if parameter["in"] == kind:
                    yield method.upper(), path, parameter["name"]


@pytest.fixture(scope="module")
def busy(tmp_path_factory, binary):
    """A gateway with a key of each plain kind, and a sandbox key that has been used."""
    with gateways.Gateway(tmp_path_factory.mktemp("naughty") / "data") as running:
        running.key = running.create_key(name="plain", tags=["tag"], description="of no importance")
        assert running.chat(running.key["secret"]).status == 200
        yield running


def asker(gateway, path):
    """The local socket for the admin API, a client with a key for the data plane."""
    if path.startswith("/admin/"):
        return naughty.Asker(gateway)
    return naughty.Asker(gateway, gateway.address, **wire.bearer(gateway.key["secret"]))


def answer_of(worker, where, method, target, body=None, headers=()):
    """(the answer, None) or (None, what is wrong)."""
    try:
        answer = worker.ask(method, target, body, headers)
    except (EOFError, OSError) as error:
        worker.close()
        return None, f"{where}: dropped: {error!r}"
    wrong = naughty.problem_with(answer)
    return answer, wrong and f"{where}: {wrong}"


def body_for(method):
    return {} if method in ("POST", "PUT", "PATCH") else None


def try_target(make_target, method, worker, text):
    target = make_target(text)
    return answer_of(worker, f"{method} {target[:200]}", method, target, body_for(method))[1]


def report(name, tried, found):
    print(f"note: {name}: {tried} requests")
    assert found == [], f"{len(found)} of {tried}:\n" + "\n".join(found[:20])


@pytest.mark.parametrize("method,path,name", list(parameters("query")))
def test_query_parameter_is_taken_or_refused(busy, method, path, name):
    spare = busy.create_key(name=f"{method} {path} {name}")  # some of these do what they ask for

    def make_target(text):
        return f"{path.replace('{id}', spare['id'])}?{name}={encoded(text)}{ENDLESS.get(path, '')}"

    found = naughty.over_workers(partial(asker, busy, path), naughty.strings(),
                                 partial(try_target, make_target, method))
    report(f"{method} {path}?{name}", len(naughty.strings()), found)


@pytest.mark.parametrize("method,path,name", list(parameters("path")))
def test_id_in_a_path_is_found_or_not(busy, method, path, name):
    def make_target(text):
        return path.replace("{%s}" % name, encoded(text))

    found = naughty.over_workers(partial(asker, busy, path), naughty.strings(),
                                 partial(try_target, make_target, method))
    report(f"{method} {path}", len(naughty.strings()), found)
    assert busy.get_key(busy.key["id"])["status"] == "active"


def test_path_that_is_not_encoded_reaches_nothing(busy):
    def try_one(worker, text):
        raw = text.encode("utf-8", "surrogatepass")[:LONGEST_HEADER].decode("latin-1")
        if naughty.has_control(text) or " " in raw:
            return None  # would end the request's line: the codec's tests say what becomes of those
        return answer_of(worker, f"GET {raw[:80]!a}", "GET", f"/admin/v1/keys/{raw}")[1]

    found = naughty.over_workers(partial(asker, busy, "/admin/"), naughty.strings(), try_one)
    report("GET /admin/v1/keys/…", len(naughty.strings()), found)


@pytest.mark.parametrize("name", ["Idempotency-Key", "X-Request-Id", "X-Invitation", "X-Tollgate-Region", "User-Agent",
                                  "Authorization", "x-api-key", "Cookie", "Origin", "X-CSRF-Token", "Accept",
                                  "If-None-Match", "X-Forwarded-For", "traceparent", "anthropic-version"])
def test_header_field_is_taken_or_refused(busy, name):
    """Those that a header may have: what holds a control character is the codec's to refuse."""
    fields = [text for text in naughty.texts() if not naughty.has_control(text)]

    def try_one(worker, text):
        value = text.encode()[:LONGEST_HEADER].decode("latin-1")
        for method, target in (("GET", "/admin/v1/keys"), ("POST", "/admin/v1/keys"),
                               ("GET", "/admin/v1/invitations/lookup")):
            wrong = answer_of(worker, f"{method} {target} {name}: {text[:80]!a}", method, target, body_for(method),
                              [(name, value)])[1]
            if wrong:
                return wrong
        return None

    found = naughty.over_workers(partial(asker, busy, "/admin/"), fields, try_one)
    report(name, 3 * len(fields), found)


SEARCHED = ("name", "description", "id", "tags", "prefix", "last4")


def rows_found(worker, query):
    answer = worker.ask("GET", f"/admin/v1/keys?{query}")
    if answer.status != 200:
        return None
    page = answer.json()
    assert sorted(page) == ["data", "next_cursor"]
    return page["data"]


def test_search_finds_what_has_the_string_and_nothing_else(busy):
    """SQL, wildcards and operators of searches are letters like any other."""
    for text in naughty.strings_by_kind()["SQL and other queries"][::4]:
        busy.create_key(name=f"searched {text}")
    before = len(busy.admin_json("GET", "/admin/v1/keys?limit=1000")["data"])

    def try_one(worker, text):
        for row in rows_found(worker, f"limit=1000&search={encoded(text)}") or []:
            if not any(text.lower() in str(row[member]).lower() for member in SEARCHED):
                return f"search {text[:80]!a} finds {row['name']!a}"
        return None

    found = naughty.over_workers(partial(asker, busy, "/admin/"), naughty.texts(), try_one)
    report("search", len(naughty.texts()), found)
    assert len(busy.admin_json("GET", "/admin/v1/keys?limit=1000")["data"]) == before


def test_key_of_each_name_is_found_by_it(busy):
    """By its whole name, and by a search for it, beside all the others."""
    kept = []
    for text in naughty.strings():
        answer = busy.admin("POST", "/admin/v1/keys", {"name": text, "environment": "sandbox"})
        assert naughty.problem_with(answer) is None, (text, answer.body)
        if answer.status == 201:
            kept.append(text)
        else:
            assert answer.status == (422 if naughty.is_text(text) else 400), (text, answer.body)

    def try_one(worker, text):
        by_name = [row["name"] for row in rows_found(worker, f"name={encoded(text)}") or []]
        if by_name != [text]:
            return f"not found by its name {text[:80]!a}: {by_name}"
        if text not in [row["name"] for row in rows_found(worker, f"limit=1000&search={encoded(text)}") or []]:
            return f"not found by a search for {text[:80]!a}"
        return None

    found = naughty.over_workers(partial(asker, busy, "/admin/"), kept, try_one)
    report(f"{len(kept)} names that are taken", 2 * len(kept), found)
    assert len(kept) > len(naughty.strings()) / 2


def chat_with(member, text):
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "Hello"}]}
    return naughty.with_string(body, member, text)


@pytest.mark.parametrize("member", [("model",), ("user",), ("messages", 0, "role"), ("messages", 0, "name"), ("stop",),
                                    ("route", "region"), ("metadata", "x"), ("metadata", naughty.NAME),
                                    (naughty.NAME,), ("stream_options",), ("tools", 0, "function", "name"),
                                    ("messages", 0, "content", 0, "text"), ("response_format", "type")],
                         ids=naughty.shown)
def test_member_of_a_chat_is_taken_or_refused(busy, member):
    def try_one(worker, text):
        return answer_of(worker, f"{naughty.shown(member)} = {text[:80]!a}", "POST", "/v1/chat/completions",
                         chat_with(member, text))[1]

    found = naughty.over_workers(partial(asker, busy, "/v1/"), naughty.strings(), try_one)
    report(naughty.shown(member), len(naughty.strings()), found)


@pytest.mark.parametrize("route,body,read", [
    ("/v1/chat/completions", lambda text: chat_with(("messages", 0, "content"), text),
     lambda answer: answer["choices"][0]["message"]["content"]),
    ("/v1/completions", lambda text: {"model": "sandbox/echo", "prompt": text},
     lambda answer: answer["choices"][0]["text"]),
    ("/v1/messages", lambda text: {"model": "sandbox/echo", "max_tokens": 100_000,
                                   "messages": [{"role": "user", "content": text}]},
     lambda answer: "".join(part["text"] for part in answer["content"])),
], ids=["chat", "completion", "message"])
def test_prompt_comes_back_as_it_was_said(busy, route, body, read):
    def try_one(worker, text):
        where = f"{route} {text[:80]!a}"
        answer, wrong = answer_of(worker, where, "POST", route, body(text))
        if wrong or answer.status >= 400:
            return wrong
        said = read(answer.json())
        right = said == text or ("\ufffd" in said and not naughty.is_text(text))
        return None if right else f"{where}: {said[:200]!a}"

    found = naughty.over_workers(partial(asker, busy, "/v1/"), naughty.strings(), try_one)
    report(route, len(naughty.strings()), found)


def test_user_agent_of_a_row_is_what_was_sent(busy):
    key = busy.create_key(name="agents")
    sent = [text for text in naughty.texts()
            if text.strip() and not naughty.has_control(text) and len(text.encode()) <= 256]

    def make_worker():
        return naughty.Asker(busy, busy.address, **wire.bearer(key["secret"]))

    def try_one(worker, text):
        answer, wrong = answer_of(worker, f"User-Agent: {text[:80]!a}", "POST", "/v1/chat/completions",
                                  json.loads(wire.chat_body()), [("User-Agent", text.encode().decode("latin-1"))])
        if not wrong and answer.status == 200:
            shown[answer.header("X-Tollgate-Generation-Id")] = text.strip(" \t")
        return wrong

    shown: dict[str, str] = {}
    found = naughty.over_workers(make_worker, sent, try_one)
    report("User-Agent", len(sent), found)
    rows = {row["id"]: row["client"] for row in busy.rows_of(key)}
    other = [(text, rows[row]) for row, text in shown.items() if rows[row] != text]
    assert len(shown) > len(naughty.strings()) / 2 and other == []


BROKEN_AGENTS = ["caf\xe9", "\xff\xfe", "a" * 255 + "\xc3\xa9", "\xf0\x9f\x98\x80" * 80]  # as bytes


@pytest.mark.parametrize("agent", BROKEN_AGENTS)
def test_user_agent_that_is_no_text_leaves_lists_that_are(busy, agent):
    key = busy.create_key()
    fields = wire.json_headers(key["secret"]) | {"User-Agent": agent}
    assert busy.request("POST", "/v1/chat/completions", fields, wire.chat_body()).status == 200
    assert len(json.loads(busy.admin("GET", f"/admin/v1/usage?key={key['id']}").body.decode())["data"]) == 1


def test_session_of_an_agent_that_is_no_text_is_listed(start_gateway):
    gateway = start_gateway()
    password = new_password()
    ada = first_operator(gateway, password=password)
    body = json.dumps({"email": "ada@example.com", "password": password}).encode()
    for agent in BROKEN_AGENTS:
        fields = {"Content-Type": "application/json", "User-Agent": agent}
        answer = gateway.request("POST", "/admin/v1/session", fields, body)
        assert answer.status == 200, answer.body
    shown = ada.ask("GET", "sessions")
    clients = [session["client"] for session in json.loads(shown.body.decode())["data"]]
    assert len(clients) == 5 and "a" * 255 in clients and "\U0001f600" * 64 in clients


def test_export_has_every_row_as_one_line_of_values(busy):
    """A reader of CSV finds the names that were given, whatever commas and quotes they hold, and a spreadsheet runs
    none of them."""
    import csv
    import io

    names = ["=2+2", "@SUM(A2)", 'a,b"c"d', "'; -- export", "<b>export</b>", "\u202eexport"]
    for key in [busy.create_key(name=name) for name in names]:
        assert busy.chat(key["secret"]).status == 200
    answer = busy.admin("GET", "/admin/v1/usage?format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
    assert {f"'{name}" if name[0] in "=@" else name for name in names} <= {row["key_name"] for row in rows}
    assert len({len(row) for row in rows}) == 1 and all(None not in row for row in rows)
