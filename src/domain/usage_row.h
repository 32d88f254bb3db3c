// The row that every admitted request leaves, once (SPEC §8).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "domain/key.h"
#include "domain/money.h"
#include "domain/usage.h"

namespace tollgate {

// Time-ordered and unique per installation: microseconds since 2020-01-01 << 10. Its text is
// "gen_" + 16 lower-case hex digits.
using GenerationNumber = std::int64_t;
std::string generation_id(GenerationNumber number);
std::optional<GenerationNumber> parse_generation_id(std::string_view text);

struct Attempt {
  std::string provider;
  std::string model;  // the offer's public id
  int status = 0;     // upstream HTTP status; 0 = no answer
  Money cost;
  std::int64_t ms = 0;

  bool operator==(const Attempt&) const = default;
};

struct UsageRow {
  GenerationNumber id = 0;
  std::string request_id;
  WallTime admitted_at;
  WallTime finished_at;
  // When it was admitted by the workspace's test clock; nullopt where that has not been moved.
  std::optional<WallTime> test_time;
  std::int64_t key_number = 0;
  std::int64_t secret_number = 0;
  KeyId key;             // not stored: joined when read
  std::string key_name;  // likewise
  SecretId secret;       // likewise
  WorkspaceId workspace;
  Environment environment = Environment::kProduction;
  std::string requested_model;
  std::string model;  // that served
  std::string provider;
  std::string region;
  TokenUsage tokens;
  Metering metering = Metering::kReported;
  std::string flags;  // UsageFlags::text()
  std::string price_version;
  Money cost;
  Money charged;
  int status = 200;        // as answered to the client; 499 when it had gone
  std::string error_code;  // empty = none
  std::int64_t latency_ms = 0;
  std::optional<std::int64_t> first_token_ms;
  bool streamed = false;
  std::string client;  // user agent, cut at 256 bytes
  std::string ip;      // empty when the setting omits it
  std::vector<Attempt> attempts;
  // What was chosen among and why, as JSON (routing/decision.h); empty where nothing was to be
  // chosen: the model that the request named has one offer. No word of the prompt.
  std::string decision;

  // The time by which it counts in limits.
  WallTime limits_time() const { return test_time.value_or(admitted_at); }

  bool operator==(const UsageRow&) const = default;
};

}  // namespace tollgate
