"""docs/compatibility.md: written from what the tests found out, and compared with what they find out."""

import json
import os
import re

from .behaviours import NOT_YET, SYSTEMS
from .gateway import ROOT
from .sdk_matrix import CELLS, FEATURES, PROVIDERS, gap
from .sdk_world import SDKS

DOCUMENT = ROOT / "docs" / "compatibility.md"
E2E = ROOT / "tests" / "e2e"
WRITE = "TOLLGATE_WRITE_COMPATIBILITY"
PACKAGES = {"openai (Python)": "openai", "anthropic (Python)": "anthropic", "openai (Node)": "openai",
            "@anthropic-ai/sdk (Node)": "@anthropic-ai/sdk", "AI SDK, openai": "@ai-sdk/openai",
            "AI SDK, anthropic": "@ai-sdk/anthropic", "openai responses (Python)": "openai",
            "openai responses (Node)": "openai", "AI SDK, openai responses": "@ai-sdk/openai"}
HEAD = f"""# Compatibility

What Tollgate is tried with, and what came of it. This page is made by the tests, which fail when it is not what they
found. After a change that it should show:

```sh
{WRITE}=1 .venv/bin/pytest tests/e2e/test_sdk_matrix.py tests/e2e/test_compatibility.py
```

## Official SDKs

Each is used as it comes, with only a base URL and a key set; `@copilotkit/aimock` {{aimock}} is a mock of providers that
is not ours.

{{versions}}

*yes*: the SDK's answer was the right one, the provider refused nothing that it was sent, the usage row tells what the
provider reported, its cost is the list price of that, and nothing is held any more. Of the sandbox, and of a stream that
the gateway ends at its limit, the tokens are those that the SDK got and the cost is above 0
(`tests/e2e/test_sdk_matrix.py`).
"""
BEHIND = """## Refusals

With each of the SDKs, by either header of a key: keys that are malformed, unknown, disabled, revoked, rotated out, or
of the wrong kind; no key; a model outside the allow-list; an unknown model; a body without messages; a limit of cost,
tokens or requests that is reached, streamed and not; what the provider refuses, and a provider that is overloaded. Each
is the exception that the SDK has for it, with our `code` and the request's id (`tests/e2e/test_sdk_refusals.py`). Under
`/v1`, `/api/v1`, `/v2/router` and `/v3/router`, and for Anthropic's SDKs also under `/api/v1/anthropic/v1`. A budget for
eight requests serves eight of many at once, in either dialect and by either (`tests/e2e/test_sdk_limits.py`).

## Responses

By the provider where it makes them, and translated where it does not or is told not to; a provider without the path is asked
for a chat as the same request, and never asked again. What stands at a provider is bounded by the whole window or
refused by its name, hosted tools are not sold where money is guarded, and streams that fail or are ended at their bound
end as the dialect has it (`tests/e2e/test_responses.py`).

## Other routes

Embeddings, moderations, images, speech and transcriptions by the openai SDK for Python and for Node, whole and streamed,
before a strict provider and in the sandbox; rerank as Cohere and Jina have it. Of each: one row in the route's own unit, no
more admitted at 50 at once than a limit has room for, the keys that may not are refused, and providers that fail are
told, left for another offer, and settled (`tests/e2e/test_other_routes.py`).

## What other systems document of their keys

Names and prefixes of theirs are settings here.
"""


class Compatibility:
    """Collects, in one run, which cells of the matrix work."""

    def __init__(self):
        self.working: set[tuple[str, str, str]] = set()

    def works(self, sdk: str, feature: str, provider: str) -> None:
        self.working.add((sdk, feature, provider))

    @property
    def is_whole(self) -> bool:
        return self.working == set(CELLS)


def render(working: set[tuple[str, str, str]]) -> str:
    versions = pinned_versions()
    rows = [(name, versions[name]) for name in SDKS]
    parts = [HEAD.format(aimock=versions["aimock"], versions=table(["SDK", "version"], rows))]
    reasons: list[str] = []
    for provider, title in PROVIDERS.items():
        rows = [(FEATURES[feature].title, *(cell(working, reasons, sdk, feature, provider) for sdk in SDKS))
                for feature in FEATURES]
        parts += [f"### Served by {title}\n", table(["", *SDKS], rows) + "\n"]
    parts.append("\n".join(f"{number}. {reason}." for number, reason in enumerate(reasons, 1)) + "\n")
    parts.append(BEHIND)
    for system, behaviours in SYSTEMS.items():
        rows = [(what, "<br>".join(show(test) for test in tests)) for what, tests in behaviours]
        parts += [f"### {system}\n", table(["behaviour", "shown by"], rows) + "\n"]
    return "\n".join(parts)


def table(head: list[str], rows: list[tuple]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(working: set, reasons: list[str], sdk: str, feature: str, provider: str) -> str:
    reason = gap(sdk, feature, provider)
    if reason is None:
        return "yes" if (sdk, feature, provider) in working else "**no**"
    if reason not in reasons:
        reasons.append(reason)
    return f"– ({reasons.index(reason) + 1})"


def show(test: str) -> str:
    return test if test.startswith(NOT_YET) else f"`{test}`"


def pinned_versions() -> dict[str, str]:
    python = dict(line.split("==") for line in (E2E / "requirements.txt").read_text().split() if "==" in line)
    node = json.loads((E2E / "node" / "package.json").read_text())["dependencies"]
    found = {name: (python if name.endswith("(Python)") else node)[package] for name, package in PACKAGES.items()}
    for name in found:
        if name.startswith("AI SDK"):
            found[name] = f"ai {node['ai']}, {PACKAGES[name]} {found[name]}"
    return found | {"aimock": node["@copilotkit/aimock"]}


def is_there(test: str) -> bool:
    """Whether a named test stands where it is said to."""
    place, name = test.split("::")
    file = (ROOT if place.startswith("src/") else E2E) / place
    if not file.is_file():
        return False
    pattern = rf"^def {name}\(" if file.suffix == ".py" else \
        r"^TEST(?:_F|_P)?\(" + name.replace(".", r",\s*") + r"\)"
    return re.search(pattern, file.read_text(encoding="utf-8"), re.MULTILINE) is not None


def is_to_be_written() -> bool:
    return os.environ.get(WRITE) == "1"
