"""The routes of OpenAI's dialect that are no conversation, as a strict provider has them
(platform.openai.com/docs/api-reference, docs.cohere.com/reference/rerank): what each takes, and an answer that
says what was used in the route's own unit."""

import base64
import email.parser
import email.policy
import json
import struct
import zlib

from .talker import need, only
from .upstream import Line, Received

# What every request is said to have used.
EMBEDDED = 7  # tokens for each input
RERANKED = 40
IMAGE_INPUT, IMAGE_OUTPUT = 12, 272  # gpt-image: the prompt, and each image
SPOKEN_INPUT, SPOKEN_OUTPUT = 9, 55
HEARD_TOKENS, TRANSCRIBED = 30, 5
HEARD_SECONDS = 90.5
SAID = "The quick brown fox."
SOUND = b"RIFF" + bytes(range(256)) * 40
# Upstream models that do not behave.
BROKEN, DROPPING, GARBAGE, SILENT = "broken", "dropping", "garbage", "silent"


def pixel() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0\0\0\0")) + chunk(b"IEND", b""))


def respond(line: Line, body: bytes, kind: str = "application/json") -> None:
    line.respond(200, {"Content-Type": kind, "x-request-id": "req_units"}, body)


def respond_json(line: Line, body: dict) -> None:
    respond(line, json.dumps(body).encode())


def usage(model: str, **tokens: int) -> dict:
    return {} if model == SILENT else {"usage": tokens}


def serve(received: Received, line: Line) -> bool:
    """False for another route."""
    answer = ROUTES.get(received.target)
    if answer is None:
        return False
    if received.target.endswith("/transcriptions"):
        asked = read_form(received)
    else:
        need(received.header("content-type") == "application/json", "content-type: it is not JSON")
        asked = received.json()
    model = asked.get("model")
    need(isinstance(model, str), "you must provide a model parameter")
    if model.startswith(BROKEN):
        line.respond(503, {"Content-Type": "application/json"}, b'{"error":{"message":"overloaded"}}')
    elif model.startswith(DROPPING):
        line.reset()
    elif model.startswith(GARBAGE):
        respond(line, b"<html>")
    else:
        answer(asked, line)
    return True


def read_form(received: Received) -> dict:
    """By the standard library's reader of MIME, so that two readers agree on what we sent."""
    kind = received.header("content-type")
    need(kind.startswith("multipart/form-data"), "content-type: it is no form")
    parsed = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + received.body)
    need(not parsed.defects, f"the form is broken: {parsed.defects}")
    fields = {}
    for part in parsed.iter_parts():
        name = part.get_param("name", header="content-disposition")
        need(name not in fields, f"{name} stands twice")
        content = part.get_payload(decode=True)
        fields[name] = content if part.get_filename() is not None else content.decode()
    return fields


def embeddings(asked: dict, line: Line) -> None:
    only(asked, {"model", "input", "dimensions", "encoding_format", "user"}, "body")
    inputs = asked.get("input")
    need(bool(inputs), "input: missing")
    count = 1 if isinstance(inputs, str) or isinstance(inputs[0], int) else len(inputs)
    vector = [0.5, -0.5, 0.5, 0.5]
    said = vector
    if asked.get("encoding_format") == "base64":
        said = base64.b64encode(struct.pack("<4f", *vector)).decode()
    tokens = EMBEDDED * count
    respond_json(line, {"object": "list", "model": asked["model"],
                        "data": [{"object": "embedding", "index": number, "embedding": said}
                                 for number in range(count)]}
                 | usage(asked["model"], prompt_tokens=tokens, total_tokens=tokens))


def moderations(asked: dict, line: Line) -> None:
    only(asked, {"model", "input"}, "body")
    need(bool(asked.get("input")), "input: missing")
    respond_json(line, {"id": "modr-1", "model": asked["model"], "results": [
        {"flagged": True, "categories": {"violence": True}, "category_scores": {"violence": 0.9}}]})


def rerank(asked: dict, line: Line) -> None:
    only(asked, {"model", "query", "documents", "top_n", "return_documents"}, "body")
    need(isinstance(asked.get("query"), str) and asked.get("documents"), "query or documents: missing")
    order = range(len(asked["documents"]))[:asked.get("top_n", 1000)]
    respond_json(line, {"id": "rr-1", "model": asked["model"],
                        "results": [{"index": number, "relevance_score": 0.9} for number in order]}
                 | usage(asked["model"], total_tokens=RERANKED))


def images(asked: dict, line: Line) -> None:
    only(asked, {"model", "prompt", "n", "size", "quality", "response_format", "background", "user"}, "body")
    need(isinstance(asked.get("prompt"), str), "prompt: missing")
    count = asked.get("n", 1)
    made = {"created": 1, "data": [{"b64_json": base64.b64encode(pixel()).decode()}] * count}
    if asked["model"].startswith("tokens"):
        made |= usage(asked["model"], input_tokens=IMAGE_INPUT, output_tokens=IMAGE_OUTPUT * count,
                      total_tokens=IMAGE_INPUT + IMAGE_OUTPUT * count,
                      input_tokens_details={"text_tokens": IMAGE_INPUT, "image_tokens": 0})
    respond_json(line, made)


def speech(asked: dict, line: Line) -> None:
    only(asked, {"model", "input", "voice", "instructions", "response_format", "speed", "stream_format"}, "body")
    need(asked.get("input") and asked.get("voice"), "input or voice: missing")
    if asked.get("stream_format") == "sse":
        line.start_stream()
        for part in (SOUND[:100], SOUND[100:]):
            line.send_event({"type": "speech.audio.delta", "audio": base64.b64encode(part).decode()})
        line.send_event({"type": "speech.audio.done"}
                        | usage(asked["model"], input_tokens=SPOKEN_INPUT, output_tokens=SPOKEN_OUTPUT,
                                total_tokens=SPOKEN_INPUT + SPOKEN_OUTPUT))
        return line.end_stream()
    line.send(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\n\r\n")
    for begin in range(0, len(SOUND), 1000):
        line.send_chunk(SOUND[begin:begin + 1000])
    line.end_stream()


def transcriptions(asked: dict, line: Line) -> None:
    only(asked, {"model", "file", "language", "prompt", "response_format", "temperature", "stream",
                 "timestamp_granularities[]"}, "form")
    need(isinstance(asked.get("file"), bytes), "file: missing")
    heard = {"type": "tokens", "input_tokens": HEARD_TOKENS, "output_tokens": TRANSCRIBED,
             "input_token_details": {"text_tokens": 0, "audio_tokens": HEARD_TOKENS},
             "total_tokens": HEARD_TOKENS + TRANSCRIBED}
    if asked["model"].startswith("whisper"):
        heard = {"type": "duration", "seconds": HEARD_SECONDS}
    if asked.get("stream") == "true":
        line.start_stream()
        for word in SAID.split():
            line.send_event({"type": "transcript.text.delta", "delta": word + " "})
        line.send_event({"type": "transcript.text.done", "text": SAID} | usage(asked["model"], **heard))
        line.send_event("[DONE]")
        return line.end_stream()
    if asked.get("response_format") in ("text", "srt", "vtt"):
        return respond(line, SAID.encode() + b"\n", "text/plain; charset=utf-8")
    respond_json(line, {"text": SAID} | usage(asked["model"], **heard))


ROUTES = {"/v1/embeddings": embeddings, "/v1/moderations": moderations, "/v1/rerank": rerank,
          "/v1/images/generations": images, "/v1/audio/speech": speech,
          "/v1/audio/transcriptions": transcriptions}
