"""A provider of OpenAI's dialect for the SDKs' tests: strict about what it is sent, as the chat completions
API is (platform.openai.com/docs/api-reference/chat/create), and says what talker.py has it say."""

import base64
import itertools
import json
import select

from . import openai_responses, openai_units
from .talker import (CACHED, DEAF, FRESH, OVERLOADED, REFUSING, WRITTEN, Asked, Refused, Said, answer_to, need,
                     only)
from .upstream import Line, MockUpstream, Received

MEMBERS = {"model", "messages", "max_tokens", "max_completion_tokens", "stream", "stream_options", "stop",
           "temperature", "top_p", "n", "tools", "tool_choice", "parallel_tool_calls", "response_format", "user",
           "reasoning_effort", "metadata", "seed", "store", "service_tier"}
ROLE_MEMBERS = {"system": {"role", "content"}, "developer": {"role", "content"}, "user": {"role", "content", "name"},
                "assistant": {"role", "content", "tool_calls", "refusal", "annotations", "audio", "function_call",
                              "reasoning_content"},
                "tool": {"role", "content", "tool_call_id"}}
TYPES = {400: "invalid_request_error", 401: "invalid_request_error", 404: "invalid_request_error",
         503: "server_error"}
numbers = itertools.count(1)


class OpenAiProvider(MockUpstream):
    """Its script is always the same; `refusals` are the 400s that it gave, with their reasons."""

    def __init__(self, key: str):
        super().__init__()
        self.key = key
        self.refusals: list[str] = []
        self.serves_responses = True
        self.script = self.serve

    def reset(self) -> None:
        super().reset()
        self.refusals.clear()
        self.script = self.serve

    def serve(self, received: Received, line: Line) -> None:
        try:
            if received.header("authorization") != f"Bearer {self.key}":
                return respond_error(line, 401, "Incorrect API key provided")
            need(received.header("x-api-key") is None, "x-api-key: it has no place here")
            if openai_units.serve(received, line):
                return None
            need(received.header("content-type") == "application/json", "content-type: it is not JSON")
            if received.target == "/v1/responses" and self.serves_responses:
                return openai_responses.serve(received.json(), line, respond, respond_error, media_type)
            if received.target != "/v1/chat/completions":
                return respond_error(line, 404, "Invalid URL")
            answer(read_request(received.json()), received, line)
        except Refused as refusal:
            self.refusals.append(str(refusal))
            respond_error(line, 400, str(refusal))


def respond(line: Line, body: dict, status: int = 200) -> None:
    line.respond(status, {"Content-Type": "application/json", "x-request-id": f"req_mock{next(numbers)}"},
                 json.dumps(body).encode())


def respond_error(line: Line, status: int, message: str) -> None:
    respond(line, {"error": {"message": message, "type": TYPES[status], "param": None, "code": None}}, status)


def read_request(body: dict) -> Asked:
    only(body, MEMBERS, "body")
    need(isinstance(body.get("model"), str), "you must provide a model parameter")
    stream = body.get("stream", False)
    need(isinstance(stream, bool), "stream: not a boolean")
    need(stream or "stream_options" not in body, "stream_options: only allowed when stream is enabled")
    need(not {"max_tokens", "max_completion_tokens"} <= set(body), "max_tokens and max_completion_tokens together")
    max_tokens = body.get("max_tokens", body.get("max_completion_tokens"))
    need(max_tokens is None or isinstance(max_tokens, int) and max_tokens > 0, "max_tokens: not a positive integer")
    turns, images, result = read_messages(body.get("messages"))
    tools = [read_tool(tool) for tool in body.get("tools", [])]
    choice = body.get("tool_choice", "auto")
    need(choice == "auto" or tools, "tool_choice: only allowed when tools are specified")
    need("parallel_tool_calls" not in body or tools, "parallel_tool_calls: only allowed when tools are specified")
    need(choice in ("auto", "none", "required") or choice["function"]["name"] in tools, "tool_choice: no such tool")
    stops = body.get("stop") or []
    return Asked(model=body["model"], turns=turns, images=images, tools=[] if choice == "none" else tools,
                 result=result, schema=read_format(body.get("response_format")),
                 stops=[stops] if isinstance(stops, str) else stops, max_tokens=max_tokens, thinks=False,
                 stream=stream)


def read_tool(tool: dict) -> str:
    only(tool, {"type", "function"}, "tools")
    need(tool.get("type") == "function", "tools.type: function")
    only(tool["function"], {"name", "description", "parameters", "strict"}, "tools.function")
    return tool["function"]["name"]


def read_format(wanted: dict | None) -> dict | None:
    if wanted is None or wanted.get("type") == "text":
        return None
    need(wanted.get("type") == "json_schema", "response_format.type: json_schema")
    only(wanted["json_schema"], {"name", "schema", "strict", "description"}, "response_format.json_schema")
    need(wanted["json_schema"].get("name"), "response_format.json_schema.name: missing")
    return wanted["json_schema"]["schema"]


def read_messages(messages) -> tuple[list, list[str], str | None]:
    need(isinstance(messages, list) and messages, "messages: empty")
    turns, images, result, open_calls = [], [], None, set()
    for number, message in enumerate(messages):
        role = message.get("role")
        need(role in ROLE_MEMBERS, f"messages[{number}].role: {role} is not one")
        only(message, ROLE_MEMBERS[role], f"messages[{number}]")
        if role == "tool":
            need(message.get("tool_call_id") in open_calls, f"messages[{number}]: a tool's answer to no call")
            open_calls.discard(message["tool_call_id"])
            result = text_of(message["content"], images)
            continue
        need(not open_calls, f"messages[{number}]: tool calls {open_calls} were not answered")
        result = None
        calls = message.get("tool_calls") or []
        need(all(isinstance(json.loads(call["function"]["arguments"]), dict) for call in calls), "arguments")
        open_calls = {call["id"] for call in calls}
        need(message.get("content") is not None or calls, f"messages[{number}].content: missing")
        turns.append(("system" if role == "developer" else role, text_of(message.get("content") or "", images)))
    need(not open_calls, f"tool calls {open_calls} were not answered")
    return turns, images, result


def text_of(content, images: list[str]) -> str:
    if isinstance(content, str):
        return content
    for part in content:
        need(part.get("type") in ("text", "image_url"), f"a content part of type {part.get('type')}")
        if part["type"] == "image_url":
            only(part["image_url"], {"url", "detail"}, "image_url")
            images.append(media_type(part["image_url"]["url"]))
    return "".join(part["text"] for part in content if part["type"] == "text")


def media_type(url: str) -> str:
    if not url.startswith("data:"):
        return "image by URL"
    kind, data = url[len("data:"):].split(";base64,")
    base64.b64decode(data, validate=True)
    return kind


def usage(said: Said) -> dict:
    read = FRESH + CACHED + WRITTEN
    return {"prompt_tokens": read, "completion_tokens": said.output_tokens, "total_tokens": read + said.output_tokens,
            "prompt_tokens_details": {"cached_tokens": CACHED}}


def finish_reason(said: Said) -> str:
    return {"length": "length", "tools": "tool_calls"}.get(said.stop, "stop")


def answer(asked: Asked, received: Received, line: Line) -> None:
    if asked.model == OVERLOADED:
        return respond_error(line, 503, "The engine is currently overloaded")
    if asked.model == REFUSING:
        raise Refused("the provider does not like it")
    if asked.model == DEAF:
        return stream_deafly(asked, line)
    said = answer_to(asked)
    if asked.stream:
        asked_usage = (received.json().get("stream_options") or {}).get("include_usage")
        return stream(asked, said, line, usage(said) if asked_usage else None)
    message = {"role": "assistant", "content": said.text or None, "refusal": None, "annotations": []}
    if said.thinking:
        message["reasoning_content"] = said.thinking
    if said.call:
        name, given = said.call
        message["tool_calls"] = [{"id": f"call_{next(numbers)}", "type": "function",
                                  "function": {"name": name, "arguments": json.dumps(given)}}]
    respond(line, {"id": f"chatcmpl-{next(numbers)}", "object": "chat.completion", "created": 1,
                   "model": asked.model, "usage": usage(said), "choices": [
                       {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason(said)}]})


def sender(asked: Asked, line: Line, **always):
    """A function that sends a chunk with a delta."""
    name = f"chatcmpl-{next(numbers)}"

    def send_delta(finished: str | None = None, **delta) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finished}
        line.send_event({"id": name, "object": "chat.completion.chunk", "created": 1, "model": asked.model,
                         "choices": [choice] if delta or finished else []} | always)
    return send_delta


def stream_deafly(asked: Asked, line: Line) -> None:
    """Until the gateway closes it."""
    line.start_stream()
    send_delta = sender(asked, line)
    try:
        send_delta(role="assistant", content="")
        while not select.select([line.sock], [], [], 0)[0]:
            send_delta(content="four")
    except OSError:
        pass
    line.close()


def stream(asked: Asked, said: Said, line: Line, reported: dict | None) -> None:
    send_delta = sender(asked, line, **({} if reported is None else {"usage": None}))
    line.start_stream()
    send_delta(role="assistant", content="" if said.text else None)
    if said.thinking:
        send_delta(reasoning_content=said.thinking)
    for word in said.words:
        send_delta(content=word)
    if said.call:
        called, given = said.call
        text = json.dumps(given)
        send_delta(tool_calls=[{"index": 0, "id": f"call_{next(numbers)}", "type": "function",
                                "function": {"name": called, "arguments": ""}}])
        for part in (text[:5], text[5:]):
            send_delta(tool_calls=[{"index": 0, "function": {"arguments": part}}])
    send_delta(finish_reason(said))
    if reported is not None:
        sender(asked, line, usage=reported)()
    line.send_event("[DONE]")
    line.end_stream()
