"""A provider of Anthropic's dialect for the SDKs' tests: strict about what it is sent, as the Messages API
is (platform.claude.com/docs/en/api/messages), and says what talker.py has it say."""

import itertools
import json
import re
import select

from .talker import (CACHED, DEAF, FRESH, OVERLOADED, REFUSING, SIGNATURE, WRITTEN, Asked, Refused, Said,
                     answer_to, need, only)
from .upstream import Line, MockUpstream, Received

MEMBERS = {"model", "max_tokens", "messages", "system", "stream", "stop_sequences", "temperature", "top_p", "top_k",
           "metadata", "tools", "tool_choice", "thinking", "output_config", "service_tier"}
# platform.claude.com/docs/en/api/versioning: the later one knows no sampling parameters.
VERSIONS = ("2023-06-01", "2026-10-21")
SAMPLING = {"temperature", "top_p", "top_k"}
MEDIA_TYPES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
BLOCKS = {"user": {"text", "image", "document", "tool_result"},
          "assistant": {"text", "thinking", "redacted_thinking", "tool_use"}}
BLOCK_MEMBERS = {"text": {"type", "text", "cache_control", "citations"},
                 "image": {"type", "source", "cache_control"},
                 "document": {"type", "source", "title", "cache_control"},
                 "tool_result": {"type", "tool_use_id", "content", "is_error", "cache_control"},
                 "thinking": {"type", "thinking", "signature"}, "redacted_thinking": {"type", "data"},
                 "tool_use": {"type", "id", "name", "input", "cache_control", "caller"}}
TOOL_ID = re.compile(r"[a-zA-Z0-9_-]+")
STATUSES = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error",
            529: "overloaded_error"}
numbers = itertools.count(1)


class AnthropicProvider(MockUpstream):
    """Its script is always the same; `refusals` are the 400s that it gave, with their reasons."""

    def __init__(self, key: str):
        super().__init__()
        self.key = key
        self.refusals: list[str] = []
        self.script = self.serve

    def reset(self) -> None:
        super().reset()
        self.refusals.clear()
        self.script = self.serve

    def serve(self, received: Received, line: Line) -> None:
        try:
            if received.header("x-api-key") != self.key:
                return respond_error(line, 401, "invalid x-api-key")
            need(received.header("authorization") is None, "authorization: it has no place here")
            version = received.header("anthropic-version")
            need(version in VERSIONS, "anthropic-version: it is not a known one")
            need(received.header("content-type") == "application/json", "content-type: it is not JSON")
            body = received.json()
            only(body, MEMBERS - (SAMPLING if version == VERSIONS[-1] else set()), f"body, in version {version}")
            if received.target == "/v1/messages/count_tokens":
                read_request({"max_tokens": 1} | body)
                return respond(line, {"input_tokens": FRESH + CACHED + WRITTEN})
            if received.target != "/v1/messages":
                return respond_error(line, 404, "Not found")
            answer(read_request(body), line)
        except Refused as refusal:
            self.refusals.append(str(refusal))
            respond_error(line, 400, str(refusal))


def respond(line: Line, body: dict, status: int = 200) -> None:
    line.respond(status, {"Content-Type": "application/json", "request-id": f"req_mock{next(numbers)}"},
                 json.dumps(body).encode())


def respond_error(line: Line, status: int, message: str) -> None:
    respond(line, {"type": "error", "error": {"type": STATUSES[status], "message": message}}, status)


def read_request(body: dict) -> Asked:
    need(isinstance(body.get("model"), str), "model: Field required")
    need(is_count(body.get("max_tokens")), "max_tokens: Field required")
    need(isinstance(body.get("stream", False), bool), "stream: Input should be a boolean")
    need(0 <= body.get("temperature", 1) <= 1, "temperature: range 0..1")
    stops = body.get("stop_sequences", [])
    need(all(isinstance(stop, str) and stop.strip() for stop in stops), "stop_sequences: must hold non-whitespace")
    thinks = read_thinking(body)
    turns, images, result = read_messages(body, thinks)
    tools = [read_tool(tool) for tool in body.get("tools", [])]
    choice = read_choice(body, tools, thinks)
    output = body.get("output_config", {})
    only(output, {"format", "effort"}, "output_config")
    schema = None
    if "format" in output:
        only(output["format"], {"type", "schema"}, "output_config.format")
        need(output["format"].get("type") == "json_schema", "output_config.format.type: json_schema")
        schema = output["format"]["schema"]
        need(schema.get("additionalProperties") is False, "output_config.format.schema: additionalProperties")
    return Asked(model=body["model"], turns=read_system(body) + turns, images=images,
                 tools=tools if choice != "none" else [], result=result, schema=schema, stops=stops,
                 max_tokens=body["max_tokens"], thinks=thinks, stream=body.get("stream", False))


def is_count(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def read_thinking(body: dict) -> bool:
    thinking = body.get("thinking", {"type": "disabled"})
    kind = thinking.get("type")
    need(kind in ("enabled", "disabled", "adaptive"), "thinking.type: unknown")
    only(thinking, {"type", "budget_tokens", "display"}, "thinking")
    if kind == "enabled":
        budget = thinking.get("budget_tokens")
        need(is_count(budget) and 1024 <= budget < body["max_tokens"], "thinking.budget_tokens: 1024..max_tokens")
        need(body.get("temperature", 1) == 1, "temperature: only 1 when thinking is enabled")
    return kind != "disabled"


def read_system(body: dict) -> list[tuple[str, str]]:
    system = body.get("system", [])
    if isinstance(system, str):
        return [("system", system)]
    for block in system:
        need(block.get("type") == "text" and block.get("text", "").strip(), "system: text blocks that are not blank")
        only(block, BLOCK_MEMBERS["text"], "system")
    return [("system", block["text"]) for block in system]


def read_tool(tool: dict) -> str:
    need(tool.get("type", "custom") == "custom", f"tools: {tool.get('type')} is not known")
    only(tool, {"type", "name", "description", "input_schema", "strict", "cache_control", "eager_input_streaming"},
         "tools")
    need(re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", tool.get("name", "")), "tools.name: does not match")
    need(tool.get("input_schema", {}).get("type") == "object", "tools.input_schema.type: Field required")
    return tool["name"]


def read_choice(body: dict, tools: list[str], thinks: bool) -> str:
    choice = body.get("tool_choice")
    if choice is None:
        return "auto"
    need(tools, "tool_choice: may only be specified while providing tools")
    kind = choice.get("type")
    need(kind in ("auto", "any", "tool", "none"), "tool_choice.type: unknown")
    need(kind != "tool" or choice.get("name") in tools, "tool_choice.name: no such tool")
    need(not thinks or kind in ("auto", "none"), "thinking: may not be enabled when tool_choice forces tool use")
    return kind


def read_messages(body: dict, thinks: bool) -> tuple[list, list[str], str | None]:
    messages = body.get("messages")
    need(isinstance(messages, list) and messages, "messages: at least one message is required")
    turns, images, result, open_calls = [], [], None, []
    for number, message in enumerate(messages):
        only(message, {"role", "content"}, f"messages.{number}")
        role = message.get("role")
        need(role == ("user", "assistant")[number % 2], f"messages.{number}: roles must alternate, a user's first")
        blocks = message.get("content")
        if isinstance(blocks, str):
            blocks = [{"type": "text", "text": blocks}]
        need(isinstance(blocks, list) and blocks, f"messages.{number}: content is required")
        for block in blocks:
            read_block(block, role, f"messages.{number}")
        answers = [block for block in blocks if block["type"] == "tool_result"]
        need(sorted(open_calls) == sorted(block["tool_use_id"] for block in answers),
             f"messages.{number}: each tool_use must have its tool_result in the next message")
        need(blocks[:len(answers)] == answers, f"messages.{number}: tool_result blocks come first")
        open_calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
        need(not (thinks and open_calls) or blocks[0]["type"] in ("thinking", "redacted_thinking"),
             f"messages.{number}: expected thinking before tool_use")
        images += [media_type(block["source"]) for block in blocks if block["type"] == "image"]
        result = text_of(answers[-1].get("content", "")) if answers else None
        turns.append((role, text_of(blocks)))
    need(not open_calls and role == "user", "messages: the last one is the user's")
    return turns, images, result


def read_block(block: dict, role: str, where: str) -> None:
    kind = block.get("type")
    need(kind in BLOCKS[role], f"{where}: a block of type {kind} in a message of role {role}")
    only(block, BLOCK_MEMBERS[kind], where)
    if kind == "text":
        need(block.get("text", "").strip(), f"{where}: text content blocks must contain non-whitespace text")
    if kind == "tool_use":
        need(TOOL_ID.fullmatch(block.get("id", "")) and isinstance(block.get("input"), dict), f"{where}: tool_use")
    if kind == "thinking":
        need(block.get("signature") == SIGNATURE, f"{where}: invalid signature in thinking block")


def media_type(source: dict) -> str:
    if source.get("type") == "url":
        return "image by URL"
    need(source.get("type") == "base64" and source.get("data"), "source.type: base64 or url")
    need(source.get("media_type") in MEDIA_TYPES, "source.media_type: unknown")
    return source["media_type"]


def text_of(content) -> str:
    if isinstance(content, str):
        return content
    return "".join(block["text"] for block in content if block["type"] == "text")


def usage(output_tokens: int) -> dict:
    return {"input_tokens": FRESH, "cache_read_input_tokens": CACHED, "cache_creation_input_tokens": WRITTEN,
            "output_tokens": output_tokens}


def stop_of(said: Said) -> dict:
    if said.stop.startswith("stop:"):
        return {"stop_reason": "stop_sequence", "stop_sequence": said.stop[5:]}
    reasons = {"end": "end_turn", "length": "max_tokens", "tools": "tool_use"}
    return {"stop_reason": reasons[said.stop], "stop_sequence": None}


def message(asked: Asked, content: list, **more) -> dict:
    return {"id": f"msg_{next(numbers)}", "type": "message", "role": "assistant", "model": asked.model,
            "content": content, "stop_reason": None, "stop_sequence": None} | more


def answer(asked: Asked, line: Line) -> None:
    if asked.model == OVERLOADED:
        return respond_error(line, 529, "Overloaded")
    if asked.model == REFUSING:
        raise Refused("the provider does not like it")
    if asked.model == DEAF:
        return stream_deafly(asked, line)
    said = answer_to(asked)
    if asked.stream:
        return stream(asked, said, line)
    content = []
    if said.thinking:
        content.append({"type": "thinking", "thinking": said.thinking, "signature": SIGNATURE})
    if said.text:
        content.append({"type": "text", "text": said.text})
    if said.call:
        name, given = said.call
        content.append({"type": "tool_use", "id": f"toolu_{next(numbers)}", "name": name, "input": given})
    respond(line, message(asked, content, **stop_of(said), usage=usage(said.output_tokens)))


def send(line: Line, kind: str, **members) -> None:
    line.send_chunk(f"event: {kind}\ndata: {json.dumps({'type': kind} | members)}\n\n".encode())


def stream(asked: Asked, said: Said, line: Line) -> None:
    line.start_stream()
    send(line, "message_start", message=message(asked, [], usage=usage(1)))
    send(line, "ping")
    blocks = []
    if said.thinking:
        deltas = [{"type": "thinking_delta", "thinking": said.thinking},
                  {"type": "signature_delta", "signature": SIGNATURE}]
        blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, deltas))
    if said.text:
        blocks.append(({"type": "text", "text": ""}, [{"type": "text_delta", "text": word} for word in said.words]))
    if said.call:
        name, given = said.call
        text = json.dumps(given)
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in ("", text[:5], text[5:])]
        blocks.append(({"type": "tool_use", "id": f"toolu_{next(numbers)}", "name": name, "input": {}}, deltas))
    for index, (block, deltas) in enumerate(blocks):
        send(line, "content_block_start", index=index, content_block=block)
        for delta in deltas:
            send(line, "content_block_delta", index=index, delta=delta)
        send(line, "content_block_stop", index=index)
    send(line, "message_delta", delta=stop_of(said), usage={"output_tokens": said.output_tokens})
    send(line, "message_stop")
    line.end_stream()


def stream_deafly(asked: Asked, line: Line) -> None:
    """Until the gateway closes it."""
    line.start_stream()
    try:
        send(line, "message_start", message=message(asked, [], usage=usage(1)))
        send(line, "content_block_start", index=0, content_block={"type": "text", "text": ""})
        while not select.select([line.sock], [], [], 0)[0]:
            send(line, "content_block_delta", index=0, delta={"type": "text_delta", "text": "four"})
    except OSError:
        pass
    line.close()
