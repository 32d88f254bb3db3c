// A usage row as bytes: what the journal keeps of it until the database has it.
//
// Numbers are zigzag varints, texts are a length and their bytes, in one fixed order. Fields are
// only ever added at the end: a record that ends early leaves the later ones as they are in a fresh
// UsageRow, so that a newer program reads the journal of an older one. The reverse is refused.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "domain/usage_row.h"

namespace tollgate {

// A settled row, or the row that a request leaves should it never be settled: the note of its
// reservation (SPEC §5 rule 3). Of several of one id the last counts, and a settled one ends them.
enum class RecordKind { kSettled, kReserved };

// Appends to `record`. What is joined when a row is read (key, key_name, secret) is left out.
void encode_usage(const UsageRow& row, RecordKind kind, std::string& record);

struct UsageRecord {
  RecordKind kind = RecordKind::kSettled;
  UsageRow row;
};
// kServiceUnavailable when the bytes are no row, or a newer program's.
Result<UsageRecord> decode_usage(std::string_view record);

}  // namespace tollgate
