"""What every SDK is given to ask in the tests that compare them, and how its answer is written down so that
one expectation fits all: a call is a name of CALLS, an outcome is a plain document."""

# One by one pixel.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PERSON_SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
                 "required": ["name", "age"], "additionalProperties": False}
WEATHER_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
                  "additionalProperties": False}
# A job for node/sdk_worker.mjs carries these, so that both languages ask the same.
QUESTIONS = {
    "system": "Be brief.",
    "turns": ["Hello", "Who is it?", "Ada"],
    "weather": "What is the weather in Oslo?",
    "tool": {"name": "get_weather", "description": "Tells the weather of a city.", "schema": WEATHER_SCHEMA,
             "answer": "21 degrees"},
    "look": "What do you see?",
    "png": PNG,
    "person": "Who is it?",
    "schema": PERSON_SCHEMA,
    "count": "Count",
    "stop": "four",
    "short": 3,
    "max_tokens": 2000,
    "budget": 1024,
}
STOPS = {"stop": "end", "max_output_tokens": "length", "end_turn": "end", "stop_sequence": "end", "length": "length", "max_tokens": "length",
         "tool_calls": "tools", "tool-calls": "tools", "tool_use": "tools"}


def outcome(text: str, stop: str | None, usage: list[int] | None, **more) -> dict:
    """usage: the whole input, what of it came from a cache, the output."""
    return {"text": text, "stop": STOPS.get(stop, stop), "usage": usage} | more
