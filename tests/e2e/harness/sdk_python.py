"""The official SDKs for Python, unmodified, behind one interface: ask(call, …) → the outcome, or {"error": …}."""

import json

from .sdk_questions import QUESTIONS as ASK
from .sdk_questions import outcome

try:
    import openai
    import pydantic
except ImportError:
    openai = pydantic = None
try:
    import anthropic
except ImportError:
    anthropic = None


def failure(error) -> dict:
    body = error.body if isinstance(error.body, dict) else {}
    return {"error": {"name": type(error).__name__, "status": getattr(error, "status_code", None),
                      "code": body.get("error", body).get("code"), "request_id": getattr(error, "request_id", None)}}


class OpenAiPython:
    name = "openai (Python)"
    dialect = "openai"
    missing = openai is None and "the openai SDK (PyPI) is not installed"

    def ask(self, call: str, url: str, secret: str | None, model: str, how: str = "key", prefix: str = "/v1") -> dict:
        def move_key(request) -> None:
            """"header": into x-api-key; "none": away. The SDK has no setting for either."""
            del request.headers["Authorization"]
            if secret:
                request.headers["x-api-key"] = secret

        hooks = {"request": [] if how == "key" else [move_key]}
        with openai.OpenAI(base_url=url + prefix, api_key=secret or "unused", max_retries=0, timeout=30,
                           http_client=openai.DefaultHttpxClient(event_hooks=hooks)) as client:
            try:
                return getattr(self, call)(self.api(client), model)
            except openai.APIError as error:
                return failure(error)

    def api(self, client):
        return client.chat.completions

    def chat(self, chat, model):
        return self.read(chat.create(model=model, messages=self.conversation()))

    def conversation(self) -> list[dict]:
        roles = ("user", "assistant", "user")
        return [{"role": "system", "content": ASK["system"]}] + [
            {"role": role, "content": text} for role, text in zip(roles, ASK["turns"])]

    def stream(self, chat, model):
        return self.read_stream(chat, model=model, messages=self.conversation())

    def read_stream(self, chat, **request) -> dict:
        """By the SDK's helper, which adds the pieces up."""
        with chat.stream(stream_options={"include_usage": True}, **request) as stream:
            deltas = sum(event.type == "content.delta" for event in stream)
            return self.read(stream.get_final_completion(), deltas=deltas)

    def read(self, answer, **more) -> dict:
        choice = answer.choices[0]
        usage = answer.usage and [answer.usage.prompt_tokens,
                                  getattr(answer.usage.prompt_tokens_details, "cached_tokens", 0) or 0,
                                  answer.usage.completion_tokens]
        return outcome(choice.message.content or "", choice.finish_reason, usage, model=answer.model, **more)

    def tools(self, chat, model):
        return self.round_trip(lambda **request: chat.create(model=model, **request))

    def tools_streamed(self, chat, model):
        def streamed(**request):
            with chat.stream(model=model, **request) as stream:
                return stream.get_final_completion()
        return self.round_trip(streamed)

    def round_trip(self, ask, **more) -> dict:
        tool = ASK["tool"]
        more["tools"] = [{"type": "function", "function": {
            "name": tool["name"], "description": tool["description"], "parameters": tool["schema"], "strict": True}}]
        messages = [{"role": "user", "content": ASK["weather"]}]
        first = ask(messages=messages, **more).choices[0]
        call = first.message.tool_calls[0]
        messages += [first.message.model_dump(exclude_none=True, exclude={"parsed"}),
                     {"role": "tool", "tool_call_id": call.id, "content": tool["answer"]}]
        for one in messages[1]["tool_calls"]:
            one["function"].pop("parsed_arguments", None)
        return self.read(ask(messages=messages, **more), called=[first.finish_reason, call.function.name,
                                                                json.loads(call.function.arguments)],
                         thinking=getattr(first.message, "reasoning_content", None))

    def thinking(self, chat, model):
        """Its answer goes back with what came with it, as the SDK keeps it."""
        return self.round_trip(lambda **request: chat.create(model=model, **request), reasoning_effort="low",
                               max_completion_tokens=ASK["max_tokens"])

    def vision(self, chat, model):
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{ASK['png']}"}}
        content = [{"type": "text", "text": ASK["look"]}, image]
        return self.read(chat.create(model=model, messages=[{"role": "user", "content": content}]))

    def structured(self, chat, model):
        wanted = {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": ASK["schema"]}}
        answer = chat.create(model=model, messages=[{"role": "user", "content": ASK["person"]}],
                             response_format=wanted)
        return self.read(answer, object=json.loads(answer.choices[0].message.content))

    def stop(self, chat, model):
        return self.read(chat.create(model=model, messages=self.count(), stop=[ASK["stop"]]))

    def length(self, chat, model):
        return self.read(chat.create(model=model, messages=self.count(), max_tokens=ASK["short"]))

    def bounded(self, chat, model):
        """A stream that only the gateway ends; what the SDK's pieces come to without its help."""
        text, stop = "", None
        for chunk in chat.create(model=model, messages=self.count(), max_tokens=ASK["short"], stream=True):
            text += chunk.choices[0].delta.content or ""
            stop = chunk.choices[0].finish_reason or stop
        return outcome(text, stop, None)

    def count(self) -> list[dict]:
        return [{"role": "user", "content": ASK["count"]}]

    def bad_body(self, chat, model):
        return self.read(chat.create(model=model, messages=[]))


class OpenAiResponsesPython(OpenAiPython):
    """The same SDK, by its Responses API."""
    name = "openai responses (Python)"

    def api(self, client):
        return client.responses

    def conversation(self) -> list[dict]:
        roles = ("user", "assistant", "user")
        return [{"role": role, "content": text} for role, text in zip(roles, ASK["turns"])]

    def chat(self, responses, model):
        return self.read(responses.create(model=model, instructions=ASK["system"], input=self.conversation()))

    def stream(self, responses, model):
        with responses.stream(model=model, instructions=ASK["system"], input=self.conversation()) as stream:
            kinds = [event.type.removeprefix("response.") for event in stream]
            final = stream.get_final_response()
        deltas = kinds.count("output_text.delta")
        assert kinds == ["created", "in_progress", "output_item.added", "content_part.added",
                         *["output_text.delta"] * deltas, "output_text.done", "content_part.done",
                         "output_item.done", "completed"], kinds
        return self.read(final, deltas=deltas)

    def read(self, answer, **more) -> dict:
        used = answer.usage
        cached = getattr(used and used.input_tokens_details, "cached_tokens", 0) or 0
        usage = used and [used.input_tokens, cached, used.output_tokens]
        return outcome(answer.output_text, self.stop_of(answer), usage, model=answer.model, **more)

    def stop_of(self, answer) -> str:
        if answer.status == "completed":
            return "stop"
        return {"max_output_tokens": "length"}[answer.incomplete_details.reason]

    def tools(self, responses, model):
        return self.round_trip(lambda **request: responses.create(model=model, **request))

    def tools_streamed(self, responses, model):
        def streamed(**request):
            with responses.stream(model=model, **request) as stream:
                return stream.get_final_response()
        return self.round_trip(streamed)

    def round_trip(self, ask, **more) -> dict:
        tool = ASK["tool"]
        more["tools"] = [{"type": "function", "name": tool["name"], "description": tool["description"],
                          "parameters": tool["schema"], "strict": True}]
        items = [{"role": "user", "content": ASK["weather"]}]
        first = ask(input=items, **more)
        call = next(item for item in first.output if item.type == "function_call")
        items += [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in first.output]
        items.append({"type": "function_call_output", "call_id": call.call_id, "output": tool["answer"]})
        thoughts = [part.text for item in first.output if item.type == "reasoning"
                    for part in item.content or item.summary]
        return self.read(ask(input=items, **more), called=["tool_calls", call.name, json.loads(call.arguments)],
                         thinking=thoughts[0] if thoughts else None)

    def thinking(self, responses, model):
        return self.round_trip(lambda **request: responses.create(model=model, **request),
                               reasoning={"effort": "low"}, max_output_tokens=ASK["max_tokens"])

    def vision(self, responses, model):
        image = {"type": "input_image", "image_url": f"data:image/png;base64,{ASK['png']}", "detail": "auto"}
        content = [{"type": "input_text", "text": ASK["look"]}, image]
        return self.read(responses.create(model=model, input=[{"role": "user", "content": content}]))

    def structured(self, responses, model):
        """By the SDK's helper, of a type whose schema is that of the question."""
        person = pydantic.create_model("Person", name=(str, ...), age=(int, ...))
        answer = responses.parse(model=model, input=ASK["person"], text_format=person)
        return self.read(answer, object=answer.output_parsed.model_dump())

    def length(self, responses, model):
        return self.read(responses.create(model=model, input=ASK["count"], max_output_tokens=ASK["short"]))

    def bounded(self, responses, model):
        text, last = "", None
        for last in responses.create(model=model, input=ASK["count"], max_output_tokens=ASK["short"], stream=True):
            text += last.delta if last.type == "response.output_text.delta" else ""
        assert last.type == "response.incomplete" and last.response.output_text == text, last
        return self.read(last.response) | {"usage": None}

    def bad_body(self, responses, model):
        return self.read(responses.create(model=model, input=[]))


class AnthropicPython:
    name = "anthropic (Python)"
    dialect = "anthropic"
    missing = anthropic is None and "the anthropic SDK (PyPI) is not installed"

    def ask(self, call: str, url: str, secret: str | None, model: str, how: str = "key", prefix: str = "") -> dict:
        headers = {}
        if how != "key":
            headers = {"Authorization": anthropic.Omit(), "x-api-key": secret or anthropic.Omit()}
        with anthropic.Anthropic(base_url=url + prefix, api_key=secret or "unused", max_retries=0,
                                 timeout=30) as client:
            messages = client.with_options(default_headers=headers).messages
            try:
                return getattr(self, call)(messages, model)
            except anthropic.APIError as error:
                return failure(error)

    def base(self, model, text: str, **more) -> dict:
        return {"model": model, "max_tokens": ASK["max_tokens"], "messages": [{"role": "user", "content": text}]} | more

    def conversation(self, model) -> dict:
        roles = ("user", "assistant", "user")
        turns = [{"role": role, "content": text} for role, text in zip(roles, ASK["turns"])]
        return self.base(model, "", system=ASK["system"], messages=turns)

    def chat(self, messages, model):
        return self.read(messages.create(**self.conversation(model)))

    def stream(self, messages, model):
        with messages.stream(**self.conversation(model)) as stream:
            kinds = [event.type for event in stream if event.type in EVENTS]
            final = stream.get_final_message()
        assert kinds == ["message_start", "content_block_start",
                         *["content_block_delta"] * kinds.count("content_block_delta"),
                         "content_block_stop", "message_delta", "message_stop"], kinds
        return self.read(final, deltas=kinds.count("content_block_delta"))

    def read(self, answer, **more) -> dict:
        used = answer.usage
        cached = used.cache_read_input_tokens or 0
        usage = [used.input_tokens + cached + (used.cache_creation_input_tokens or 0), cached, used.output_tokens]
        text = "".join(block.text for block in answer.content if block.type == "text")
        return outcome(text, answer.stop_reason, usage, model=answer.model, **more)

    def tools(self, messages, model):
        return self.round_trip(lambda **request: messages.create(**request), model)

    def tools_streamed(self, messages, model):
        def streamed(**request):
            with messages.stream(**request) as stream:
                return stream.get_final_message()
        return self.round_trip(streamed, model)

    def round_trip(self, ask, model, **more) -> dict:
        tool = ASK["tool"]
        request = self.base(model, ASK["weather"], **more, tools=[
            {"name": tool["name"], "description": tool["description"], "input_schema": tool["schema"]}])
        first = ask(**request)
        call = next(block for block in first.content if block.type == "tool_use")
        answer = {"type": "tool_result", "tool_use_id": call.id, "content": tool["answer"]}
        request["messages"] += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [answer]}]
        thinking = next((block.thinking for block in first.content if block.type == "thinking"), None)
        return self.read(ask(**request), called=[STOP_NAMES[first.stop_reason], call.name, call.input],
                         thinking=thinking)

    def thinking(self, messages, model):
        return self.round_trip(lambda **request: messages.create(**request), model,
                               thinking={"type": "enabled", "budget_tokens": ASK["budget"]})

    def vision(self, messages, model):
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": ASK["png"]}}
        content = [image, {"type": "text", "text": ASK["look"]}]
        return self.read(messages.create(**self.base(model, content)))

    def structured(self, messages, model):
        answer = messages.create(**self.base(model, ASK["person"]), output_config={
            "format": {"type": "json_schema", "schema": ASK["schema"]}})
        read = self.read(answer)
        return read | {"object": json.loads(read["text"])}

    def stop(self, messages, model):
        return self.read(messages.create(**self.base(model, ASK["count"], stop_sequences=[ASK["stop"]])))

    def length(self, messages, model):
        return self.read(messages.create(**self.base(model, ASK["count"], max_tokens=ASK["short"])))

    def bounded(self, messages, model):
        with messages.stream(**self.base(model, ASK["count"], max_tokens=ASK["short"])) as stream:
            final = stream.get_final_message()
        return self.read(final) | {"usage": None}

    def count_tokens(self, messages, model):
        request = {name: value for name, value in self.conversation(model).items() if name != "max_tokens"}
        return {"input_tokens": messages.count_tokens(**request).input_tokens}

    def bad_body(self, messages, model):
        return self.read(messages.create(**self.base(model, "", messages=[])))


STOP_NAMES = {"tool_use": "tool_calls"}
EVENTS = {"message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta",
          "message_stop"}
