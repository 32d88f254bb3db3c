// ResponseCount: how much text a streamed response has said, each of it once. A provider may say a
// text in pieces, say it again when its part, its item and the response end, or say it only then;
// so of what is said twice the longer counts. Pure; one object per stream.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>

#include "dialects/response_answer.h"
#include "domain/usage.h"

namespace tollgate {

// Of more parts or items than this, what is said again counts again.
inline constexpr std::size_t kCountedPartsMax = 4'096;

class ResponseCount {
 public:
  // What the event adds: nothing, or one delta.
  ContentCount add(const ResponseEvent& event);

 private:
  // The bytes of a part, an item, or the whole response.
  struct Said {
    std::int64_t in_pieces = 0;
    std::int64_t at_once = 0;  // the most that one event said

    // By how much more of it is known.
    std::int64_t take(std::int64_t pieces, std::int64_t once);
  };
  enum class Place : std::uint8_t { kContent, kSummary };
  struct PartId {
    std::int64_t item = 0;  // output_index
    Place place = Place::kContent;
    std::int64_t index = 0;  // in that place

    auto operator<=>(const PartId&) const = default;
  };

  template <class Key>
  static std::int64_t take(std::map<Key, Said>& all, const Key& key, std::int64_t pieces,
                           std::int64_t once);
  std::int64_t add_item(std::int64_t item, std::int64_t pieces, std::int64_t once);
  std::int64_t add_part(std::int64_t item, const ResponseEvent& event);

  std::map<PartId, Said> parts_;
  std::map<std::int64_t, Said> items_;
  Said all_;
};

}  // namespace tollgate
