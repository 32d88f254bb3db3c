#include "dialects/message_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dialects/request_members.h"
#include "dialects/seen_members.h"

namespace tollgate {
namespace {

template <std::size_t kCount>
bool is_one_of(const RawString& text, const std::array<std::string_view, kCount>& names) {
  return std::ranges::any_of(names, [&](std::string_view one) { return text.is(one); });
}

// Blocks that are no more than the text that stands in them.
constexpr std::array<std::string_view, 6> kTextTypes = {
    "text", "thinking", "redacted_thinking", "tool_use", "server_tool_use", "tool_reference"};
// Blocks whose `content` is made of blocks.
constexpr std::array<std::string_view, 2> kNestingTypes = {"tool_result", "search_result"};

// Tools that Anthropic defines and the client runs: nothing is billed but tokens.
constexpr std::array<std::string_view, 5> kClientRunTools = {"bash_", "text_editor_", "computer_",
                                                             "browser_", "memory_"};

enum class BlockType { kText, kNesting, kImage, kDocument, kUpload, kUnknown };

BlockType block_type(const RawString& type) {
  if (is_one_of(type, kTextTypes)) return BlockType::kText;
  if (is_one_of(type, kNestingTypes)) return BlockType::kNesting;
  if (type.is("image")) return BlockType::kImage;
  if (type.is("document")) return BlockType::kDocument;
  return type.is("container_upload") ? BlockType::kUpload : BlockType::kUnknown;
}

// The `source` of an image or a document.
class SourceReader {
 public:
  SourceReader(JsonCursor& cursor, const RequestPlace& place) : cursor_(cursor), place_(place) {}

  Status read();
  bool is_image() const {
    return (type_ == Type::kBase64 && image_media_) || (type_ == Type::kUrl && web_url_) ||
           type_ == Type::kFile;
  }
  // What of it is no text.
  std::int64_t media_bytes() const { return type_ == Type::kText ? 0 : media_bytes_; }

 private:
  enum class Type { kBase64, kUrl, kFile, kText, kOther };
  enum Member : unsigned { kType, kData, kUrl, kMediaType };
  static constexpr std::array<std::string_view, 4> kMembers = {"type", "data", "url", "media_type"};

  void read_member(unsigned member);

  JsonCursor& cursor_;
  const RequestPlace& place_;
  SeenMembers seen_;
  Type type_ = Type::kOther;
  bool image_media_ = false;
  bool web_url_ = false;
  std::int64_t media_bytes_ = 0;
};

Status SourceReader::read() {
  if (cursor_.kind() != JsonKind::kObject) {
    cursor_.skip();
    return {};
  }
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member);) {
    const auto known =
        std::ranges::find_if(kMembers, [&](std::string_view name) { return member.name.is(name); });
    if (known == kMembers.end()) {
      cursor_.skip();
      continue;
    }
    const auto index = static_cast<unsigned>(known - kMembers.begin());
    if (!seen_.first(index)) {
      return repeated_member(RequestPlace{.around = &place_, .member = *known}.text());
    }
    if (cursor_.kind() == JsonKind::kString) {
      read_member(index);
    } else {
      cursor_.skip();
    }
  }
  return {};
}

void SourceReader::read_member(unsigned member) {
  const RawString value = cursor_.string();
  switch (member) {
    case kType:
      if (value.is("base64")) type_ = Type::kBase64;
      if (value.is("url")) type_ = Type::kUrl;
      if (value.is("file")) type_ = Type::kFile;
      if (value.is("text")) type_ = Type::kText;
      break;
    case kData:
      media_bytes_ += static_cast<std::int64_t>(value.text.size());
      break;
    case kUrl:
      web_url_ = value.starts_with("https://") || value.starts_with("http://");
      media_bytes_ += static_cast<std::int64_t>(value.text.size());
      break;
    default:
      image_media_ = value.starts_with("image/");
      break;
  }
}

// One block: an object. Blocks inside it are read before it may be known what they stand in, and
// counted apart until then.
class BlockReader {
 public:
  BlockReader(JsonCursor& cursor, const RequestPlace& place)
      : cursor_(cursor), place_(place), source_place_{.around = &place, .member = "source"} {}

  Status read();
  void note(PartNeeds& out) const;

 private:
  enum Member : unsigned { kType, kSource, kContent };

  std::unexpected<Error> repeated(std::string_view name) const {
    return repeated_member(RequestPlace{.around = &place_, .member = name}.text());
  }
  Status read_content();

  JsonCursor& cursor_;
  const RequestPlace& place_;
  RequestPlace source_place_;
  SeenMembers seen_;
  BlockType type_ = BlockType::kUnknown;
  SourceReader source_{cursor_, source_place_};
  RequestNeeds inner_needs_;
  PartNeeds inner_{.needs = inner_needs_};
  bool has_inner_ = false;
};

Status BlockReader::read() {
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member);) {
    if (member.name.is("type")) {
      if (!seen_.first(kType)) return repeated("type");
      if (cursor_.kind() == JsonKind::kString) {
        type_ = block_type(cursor_.string());
      } else {
        cursor_.skip();
      }
    } else if (member.name.is("source")) {
      if (!seen_.first(kSource)) return repeated("source");
      if (Status source = source_.read(); !source) return source;
    } else if (member.name.is("content")) {
      if (!seen_.first(kContent)) return repeated("content");
      if (Status content = read_content(); !content) return content;
    } else {
      cursor_.skip();
    }
  }
  return {};
}

Status BlockReader::read_content() {
  if (cursor_.kind() != JsonKind::kArray) {
    has_inner_ = cursor_.kind() == JsonKind::kObject;
    inner_needs_.whole_window |= has_inner_;
    cursor_.skip();
    return {};
  }
  has_inner_ = true;
  const RequestPlace content{.around = &place_, .member = "content"};
  return read_blocks(cursor_, content, inner_);
}

// A search result names its source in a string of its own, which is text.
void BlockReader::note(PartNeeds& out) const {
  RequestNeeds& needs = out.needs;
  switch (type_) {
    case BlockType::kText:
      needs.whole_window |= seen_.has(kSource) || has_inner_;
      break;
    case BlockType::kNesting:
      needs.images += inner_needs_.images;
      needs.whole_window |= inner_needs_.whole_window;
      needs.file_input |= inner_needs_.file_input;
      out.media_bytes += inner_.media_bytes;
      break;
    case BlockType::kImage:
      ++needs.images;
      out.media_bytes += source_.media_bytes();
      needs.whole_window |= !source_.is_image() || has_inner_;
      break;
    case BlockType::kDocument:
    case BlockType::kUpload:
      needs.file_input = needs.whole_window = true;
      out.media_bytes += source_.media_bytes();
      break;
    case BlockType::kUnknown:
      needs.whole_window = true;
      break;
  }
}

// What kind of tool one element of `tools` is.
Status read_tool(JsonCursor& cursor, std::size_t index, RequestNeeds& needs) {
  needs.tools = true;
  SeenMembers seen;
  bool own = true;  // the client's: `type` is "custom", null or not there
  bool hosted = false;
  bool names_model = false;
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (!member.name.is("type")) {
      names_model |= skip_asking(cursor) && member.name.is("model");
      continue;
    }
    if (!seen.first(0)) return repeated_member(fmt::format("tools[{}].type", index));
    own = take_null(cursor);
    if (own) continue;
    hosted = true;
    if (cursor.kind() != JsonKind::kString) {
      cursor.skip();
      continue;
    }
    const RawString type = cursor.string();
    own = type.is("custom");
    hosted = !own && std::ranges::none_of(kClientRunTools, [&](std::string_view prefix) {
      return type.starts_with(prefix);
    });
  }
  needs.whole_window |= !own;
  needs.hosted_fees |= hosted;
  if (own || !names_model) return {};
  return not_passed_on(fmt::format("tools[{}].model", index), kNoOtherModel);
}

}  // namespace

std::string RequestPlace::text() const {
  std::string out = around == nullptr ? std::string() : around->text();
  if (!member.empty()) {
    if (!out.empty()) out += '.';
    out += member;
  }
  if (index) out += fmt::format("[{}]", *index);
  return out;
}

Status read_blocks(JsonCursor& cursor, const RequestPlace& place, PartNeeds& out) {
  if (cursor.kind() == JsonKind::kString) {
    cursor.skip();
    return {};
  }
  if (cursor.kind() != JsonKind::kArray) {
    return bad_message(place.text(), "a string or an array of content blocks");
  }
  std::size_t index = 0;
  for (cursor.open_array(); cursor.next_element(); ++index) {
    const RequestPlace element{.around = &place, .member = {}, .index = index};
    if (cursor.kind() != JsonKind::kObject) return bad_message(element.text(), "an object");
    BlockReader block(cursor, element);
    if (Status read = block.read(); !read) return read;
    block.note(out);
  }
  return {};
}

Status read_anthropic_tools(JsonCursor& cursor, RequestNeeds& needs) {
  const auto unknown = [&needs] { needs.tools = needs.hosted_fees = needs.whole_window = true; };
  if (cursor.kind() != JsonKind::kArray) {
    if (skip_asking(cursor)) unknown();
    return {};
  }
  std::size_t index = 0;
  for (cursor.open_array(); cursor.next_element(); ++index) {
    if (cursor.kind() != JsonKind::kObject) {
      cursor.skip();
      unknown();
    } else if (Status tool = read_tool(cursor, index, needs); !tool) {
      return tool;
    }
  }
  return {};
}

}  // namespace tollgate
