#include "dialects/openai_turns.h"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>
#include <utility>

#include "dialects/byte_range.h"
#include "dialects/json_members.h"
#include "dialects/request_members.h"
#include "dialects/untranslatable.h"

namespace tollgate {
namespace {

constexpr std::string_view kBlankLine = R"(\n\n)";  // as it stands in a JSON string
constexpr std::string_view kLineBreak = R"(\n)";

void join(std::string& raw, std::string_view more, std::string_view between) {
  if (!raw.empty() && !more.empty()) raw += between;
  raw += more;
}

// The parts of a user's message, being written.
struct Parts {
  std::string json;  // the elements of `content`
  std::size_t count = 0;
  ByteRange only_text;  // of json: raw, where there is one part, and it is text

  std::string& next() {
    if (count++ > 0) json += ',';
    only_text = {};
    return json;
  }
  void text(std::string_view raw) {
    JsonMembers part(next());
    part.json("type", R"("text")");
    std::string& out = part.name("text") += '"';
    if (count == 1) only_text = {out.size(), raw.size()};
    out.append(raw).append("\"");
    part.close();
  }
  bool is_text() const { return only_text.offset > 0; }
};

class MessageTurns {
 public:
  explicit MessageTurns(ThinkingBlocks thinking) : thinking_(thinking), turns_(out_) {}

  Result<std::string> read(JsonNode system, JsonNode messages);

 private:
  Status read_message(JsonNode message);
  Status read_system(JsonNode content);
  Status read_user(JsonNode content);
  Status read_user_block(JsonNode block, Parts& parts);
  Status read_tool_result(JsonNode block, Parts& parts);
  Status read_document(JsonNode block, Parts& parts);
  Status read_search_result(JsonNode block, std::string& raw);
  Status read_assistant(JsonNode content);
  Status append_image(std::string& out, JsonNode block);
  void append_user(const Parts& parts);

  std::string here(std::string_view member = {}) const {
    return fmt::format("{}{}{}", place_, member.empty() ? "" : ".", member);
  }
  std::string block_here(std::string_view member = {}) const {
    return fmt::format("{}[{}]{}{}", here(place_ == "system" ? "" : "content"), block_,
                       member.empty() ? "" : ".", member);
  }

  ThinkingBlocks thinking_;
  std::string out_;
  JsonElements turns_;
  std::string place_;
  std::size_t block_ = 0;
};

Result<std::string> MessageTurns::read(JsonNode system, JsonNode messages) {
  place_ = "system";
  if (!system.is_null()) {
    if (Status read = read_system(system); !read) return std::unexpected(std::move(read.error()));
  }
  std::size_t index = 0;
  for (const JsonNode message : messages) {
    place_ = fmt::format("messages[{}]", index++);
    if (Status read = read_message(message); !read) return std::unexpected(std::move(read.error()));
  }
  if (out_.empty()) return bad_message("messages", "more than empty messages");
  return std::move(out_);
}

Status MessageTurns::read_message(JsonNode message) {
  const JsonNode role = message["role"];
  const JsonNode content = message["content"];
  if (role.is("user")) return read_user(content);
  if (role.is("assistant")) return read_assistant(content);
  if (role.is("system")) return read_system(content);
  return bad_message(here("role"), "user, assistant or system");
}

Status MessageTurns::read_system(JsonNode content) {
  std::string raw;
  if (content.is_string()) raw = content.string().text;
  block_ = 0;
  for (const JsonNode block : content) {
    if (!block["text"].is_string()) {
      return untranslatable(block_here("type"), "a system message holds nothing but text there");
    }
    join(raw, block["text"].string().text, kBlankLine);
    ++block_;
  }
  if (raw.empty()) return {};
  JsonMembers turn(turns_.next());
  turn.json("role", R"("system")");
  turn.raw_text("content", raw);
  turn.close();
  return {};
}

Status MessageTurns::read_user(JsonNode content) {
  Parts parts;
  if (content.is_string()) parts.text(content.string().text);
  block_ = 0;
  for (const JsonNode block : content) {
    if (Status read = read_user_block(block, parts); !read) return read;
    ++block_;
  }
  append_user(parts);
  return {};
}

void MessageTurns::append_user(const Parts& parts) {
  if (parts.count == 0) return;
  JsonMembers turn(turns_.next());
  turn.json("role", R"("user")");
  if (parts.is_text()) {
    turn.raw_text("content", parts.only_text.in(parts.json));
  } else {
    turn.name("content").append("[").append(parts.json).append("]");
  }
  turn.close();
}

Status MessageTurns::read_user_block(JsonNode block, Parts& parts) {
  const JsonNode type = block["type"];
  if (type.is("text")) {
    if (!block["text"].is_string()) return bad_message(block_here("text"), "a string");
    parts.text(block["text"].string().text);
    return {};
  }
  if (type.is("image")) return append_image(parts.next(), block);
  if (type.is("tool_result")) return read_tool_result(block, parts);
  if (type.is("document")) return read_document(block, parts);
  if (type.is("search_result")) {
    std::string raw;
    if (Status read = read_search_result(block, raw); !read) return read;
    parts.text(raw);
    return {};
  }
  return untranslatable(block_here("type"), "it takes text, images, PDF files and tools' answers");
}

Status MessageTurns::read_tool_result(JsonNode block, Parts& parts) {
  const JsonNode content = block["content"];
  if (!block["tool_use_id"].is_string()) return bad_message(block_here("tool_use_id"), "a string");
  std::string raw;
  if (content.is_string()) raw = content.string().text;
  for (const JsonNode inner : content) {
    if (inner["type"].is("text") && inner["text"].is_string()) {
      join(raw, inner["text"].string().text, kLineBreak);
    } else if (inner["type"].is("image")) {
      if (Status image = append_image(parts.next(), inner); !image) return image;
    } else if (inner["type"].is("search_result")) {
      std::string found;
      if (Status read = read_search_result(inner, found); !read) return read;
      join(raw, found, kLineBreak);
    } else {
      return untranslatable(block_here("content"), "a tool's answer is text and images there");
    }
  }
  JsonMembers turn(turns_.next());
  turn.json("role", R"("tool")");
  turn.json("tool_call_id", block["tool_use_id"].raw());
  turn.raw_text("content", raw);
  turn.close();
  return {};
}

Status MessageTurns::read_search_result(JsonNode block, std::string& raw) {
  raw = block["title"].string().text;
  join(raw, block["source"].string().text, kLineBreak);
  for (const JsonNode inner : block["content"]) {
    if (!inner["text"].is_string()) {
      return untranslatable(block_here("content"), "a search result is text there");
    }
    join(raw, inner["text"].string().text, kLineBreak);
  }
  return {};
}

Status MessageTurns::read_document(JsonNode block, Parts& parts) {
  const JsonNode source = block["source"];
  const JsonNode data = source["data"];
  if (source["type"].is("text") && data.is_string()) {
    parts.text(data.string().text);
    return {};
  }
  if (!source["type"].is("base64") || !source["media_type"].is("application/pdf") ||
      !data.is_string()) {
    return untranslatable(block_here("source"), "it takes documents by value, as text or PDF");
  }
  JsonMembers part(parts.next());
  part.json("type", R"("file")");
  JsonMembers file(part.name("file"));
  const JsonNode title = block["title"];
  file.json("filename", title.is_string() ? title.raw() : R"("document.pdf")");
  file.name("file_data")
      .append(R"("data:application/pdf;base64,)")
      .append(data.string().text)
      .append("\"");
  file.close();
  part.close();
  return {};
}

Status MessageTurns::append_image(std::string& out, JsonNode block) {
  const JsonNode source = block["source"];
  const JsonNode data = source["data"];
  const JsonNode media_type = source["media_type"];
  std::string url;  // raw
  if (source["type"].is("base64") && data.is_string() && media_type.is_string()) {
    url.reserve(data.string().text.size() + 64);
    url.append("data:").append(media_type.string().text).append(";base64,");
    url.append(data.string().text);
  } else if (source["type"].is("url") && source["url"].is_string()) {
    url = source["url"].string().text;
  } else {
    return untranslatable(block_here("source"), "it takes images by URL or by value");
  }
  JsonMembers part(out);
  part.json("type", R"("image_url")");
  JsonMembers image(part.name("image_url"));
  image.raw_text("url", url);
  image.close();
  part.close();
  return {};
}

Status MessageTurns::read_assistant(JsonNode content) {
  std::string text;
  std::string reasoning;
  std::string calls;
  JsonElements call_elements(calls);
  if (content.is_string()) text = content.string().text;
  block_ = 0;
  for (const JsonNode block : content) {
    const JsonNode type = block["type"];
    if (type.is("text") && block["text"].is_string()) {
      join(text, block["text"].string().text, kLineBreak);
    } else if (type.is("thinking")) {
      join(reasoning, block["thinking"].string().text, kLineBreak);
    } else if (type.is("tool_use")) {
      if (!block["id"].is_string()) return bad_message(block_here("id"), "a string");
      if (!block["name"].is_string()) return bad_message(block_here("name"), "a string");
      if (!block["input"].is_object()) return bad_message(block_here("input"), "an object");
      JsonMembers call(call_elements.next());
      call.json("id", block["id"].raw());
      call.json("type", R"("function")");
      JsonMembers function(call.name("function"));
      function.json("name", block["name"].raw());
      function.text("arguments", block["input"].raw());
      function.close();
      call.close();
    } else if (!type.is("redacted_thinking")) {
      return untranslatable(block_here("type"), "it knows nothing of tools that Anthropic runs");
    }
    ++block_;
  }
  const bool carried = thinking_ == ThinkingBlocks::kCarried && !reasoning.empty();
  if (text.empty() && calls.empty() && !carried) return {};
  JsonMembers turn(turns_.next());
  turn.json("role", R"("assistant")");
  if (text.empty() && !calls.empty()) {
    turn.json("content", "null");
  } else {
    turn.raw_text("content", text);
  }
  if (carried) turn.raw_text("reasoning_content", reasoning);
  if (!calls.empty()) turn.name("tool_calls").append("[").append(calls).append("]");
  turn.close();
  return {};
}

}  // namespace

Result<std::string> openai_turns(JsonNode system, JsonNode messages, ThinkingBlocks thinking) {
  return MessageTurns(thinking).read(system, messages);
}

}  // namespace tollgate
