"""Which SDK is tried with what against which provider, and what comes of it: the rows, columns and gaps of
docs/compatibility.md. A gap has its reason; a cell without one is a test."""

from dataclasses import dataclass

from .sdk_questions import QUESTIONS
from .sdk_world import SDKS
from .talker import DEAF, PERSON, THINKER, THOUGHT

TRANSCRIPT = "system: Be brief. | user: Hello | assistant: Who is it? | user: Ada"
CALLED = ["tool_calls", "get_weather", {"city": "Oslo"}]


@dataclass(frozen=True)
class Feature:
    title: str
    requests: int = 1  # what the SDK sends for it
    model: str = "large"
    expected: tuple = ()  # members of the outcome


def members(**expected) -> tuple:
    return tuple(expected.items())


FEATURES = {
    "chat": Feature("a conversation with a system prompt",
                    expected=members(text=TRANSCRIPT, stop="end")),
    "stream": Feature("streamed, by the SDK's own helper", expected=members(text=TRANSCRIPT, stop="end")),
    "tools": Feature("a tool's call and its result", 2, expected=members(
        text="It is 21 degrees there.", stop="end", called=CALLED)),
    "tools_streamed": Feature("the same, streamed", 2, expected=members(
        text="It is 21 degrees there.", stop="end", called=CALLED)),
    "thinking": Feature("thinking, sent back with a tool's result", 2, THINKER, members(
        text="It is 21 degrees there.", called=CALLED, thinking=THOUGHT)),
    "vision": Feature("an image", expected=members(text="I see image/png.")),
    "structured": Feature("an object by a JSON schema", expected=members(
        text=PERSON, object={"name": "Ada", "age": 36})),
    "stop": Feature("a stop sequence", expected=members(text="one two three", stop="end")),
    "length": Feature("a limit of tokens", expected=members(text="one two three", stop="length")),
    "bounded": Feature("a stream whose provider heeds no limit", model=DEAF, expected=members(
        text="fourfourfour", stop="length")),
}
PROVIDERS = {
    "openai": "a provider of OpenAI's dialect",
    "anthropic": "a provider of Anthropic's dialect",
    "aimock-openai": "aimock, OpenAI's dialect",
    "aimock-anthropic": "aimock, Anthropic's dialect",
    "sandbox": "the built-in sandbox",
}
# What the sandbox's echo says where the others answer.
SANDBOX = {"chat": members(text="Ada", stop="end"), "stream": members(text="Ada", stop="end"),
           "vision": members(text=QUESTIONS["look"], stop="end"),
           "length": members(stop="length")}
SANDBOX_MODELS = {"length": "lorem"}


def gap(sdk: str, feature: str, provider: str) -> str | None:
    """Why there is nothing to try."""
    if provider == "sandbox" and feature not in SANDBOX:
        return "the sandbox repeats and recites; it calls no tools, thinks nothing and keeps to what it is asked for"
    if provider.startswith("aimock") and feature in ("stop", "length", "bounded"):
        return "aimock says what it was told to, whatever the limits are"
    if feature == "stop" and "responses" in sdk:
        return "responses have no stop sequences"
    if feature == "thinking" and sdk == "AI SDK, openai":
        return "this SDK reads no reasoning from chat completions"
    return None


CELLS = [(sdk, feature, provider) for provider in PROVIDERS for feature in FEATURES for sdk in SDKS
         if gap(sdk, feature, provider) is None]
