// A usage row as JSON and as CSV: the names of SPEC §8 and their order stand once, and hold for
// both, on the data plane and in the admin API. Pure.
#pragma once

#include <string>

#include "domain/usage_row.h"

namespace tollgate {

std::string render_usage_row(const UsageRow& row);
std::string usage_csv_header();
std::string usage_csv_line(const UsageRow& row);

}  // namespace tollgate
