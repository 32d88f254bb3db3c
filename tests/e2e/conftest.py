"""Fixtures: a gateway with the sandbox alone, and one with a scripted provider behind it. Both serve
a whole test file; a test that stops, reloads or floods starts its own with start_gateway."""

import secrets
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import gateway as gateways  # noqa: E402
from harness import sdk_world  # noqa: E402
from harness.compatibility import Compatibility  # noqa: E402
from harness.limits import gateway_and_provider  # noqa: E402
from harness.upstream import MockUpstream, default_script, provider  # noqa: E402


def pytest_collection_modifyitems(items):
    # What compares with the results of others comes last.
    items.sort(key=lambda item: item.path.name == "test_compatibility.py")
    if gateways.find_binary() is not None:
        return
    missing = pytest.mark.skip(reason="no binary: set TOLLGATE_BINARY, or run script/build dev")
    for item in items:
        if "gateway" in item.fixturenames or "start_gateway" in item.fixturenames \
                or "acme" in item.fixturenames or "binary" in item.fixturenames or "world" in item.fixturenames:
            item.add_marker(missing)


@pytest.fixture(scope="session")
def binary():
    return gateways.find_binary()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with gateways.Gateway(tmp_path_factory.mktemp("gateway") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def sandbox_key(gateway):
    return gateway.create_key(name="shared sandbox key")


# As acme/large each, for tests that make an offer fail: after five failures it is left alone.
FRAGILE_MODELS = [f"acme/fragile-{number:02}" for number in range(100)]


@pytest.fixture(scope="module")
def fragile_models():
    return iter(FRAGILE_MODELS)


@pytest.fixture(scope="module")
def acme_running(tmp_path_factory):
    """(gateway, upstream): the provider acme with the model acme/large, and short deadlines."""
    folder = tmp_path_factory.mktemp("acme")
    with MockUpstream() as upstream:
        settings = provider(upstream, headers={"X-Tenant": "tenant-7"},
                            deadlines={"connect_ms": 2000, "head_ms": 1500, "silence_ms": 1500, "total_ms": 20000})
        settings["models"].append({"id": "acme/tiny", "upstream_model": "large",
                                   "prices": {"input": "0.0001", "output": "0.0002"}})
        settings["models"] += [settings["models"][0] | {"id": model} for model in FRAGILE_MODELS]
        config = gateways.write_config(folder / "tollgate.yaml", providers=[settings])
        with gateways.Gateway(folder / "data", config, {"ACME_KEY": secrets.token_hex(16)}) as running:
            yield running, upstream


@pytest.fixture
def acme(acme_running):
    running, upstream = acme_running
    upstream.reset()
    upstream.script = default_script
    yield running, upstream
    assert upstream.problems == []


@pytest.fixture(scope="module")
def acme_key(acme_running):
    return acme_running[0].create_key(name="shared production key", environment="production")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, binary):
    """(gateway, provider): one that keeps its own books, and is told in each request what to answer."""
    with gateway_and_provider(tmp_path_factory.mktemp("recorded")) as pair:
        yield pair


@pytest.fixture
def start_gateway(tmp_path):
    """start_gateway(config settings…, environment={…}) → a running gateway, stopped at the end."""
    running = []

    def start(environment=None, data: Path | None = None, **settings) -> gateways.Gateway:
        data = data or tmp_path / f"data{len(running)}"
        config = None
        if settings:
            config = gateways.write_config(tmp_path / f"tollgate{len(running)}.yaml", **settings)
        started = gateways.Gateway(data, config, environment).start()
        running.append(started)
        return started

    yield start
    for one in running:
        if one.process.poll() is None:
            one.stop()


@pytest.fixture(scope="session")
def world(tmp_path_factory, binary):
    """The gateway of the SDKs' tests, before a provider of each dialect."""
    with sdk_world.world(tmp_path_factory.mktemp("sdks")) as running:
        yield running
        assert running.openai.problems + running.anthropic.problems == []


@pytest.fixture(scope="session")
def compatibility():
    """What test_sdk_matrix.py found out, for test_compatibility.py."""
    return Compatibility()
