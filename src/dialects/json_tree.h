// JsonTree: one JSON document as a tree of views, for translating between dialects.
//
// A JsonCursor goes over a document once and in its order; a translation needs a member where it
// wants it, whichever order it came in. Nothing is copied: a node is where its value stands, so
// that a schema, a number or a long string goes into the translation as the bytes it came as. All
// of the document is validated, by JsonCursor.
//
// Pure; a tree stays on one thread and borrows the text. A tree that is used again keeps its
// memory, so that the events of a stream cost no allocation each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/chat_request.h"
#include "dialects/json_cursor.h"

namespace tollgate {

// More values than any conversation has: what a tree may hold in memory is bounded (28 bytes each).
inline constexpr std::size_t kJsonTreeValuesMax = 512 * 1024;

// A translation may stand a value a little deeper than it stood, and what comes of it is still to
// be read as a request.
inline constexpr int kTranslationDepthMax = kRequestDepthMax - 16;

class JsonTree;

// A value of a tree, or none. Good as long as its tree is not parsed into again.
class JsonNode {
 public:
  class Iterator;

  JsonNode() = default;

  explicit operator bool() const { return tree_ != nullptr; }
  JsonKind kind() const;  // kInvalid for none
  bool is_object() const { return kind() == JsonKind::kObject; }
  bool is_array() const { return kind() == JsonKind::kArray; }
  bool is_string() const { return kind() == JsonKind::kString; }
  // None, or null.
  bool is_null() const { return !*this || kind() == JsonKind::kNull; }
  bool is_true() const { return kind() == JsonKind::kTrue; }

  std::string_view raw() const;  // as it stands; empty for none
  RawString string() const;      // empty unless it is a string
  std::string text() const { return string().decoded(); }
  bool is(std::string_view plain) const { return is_string() && string().is(plain); }
  std::optional<std::int64_t> integer() const;

  RawString name() const;  // of a member; empty otherwise
  // Of repeated members the last, as in every client's parser; none where there is none.
  JsonNode operator[](std::string_view name) const;
  // Elements or members; none for a scalar.
  Iterator begin() const;
  Iterator end() const;
  bool empty() const;

 private:
  friend class JsonTree;
  JsonNode(const JsonTree* tree, std::uint32_t index) : tree_(tree), index_(index) {}

  const JsonTree* tree_ = nullptr;
  std::uint32_t index_ = 0;
};

class JsonTree {
 public:
  // False, with problem(), unless `text` is one JSON document with at most kJsonTreeValuesMax
  // values, nested no deeper than kTranslationDepthMax. `text` must outlive what is read of it.
  bool parse(std::string_view text);

  // The document; none before a parse that succeeded.
  JsonNode root() const { return nodes_.empty() ? JsonNode() : JsonNode(this, 0); }
  const std::string& problem() const { return problem_; }

 private:
  friend class JsonNode;
  friend class JsonNode::Iterator;

  struct Value {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t name_begin = 0;
    std::uint32_t name_end = 0;
    std::uint32_t next = 0;         // the sibling after it; 0 = none, since 0 is the root
    std::uint32_t first_child = 0;  // likewise
    JsonKind kind = JsonKind::kInvalid;
    bool escaped = false;
    bool name_escaped = false;
  };

  std::uint32_t read_value(JsonCursor& cursor);
  void read_children(JsonCursor& cursor, std::uint32_t parent);

  std::string_view text_;
  std::vector<Value> nodes_;  // in the document's order: the root first
  bool overfull_ = false;
  std::string problem_;
};

class JsonNode::Iterator {
 public:
  using difference_type = std::ptrdiff_t;
  using value_type = JsonNode;

  Iterator() = default;
  explicit Iterator(JsonNode node) : node_(node) {}
  JsonNode operator*() const { return node_; }
  Iterator& operator++();
  Iterator operator++(int) {
    Iterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Iterator& other) const {
    return node_.tree_ == other.node_.tree_ && node_.index_ == other.node_.index_;
  }

 private:
  JsonNode node_;
};

}  // namespace tollgate
