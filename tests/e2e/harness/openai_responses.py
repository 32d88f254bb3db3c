"""The Responses API of the OpenAI provider for the SDKs' tests: strict about what it is sent
(platform.openai.com/docs/api-reference/responses/create), and says what talker.py has it say."""

import itertools
import json
import select

from .talker import (CACHED, DEAF, FRESH, OVERLOADED, REFUSING, SIGNATURE, WRITTEN, Asked, Refused, Said, answer_to,
                     need, only)
from .upstream import Line

MEMBERS = {"model", "input", "instructions", "max_output_tokens", "stream", "stream_options", "temperature", "top_p",
           "tools", "tool_choice", "parallel_tool_calls", "text", "user", "reasoning", "metadata", "store", "include",
           "truncation", "service_tier", "prompt_cache_key", "safety_identifier", "previous_response_id"}
PARTS = {"input_text": {"type", "text"}, "output_text": {"type", "text", "annotations", "logprobs"},
         "input_image": {"type", "image_url", "detail"}, "refusal": {"type", "refusal"}}
numbers = itertools.count(1)


def read_request(body: dict, media_type) -> Asked:
    only(body, MEMBERS, "body")
    need(isinstance(body.get("model"), str), "you must provide a model parameter")
    limit = body.get("max_output_tokens")
    need(limit is None or isinstance(limit, int) and limit > 0, "max_output_tokens: not a positive integer")
    turns = [("system", body["instructions"])] if body.get("instructions") else []
    images, result = [], None
    if isinstance(body.get("input"), str):
        turns.append(("user", body["input"]))
    else:
        result = read_items(body.get("input"), turns, images, media_type)
    tools = [read_tool(tool) for tool in body.get("tools") or []]
    choice = body.get("tool_choice", "auto")
    need(choice in ("auto", "none", "required") or choice["name"] in tools, "tool_choice: no such tool")
    wanted = (body.get("text") or {}).get("format") or {"type": "text"}
    if wanted["type"] == "json_schema":
        only(wanted, {"type", "name", "schema", "strict", "description"}, "text.format")
        need(wanted.get("name"), "text.format.name: missing")
    return Asked(model=body["model"], turns=turns, images=images, tools=[] if choice == "none" else tools,
                 result=result, schema=wanted.get("schema"), stops=[], max_tokens=limit, thinks=False,
                 stream=body.get("stream") or False)


def read_tool(tool: dict) -> str:
    only(tool, {"type", "name", "description", "parameters", "strict"}, "tools")
    need(tool.get("type") == "function" and tool.get("name"), "tools: a function with a name")
    return tool["name"]


def read_items(items, turns: list, images: list, media_type) -> str | None:
    need(isinstance(items, list) and items, "input: empty")
    open_calls, result = set(), None
    for number, item in enumerate(items):
        kind = item.get("type", "message")
        if kind == "function_call_output":
            need(item.get("call_id") in open_calls, f"input[{number}]: an answer to no call")
            open_calls.discard(item["call_id"])
            result = item["output"]
            continue
        if kind == "function_call":
            need(isinstance(json.loads(item["arguments"]), dict) and item.get("name"), f"input[{number}]: arguments")
            open_calls.add(item["call_id"])
            continue
        if kind == "reasoning":
            need(item.get("encrypted_content") == SIGNATURE, f"input[{number}]: encrypted_content is not ours")
            continue
        need(kind == "message" and item.get("role"), f"input[{number}]: an item of type {kind}")
        need(not open_calls, f"input[{number}]: no tool output found for {open_calls}")
        result = None
        turns.append(("system" if item["role"] == "developer" else item["role"],
                      text_of(item["content"], images, media_type)))
    need(not open_calls, f"no tool output found for {open_calls}")
    if result is not None:
        turns.append(("user", ""))
    return result


def text_of(content, images: list, media_type) -> str:
    if isinstance(content, str):
        return content
    for part in content:
        need(part.get("type") in PARTS, f"a content part of type {part.get('type')}")
        only(part, PARTS[part["type"]], "content")
        if part["type"] == "input_image":
            images.append(media_type(part["image_url"]))
    return "".join(part["text"] for part in content if "text" in part)


def usage(said: Said) -> dict:
    read = FRESH + CACHED + WRITTEN
    return {"input_tokens": read, "input_tokens_details": {"cached_tokens": CACHED},
            "output_tokens": said.output_tokens, "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": read + said.output_tokens}


def items_of(said: Said) -> list[dict]:
    items = []
    if said.thinking:
        items.append({"id": f"rs_{next(numbers)}", "type": "reasoning", "encrypted_content": SIGNATURE,
                      "summary": [{"type": "summary_text", "text": said.thinking}]})
    if said.text:
        items.append({"id": f"msg_{next(numbers)}", "type": "message", "status": "completed", "role": "assistant",
                      "content": [part(said.text)]})
    if said.call:
        name, given = said.call
        items.append({"id": f"fc_{next(numbers)}", "type": "function_call", "status": "completed",
                      "call_id": f"call_{next(numbers)}", "name": name, "arguments": json.dumps(given)})
    return items


def part(text: str) -> dict:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def response(asked: Asked, **more) -> dict:
    return {"id": f"resp_{next(numbers)}", "object": "response", "created_at": 1, "status": "in_progress",
            "error": None, "incomplete_details": None, "instructions": None, "metadata": {}, "model": asked.model,
            "output": [], "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto", "tools": [],
            "top_p": 1.0, "usage": None} | more


def ending(said: Said) -> dict:
    if said.stop != "length":
        return {"status": "completed", "usage": usage(said)}
    return {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "usage": usage(said)}


def serve(body: dict, line: Line, respond, respond_error, media_type) -> None:
    asked = read_request(body, media_type)
    if asked.model == OVERLOADED:
        return respond_error(line, 503, "The engine is currently overloaded")
    if asked.model == REFUSING:
        raise Refused("the provider does not like it")
    if asked.model == DEAF:
        return Events(asked, line).deafly()
    said = answer_to(asked)
    if asked.stream:
        return Events(asked, line).say(said)
    return respond(line, response(asked, output=items_of(said), **ending(said)))


class Events:
    def __init__(self, asked: Asked, line: Line):
        self.line, self.number, self.response = line, 0, response(asked)

    def send(self, kind: str, **members) -> None:
        event = {"type": f"response.{kind}", "sequence_number": self.number} | members
        self.number += 1
        self.line.send_chunk(f"event: response.{kind}\ndata: {json.dumps(event)}\n\n".encode())

    def start(self) -> None:
        self.line.start_stream()
        self.send("created", response=self.response)
        self.send("in_progress", response=self.response)

    def say(self, said: Said) -> None:
        self.start()
        items = items_of(said)
        for index, item in enumerate(items):
            where = {"item_id": item["id"], "output_index": index}
            empty = {"message": {"content": []}, "function_call": {"arguments": ""}, "reasoning": {"summary": []}}
            self.send("output_item.added", output_index=index, item=item | empty[item["type"]] | (
                {"status": "in_progress"} if "status" in item else {}))
            getattr(self, item["type"])(item, where, said)
            self.send("output_item.done", output_index=index, item=item)
        end = ending(said)
        self.send(end["status"], response=self.response | end | {"output": items})
        self.line.end_stream()

    def message(self, _, where: dict, said: Said) -> None:
        where = where | {"content_index": 0}
        self.send("content_part.added", **where, part=part(""))
        for word in said.words:
            self.send("output_text.delta", **where, delta=word, logprobs=[], obfuscation="0" * 16)
        self.send("output_text.done", **where, text=said.text, logprobs=[])
        self.send("content_part.done", **where, part=part(said.text))

    def function_call(self, item: dict, where: dict, _) -> None:
        given = item["arguments"]
        for piece in (given[:5], given[5:]):
            self.send("function_call_arguments.delta", **where, delta=piece)
        self.send("function_call_arguments.done", **where, arguments=given, name=item["name"])

    def reasoning(self, item: dict, where: dict, _) -> None:
        where = where | {"summary_index": 0}
        [summary] = item["summary"]
        self.send("reasoning_summary_part.added", **where, part=summary | {"text": ""})
        self.send("reasoning_summary_text.delta", **where, delta=summary["text"])
        self.send("reasoning_summary_text.done", **where, text=summary["text"])
        self.send("reasoning_summary_part.done", **where, part=summary)

    def deafly(self) -> None:
        """Until the gateway closes it."""
        where = {"item_id": "msg_deaf", "output_index": 0}
        try:
            self.start()
            self.send("output_item.added", output_index=0, item={
                "id": "msg_deaf", "type": "message", "status": "in_progress", "role": "assistant", "content": []})
            self.send("content_part.added", **where, content_index=0, part=part(""))
            while not select.select([self.line.sock], [], [], 0)[0]:
                self.send("output_text.delta", **where, content_index=0, delta="four", logprobs=[])
        except OSError:
            pass
        self.line.close()
