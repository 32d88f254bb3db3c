#include "dialects/anthropic_turns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "dialects/chat_request.h"
#include "dialects/json_members.h"
#include "dialects/request_members.h"
#include "dialects/untranslatable.h"

namespace tollgate {
namespace {

bool is_blank(const RawString& text) {
  constexpr std::size_t kLongEnough = 256;  // no one writes that much white space
  if (text.text.size() > kLongEnough) return false;
  const std::string plain = text.decoded();
  return std::ranges::all_of(
      plain, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
}

std::string in_lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return out;
}

// data:TYPE;base64,DATA (RFC 2397).
struct DataUrl {
  std::string type;  // in lower case
  std::string_view data;
};

std::optional<DataUrl> read_data_url(std::string_view url) {
  constexpr std::size_t kHeadMax = 256;
  const std::size_t comma = url.substr(0, kHeadMax).find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const std::string head = in_lower_case(url.substr(0, comma));
  if (!head.starts_with("data:") || !head.ends_with(";base64")) return std::nullopt;
  std::string type = head.substr(5, head.find(';') - 5);
  if (type == "image/jpg") type = "image/jpeg";
  return DataUrl{.type = std::move(type), .data = url.substr(comma + 1)};
}

// Writes `messages`, opening a turn with the first block that it gets.
class TurnWriter {
 public:
  // Begins a block of a role; the caller appends it to what is returned.
  std::string& block(std::string_view role) {
    if (role_ != role) {
      close();
      if (!turns_.empty()) turns_ += ',';
      turns_.append(R"({"role":")").append(role).append(R"(","content":[)");
      role_ = role;
    } else {
      turns_ += ',';
    }
    return turns_;
  }
  std::string_view role() const { return role_; }
  std::string take() {
    close();
    return std::move(turns_);
  }

 private:
  void close() {
    if (!role_.empty()) turns_ += "]}";
    role_ = {};
  }

  std::string turns_;
  std::string_view role_;
};

void add_cache_control(JsonMembers& members, JsonNode part) {
  const JsonNode control = part["cache_control"];
  if (control.is_object()) members.json("cache_control", control.raw());
}

void append_text_block(std::string& out, const RawString& text, JsonNode part) {
  JsonMembers block(out);
  block.json("type", R"("text")");
  block.raw_text("text", text.text);
  add_cache_control(block, part);
  block.close();
}

class ChatTurns {
 public:
  Result<AnthropicTurns> read(JsonNode messages);

 private:
  Status read_message(JsonNode message);
  Status read_system(JsonNode content);
  Status read_user(JsonNode content);
  Status read_user_part(JsonNode part);
  Status read_assistant(JsonNode message);
  Status read_assistant_text(JsonNode content);
  void read_thinking(JsonNode blocks);
  Status read_tool_call(JsonNode call, std::size_t index);
  Status read_tool_answer(JsonNode message);
  Status append_part(std::string& out, JsonNode part);
  Status append_image(std::string& out, JsonNode part);
  Status append_file(std::string& out, JsonNode part);

  // Where the reader stands, for the `param` of a refusal.
  std::string here(std::string_view member = {}) const {
    return fmt::format("messages[{}]{}{}", message_, member.empty() ? "" : ".", member);
  }
  std::string part_here(std::string_view member = {}) const {
    return fmt::format("messages[{}].content[{}]{}{}", message_, part_, member.empty() ? "" : ".",
                       member);
  }

  std::string system_;
  TurnWriter turns_;
  std::size_t message_ = 0;
  std::size_t part_ = 0;
  // Of the assistant's last turn.
  bool has_calls_ = false;
  bool has_thinking_ = false;
};

Result<AnthropicTurns> ChatTurns::read(JsonNode messages) {
  for (const JsonNode message : messages) {
    if (Status read = read_message(message); !read) return std::unexpected(std::move(read.error()));
    ++message_;
  }
  AnthropicTurns turns{.system = std::move(system_),
                       .messages = turns_.take(),
                       .unsigned_calls = has_calls_ && !has_thinking_};
  if (turns.messages.empty()) {
    return bad_message("messages", "more than system messages: add one of the role user");
  }
  return turns;
}

Status ChatTurns::read_message(JsonNode message) {
  const JsonNode role = message["role"];
  const JsonNode content = message["content"];
  if (role.is("system") || role.is("developer")) return read_system(content);
  if (role.is("user")) return read_user(content);
  if (role.is("assistant")) return read_assistant(message);
  if (role.is("tool")) return read_tool_answer(message);
  if (role.is("function")) {
    return untranslatable(here("role"), "functions are called tools there");
  }
  return bad_message(here("role"), "system, developer, user, assistant or tool");
}

Status ChatTurns::read_system(JsonNode content) {
  const auto add = [this](JsonNode text, JsonNode part) {
    if (is_blank(text.string())) return;
    if (!system_.empty()) system_ += ',';
    append_text_block(system_, text.string(), part);
  };
  if (content.is_string()) {
    add(content, {});
    return {};
  }
  if (!content.is_array()) return bad_message(here("content"), "a string or an array of parts");
  part_ = 0;
  for (const JsonNode part : content) {
    if (part.is_string()) {
      add(part, {});
    } else if (part["text"].is_string()) {
      add(part["text"], part);
    } else {
      return untranslatable(part_here("type"), "a system message holds nothing but text there");
    }
    ++part_;
  }
  return {};
}

Status ChatTurns::read_user(JsonNode content) {
  if (content.is_string()) {
    if (!is_blank(content.string())) append_text_block(turns_.block("user"), content.string(), {});
    return {};
  }
  if (!content.is_array()) return bad_message(here("content"), "a string or an array of parts");
  part_ = 0;
  for (const JsonNode part : content) {
    if (Status read = read_user_part(part); !read) return read;
    ++part_;
  }
  return {};
}

Status ChatTurns::read_user_part(JsonNode part) {
  const JsonNode text = part.is_string() ? part : part["text"];
  const bool is_text = part.is_string() || part["type"].is("text") || part["type"].is("input_text");
  if (is_text && !text.is_string()) return bad_message(part_here("text"), "a string");
  if (is_text && is_blank(text.string())) return {};
  return append_part(turns_.block("user"), part);
}

// A part that is no blank text.
Status ChatTurns::append_part(std::string& out, JsonNode part) {
  if (part.is_string()) {
    append_text_block(out, part.string(), {});
    return {};
  }
  const JsonNode type = part["type"];
  if (type.is("text") || type.is("input_text") || type.is("output_text")) {
    if (!part["text"].is_string()) return bad_message(part_here("text"), "a string");
    append_text_block(out, part["text"].string(), part);
    return {};
  }
  if (type.is("image_url") || type.is("input_image")) return append_image(out, part);
  if (type.is("file") || type.is("input_file")) return append_file(out, part);
  return untranslatable(part_here("type"), "it takes text, images and PDF files");
}

Status ChatTurns::append_image(std::string& out, JsonNode part) {
  const JsonNode image = part["image_url"];
  const JsonNode url = image.is_object() ? image["url"] : image;
  if (!url.is_string()) {
    return untranslatable(part_here("image_url"), "it takes images by URL or by value");
  }
  const RawString raw = url.string();
  const std::string decoded = raw.escaped ? raw.decoded() : std::string();
  const std::string_view address = raw.escaped ? std::string_view(decoded) : raw.text;
  JsonMembers block(out);
  block.json("type", R"("image")");
  JsonMembers source(block.name("source"));
  if (const auto data = read_data_url(address)) {
    if (!data->type.starts_with("image/")) {
      return untranslatable(part_here("image_url"), "what it holds is no image");
    }
    source.json("type", R"("base64")");
    source.text("media_type", data->type);
    source.text("data", data->data);
  } else {
    const std::string scheme = in_lower_case(address.substr(0, 8));
    if (!scheme.starts_with("https://") && !scheme.starts_with("http://")) {
      return untranslatable(part_here("image_url"),
                            "it takes images of the web, or as a base64 data URL");
    }
    source.json("type", R"("url")");
    source.text("url", address);
  }
  source.close();
  add_cache_control(block, part);
  block.close();
  return {};
}

Status ChatTurns::append_file(std::string& out, JsonNode part) {
  const JsonNode file = part["file"].is_object() ? part["file"] : part;
  const JsonNode data = file["file_data"];
  const std::string url = data.is_string() ? data.text() : std::string();
  const auto read = read_data_url(url);
  if (!read || read->type != "application/pdf") {
    return untranslatable(part_here("file"), "it takes files by value, as a data URL of a PDF");
  }
  JsonMembers block(out);
  block.json("type", R"("document")");
  JsonMembers source(block.name("source"));
  source.json("type", R"("base64")");
  source.json("media_type", R"("application/pdf")");
  source.text("data", read->data);
  source.close();
  if (file["filename"].is_string()) block.json("title", file["filename"].raw());
  add_cache_control(block, part);
  block.close();
  return {};
}

Status ChatTurns::read_assistant(JsonNode message) {
  for (const std::string_view member : {"function_call", "audio"}) {
    if (message[member].is_null()) continue;
    return untranslatable(
        here(member), member == "audio" ? "it knows no audio" : "functions are called tools there");
  }
  if (turns_.role() != "assistant") has_calls_ = has_thinking_ = false;
  read_thinking(message["thinking_blocks"]);
  if (Status text = read_assistant_text(message["content"]); !text) return text;
  if (message["refusal"].is_string() && !is_blank(message["refusal"].string())) {
    append_text_block(turns_.block("assistant"), message["refusal"].string(), {});
  }
  const JsonNode calls = message["tool_calls"];
  if (calls.is_null()) return {};
  if (!calls.is_array()) return bad_message(here("tool_calls"), "an array");
  std::size_t index = 0;
  for (const JsonNode call : calls) {
    if (Status read = read_tool_call(call, index); !read) return read;
    ++index;
  }
  return {};
}

Status ChatTurns::read_assistant_text(JsonNode content) {
  const auto add = [this](JsonNode text, JsonNode part) {
    if (!is_blank(text.string())) {
      append_text_block(turns_.block("assistant"), text.string(), part);
    }
  };
  if (content.is_null()) return {};
  if (content.is_string()) {
    add(content, {});
    return {};
  }
  if (!content.is_array()) return bad_message(here("content"), "a string or an array of parts");
  part_ = 0;
  for (const JsonNode part : content) {
    const JsonNode text = part["type"].is("refusal") ? part["refusal"] : part["text"];
    if (!part.is_string() && !text.is_string()) {
      return untranslatable(part_here("type"), "an assistant's message holds nothing but text");
    }
    add(part.is_string() ? part : text, part);
    ++part_;
  }
  return {};
}

// As they came (completion_from_message.h); the members that an answer has none of are left out.
void ChatTurns::read_thinking(JsonNode blocks) {
  if (!blocks.is_array()) return;
  for (const JsonNode block : blocks) {
    if (block["type"].is("redacted_thinking") && block["data"].is_string()) {
      JsonMembers members(turns_.block("assistant"));
      has_thinking_ = true;
      members.json("type", R"("redacted_thinking")");
      members.json("data", block["data"].raw());
      members.close();
    } else if (block["type"].is("thinking") && block["signature"].is_string() &&
               !block["signature"].string().text.empty() && block["thinking"].is_string()) {
      JsonMembers members(turns_.block("assistant"));
      has_thinking_ = true;
      members.json("type", R"("thinking")");
      members.json("thinking", block["thinking"].raw());
      members.json("signature", block["signature"].raw());
      members.close();
    }
  }
}

Status ChatTurns::read_tool_call(JsonNode call, std::size_t index) {
  const auto here_in_call = [&](std::string_view member) {
    return here(fmt::format("tool_calls[{}].{}", index, member));
  };
  if (!call["type"].is_null() && !call["type"].is("function")) {
    return untranslatable(here_in_call("type"), "its tools are functions");
  }
  const JsonNode function = call["function"];
  if (!call["id"].is_string()) return bad_message(here_in_call("id"), "a string");
  if (!function["name"].is_string()) return bad_message(here_in_call("function.name"), "a string");
  std::string arguments = function["arguments"].text();
  if (is_blank({.text = arguments, .escaped = false})) arguments = "{}";
  JsonCursor cursor(arguments, kTranslationDepthMax);
  const bool object = cursor.kind() == JsonKind::kObject;
  cursor.skip();
  if (!object || !cursor.finish()) {
    return bad_message(here_in_call("function.arguments"), "a JSON object, as a string");
  }
  has_calls_ = true;
  JsonMembers block(turns_.block("assistant"));
  block.json("type", R"("tool_use")");
  block.text("id", tool_use_id(call["id"].text()));
  block.json("name", function["name"].raw());
  block.json("input", arguments);
  block.close();
  return {};
}

Status ChatTurns::read_tool_answer(JsonNode message) {
  const JsonNode content = message["content"];
  if (!message["tool_call_id"].is_string()) return bad_message(here("tool_call_id"), "a string");
  JsonMembers block(turns_.block("user"));
  block.json("type", R"("tool_result")");
  block.text("tool_use_id", tool_use_id(message["tool_call_id"].text()));
  if (content.is_string()) {
    block.json("content", content.raw());
  } else if (content.is_array()) {
    std::string& out = block.name("content") += '[';
    JsonElements parts(out);
    part_ = 0;
    for (const JsonNode part : content) {
      const JsonNode text = part.is_string() ? part : part["text"];
      const bool blank = text.is_string() && is_blank(text.string());
      if (!blank) {
        if (Status read = append_part(parts.next(), part); !read) return read;
      }
      ++part_;
    }
    out += ']';
  } else {
    return bad_message(here("content"), "a string or an array of parts");
  }
  block.close();
  return {};
}

}  // namespace

std::string tool_use_id(std::string_view id) {
  std::string out(id);
  std::ranges::replace_if(
      out,
      [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '_' || c == '-');
      },
      '_');
  return out;
}

Result<AnthropicTurns> anthropic_turns(JsonNode messages) { return ChatTurns().read(messages); }

}  // namespace tollgate
