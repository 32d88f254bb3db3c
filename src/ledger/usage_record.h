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

// Appends to `record`. What is joined when a row is read (key, key_name, secret) is left out.
void encode_usage(const UsageRow& row, std::string& record);
// kServiceUnavailable when the bytes are no row, or a newer program's.
Result<UsageRow> decode_usage(std::string_view record);

}  // namespace tollgate
