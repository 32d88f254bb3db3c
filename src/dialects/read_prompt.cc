#include "dialects/read_prompt.h"

#include <utility>
#include <vector>

#include "base/utf8.h"
#include "dialects/json_cursor.h"

namespace tollgate {
namespace {

using Texts = std::vector<RawString>;

// As much of an escaped string as decodes to at least `bytes`, cut between two escapes.
RawString enough_of(const RawString& text, std::size_t bytes) {
  const std::size_t limit = 6 * bytes;  // the longest escape of one byte
  if (text.text.size() <= limit) return text;
  std::size_t at = 0;
  while (at < limit) {
    const std::size_t backslash = text.text.find('\\', at);
    if (backslash >= limit) {
      at = limit;
    } else {
      at = backslash + (text.text[backslash + 1] == 'u' ? 6 : 2);
    }
  }
  return {.text = text.text.substr(0, at), .escaped = true};
}

std::string joined(const Texts& texts) {
  std::string out;
  for (std::size_t i = 0; i < texts.size() && out.size() < kPromptTextBytesMax; ++i) {
    if (i > 0) out += '\n';
    const std::size_t left = kPromptTextBytesMax - out.size();
    if (texts[i].escaped) {
      out += utf8_prefix(enough_of(texts[i], left).decoded(), left);
    } else {
      out += utf8_prefix(texts[i].text, left);
    }
  }
  return out;
}

class PromptReader {
 public:
  PromptReader(std::string_view body, CompletionKind kind)
      : cursor_(body, kRequestDepthMax), kind_(kind) {}

  PromptText read();

 private:
  bool has_messages() const {
    return kind_ != CompletionKind::kText && kind_ != CompletionKind::kResponses;
  }
  // In a member of its own.
  bool has_system() const { return is_anthropic(kind_) || kind_ == CompletionKind::kResponses; }
  void read_messages();
  void read_input();
  void read_message();
  void read_content(Texts& out);
  bool read_part(Texts& out);
  void read_prompt();
  void add(Texts& out);

  JsonCursor cursor_;
  CompletionKind kind_;
  PromptText prompt_;
  Texts system_;
  Texts last_user_;
};

PromptText PromptReader::read() {
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member);) {
    if (has_messages() && member.name.is("messages")) {
      read_messages();
    } else if (kind_ == CompletionKind::kText && member.name.is("prompt")) {
      read_prompt();
    } else if (kind_ == CompletionKind::kResponses && member.name.is("input")) {
      read_input();
    } else if (member.name.is(is_anthropic(kind_) ? "system" : "instructions") && has_system()) {
      // Before the messages' own, wherever it stands.
      Texts texts;
      read_content(texts);
      system_.insert(system_.begin(), texts.begin(), texts.end());
    } else {
      cursor_.skip();
    }
  }
  prompt_.system = joined(system_);
  prompt_.last_user = joined(last_user_);
  return std::move(prompt_);
}

void PromptReader::add(Texts& out) {
  out.push_back(cursor_.string());
  prompt_.text_bytes += static_cast<std::int64_t>(out.back().text.size());
}

void PromptReader::read_messages() {
  if (cursor_.kind() != JsonKind::kArray) {
    cursor_.skip();
    return;
  }
  for (cursor_.open_array(); cursor_.next_element();) read_message();
}

// One message of the user, or items that messages are among.
void PromptReader::read_input() {
  if (cursor_.kind() != JsonKind::kString) return read_messages();
  last_user_.clear();
  add(last_user_);
  ++prompt_.messages;
  ++prompt_.user_turns;
}

void PromptReader::read_message() {
  if (cursor_.kind() != JsonKind::kObject) {
    cursor_.skip();
    return;
  }
  ++prompt_.messages;
  enum class Role { kSystem, kUser, kOther } role = Role::kOther;
  Texts texts;
  bool answers_only = false;  // parts, all of which are tools' answers
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member);) {
    if (member.name.is("role") && cursor_.kind() == JsonKind::kString) {
      const RawString name = cursor_.string();
      role = Role::kOther;
      if (name.is("user")) role = Role::kUser;
      if (name.is("system") || name.is("developer")) role = Role::kSystem;
    } else if (member.name.is("content")) {
      if (cursor_.kind() != JsonKind::kArray) {
        read_content(texts);
        continue;
      }
      answers_only = true;
      std::size_t parts = 0;
      for (cursor_.open_array(); cursor_.next_element(); ++parts) {
        answers_only &= read_part(texts);
      }
      answers_only &= parts > 0;
    } else {
      cursor_.skip();
    }
  }
  if (role == Role::kSystem) system_.insert(system_.end(), texts.begin(), texts.end());
  if (role != Role::kUser || answers_only) return;
  ++prompt_.user_turns;
  last_user_ = std::move(texts);
}

// A string, or parts.
void PromptReader::read_content(Texts& out) {
  if (cursor_.kind() == JsonKind::kString) {
    add(out);
  } else if (cursor_.kind() == JsonKind::kArray) {
    for (cursor_.open_array(); cursor_.next_element();) read_part(out);
  } else {
    cursor_.skip();
  }
}

// Whether it is a tool's answer, whose texts are then counted but not kept.
bool PromptReader::read_part(Texts& out) {
  if (cursor_.kind() == JsonKind::kString) {
    add(out);
    return false;
  }
  if (cursor_.kind() != JsonKind::kObject) {
    cursor_.skip();
    return false;
  }
  const std::size_t before = out.size();
  bool is_answer = false;
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member);) {
    if (member.name.is("type") && cursor_.kind() == JsonKind::kString) {
      is_answer = cursor_.string().is("tool_result");
    } else if (member.name.is("text") && cursor_.kind() == JsonKind::kString) {
      add(out);
    } else if (member.name.is("content")) {
      read_content(out);
    } else {
      cursor_.skip();
    }
  }
  if (is_answer) out.resize(before);
  return is_answer;
}

void PromptReader::read_prompt() {
  if (cursor_.kind() == JsonKind::kString) {
    last_user_.clear();
    add(last_user_);
    ++prompt_.user_turns;
    return;
  }
  if (cursor_.kind() != JsonKind::kArray) {
    cursor_.skip();
    return;
  }
  bool tokens = false;  // one prompt, in tokens
  for (cursor_.open_array(); cursor_.next_element();) {
    last_user_.clear();
    tokens |= cursor_.kind() == JsonKind::kNumber;
    if (!tokens) ++prompt_.user_turns;
    if (cursor_.kind() == JsonKind::kString) {
      add(last_user_);
    } else {
      cursor_.skip();
    }
  }
  if (tokens) prompt_.user_turns = 1;
}

}  // namespace

PromptText prompt_text(const ChatRequest& request, std::string_view body) {
  return PromptReader(body, request.kind).read();
}

}  // namespace tollgate
