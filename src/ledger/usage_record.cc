#include "ledger/usage_record.h"

#include <cstdint>
#include <optional>
#include <utility>

namespace tollgate {

namespace {

// Before a note; no row has such an id, so that older programs refuse it.
constexpr std::int64_t kReservedMark = -1;
constexpr std::int64_t kNever = 0;  // a time that no row has

class Packer {
 public:
  explicit Packer(std::string& out) : out_(out) {}

  void number(std::int64_t value) {
    auto bits = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
    for (; bits >= 0x80; bits >>= 7) out_.push_back(static_cast<char>(bits | 0x80));
    out_.push_back(static_cast<char>(bits));
  }

  void text(std::string_view value) {
    number(static_cast<std::int64_t>(value.size()));
    out_.append(value);
  }

 private:
  std::string& out_;
};

// Reads in the order in which Packer wrote. Past the end every field keeps what it has.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}

  void number(std::int64_t& value) {
    if (rest_.empty() || broken_) return;
    std::uint64_t bits = 0;
    for (int shift = 0;; shift += 7) {
      if (rest_.empty() || shift > 63) {
        broken_ = true;
        return;
      }
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      bits |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    value = static_cast<std::int64_t>((bits >> 1) ^ (0 - (bits & 1)));
  }

  void text(std::string& value) {
    std::int64_t size = -1;
    number(size);
    if (size < 0) return;  // past the end
    if (static_cast<std::uint64_t>(size) > rest_.size()) {
      broken_ = true;
      return;
    }
    value.assign(rest_.substr(0, static_cast<std::size_t>(size)));
    rest_.remove_prefix(static_cast<std::size_t>(size));
  }

  // Whether the bytes were what was asked for, to their end.
  bool whole() const { return !broken_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool broken_ = false;
};

// The one list of fields: `visitor` is a Packer or an Unpacker over a Row or a const Row.
template <class Visitor, class Visited>
void visit_counts(Visitor& visitor, Visited& tokens) {
  visitor.number(tokens.input);
  visitor.number(tokens.cached_input);
  visitor.number(tokens.cache_write);
  visitor.number(tokens.cache_write_1h);
  visitor.number(tokens.audio_input);
  visitor.number(tokens.image_input);
  visitor.number(tokens.output);
  visitor.number(tokens.reasoning_output);
  visitor.number(tokens.audio_output);
}

template <class Visitor, class Visited>
void visit_texts(Visitor& visitor, Visited& row) {
  visitor.text(row.request_id);
  visitor.text(row.requested_model);
  visitor.text(row.model);
  visitor.text(row.provider);
  visitor.text(row.region);
  visitor.text(row.price_version);
  visitor.text(row.error_code);
  visitor.text(row.client);
  visitor.text(row.ip);
}

std::int64_t micros(WallTime at) { return at.time_since_epoch().count(); }
WallTime time_of(std::int64_t micros) { return WallTime(std::chrono::microseconds(micros)); }

void encode_attempts(Packer& pack, const std::vector<Attempt>& attempts) {
  pack.number(static_cast<std::int64_t>(attempts.size()));
  for (const Attempt& attempt : attempts) {
    pack.text(attempt.provider);
    pack.text(attempt.model);
    pack.number(attempt.status);
    pack.number(attempt.cost.nanos());
    pack.number(attempt.ms);
  }
}

void decode_attempts(Unpacker& unpack, std::vector<Attempt>& attempts) {
  std::int64_t count = 0;
  unpack.number(count);
  for (std::int64_t i = 0; i < count && !unpack.whole(); ++i) {
    Attempt& attempt = attempts.emplace_back();
    std::int64_t status = 0;
    std::int64_t cost = 0;
    unpack.text(attempt.provider);
    unpack.text(attempt.model);
    unpack.number(status);
    unpack.number(cost);
    unpack.number(attempt.ms);
    attempt.status = static_cast<int>(status);
    attempt.cost = Money::from_nanos(cost);
  }
}

}  // namespace

void encode_usage(const UsageRow& row, RecordKind kind, std::string& record) {
  Packer pack(record);
  if (kind == RecordKind::kReserved) pack.number(kReservedMark);
  pack.number(row.id);
  pack.number(micros(row.admitted_at));
  pack.number(micros(row.finished_at));
  pack.number(row.key_number);
  pack.number(row.secret_number);
  pack.text(row.workspace.get());
  pack.number(std::to_underlying(row.environment));
  pack.number(std::to_underlying(row.metering));
  pack.number(row.status);
  pack.number(row.latency_ms);
  pack.number(row.first_token_ms.value_or(-1));
  pack.number(row.streamed ? 1 : 0);
  pack.number(row.cost.nanos());
  pack.number(row.charged.nanos());
  visit_counts(pack, row.tokens);
  visit_texts(pack, row);
  encode_attempts(pack, row.attempts);
  pack.text(row.flags);
  pack.number(row.tokens.video_input);
  pack.number(row.test_time ? micros(*row.test_time) : kNever);
  pack.text(row.decision);
}

Result<UsageRecord> decode_usage(std::string_view record) {
  UsageRecord read;
  UsageRow& row = read.row;
  Unpacker unpack(record);
  std::string workspace;
  std::int64_t admitted = 0;
  std::int64_t finished = 0;
  std::int64_t environment = 0;
  std::int64_t metering = 0;
  std::int64_t status = 0;
  std::int64_t first_token = -1;
  std::int64_t streamed = 0;
  std::int64_t cost = 0;
  std::int64_t charged = 0;
  std::int64_t test_time = kNever;
  unpack.number(row.id);
  if (row.id == kReservedMark) {
    read.kind = RecordKind::kReserved;
    unpack.number(row.id);
  }
  unpack.number(admitted);
  unpack.number(finished);
  unpack.number(row.key_number);
  unpack.number(row.secret_number);
  unpack.text(workspace);
  unpack.number(environment);
  unpack.number(metering);
  unpack.number(status);
  unpack.number(row.latency_ms);
  unpack.number(first_token);
  unpack.number(streamed);
  unpack.number(cost);
  unpack.number(charged);
  visit_counts(unpack, row.tokens);
  visit_texts(unpack, row);
  decode_attempts(unpack, row.attempts);
  unpack.text(row.flags);
  unpack.number(row.tokens.video_input);
  unpack.number(test_time);
  unpack.text(row.decision);
  if (!unpack.whole() || row.id <= 0) {
    return fail(ErrorCode::kServiceUnavailable,
                "The journal in the data directory was written by a newer version of Tollgate: "
                "start that version once, and stop it, before going back to this one.",
                "a record of the journal cannot be read");
  }
  row.admitted_at = time_of(admitted);
  row.finished_at = time_of(finished);
  if (test_time != kNever) row.test_time = time_of(test_time);
  row.workspace = WorkspaceId(std::move(workspace));
  row.environment = static_cast<Environment>(environment);
  row.metering = static_cast<Metering>(metering);
  row.status = static_cast<int>(status);
  if (first_token >= 0) row.first_token_ms = first_token;
  row.streamed = streamed != 0;
  row.cost = Money::from_nanos(cost);
  row.charged = Money::from_nanos(charged);
  return read;
}

}  // namespace tollgate
