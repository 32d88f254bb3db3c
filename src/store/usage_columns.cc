#include "store/usage_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/json.h"
#include "store/columns.h"

namespace tollgate::store {

namespace {

constexpr int kIdTimeShift = 10;
constexpr std::int64_t kIdEpoch = 1'577'836'800'000'000;  // 2020-01-01
constexpr std::int64_t kIdTimeMax = std::numeric_limits<std::int64_t>::max() >> kIdTimeShift;

constexpr std::array kMeterings{Metering::kReported, Metering::kCounted, Metering::kEstimated,
                                Metering::kInterrupted, Metering::kOverrun};

std::optional<Metering> metering_from_name(std::string_view name) {
  for (const Metering metering : kMeterings) {
    if (metering_name(metering) == name) return metering;
  }
  return std::nullopt;
}

std::optional<Attempt> parse_attempt(const json::value& value) {
  if (!value.is_array() || value.get_array().size() != 5) return std::nullopt;
  const json::array& parts = value.get_array();
  if (!parts[0].is_string() || !parts[1].is_string() || !parts[2].is_int64() ||
      !parts[3].is_int64() || !parts[4].is_int64() || !std::in_range<int>(parts[2].get_int64())) {
    return std::nullopt;
  }
  return Attempt{.provider = std::string(parts[0].get_string()),
                 .model = std::string(parts[1].get_string()),
                 .status = static_cast<int>(parts[2].get_int64()),
                 .cost = Money::from_nanos(parts[3].get_int64()),
                 .ms = parts[4].get_int64()};
}

}  // namespace

Result<UsageIndex> read_usage_index(sql::Connection& connection) {
  sql::Statement select = connection.prepare("SELECT mark, skew FROM usage_index WHERE one = 1");
  const Result<bool> row = select.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return unreadable("the index of usage rows has lost its mark");
  const UsageIndex index{.mark = select.integer(0), .skew = select.integer(1)};
  if (Status read = select.status(); !read) return std::unexpected(read.error());
  return index;
}

std::int64_t time_in_id(GenerationNumber id) { return (id >> kIdTimeShift) + kIdEpoch; }

GenerationNumber least_id_at(std::int64_t micros) {
  if (micros <= kIdEpoch) return 0;
  return std::min(micros - kIdEpoch, kIdTimeMax) << kIdTimeShift;
}

void append_attempts(std::string& out, const std::vector<Attempt>& attempts) {
  out += '[';
  for (const Attempt& attempt : attempts) {
    if (out.back() == ']') out += ',';
    out += '[';
    append_json_string(out, attempt.provider);
    out += ',';
    append_json_string(out, attempt.model);
    fmt::format_to(std::back_inserter(out), ",{},{},{}]", attempt.status, attempt.cost.nanos(),
                   attempt.ms);
  }
  out += ']';
}

Result<std::vector<Attempt>> parse_attempts(std::string_view text) {
  std::vector<Attempt> attempts;
  const Result<json::value> parsed = parse_json(text);
  if (!parsed || !parsed->is_array()) return unreadable("attempts");
  for (const json::value& value : parsed->get_array()) {
    std::optional<Attempt> attempt = parse_attempt(value);
    if (!attempt) return unreadable("an attempt");
    attempts.push_back(std::move(*attempt));
  }
  return attempts;
}

const std::string_view kUsageColumns =
    "u.id, u.request_id, u.admitted_at, u.finished_at, u.key_number, u.secret_number, k.id, "
    "k.name, s.id, k.workspace_id, u.environment, u.requested_model, u.model, u.provider, "
    "u.region, u.input_tokens, u.cached_input_tokens, u.cache_write_tokens, "
    "u.cache_write_1h_tokens, u.audio_input_tokens, u.image_input_tokens, u.output_tokens, "
    "u.reasoning_output_tokens, u.audio_output_tokens, u.metering, u.price_version, u.cost, "
    "u.charged, u.status, u.error_code, u.latency_ms, u.first_token_ms, u.streamed, u.client, "
    "u.ip, u.attempts, u.flags, u.video_input_tokens, u.test_time, "
    "u.decision";

Result<UsageRow> read_usage_row(sql::Statement& row) {
  UsageRow usage;
  usage.id = row.integer(0);
  usage.request_id = row.text(1);
  usage.admitted_at = wall_time(row.integer(2));
  usage.finished_at = wall_time(row.integer(3));
  usage.key_number = row.integer(4);
  usage.secret_number = row.integer(5);
  usage.key = KeyId(std::string(row.text(6)));
  usage.key_name = row.text(7);
  usage.secret = SecretId(std::string(row.text(8)));
  usage.workspace = WorkspaceId(std::string(row.text(9)));
  const std::optional<Environment> environment = environment_from_name(row.text(10));
  usage.requested_model = row.text(11);
  usage.model = row.text(12);
  usage.provider = row.text(13);
  usage.region = row.text(14);
  usage.tokens = {.input = row.integer(15),
                  .cached_input = row.integer(16),
                  .cache_write = row.integer(17),
                  .cache_write_1h = row.integer(18),
                  .audio_input = row.integer(19),
                  .image_input = row.integer(20),
                  .video_input = row.integer(37),
                  .output = row.integer(21),
                  .reasoning_output = row.integer(22),
                  .audio_output = row.integer(23)};
  const std::optional<Metering> metering = metering_from_name(row.text(24));
  usage.price_version = row.text(25);
  usage.cost = Money::from_nanos(row.integer(26));
  usage.charged = Money::from_nanos(row.integer(27));
  usage.status = static_cast<int>(row.integer(28));
  usage.error_code = row.text(29);
  usage.latency_ms = row.integer(30);
  usage.first_token_ms = row.optional_integer(31);
  usage.streamed = row.integer(32) != 0;
  usage.client = row.text(33);
  usage.ip = row.text(34);
  Result<std::vector<Attempt>> attempts = parse_attempts(row.text(35));
  usage.flags = row.text(36);
  usage.test_time = optional_time(row.optional_integer(38));
  usage.decision = row.text(39);
  if (Status read = row.status(); !read) return std::unexpected(read.error());
  if (!environment || !metering) return unreadable("a usage row");
  if (!attempts) return std::unexpected(attempts.error());
  usage.environment = *environment;
  usage.metering = *metering;
  usage.attempts = std::move(*attempts);
  return usage;
}

}  // namespace tollgate::store
