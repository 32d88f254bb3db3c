"""What a well-behaved provider of each dialect answers, in pieces that a test can break."""

import json

from . import upstream as mock

OPENAI, ANTHROPIC, RESPONSES = "openai", "anthropic", "responses"
DIALECTS = (OPENAI, ANTHROPIC, RESPONSES)
# Of a client and its provider: responses are made by a provider for clients of that dialect alone.
PAIRS = tuple((client, dialect) for client in DIALECTS for dialect in DIALECTS
              if dialect != RESPONSES or client == RESPONSES)
PATHS = {OPENAI: "/v1/chat/completions", ANTHROPIC: "/v1/messages", RESPONSES: "/v1/responses"}
JSON_TYPE, STREAM_TYPE = "application/json", "text/event-stream"


def message(content: str) -> dict:
    return {"id": "msg_upstream", "type": "message", "role": "assistant", "model": "large",
            "content": [{"type": "text", "text": content}], "stop_reason": "end_turn", "stop_sequence": None,
            "usage": {"input_tokens": 10, "output_tokens": 5}}


def response(content: str, **more) -> dict:
    part = {"type": "output_text", "text": content, "annotations": [], "logprobs": []}
    item = {"id": "msg_upstream", "type": "message", "status": "completed", "role": "assistant", "content": [part]}
    return {"id": "resp_upstream", "object": "response", "created_at": 1, "status": "completed", "error": None,
            "model": "large", "output": [item], "usage": {"input_tokens": 10, "output_tokens": 5}} | more


def response_event(kind: str, **members) -> bytes:
    return event({"type": f"response.{kind}", "output_index": 0} | members, f"response.{kind}")


def whole(dialect: str, content: str = "Hi there") -> bytes:
    if dialect == RESPONSES:
        return json.dumps(response(content)).encode()
    return json.dumps(mock.completion(content) if dialect == OPENAI else message(content)).encode()


def event(data, name: str = "") -> bytes:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return ((f"event: {name}\n" if name else "") + f"data: {text}\n\n").encode()


def opening(dialect: str) -> list[bytes]:
    """The events before the first text."""
    if dialect == OPENAI:
        return []
    if dialect == RESPONSES:
        begun = {"status": "in_progress", "output": [], "usage": None}
        item = response("")["output"][0] | {"status": "in_progress", "content": []}
        return [response_event("created", response=response("") | begun),
                response_event("output_item.added", item=item)]
    start = message("") | {"content": [], "stop_reason": None}
    return [event({"type": "message_start", "message": start}, "message_start"),
            event({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
                  "content_block_start")]


def text_event(dialect: str, text: str) -> bytes:
    if dialect == OPENAI:
        return event(mock.chunk(text))
    if dialect == RESPONSES:
        return response_event("output_text.delta", item_id="msg_upstream", content_index=0, delta=text)
    return event({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
                 "content_block_delta")


def closing(dialect: str) -> list[bytes]:
    """The events behind the last text; the last of them ends the stream."""
    if dialect == OPENAI:
        return [event(mock.chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])),
                event(mock.chunk(choices=[], usage=mock.USAGE)), event("[DONE]")]
    if dialect == RESPONSES:  # some servers add [DONE]
        [item] = response("Hi there")["output"]
        return [response_event("output_item.done", item=item),
                response_event("completed", response=response("Hi there")), event("[DONE]")]
    return [event({"type": "content_block_stop", "index": 0}, "content_block_stop"),
            event({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                   "usage": {"output_tokens": 5}}, "message_delta"),
            event({"type": "message_stop"}, "message_stop")]


def body_of(dialect: str, stream: bool, *texts: str) -> bytes:
    """The whole of a good answer's body."""
    if not stream:
        return whole(dialect, "".join(texts))
    return b"".join([*opening(dialect), *(text_event(dialect, text) for text in texts), *closing(dialect)])


def beginning_of(dialect: str, stream: bool) -> bytes:
    """Of a good answer: what a client sees something of, where it streams."""
    if not stream:
        return whole(dialect)[:20]
    return b"".join([*opening(dialect), text_event(dialect, "one"), text_event(dialect, "two")])


def head(stream: bool, *fields: str, status: str = "200 OK") -> bytes:
    kind = STREAM_TYPE if stream else JSON_TYPE
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {kind}", *fields, "", ""]).encode()


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED = "Transfer-Encoding: chunked"


def good(dialect: str, stream: bool):
    def script(_, line) -> None:
        data = body_of(dialect, stream, "Hi", " there")
        line.send(head(stream, f"Content-Length: {len(data)}") + data)
    return script


def request_bytes(client: str, model: str, stream: bool) -> bytes:
    """The body of an ordinary request in the client's dialect."""
    members = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 100}
    if client == RESPONSES:
        members = {"model": model, "input": "Hello", "max_output_tokens": 100}
    return json.dumps(members | ({"stream": True} if stream else {})).encode()
