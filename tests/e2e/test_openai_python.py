"""The official openai SDK for Python, unmodified, with only base_url and api_key set."""

import asyncio
import threading
from datetime import datetime, timedelta, timezone

import pytest
from harness.gateway import wait_for
from harness.sdk_cases import NAMES, refusals

openai = pytest.importorskip("openai", reason="the openai SDK (PyPI) is not installed")
httpx = pytest.importorskip("httpx")

HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def cases(gateway):
    made = refusals(gateway)
    assert [case.name for case in made] == NAMES
    return {case.name: case for case in made}


def client_of(gateway, secret: str, how: str = "bearer"):
    return openai.OpenAI(base_url=gateway.url + "/v1", api_key=secret if how == "bearer" else "unused",
                         max_retries=0)


def sent_by(how: str, secret: str) -> dict:
    """What a call needs for the key to go in x-api-key alone, as Anthropic's clients send it."""
    return {} if how == "bearer" else {"extra_headers": {"x-api-key": secret, "Authorization": openai.Omit()}}


@pytest.mark.parametrize("how", ["bearer", "x-api-key"])
def test_chat_completion(gateway, sandbox_key, how):
    answer = client_of(gateway, sandbox_key["secret"], how).chat.completions.create(
        model="sandbox/echo", messages=HELLO, **sent_by(how, sandbox_key["secret"]))
    assert answer.choices[0].message.content == "Hello"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


@pytest.mark.parametrize("how", ["bearer", "x-api-key"])
def test_stream(gateway, sandbox_key, how):
    stream = client_of(gateway, sandbox_key["secret"], how).chat.completions.create(
        model="sandbox/lorem", messages=HELLO, stream=True, **sent_by(how, sandbox_key["secret"]))
    chunks = list(stream)
    assert len("".join(chunk.choices[0].delta.content or "" for chunk in chunks).split()) > 20
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_stream_with_usage(gateway, sandbox_key):
    stream = client_of(gateway, sandbox_key["secret"]).chat.completions.create(
        model="sandbox/lorem", messages=HELLO, stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens > 20
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_text_completion(gateway, sandbox_key):
    answer = client_of(gateway, sandbox_key["secret"]).completions.create(model="sandbox/echo", prompt="Once")
    assert answer.choices[0].text == "Once"


@pytest.mark.parametrize("how", ["bearer", "x-api-key"])
def test_models_are_listed_and_retrieved(gateway, sandbox_key, how):
    client = client_of(gateway, sandbox_key["secret"], how)
    sent = sent_by(how, sandbox_key["secret"])
    ids = [model.id for model in client.models.list(**sent)]
    assert "sandbox/echo" in ids
    assert client.models.retrieve("sandbox/echo", **sent).id == "sandbox/echo"


@pytest.mark.parametrize("how", ["bearer", "x-api-key"])
@pytest.mark.parametrize("name", NAMES)
def test_refusal_is_the_right_exception(gateway, cases, name, how):
    case = cases[name]
    content = "x" * case.prompt_bytes or case.prompt
    messages = [] if content is None else [{"role": "user", "content": content}]
    with pytest.raises(getattr(openai, case.error)) as raised:
        client_of(gateway, case.secret, how).chat.completions.create(
            model=case.model, messages=messages, **sent_by(how, case.secret))
    assert raised.value.status_code == case.status
    if name != "bad body":  # any code of 400 will do there
        assert raised.value.code == case.code
    assert raised.value.request_id.startswith("req_")


def test_missing_key_is_an_authentication_error(gateway):
    with pytest.raises(openai.AuthenticationError) as raised:
        client_of(gateway, "unused").chat.completions.create(
            model="sandbox/echo", messages=HELLO, extra_headers={"Authorization": openai.Omit()})
    assert raised.value.code == "missing_api_key"


def test_expired_key_is_an_authentication_error(gateway):
    at = datetime.now(timezone.utc) + timedelta(seconds=1)
    key = gateway.create_key(expires_at=at.isoformat().replace("+00:00", "Z"))
    wait_for(lambda: gateway.get_key(key["id"])["status"] == "expired", what="the expiry")
    with pytest.raises(openai.AuthenticationError) as raised:
        client_of(gateway, key["secret"]).chat.completions.create(model="sandbox/echo", messages=HELLO)
    assert raised.value.code == "expired_api_key"


def test_20_mb_with_a_bad_key_is_never_a_reset_connection(gateway, cases):
    """Ten clients at once: the refusal always arrives before the close is noticed."""
    case, outcomes = cases["20 MB with a bad key"], []

    def call():
        try:
            client_of(gateway, case.secret).chat.completions.create(
                model=case.model, messages=[{"role": "user", "content": "x" * case.prompt_bytes}])
            outcomes.append("served")
        except openai.OpenAIError as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=call) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["AuthenticationError"] * 10


@pytest.mark.parametrize("model, error", [("sandbox/error-429", "InternalServerError"),
                                          ("sandbox/error-500", "InternalServerError")])
def test_provider_failure_is_a_typed_exception(gateway, sandbox_key, model, error):
    with pytest.raises(getattr(openai, error)) as raised:
        client_of(gateway, sandbox_key["secret"]).chat.completions.create(model=model, messages=HELLO)
    assert raised.value.code == "provider_error"


def test_cut_stream_is_an_exception_not_a_short_answer(gateway, sandbox_key):
    with pytest.raises((openai.APIError, httpx.HTTPError)):
        for _ in client_of(gateway, sandbox_key["secret"]).chat.completions.create(
                model="sandbox/cut-stream", messages=HELLO, stream=True):
            pass


def test_async_clients_in_parallel(gateway, sandbox_key):
    async def all_at_once():
        async with openai.AsyncOpenAI(base_url=gateway.url + "/v1", api_key=sandbox_key["secret"],
                                      max_retries=0) as client:
            return await asyncio.gather(*(client.chat.completions.create(
                model="sandbox/echo", messages=[{"role": "user", "content": f"number {n}"}]) for n in range(40)))

    answers = asyncio.run(all_at_once())
    assert [a.choices[0].message.content for a in answers] == [f"number {n}" for n in range(40)]
