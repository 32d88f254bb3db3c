#include "dialects/request_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "dialects/request_members.h"
#include "dialects/seen_members.h"

namespace tollgate {
namespace {

template <std::size_t kCount>
bool is_one_of(const RawString& text, const std::array<std::string_view, kCount>& names) {
  return std::ranges::any_of(names, [&](std::string_view one) { return text.is(one); });
}

constexpr std::array<std::string_view, 7> kTextTypes = {
    "text", "input_text", "output_text", "refusal", "thinking", "reasoning_text", "summary_text"};
constexpr std::array<std::string_view, 2> kImageTypes = {"image_url", "input_image"};
// Types whose media are their member of the same name, or of another one of these.
constexpr std::array<std::string_view, 5> kMediaTypes = {"input_audio", "audio_url", "file",
                                                         "input_file", "video_url"};
constexpr std::array<std::string_view, 2> kAudioTypes = {"input_audio", "audio_url"};
constexpr std::array<std::string_view, 2> kFileTypes = {"file", "input_file"};
constexpr std::array<std::string_view, 4> kMessageReferences = {"audio", "images", "attachments",
                                                                "file_ids"};

enum class PartType { kText, kImage, kAudio, kFile, kVideo, kUnknown };

PartType part_type(const RawString& type) {
  if (is_one_of(type, kTextTypes)) return PartType::kText;
  if (is_one_of(type, kImageTypes)) return PartType::kImage;
  if (is_one_of(type, kAudioTypes)) return PartType::kAudio;
  if (is_one_of(type, kFileTypes)) return PartType::kFile;
  return type.is("video_url") ? PartType::kVideo : PartType::kUnknown;
}

// The first characters of a string in lower case, unescaped: at least 24 of them, if it has them.
std::string beginning(const RawString& text) {
  constexpr std::size_t kEnough = 24;
  std::size_t end = 0;
  for (std::size_t characters = 0; characters < kEnough && end < text.text.size(); ++characters) {
    const bool escape = text.text[end] == '\\';
    end += !escape ? 1 : (text.text[end + 1] == 'u' ? 6 : 2);
  }
  std::string out = RawString{.text = text.text.substr(0, end), .escaped = text.escaped}.decoded();
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return out;
}

// Some providers take documents, audio and video in an image's URL: only what is an image, or
// stands on the web as one, counts as one.
bool is_image_url(const RawString& url) {
  const std::string begin = beginning(url);
  return begin.starts_with("data:image/") || begin.starts_with("https://") ||
         begin.starts_with("http://");
}

// Reads one part: an object.
class PartReader {
 public:
  PartReader(JsonCursor& cursor, std::string_view member, std::size_t message, std::size_t part)
      : cursor_(cursor), member_(member), message_(message), part_(part) {}

  Status read();
  void note(PartNeeds& out) const;

 private:
  enum Member : unsigned { kType, kImageUrl, kInputImage, kUrl, kMedia, kFileId };

  std::unexpected<Error> repeated(std::string_view name) const {
    return repeated_member(fmt::format("{}[{}].content[{}].{}", member_, message_, part_, name));
  }
  Status read_image();
  void read_url();
  void read_file_id();

  JsonCursor& cursor_;
  std::string_view member_;
  std::size_t message_;
  std::size_t part_;
  SeenMembers seen_;
  PartType type_ = PartType::kUnknown;
  bool is_image_ = true;  // of an image member: that it is none but that
  std::int64_t image_bytes_ = 0;
  std::int64_t media_bytes_ = 0;
};

Status PartReader::read() {
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member);) {
    if (member.name.is("type")) {
      if (!seen_.first(kType)) return repeated("type");
      if (cursor_.kind() == JsonKind::kString) {
        type_ = part_type(cursor_.string());
      } else {
        cursor_.skip();
      }
    } else if (member.name.is("image_url")) {
      if (!seen_.first(kImageUrl)) return repeated("image_url");
      if (Status image = read_image(); !image) return image;
    } else if (member.name.is("input_image")) {
      if (!seen_.first(kInputImage)) return repeated("input_image");
      if (Status image = read_image(); !image) return image;
    } else if (is_one_of(member.name, kMediaTypes) || member.name.is("file_data")) {
      (void)seen_.first(kMedia);
      media_bytes_ += static_cast<std::int64_t>(cursor_.skip().length);
    } else if (member.name.is("file_id")) {
      read_file_id();
    } else {
      cursor_.skip();
    }
  }
  return {};
}

// What stands at the provider under that id may be anything.
void PartReader::read_file_id() {
  if (skip_asking(cursor_)) (void)seen_.first(kFileId);
}

// "data:…", or {"url": "data:…", "detail": …}.
Status PartReader::read_image() {
  if (cursor_.kind() == JsonKind::kString) {
    read_url();
    return {};
  }
  if (cursor_.kind() != JsonKind::kObject) {
    is_image_ = false;
    cursor_.skip();
    return {};
  }
  JsonCursor::Member member;
  for (cursor_.open_object(); cursor_.next_member(member);) {
    if (!member.name.is("url")) {
      member.name.is("file_id") ? read_file_id() : (void)cursor_.skip();
      continue;
    }
    if (!seen_.first(kUrl)) return repeated("image_url.url");
    if (cursor_.kind() == JsonKind::kString) {
      read_url();
    } else {
      is_image_ = false;
      cursor_.skip();
    }
  }
  return {};
}

void PartReader::read_url() {
  const RawString url = cursor_.string();
  is_image_ = is_image_ && is_image_url(url);
  image_bytes_ += static_cast<std::int64_t>(url.text.size());
}

// Bytes count as media only where the type says that they are read as such.
void PartReader::note(PartNeeds& out) const {
  const bool image_member = seen_.has(kImageUrl) || seen_.has(kInputImage);
  switch (type_) {
    case PartType::kText:
      out.needs.whole_window |= image_member || seen_.has(kMedia);
      break;
    case PartType::kImage:
      ++out.needs.images;
      out.media_bytes += image_bytes_;
      out.needs.whole_window |= !is_image_ || seen_.has(kMedia) || seen_.has(kFileId);
      break;
    case PartType::kAudio:
    case PartType::kFile:
    case PartType::kVideo:
      out.needs.audio_input |= type_ == PartType::kAudio;
      out.needs.file_input |= type_ == PartType::kFile;
      out.needs.video_input |= type_ == PartType::kVideo;
      out.media_bytes += image_bytes_ + media_bytes_;
      out.needs.whole_window = true;
      break;
    case PartType::kUnknown:
      out.needs.whole_window = true;
      break;
  }
}

}  // namespace

Status read_message_content(JsonCursor& cursor, std::size_t index, PartNeeds& out) {
  const JsonKind kind = cursor.kind();
  if (kind != JsonKind::kArray) {
    out.needs.whole_window |= kind != JsonKind::kString && kind != JsonKind::kNull;
    cursor.skip();
    return {};
  }
  std::size_t part = 0;
  for (cursor.open_array(); cursor.next_element(); ++part) {
    if (cursor.kind() != JsonKind::kObject) {
      out.needs.whole_window |= cursor.kind() != JsonKind::kString;
      cursor.skip();
      continue;
    }
    PartReader reader(cursor, out.member, index, part);
    if (Status read = reader.read(); !read) return read;
    reader.note(out);
  }
  return {};
}

bool is_message_reference(const RawString& name) { return is_one_of(name, kMessageReferences); }

namespace {

// A model or models that a tool names: for itself, or in an object of its own, e.g. `parameters`.
// Empty, or the member's path in the tool.
class ToolModels {
 public:
  // Consumes the value of a member of the tool.
  void read(JsonCursor& cursor, const RawString& name) {
    if (is_one_of(name, kNames)) {
      if (skip_asking(cursor)) path_ = name.decoded();
      return;
    }
    if (cursor.kind() != JsonKind::kObject) {
      cursor.skip();
      return;
    }
    JsonCursor::Member member;
    for (cursor.open_object(); cursor.next_member(member);) {
      const bool named = is_one_of(member.name, kNames);
      if (skip_asking(cursor) && named) path_ = name.decoded() + "." + member.name.decoded();
    }
  }
  const std::string& path() const { return path_; }

 private:
  static constexpr std::array<std::string_view, 2> kNames = {"model", "models"};
  std::string path_;
};

Status read_tool(JsonCursor& cursor, std::size_t index, RequestNeeds& needs) {
  needs.tools = true;
  SeenMembers seen;
  ToolModels models;
  bool at_client = false;
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (!member.name.is("type")) {
      models.read(cursor, member.name);
      continue;
    }
    if (!seen.first(0)) return repeated_member(fmt::format("tools[{}].type", index));
    if (cursor.kind() == JsonKind::kString) {
      const RawString type = cursor.string();
      at_client = type.is("function") || type.is("custom");
    } else {
      cursor.skip();
    }
  }
  if (at_client) return {};
  needs.hosted_fees = needs.whole_window = true;
  if (models.path().empty()) return {};
  return not_passed_on(fmt::format("tools[{}].{}", index, models.path()), kNoOtherModel);
}

}  // namespace

Status read_tools(JsonCursor& cursor, RequestNeeds& needs) {
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

Status read_response_format(JsonCursor& cursor, std::string_view name, RequestNeeds& needs) {
  if (cursor.kind() != JsonKind::kObject) {
    cursor.skip();
    return {};
  }
  SeenMembers seen;
  JsonCursor::Member member;
  for (cursor.open_object(); cursor.next_member(member);) {
    if (!member.name.is("type")) {
      cursor.skip();
      continue;
    }
    if (!seen.first(0)) return repeated_member(fmt::format("{}.type", name));
    if (cursor.kind() == JsonKind::kString) {
      needs.json_schema |= cursor.string().is("json_schema");
    } else {
      cursor.skip();
    }
  }
  return {};
}

void read_modalities(JsonCursor& cursor, RequestNeeds& needs) {
  if (cursor.kind() != JsonKind::kArray) {
    if (skip_asking(cursor)) needs.hosted_fees = true;
    return;
  }
  for (cursor.open_array(); cursor.next_element();) {
    if (cursor.kind() != JsonKind::kString) {
      needs.hosted_fees = true;
      cursor.skip();
      continue;
    }
    const RawString modality = cursor.string();
    if (modality.is("audio")) {
      needs.audio_output = true;
    } else if (modality.is("image")) {
      needs.image_output = true;
    } else if (!modality.is("text")) {
      needs.hosted_fees = true;
    }
  }
}

bool skip_asking(JsonCursor& cursor) {
  bool asks = true;
  switch (cursor.kind()) {
    case JsonKind::kNull:
    case JsonKind::kFalse:
      cursor.skip();
      return false;
    case JsonKind::kArray:
      asks = false;
      for (cursor.open_array(); cursor.next_element(); asks = true) cursor.skip();
      return asks;
    default:
      cursor.skip();
      return true;
  }
}

}  // namespace tollgate
