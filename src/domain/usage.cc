#include "domain/usage.h"

#include <algorithm>

#include "base/check.h"

namespace tollgate {

namespace {

struct MeteringRow {
  Metering metering;
  std::string_view name;
};

constexpr MeteringRow kMeterings[] = {
    {Metering::kReported, "reported"},   {Metering::kCounted, "counted"},
    {Metering::kEstimated, "estimated"}, {Metering::kInterrupted, "interrupted"},
    {Metering::kOverrun, "overrun"},
};

struct UsageFlagRow {
  UsageFlag flag;
  std::string_view name;
};

constexpr UsageFlagRow kUsageFlags[] = {
    {UsageFlag::kBelowCount, "below_count"},
    {UsageFlag::kUnpricedUnit, "unpriced_unit"},
    {UsageFlag::kCostSaturated, "cost_saturated"},
};

}  // namespace

void TokenUsage::add(const TokenUsage& more) {
  input += more.input;
  cached_input += more.cached_input;
  cache_write += more.cache_write;
  cache_write_1h += more.cache_write_1h;
  audio_input += more.audio_input;
  image_input += more.image_input;
  video_input += more.video_input;
  output += more.output;
  reasoning_output += more.reasoning_output;
  audio_output += more.audio_output;
}

std::string_view metering_name(Metering metering) {
  for (const auto& row : kMeterings) {
    if (row.metering == metering) return row.name;
  }
  bug("a metering outside its enum", std::source_location::current());
}

std::optional<Metering> metering_from_name(std::string_view name) {
  for (const auto& row : kMeterings) {
    if (row.name == name) return row.metering;
  }
  return std::nullopt;
}

std::string_view usage_flag_name(UsageFlag flag) {
  for (const auto& row : kUsageFlags) {
    if (row.flag == flag) return row.name;
  }
  bug("a usage flag outside its enum", std::source_location::current());
}

std::string UsageFlags::text() const {
  std::string text;
  for (const auto& row : kUsageFlags) {
    if (!has(row.flag)) continue;
    if (!text.empty()) text += ',';
    text += row.name;
  }
  return text;
}

std::int64_t counted_output(std::int64_t content_deltas, std::int64_t text_bytes) {
  return std::max(std::min(content_deltas, text_bytes / 4), text_bytes / 16);
}

std::int64_t estimated_input(std::int64_t body_bytes) {
  return body_bytes / 4 + (body_bytes % 4 != 0 ? 1 : 0);
}

}  // namespace tollgate
