// Totals of usage as JSON and as CSV: the names and their order stand once, in write_usage_total(),
// and hold for both. Pure.
#pragma once

#include <string>

#include "store/usage_rows.h"

namespace tollgate {

std::string render_usage_total(const store::UsageTotal& total, store::UsageGroup group);
std::string usage_total_csv_header(store::UsageGroup group);
std::string usage_total_csv_line(const store::UsageTotal& total, store::UsageGroup group);

}  // namespace tollgate
