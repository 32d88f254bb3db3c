// Writes JSON objects and arrays, member by member, with the commas where they belong. For
// translations, most of whose values go over as the bytes they came as.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace tollgate {

// One object. The names are ours: plain, and each once.
class JsonMembers {
 public:
  explicit JsonMembers(std::string& out) : out_(out) { out_ += '{'; }

  // Begins a member; the caller appends its value to what is returned.
  std::string& name(std::string_view name) {
    if (!empty_) out_ += ',';
    empty_ = false;
    out_.append("\"").append(name).append("\":");
    return out_;
  }
  void json(std::string_view name, std::string_view value) { this->name(name) += value; }
  void text(std::string_view name, std::string_view value) {
    append_json_string(this->name(name), value);
  }
  // What stood between a string's quotes.
  void raw_text(std::string_view name, std::string_view raw) {
    this->name(name).append("\"").append(raw).append("\"");
  }
  void close() { out_ += '}'; }

 private:
  std::string& out_;
  bool empty_ = true;
};

// One array, or the elements of one that the caller opens and closes.
class JsonElements {
 public:
  explicit JsonElements(std::string& out) : out_(out) {}

  // Begins an element; the caller appends it to what is returned.
  std::string& next() {
    if (!empty_) out_ += ',';
    empty_ = false;
    return out_;
  }
  bool empty() const { return empty_; }

 private:
  std::string& out_;
  bool empty_ = true;
};

}  // namespace tollgate
