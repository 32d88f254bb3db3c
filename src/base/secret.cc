#include "base/secret.h"

#include <openssl/crypto.h>

#include <utility>

namespace tollgate {

namespace {

// Wipes the whole buffer, also what lies past the text: a moved-from or shortened string keeps its
// characters there (small strings live inside the object itself).
void wipe_buffer(std::string& text) {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace

Secret::Secret(std::string text) : text_(std::move(text)) { wipe_buffer(text); }

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    text_ = other.text_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = std::move(other.text_);
    other.wipe();
  }
  return *this;
}

Secret::~Secret() { wipe(); }

void Secret::wipe() { wipe_buffer(text_); }

}  // namespace tollgate
