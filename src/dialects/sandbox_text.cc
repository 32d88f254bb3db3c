#include "dialects/sandbox_text.h"

#include <utility>

#include "dialects/json_cursor.h"
#include "dialects/json_text.h"
#include "dialects/sandbox.h"

namespace tollgate {
namespace {

constexpr std::size_t kSpaceBytesMax = 8;
constexpr std::size_t kWordBytes = 4;

bool continues_character(char c) { return (c & 0xC0) == 0x80; }

// End of the token that starts at `at`.
std::size_t piece_end(std::string_view text, std::size_t at) {
  const std::size_t begin = at;
  while (at < text.size() && is_json_space(text[at]) && at - begin < kSpaceBytesMax) ++at;
  const std::size_t word = at;
  while (at < text.size() && !is_json_space(text[at]) && at - word < kWordBytes) ++at;
  while (at < text.size() && continues_character(text[at])) ++at;
  return at;
}

// A message's content: a string, or parts of which those with `text` count.
std::string read_text(JsonCursor& cursor) {
  if (cursor.kind() == JsonKind::kString) return cursor.string().decoded();
  std::string out;
  if (cursor.kind() != JsonKind::kArray) {
    cursor.skip();
    return out;
  }
  for (cursor.open_array(); cursor.next_element();) {
    if (cursor.kind() != JsonKind::kObject) {
      cursor.skip();
      continue;
    }
    JsonCursor::Member member;
    for (cursor.open_object(); cursor.next_member(member);) {
      if (member.name.is("text") && cursor.kind() == JsonKind::kString) {
        out += cursor.string().decoded();
      } else {
        cursor.skip();
      }
    }
  }
  return out;
}

void read_messages(JsonCursor& cursor, SandboxPrompt& out) {
  for (cursor.open_array(); cursor.next_element();) {
    std::string text;
    bool user = false;
    JsonCursor::Member member;
    for (cursor.open_object(); cursor.next_member(member);) {
      if (member.name.is("content")) {
        text = read_text(cursor);
      } else if (member.name.is("role")) {
        user = cursor.string().is("user");
      } else {
        cursor.skip();
      }
    }
    out.tokens += 1 + sandbox_tokens(text);
    if (user) out.last_text = std::move(text);
  }
}

void read_prompt(JsonCursor& cursor, SandboxPrompt& out) {
  if (cursor.kind() == JsonKind::kString) {
    out.last_text = cursor.string().decoded();
    out.tokens += sandbox_tokens(out.last_text);
  } else if (cursor.kind() == JsonKind::kArray) {
    for (cursor.open_array(); cursor.next_element();) read_prompt(cursor, out);
  } else {
    cursor.skip();
    ++out.tokens;
  }
}

}  // namespace

std::string_view lorem_text() {
  return "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor "
         "incididunt "
         "ut labore et dolore magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation "
         "ullamco laboris nisi ut aliquip ex ea commodo consequat. Duis aute irure dolor in "
         "reprehenderit in voluptate velit esse cillum dolore eu fugiat nulla pariatur. Excepteur "
         "sint occaecat cupidatat non proident.";
}

std::vector<std::string_view> sandbox_pieces(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = piece_end(text, at);
    out.push_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

std::int64_t sandbox_tokens(std::string_view text) {
  std::int64_t count = 0;
  for (std::size_t at = 0; at < text.size(); at = piece_end(text, at)) ++count;
  return count;
}

SandboxPrompt read_sandbox_prompt(std::string_view body, CompletionKind kind) {
  SandboxPrompt out;
  const bool chat = kind == CompletionKind::kChat;
  JsonCursor cursor(body, kRequestDepthMax);
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (chat && member.name.is("messages")) {
      read_messages(cursor, out);
    } else if (!chat && member.name.is("prompt")) {
      read_prompt(cursor, out);
    } else {
      cursor.skip();
    }
  }
  return out;
}

}  // namespace tollgate
