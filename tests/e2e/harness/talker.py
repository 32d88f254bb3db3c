"""What the providers of the SDKs' tests say, whatever dialect they say it in: a model whose answer follows
from what it was asked, so that a test sees in the answer whether the question arrived whole."""

from dataclasses import dataclass, field

# What every request costs a provider to read: as if its beginning came from a cache, and a piece went into it.
FRESH, CACHED, WRITTEN = 30, 10, 5
COUNT = "one two three four five six"
CALL_INPUT = {"city": "Oslo"}
PERSON = '{"name": "Ada", "age": 36}'
THOUGHT = "Let me think."
SIGNATURE = "c2lnbmVkIGJ5IHRoZSBtb2Nr"
# Upstream models that do not behave.
THINKER = "thinker"  # thinks aloud, asked or not
DEAF = "deaf"  # heeds no max_tokens
OVERLOADED = "overloaded"
REFUSING = "refusing"


class Refused(Exception):
    """What a provider answers 400 to, with the reason."""


@dataclass
class Asked:
    model: str
    turns: list[tuple[str, str]]  # (role, text), the system's first
    images: list[str]  # their media types
    tools: list[str]
    result: str | None  # what the tool answered, if that is what came last
    schema: dict | None
    stops: list[str]
    max_tokens: int | None
    thinks: bool
    stream: bool


@dataclass
class Said:
    text: str = ""
    thinking: str = ""
    call: tuple[str, dict] | None = None  # the name, the input
    stop: str = "end"  # end | length | tools | a stop sequence after "stop:"
    words: list[str] = field(default_factory=list)  # of the text, with their blanks

    @property
    def output_tokens(self) -> int:
        return len(self.words) + len(self.thinking.split()) + (4 if self.call else 0)


def answer_to(asked: Asked) -> Said:
    """A word is a token."""
    said = Said(thinking=THOUGHT if asked.thinks or asked.model == THINKER else "")
    prompt = asked.turns[-1][1]
    if asked.result is not None:
        text = f"It is {asked.result} there."
    elif asked.tools and "weather" in prompt:
        said.call, said.stop, text = (asked.tools[0], CALL_INPUT), "tools", ""
    elif asked.schema is not None:
        text = PERSON
    elif asked.images:
        text = f"I see {' and '.join(asked.images)}."
    elif prompt == "Count":
        text = COUNT
    else:
        text = transcript(asked.turns)
    for stop in asked.stops:
        if stop in text:
            text, said.stop = text[:text.index(stop)], f"stop:{stop}"
    said.words = [word if number == 0 else " " + word for number, word in enumerate(text.split())]
    if asked.max_tokens is not None and len(said.words) > asked.max_tokens:
        said.words, said.stop = said.words[:asked.max_tokens], "length"
    said.text = "".join(said.words)
    return said


def transcript(turns: list[tuple[str, str]]) -> str:
    return " | ".join(f"{role}: {text}" for role, text in turns)


def need(condition, reason: str) -> None:
    if not condition:
        raise Refused(reason)


def only(found, known: set[str], where: str) -> None:
    need(set(found) <= known, f"{where}: extra inputs are not permitted: {sorted(set(found) - known)}")
