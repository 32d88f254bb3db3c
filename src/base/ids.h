// Strong ids: a KeyId is not a WorkspaceId. They compare, hash and give their text by get().
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

namespace tollgate {

template <class Tag>
class StrongId {
 public:
  StrongId() = default;
  explicit StrongId(std::string text) : text_(std::move(text)) {}
  const std::string& get() const { return text_; }
  bool empty() const { return text_.empty(); }
  auto operator<=>(const StrongId&) const = default;

 private:
  std::string text_;
};

using KeyId = StrongId<struct KeyIdTag>;              // key_…
using SecretId = StrongId<struct SecretIdTag>;        // sec_…
using WorkspaceId = StrongId<struct WorkspaceIdTag>;  // ws_… (the first is ws_default)
using ProviderId = StrongId<struct ProviderIdTag>;    // as configured
using ProfileId = StrongId<struct ProfileIdTag>;      // prof_…
using PersonId = StrongId<struct PersonIdTag>;        // user_…
using ModelId = StrongId<struct ModelIdTag>;          // creator/model
using RequestId = StrongId<struct RequestIdTag>;      // the caller's, or req_…

}  // namespace tollgate

template <class Tag>
struct std::hash<tollgate::StrongId<Tag>> {
  std::size_t operator()(const tollgate::StrongId<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.get());
  }
};
