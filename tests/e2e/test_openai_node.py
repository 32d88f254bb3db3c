"""The official openai SDK for Node, unmodified, with only baseURL and apiKey set."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from harness.gateway import clean_environment
from harness.sdk_cases import NAMES, refusals
from harness.upstream import endless

FOLDER = Path(__file__).resolve().parent / "node"
NODE = next((str(path) for path in [FOLDER / "node_modules" / ".bin" / "node"] if path.exists()),
            shutil.which("node"))

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="node is not installed"),
    pytest.mark.skipif(not (FOLDER / "node_modules" / "openai").is_dir(),
                       reason="the openai SDK (npm) is not installed"),
]


@pytest.fixture(scope="module")
def cases(gateway):
    return {case.name: case for case in refusals(gateway)}


def node(gateway, call: str, **job) -> dict:
    job = {"call": call, "url": gateway.url, "how": "bearer", "model": "sandbox/echo", "prompt": "Hello"} | job
    result = subprocess.run([NODE, "openai_sdk.mjs"], input=json.dumps(job), capture_output=True, text=True,
                            timeout=120, cwd=FOLDER, env=clean_environment())
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("how", ["bearer", "x-api-key"])
def test_chat_completion(gateway, sandbox_key, how):
    assert node(gateway, "chat", secret=sandbox_key["secret"], how=how) == {"result": "Hello"}


@pytest.mark.parametrize("how", ["bearer", "x-api-key"])
def test_stream(gateway, sandbox_key, how):
    said = node(gateway, "stream", secret=sandbox_key["secret"], how=how, model="sandbox/lorem")
    assert len(said["result"].split()) > 20


def test_models_are_listed(gateway, sandbox_key):
    assert "sandbox/echo" in node(gateway, "models", secret=sandbox_key["secret"])["result"]


@pytest.mark.parametrize("how", ["bearer", "x-api-key"])
@pytest.mark.parametrize("name", NAMES)
def test_refusal_is_the_right_exception(gateway, cases, name, how):
    case = cases[name]
    error = node(gateway, "chat", **case.json(), how=how)["error"]
    assert (error["name"], error["status"]) == (case.error, case.status)
    if name != "bad body":  # any code of 400 will do there
        assert error["code"] == case.code


def test_missing_key_is_an_authentication_error(gateway):
    error = node(gateway, "chat", secret=None, how="none")["error"]
    assert error == {"name": "AuthenticationError", "status": 401, "code": "missing_api_key"}


def test_cut_stream_is_an_exception_not_a_short_answer(gateway, sandbox_key):
    assert "error" in node(gateway, "stream", secret=sandbox_key["secret"], model="sandbox/cut-stream")


def test_stream_that_the_gateway_ends_at_its_bound_is_a_whole_answer(acme, acme_key):
    gateway, upstream = acme
    upstream.script = endless()
    job = {"secret": acme_key["secret"], "model": "acme/large", "max_tokens": 5}
    assert node(gateway, "bounded", **job)["result"] == {"said": "four" * 5, "finish_reasons": ["length"]}
