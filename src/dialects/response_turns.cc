#include "dialects/response_turns.h"

#include <fmt/format.h>

#include <utility>

#include "dialects/json_members.h"
#include "dialects/request_members.h"
#include "dialects/untranslatable.h"

namespace tollgate {
namespace {

// The parts of a message: JSON, and the text where it is one part of text and nothing else.
struct Parts {
  std::string json;
  std::string only_text;  // raw
  std::size_t count = 0;
  std::size_t texts = 0;

  std::string& next() {
    if (count++ > 0) json += ',';
    return json;
  }
  void text(std::string_view raw) {
    JsonMembers part(next());
    part.json("type", R"("text")");
    part.raw_text("text", raw);
    part.close();
    only_text = raw;
    ++texts;
  }
  void append_content(JsonMembers& turn) const {
    if (count == 1 && texts == 1) {
      turn.raw_text("content", only_text);
    } else {
      turn.name("content").append("[").append(json).append("]");
    }
  }
};

// A message of the assistant that is being put together.
struct AssistantTurn {
  std::string text;      // raw
  std::string calls;     // JSON
  std::string thoughts;  // JSON
  bool says = false;     // it has text, be it empty

  bool holds_anything() const { return says || !calls.empty(); }
};

class ItemTurns {
 public:
  explicit ItemTurns(ReasoningItems reasoning) : reasoning_(reasoning), turns_(out_) {}

  Result<std::string> read(JsonNode instructions, JsonNode input);

 private:
  Status read_item(JsonNode item);
  Status read_message(JsonNode item);
  Status read_assistant(JsonNode content);
  Status read_call(JsonNode item);
  Status read_answer(JsonNode item);
  void read_reasoning(JsonNode item);
  Status read_parts(JsonNode content, std::string_view member, Parts& parts);
  Status read_part(JsonNode part, const std::string& here, Parts& parts);
  Status read_image(JsonNode part, const std::string& here, Parts& parts);
  Status read_file(JsonNode part, const std::string& here, Parts& parts);
  void append_text_turn(std::string_view role, std::string_view raw);
  void append_turn(std::string_view role, const Parts& parts);
  void end_assistant();
  void end_answers();

  std::string here(std::string_view member = {}) const {
    return fmt::format("input[{}]{}{}", item_, member.empty() ? "" : ".", member);
  }

  ReasoningItems reasoning_;
  std::string out_;
  JsonElements turns_;
  AssistantTurn assistant_;
  Parts shown_;  // of functions' answers: what goes behind them
  std::size_t item_ = 0;
};

Result<std::string> ItemTurns::read(JsonNode instructions, JsonNode input) {
  if (!instructions.is_null()) {
    if (!instructions.is_string()) return wrong_type("instructions", "a string");
    append_text_turn("system", instructions.string().text);
  }
  if (input.is_string()) append_text_turn("user", input.string().text);
  if (input.is_array()) {
    for (const JsonNode item : input) {
      if (Status read = read_item(item); !read) return std::unexpected(std::move(read.error()));
      ++item_;
    }
  }
  end_assistant();
  end_answers();
  if (out_.empty()) return bad_message("input", "more than reasoning: add a message of the user");
  return std::move(out_);
}

Status ItemTurns::read_item(JsonNode item) {
  const JsonNode type = item["type"];
  if (type.is("function_call_output")) return read_answer(item);
  end_answers();
  if (type.is("function_call")) return read_call(item);
  if (type.is("reasoning")) {
    read_reasoning(item);
    return {};
  }
  if (type.is("message") || (!type && item["role"].is_string())) return read_message(item);
  if (!type || type.is("item_reference")) {
    return untranslatable(here(), "it keeps nothing of earlier responses");
  }
  return untranslatable(here("type"), "it takes messages, function calls and their answers");
}

Status ItemTurns::read_message(JsonNode item) {
  const JsonNode role = item["role"];
  if (role.is("assistant")) return read_assistant(item["content"]);
  end_assistant();
  std::string_view said = "user";
  if (role.is("system") || role.is("developer")) {
    said = "system";
  } else if (!role.is("user")) {
    return bad_message(here("role"), "user, assistant, system or developer");
  }
  Parts parts;
  if (Status read = read_parts(item["content"], "content", parts); !read) return read;
  append_turn(said, parts);
  return {};
}

Status ItemTurns::read_assistant(JsonNode content) {
  if (assistant_.holds_anything()) end_assistant();
  assistant_.says = true;
  if (content.is_string()) {
    assistant_.text = content.string().text;
    return {};
  }
  if (!content.is_array()) return bad_message(here("content"), "a string or an array of parts");
  std::size_t place = 0;
  for (const JsonNode part : content) {
    const JsonNode text = part["type"].is("refusal") ? part["refusal"] : part["text"];
    if (!text.is_string()) {
      return untranslatable(here(fmt::format("content[{}]", place)),
                            "an assistant says nothing but text there");
    }
    assistant_.text += text.string().text;
    ++place;
  }
  return {};
}

Status ItemTurns::read_call(JsonNode item) {
  for (const std::string_view name : {"call_id", "name", "arguments"}) {
    if (!item[name].is_string()) return bad_message(here(name), "a string");
  }
  if (!assistant_.calls.empty()) assistant_.calls += ',';
  JsonMembers call(assistant_.calls);
  call.json("id", item["call_id"].raw());
  call.json("type", R"("function")");
  JsonMembers function(call.name("function"));
  function.json("name", item["name"].raw());
  function.json("arguments", item["arguments"].raw());
  function.close();
  call.close();
  return {};
}

Status ItemTurns::read_answer(JsonNode item) {
  end_assistant();
  if (!item["call_id"].is_string()) return bad_message(here("call_id"), "a string");
  const JsonNode output = item["output"];
  std::string raw;
  if (output.is_string()) {
    raw = output.string().text;
  } else {
    Parts parts;
    if (Status read = read_parts(output, "output", parts); !read) return read;
    for (const JsonNode part : output) {
      if (!part["text"].is_string()) continue;
      if (!raw.empty()) raw += "\\n";
      raw += part["text"].string().text;
    }
    if (parts.count > parts.texts) {
      Parts media;
      std::size_t place = 0;
      for (const JsonNode part : output) {
        if (part["text"].is_string()) continue;
        if (Status read = read_part(part, here(fmt::format("output[{}]", place++)), media); !read) {
          return read;
        }
      }
      shown_.next() += media.json;
    }
  }
  JsonMembers turn(turns_.next());
  turn.json("role", R"("tool")");
  turn.json("tool_call_id", item["call_id"].raw());
  turn.raw_text("content", raw);
  turn.close();
  return {};
}

void ItemTurns::read_reasoning(JsonNode item) {
  if (assistant_.holds_anything()) end_assistant();
  const std::string_view sealed = item["encrypted_content"].string().text;
  if (reasoning_ == ReasoningItems::kDropped || !sealed.starts_with(kAnthropicSignature)) return;
  std::string raw;
  for (const JsonNode part : item["summary"]) raw += part["text"].string().text;
  if (!assistant_.thoughts.empty()) assistant_.thoughts += ',';
  JsonMembers block(assistant_.thoughts);
  block.json("type", R"("thinking")");
  block.raw_text("thinking", raw);
  block.raw_text("signature", sealed.substr(kAnthropicSignature.size()));
  block.close();
}

Status ItemTurns::read_parts(JsonNode content, std::string_view member, Parts& parts) {
  if (content.is_string()) {
    parts.text(content.string().text);
    return {};
  }
  if (!content.is_array()) return bad_message(here(member), "a string or an array of parts");
  std::size_t place = 0;
  for (const JsonNode part : content) {
    const std::string part_here = here(fmt::format("{}[{}]", member, place++));
    if (Status read = read_part(part, part_here, parts); !read) return read;
  }
  return {};
}

Status ItemTurns::read_part(JsonNode part, const std::string& here, Parts& parts) {
  const JsonNode type = part["type"];
  if (type.is("input_image")) return read_image(part, here, parts);
  if (type.is("input_file")) return read_file(part, here, parts);
  if (type.is("input_audio") && part["input_audio"].is_object()) {
    JsonMembers out(parts.next());
    out.json("type", R"("input_audio")");
    out.json("input_audio", part["input_audio"].raw());
    out.close();
    return {};
  }
  if (type.is("input_text") || type.is("output_text") || type.is("text")) {
    if (!part["text"].is_string()) return bad_message(here + ".text", "a string");
    parts.text(part["text"].string().text);
    return {};
  }
  return untranslatable(here + ".type", "it takes text, images, files and audio");
}

Status ItemTurns::read_image(JsonNode part, const std::string& here, Parts& parts) {
  if (!part["image_url"].is_string()) {
    return untranslatable(here, "it takes images by URL or by value");
  }
  JsonMembers out(parts.next());
  out.json("type", R"("image_url")");
  JsonMembers image(out.name("image_url"));
  image.json("url", part["image_url"].raw());
  if (part["detail"].is_string()) image.json("detail", part["detail"].raw());
  image.close();
  out.close();
  return {};
}

Status ItemTurns::read_file(JsonNode part, const std::string& here, Parts& parts) {
  if (!part["file_data"].is_string() && !part["file_id"].is_string()) {
    return untranslatable(here, "it takes files by value");
  }
  JsonMembers out(parts.next());
  out.json("type", R"("file")");
  JsonMembers file(out.name("file"));
  for (const std::string_view name : {"filename", "file_data", "file_id"}) {
    if (part[name].is_string()) file.json(name, part[name].raw());
  }
  file.close();
  out.close();
  return {};
}

void ItemTurns::append_text_turn(std::string_view role, std::string_view raw) {
  Parts parts;
  parts.text(raw);
  append_turn(role, parts);
}

void ItemTurns::append_turn(std::string_view role, const Parts& parts) {
  if (parts.count == 0) return;
  JsonMembers turn(turns_.next());
  turn.raw_text("role", role);
  parts.append_content(turn);
  turn.close();
}

void ItemTurns::end_assistant() {
  const AssistantTurn said = std::exchange(assistant_, {});
  if (!said.holds_anything()) return;
  JsonMembers turn(turns_.next());
  turn.json("role", R"("assistant")");
  if (said.says) {
    turn.raw_text("content", said.text);
  } else {
    turn.json("content", "null");
  }
  if (!said.thoughts.empty()) {
    turn.name("thinking_blocks").append("[").append(said.thoughts).append("]");
  }
  if (!said.calls.empty()) turn.name("tool_calls").append("[").append(said.calls).append("]");
  turn.close();
}

void ItemTurns::end_answers() {
  if (shown_.count == 0) return;
  append_turn("user", std::exchange(shown_, {}));
}

}  // namespace

Result<std::string> response_turns(JsonNode instructions, JsonNode input,
                                   ReasoningItems reasoning) {
  return ItemTurns(reasoning).read(instructions, input);
}

}  // namespace tollgate
