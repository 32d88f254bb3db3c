"""Strings that programs stumble over: what they are, where a schema takes them, and what may be answered to one.

They are tests/data/naughty_strings.json, and beside it, where TOLLGATE_SHARED_DATA has it, the Big List of Naughty
Strings (naughty-strings/blns.json), which has 461 of them. `script/soak naughty` tries all of them, script/test some."""

import itertools
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from functools import cache

from . import wire
from .gateway import ROOT
from .load import SCALE

OWN = ROOT / "tests" / "data" / "naughty_strings.json"
SHARED = os.environ.get("TOLLGATE_SHARED_DATA", ROOT.parent / "shared" / "data")
CORPUS = ROOT.joinpath(SHARED, "naughty-strings", "blns.json")
WORKERS = 4
EACH = 6
NAME = object()  # stands in a path for the name of any member of an object


@cache
def strings_by_kind() -> dict[str, list[str]]:
    return json.loads(OWN.read_text(encoding="utf-8"))


@cache
def strings() -> list[str]:
    own = [text for many in strings_by_kind().values() for text in many]
    shared = json.loads(CORPUS.read_text(encoding="utf-8")) if CORPUS.is_file() else []
    every = list(dict.fromkeys(own + shared))
    return every if SCALE == "full" else every[::EACH]


def is_text(text: str) -> bool:
    """Whether UTF-8 has it: a surrogate alone stands in JSON as an escape, and nowhere else."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def has_control(text: str) -> bool:
    return any(char < " " or "\x7f" <= char <= "\x9f" for char in text)


def texts() -> list[str]:
    return [text for text in strings() if is_text(text)]


def dereferenced(document, schema):
    while "$ref" in schema:
        node = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        schema = node
    return schema


def string_paths(document, schema, at=()):
    """Where a body of this schema may have a string: tuples of names and indexes."""
    schema = dereferenced(document, schema)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if "string" in types or any(isinstance(value, str) for value in schema.get("enum", [])):
        yield at
    for part in itertools.chain(*(schema.get(kind, []) for kind in ("allOf", "oneOf", "anyOf"))):
        yield from string_paths(document, part, at)
    for name, child in schema.get("properties", {}).items():
        yield from string_paths(document, child, (*at, name))
    if "items" in schema:
        yield from string_paths(document, schema["items"], (*at, 0))
    members = schema.get("additionalProperties")
    if isinstance(members, dict):
        yield (*at, NAME)
        yield from string_paths(document, members, (*at, "x-any"))


def shown(path) -> str:
    return ".".join("<name>" if part is NAME else str(part) for part in path)


def with_string(body, path, text: str):
    """A copy of the body that has the text there; what holds it is made where it is missing."""
    body = deepcopy(body)
    node = body
    for part, following in itertools.pairwise(path):
        empty = [] if isinstance(following, int) else {}
        if isinstance(part, int) and len(node) <= part:
            node.append(empty)
        elif not isinstance(part, int) and not isinstance(node.get(part), (dict, list)):
            node[part] = empty
        node = node[part]
    last = path[-1]
    if last is NAME:
        node[text] = "x"
    elif isinstance(last, int) and len(node) <= last:
        node.append(text)
    else:
        node[last] = text
    return body


def value_at(document, path):
    """What stands there; LookupError where nothing does."""
    for part in path:
        if not isinstance(document, (dict, list)):
            raise LookupError(shown(path))
        document = document[part]
    return document


class Asker:
    """A connection that is kept, as long as the gateway keeps it. A connection that is dropped instead of answered
    raises EOFError."""

    def __init__(self, gateway, address=None, **headers: str):
        self.gateway = gateway
        self.address = address or gateway.data / "admin.sock"
        self.headers = headers
        self.connection = None

    def ask(self, method: str, target: str, body=None, headers=()) -> wire.Answer:
        if self.connection is None:
            self.connection = wire.connect(self.address)
        fields = [*self.headers.items(), *headers]
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if data is not None:
            fields.append(("Content-Type", "application/json"))
        answer = self.connection.request(method, target, fields, data)
        if (answer.header("Connection") or "").lower() == "close":
            self.close()
        return answer

    def json(self, method: str, target: str, body=None):
        answer = self.ask(method, target, body)
        assert answer.status in (200, 201), (method, target, answer.status, answer.body)
        return answer.json()

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def problem_with(answer: wire.Answer) -> str | None:
    """What is wrong with an answer to a naughty string, whatever became of it."""
    if answer.status >= 500:
        return f"{answer.status} {answer.body[:300]}"
    if answer.status < 400:
        return None
    try:
        error = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        return f"{answer.status} without the envelope: {answer.body[:300]}"
    if not {"message", "type", "code", "param", "request_id", "doc_url", "details"} <= error.keys():
        return f"an envelope without {error.keys()}"
    if not error["message"] or error["request_id"] != answer.header("X-Request-Id"):
        return f"an envelope that says nothing: {error}"
    return None


def over_workers(make_worker, items, try_one) -> list[str]:
    """try_one(worker, item) of each item, with WORKERS workers at once; what they found wrong."""
    local = threading.local()
    made = []

    def run(item):
        if not hasattr(local, "worker"):
            local.worker = make_worker()
            made.append(local.worker)
        return try_one(local.worker, item)

    with ThreadPoolExecutor(WORKERS) as pool:
        found = [problem for problem in pool.map(run, items) if problem]
    for worker in made:
        worker.close()
    return found
