"""Random keys, requests and offers, for explaining a request and then making it.

Offers that serve the same model stand ten times apart in price, so that which goes first never hangs on a few
milliseconds of latency; limits count over a lifetime, so that none resets between the explanation and the
request. An offer that is down was told by its provider to be left alone for five minutes."""

import json
import random
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import wire
from .dialect_scripts import ANTHROPIC, JSON_TYPE, STREAM_TYPE, body_of
from .gateway import Gateway, write_config
from .upstream import Line, MockUpstream, Received, default_script, json_answer

REGIONS = {"near": "eu-west", "far": "us-east", "flaky": "eu-west", "claude": "us-east"}
TIERS = ["NANO", "SIMPLE", "LIGHT", "STANDARD", "COMPLEX"]


def facts(model: str, tier: str, tool_calling: int, **capabilities: bool | None) -> dict:
    known = {"vision": True, "tools": True, "json_schema": True} | capabilities
    return {"id": model, "kind": "chat", "tier": tier, "tool_calling": tool_calling,
            "capabilities": {name: value for name, value in known.items() if value is not None}}


MODELS = [facts("a/nano", "NANO", 10, vision=False), facts("a/light", "LIGHT", 40),
          facts("b/standard", "STANDARD", 70, json_schema=False), facts("b/complex", "COMPLEX", 95),
          facts("c/blind", "LIGHT", 30, vision=False, tools=False, json_schema=False),
          facts("c/unknown", "STANDARD", 50, vision=None, tools=None, json_schema=None),
          facts("d/fragile", "SIMPLE", 20), facts("e/fragile", "STANDARD", 60)]
# Where each stands. What a provider of Anthropic's dialect cannot be told goes to the next, at that one's price.
OFFERS = {"a/nano": ["near", "far", "claude"], "a/light": ["near"], "b/standard": ["claude", "far"],
          "b/complex": ["near", "claude"],
          "c/blind": ["near"], "c/unknown": ["far"], "d/fragile": ["flaky", "far"], "e/fragile": ["flaky"]}
WINDOWS = {"a/nano": 4000, "c/blind": 16000, "b/complex": 200000}
ALIASES = {"house": "a/light", "auto": "tollgate/auto", "best": "b/complex"}
NAMES = [*OFFERS, "nano", "light", "fragile", "house", "auto", "best", "tollgate/auto", "tollgate/auto-cheap",
         "tollgate/auto-fast", "nobody/nothing", "nothing", "sandbox/echo"]
PATTERNS = ["*", "a/*", "b/*", "c/*", "a/nano", "b/complex", "d/fragile", "x/*"]
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
PROMPTS = ["hi", "Translate 'good morning' into French.", "What is the capital of France?",
           "Explain the difference between a list and a tuple in Python with examples.",
           "Design a distributed job scheduler that survives the failure of any node, and prove it never runs a job "
           "twice. Analyse the trade-offs step by step."]


def say_hi(received: Received, line: Line) -> None:
    """As a well-behaved provider of Anthropic's dialect."""
    if received.target.endswith("/count_tokens"):
        return line.respond(200, {"Content-Type": JSON_TYPE}, b'{"input_tokens": 5}')
    streamed = bool(received.json().get("stream"))
    return line.respond(200, {"Content-Type": STREAM_TYPE if streamed else JSON_TYPE},
                        body_of(ANTHROPIC, streamed, "Hi", " there"))


@dataclass
class Case:
    key: dict
    path: str
    body: bytes
    region: str | None = None


@dataclass
class World:
    gateway: Gateway
    providers: dict[str, MockUpstream]
    dice: random.Random
    keys: list[dict] = field(default_factory=list)

    def break_flaky(self, model: str) -> None:
        """Five failures in a row: it is down, for longer than any test here runs."""
        key = self.gateway.create_key(environment="production", models=[model])
        self.providers["flaky"].script = json_answer({"error": {"message": "no"}}, status=503, **{"Retry-After": "300"})
        for _ in range(5):
            body = wire.chat_body(model, route={"region": REGIONS["flaky"]})
            self.gateway.chat(key["secret"], body)
        self.providers["flaky"].script = default_script

    # --- keys ---

    def limits(self) -> list[dict]:
        dice = self.dice
        made = []
        if dice.random() < 0.4:
            made.append({"metric": "cost", "window": dice.choice(["lifetime", "request"]),
                         "amount": dice.choice(["0.000001", "0.0005", "0.02", "1", "500"])})
        if dice.random() < 0.3:
            made.append({"metric": "tokens", "window": "lifetime", "amount": dice.choice([50, 3000, 30000, 10 ** 7])})
        if dice.random() < 0.3:
            made.append({"metric": "requests", "window": "lifetime", "amount": dice.choice([1, 3, 1000])})
        return made

    def make_key(self) -> dict:
        dice = self.dice
        fields = {"environment": "sandbox" if dice.random() < 0.1 else "production", "limits": self.limits()}
        if dice.random() < 0.4:
            fields["models"] = dice.sample(PATTERNS, dice.randint(1, 3))
        if dice.random() < 0.25:
            fields["region"] = dice.choice(["eu-west", "us-east", "ap-south"])
        if dice.random() < 0.1:
            fields["prefer_low_carbon"] = True
        key = self.gateway.create_key(**fields)
        if dice.random() < 0.05:
            self.gateway.admin_json("PATCH", f"/admin/v1/keys/{key['id']}", {"enabled": False})
        elif dice.random() < 0.05:
            self.gateway.revoke(key["id"])
        return key

    def make_profile(self) -> dict:
        """Its key."""
        dice = self.dice
        floor = dice.randint(0, 4)
        rules = {"name": f"profile {next(Gateway._names)}",
                 "strategy": dice.choice(["balanced", "cheapest", "quality", ["b/*", "a/*"]])}
        if dice.random() < 0.5:
            rules |= {"tier_floor": TIERS[floor], "tier_ceiling": TIERS[dice.randint(floor, 4)]}
        if dice.random() < 0.4:
            rules["capabilities"] = {dice.choice(["vision", "tools"]): False}
        if dice.random() < 0.4:
            rules["cost_cap"] = dice.choice(["0.0000001", "0.001", "0.05", "10"])
        if dice.random() < 0.3:
            rules["min_tool_calling"] = dice.choice([30, 60, 99])
        if dice.random() < 0.3:
            rules["region"] = dice.choice(["eu-west", "us-east"])
        if dice.random() < 0.3:
            rules["models"] = dice.sample(PATTERNS, 2)
        if dice.random() < 0.3:
            rules["honor_model"] = True
        made = self.gateway.admin_json("POST", "/admin/v1/profiles", rules)
        key = made["key"]
        if limits := self.limits():
            self.gateway.admin_json("PATCH", f"/admin/v1/keys/{key['id']}", {"limits": limits})
        if dice.random() < 0.05:
            self.gateway.admin_json("DELETE", f"/admin/v1/profiles/{made['id']}")
        return key

    # --- requests ---

    def content(self, parts: bool):
        dice = self.dice
        text = dice.choice(PROMPTS)
        if dice.random() < 0.15:
            text += " and so on" * dice.choice([400, 4000])
        return [{"type": "text", "text": text}, PICTURE] if parts and dice.random() < 0.2 else text

    def route_member(self) -> dict:
        dice = self.dice
        floor = dice.randint(0, 4)
        every = {"region": dice.choice(["eu-west", "us-east", "ap-south"]), "models": dice.sample(PATTERNS, 2),
                 "tier_floor": TIERS[floor], "tier_ceiling": TIERS[dice.randint(floor, 4)],
                 "max_cost": dice.choice(["0.0000001", "0.002", "20"]),
                 "strategy": dice.choice(["cheapest", "quality", "balanced"])}
        return {name: every[name] for name in dice.sample(list(every), dice.randint(1, 2))}

    def body(self, path: str) -> dict:
        dice = self.dice
        body = {"model": dice.choice(NAMES)}
        if dice.random() < 0.1:
            del body["model"]
        if path == "/v1/completions":
            body["prompt"] = self.content(parts=False)
        else:
            body["messages"] = [{"role": "user", "content": self.content(parts=path == "/v1/chat/completions")}]
        if dice.random() < 0.6 or path == "/v1/messages":
            body["max_tokens"] = dice.choice([1, 20, 1000, 100000])
        if path == "/v1/messages/count_tokens":
            body.pop("max_tokens", None)
        if path == "/v1/chat/completions":
            if dice.random() < 0.2:
                body["tools"] = [TOOL]
            if dice.random() < 0.15:
                body["response_format"] = SCHEMA
            if dice.random() < 0.1:
                body["n"] = dice.randint(2, 4)
            if dice.random() < 0.05:
                body["web_search_options"] = {}
        if dice.random() < 0.25:
            body["route"] = self.route_member()
        if dice.random() < 0.05:
            body["models"] = ["a/nano"]
        if dice.random() < 0.03:
            body["max_tokens"] = "many"
        if dice.random() < 0.2 and path != "/v1/messages/count_tokens":
            body["stream"] = True
        return body

    def case(self) -> Case:
        dice = self.dice
        if len(self.keys) < 60 or dice.random() < 0.1:
            self.keys.append(self.make_profile() if dice.random() < 0.4 else self.make_key())
        path = dice.choices(["/v1/chat/completions", "/v1/completions", "/v1/messages", "/v1/messages/count_tokens"],
                            weights=[6, 1, 2, 1])[0]
        region = dice.choice(["eu-west", "us-east", "no region!"]) if dice.random() < 0.15 else None
        return Case(dice.choice(self.keys), path, json.dumps(self.body(path)).encode(), region)

    def explain(self, case: Case) -> dict:
        asked = {"key": case.key["id"], "route": case.path} | ({"region": case.region} if case.region else {})
        head = json.dumps(asked)[:-1].encode()
        answer = self.gateway.admin("POST", "/admin/v1/route/explain", head + b', "body": ' + case.body + b"}")
        assert answer.status == 200, answer.body
        return answer.json()

    def ask(self, case: Case) -> wire.Answer:
        more = {"X-Tollgate-Region": case.region} if case.region else {}
        return self.gateway.request("POST", case.path, wire.json_headers(case.key["secret"], **more), case.body)


@contextmanager
def explain_world(folder: Path, seed: int):
    dice = random.Random(seed)
    powers = [dice.sample(range(-2, 4), len(providers)) for providers in OFFERS.values()]
    with MockUpstream() as near, MockUpstream() as far, MockUpstream() as flaky, MockUpstream() as claude:
        providers = {"near": near, "far": far, "flaky": flaky, "claude": claude}
        models: dict[str, list[dict]] = {name: [] for name in providers}
        for number, (model, at) in enumerate(OFFERS.items()):
            for name, power in zip(at, powers[number]):
                price = f"{10.0 ** power * (1 + number / 8):.6f}"
                models[name].append({"id": model, "upstream_model": "large", "max_output_tokens": 2048,
                                     "context_window": WINDOWS.get(model, 64000),
                                     "prices": {"input": price, "output": price}})
        entries = [{"id": name, "dialect": ANTHROPIC if name == "claude" else "openai", "base_url": upstream.url,
                    "api_key": "${PROVIDER_KEY}", "region": REGIONS[name], "models": models[name]}
                   for name, upstream in providers.items()]
        config = write_config(folder / "tollgate.yaml", providers=entries, models=MODELS, aliases=ALIASES)
        with Gateway(folder / "data", config, {"PROVIDER_KEY": secrets.token_hex(16)}) as gateway:
            for upstream in providers.values():
                upstream.script = say_hi if upstream is claude else default_script
            yield World(gateway, providers, dice)
