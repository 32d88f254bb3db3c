"""The body that a provider receives is the client's own, byte for byte, but for the members that the
gateway sets; whatever else stands in it."""

import json
import random

from harness import wire
from harness.load import scaled
from harness.upstream import MockUpstream, default_script, provider

BODIES = scaled(150, 1000)
SEED = 20_261


def spaces(chance: random.Random) -> str:
    return "".join(chance.choice(" \t\r\n") for _ in range(chance.choice((0, 0, 0, 1, 3))))


def text(chance: random.Random) -> str:
    """A JSON string in any of the spellings JSON has."""
    out = []
    for _ in range(chance.randrange(12)):
        letter = chance.choice(["a", "Z", "0", " ", "é", "日", "😀", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9",
                                "\\ud83d\\ude00", "{", "}", "[", ",", ":", "model"])
        out.append(letter)
    return '"' + "".join(out) + '"'


def value(chance: random.Random, depth: int = 0) -> str:
    kind = chance.randrange(8 if depth < 4 else 6)
    if kind < 2:
        return text(chance)
    if kind == 2:
        return chance.choice(["0", "-0", "1", "1.50", "-12.0e+3", "1E400", "123456789012345678901234567890", "0.1e-9"])
    if kind < 6:
        return chance.choice(["true", "false", "null"])
    items = [value(chance, depth + 1) for _ in range(chance.randrange(5))]
    if kind == 6:
        return "[" + ",".join(spaces(chance) + item + spaces(chance) for item in items) + "]"
    # Names that policy reads mean nothing below the top, and may stand there as often as they like.
    named = [f'{chance.choice([text(chance), chr(34) + "model" + chr(34)])}{spaces(chance)}:{item}' for item in items]
    return "{" + ",".join(spaces(chance) + item for item in named) + spaces(chance) + "}"


def member(name: str, text_of_value: str, chance: random.Random) -> str:
    return f"{spaces(chance)}{name}{spaces(chance)}:{spaces(chance)}{text_of_value}{spaces(chance)}"


def random_body(chance: random.Random) -> tuple[bytes, bytes]:
    """(what the client sends, what the provider must receive)."""
    mark = '"@model@"'
    members = [member(chance.choice(['"model"', '"mod\\u0065l"']), mark, chance),
               member('"messages"', f'[{{"role":"user","content":{text(chance)},"extra":{value(chance)}}}]', chance)]
    members += [member(f'"unknown_{number}"', value(chance), chance) for number in range(chance.randrange(8))]
    if chance.random() < 0.3:
        members.append(member('"max_tokens"', str(chance.randrange(1, 100)), chance))
    if chance.random() < 0.2:
        members.append(member('"stream"', "false", chance))
    chance.shuffle(members)
    whole = spaces(chance) + "{" + ",".join(members) + "}" + spaces(chance)
    spelling = chance.choice(['"acme/large"', '"acme\\/large"', '"\\u0061cme/large"'])
    return whole.replace(mark, spelling).encode(), whole.replace(mark, '"large"').encode()


def parsed(body: bytes):
    """Members in their order, numbers as they are spelt."""
    return json.loads(body, object_pairs_hook=list, parse_float=str, parse_int=str)


def test_body_received_is_the_clients_but_for_the_model(start_gateway):
    chance = random.Random(SEED)
    with MockUpstream() as upstream:
        upstream.script = default_script
        gateway = start_gateway({"ACME_KEY": "unused"}, providers=[provider(upstream)])
        secret = gateway.create_key(environment="production")["secret"]
        with gateway.connect() as client:
            for number in range(BODIES):
                sent, expected = random_body(chance)
                answer = client.request("POST", "/v1/chat/completions", wire.json_headers(secret), sent)
                assert answer.status == 200, (number, sent, answer.body)
                assert upstream.requests[-1].body == expected, (number, sent)
        assert len(upstream.requests) == BODIES
        print(f"\nnote: bodies: {BODIES} random bodies, every one received as it was sent but for the model")


def test_streamed_body_received_differs_in_stream_options_alone(start_gateway):
    chance = random.Random(SEED + 1)
    with MockUpstream() as upstream:
        upstream.script = default_script
        gateway = start_gateway({"ACME_KEY": "unused"}, providers=[provider(upstream)])
        secret = gateway.create_key(environment="production")["secret"]
        options = ["", ',"stream_options":null', ',"stream_options":{}', ',"stream_options": {"include_usage" :false,"x":[1]}',
                   ',"stream_options":{"y":"z"}', ',"stream_options":{"include_usage":true}']
        with gateway.connect() as client:
            for number in range(BODIES):
                unknown = value(chance)
                sent = ('{"model":"acme/large","stream":true,"a":%s,"messages":[{"role":"user","content":%s}]%s,"b":%s}'
                        % (unknown, text(chance), options[number % len(options)], value(chance))).encode()
                answer = client.request("POST", "/v1/chat/completions", wire.json_headers(secret), sent)
                assert answer.status == 200, (number, sent, answer.body)
                received = upstream.requests[-1].body
                wanted = [(name, "large" if name == "model" else item) for name, item in parsed(sent)
                          if name != "stream_options"]
                assert [(name, item) for name, item in parsed(received) if name != "stream_options"] == wanted
                given = dict(json.loads(sent).get("stream_options") or {}, include_usage=True)
                assert json.loads(received)["stream_options"] == given
                assert unknown.encode() in received
