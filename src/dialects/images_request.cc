// POST /v1/images/generations: priced by the image, or by the token
// (platform.openai.com/docs/api-reference/images/create).
#include <fmt/format.h>

#include <array>
#include <optional>

#include "dialects/request_members.h"
#include "dialects/unit_request.h"

namespace tollgate {
namespace {

// An image of 1024×1536 in high quality, the dearest that gpt-image-1 makes
// (platform.openai.com/docs/guides/image-generation "Cost and latency").
constexpr std::int64_t kTokensPerImage = 6'240;

Status read_prompt(UnitReading& reading) {
  if (reading.cursor.kind() != JsonKind::kString) return wrong_type(reading.param, "a string");
  reading.cursor.skip();
  return {};
}

Result<std::int64_t> read_number(UnitReading& reading) {
  std::optional<std::int64_t> value;
  if (reading.cursor.kind() == JsonKind::kNumber) value = reading.cursor.integer();
  if (!value || *value < 1 || *value > kChoicesMax) {
    return wrong_type(reading.param, fmt::format("a whole number from 1 to {}", kChoicesMax));
  }
  return *value;
}

Status read_n(UnitReading& reading) {
  const auto n = read_number(reading);
  if (!n) return std::unexpected(n.error());
  reading.request.n = *n;
  return {};
}

// What other providers call `n`. Two of them might be multiplied, so that they have to be equal to
// `n` (by the common reader, which knows that when all is read).
Status read_other_count(UnitReading& reading) {
  const auto count = read_number(reading);
  if (!count) return std::unexpected(count.error());
  if (!reading.count_param.empty()) {
    return wrong_type(reading.param, fmt::format("left out beside '{}'", reading.count_param));
  }
  reading.count_param = reading.param;
  reading.count = *count;
  return {};
}

Status read_stream_wish(UnitReading& reading) {
  if (reading.cursor.kind() == JsonKind::kFalse) {
    reading.cursor.skip();
    return {};
  }
  return wrong_type(reading.param, "false or left out: images are answered whole");
}

// Images by value or by URL, where a provider takes them here.
Status read_images(UnitReading& reading) {
  JsonCursor& cursor = reading.cursor;
  if (cursor.kind() != JsonKind::kArray) {
    ++reading.request.needs.images;
    cursor.skip();
    return {};
  }
  for (cursor.open_array(); cursor.next_element();) {
    ++reading.request.needs.images;
    cursor.skip();
  }
  return {};
}

constexpr std::array kMembers = {
    UnitMember{"prompt", read_prompt, Presence::kRequired, "a string"},
    UnitMember{"n", read_n},
    UnitMember{"num_images", read_other_count},
    UnitMember{"num_outputs", read_other_count},
    UnitMember{"samples", read_other_count},
    UnitMember{"batch_size", read_other_count},
    UnitMember{"stream", read_stream_wish},
    UnitMember{"image", read_images},
    UnitMember{"images", read_images},
    UnitMember{"image_url", read_images},
    UnitMember{"image_urls", read_images},
    UnitMember{"mask", read_images},
};

}  // namespace

Result<ChatRequest> read_images_request(std::string_view body) {
  auto request = read_unit_request(body, CompletionKind::kImages, kMembers);
  if (!request) return request;
  RequestNeeds& needs = request->needs;
  needs.output = OutputBound::kByOffer;
  needs.choices = request->n;
  needs.units.images = request->n;
  needs.guessed_output = request->n * kTokensPerImage;
  return request;
}

}  // namespace tollgate
