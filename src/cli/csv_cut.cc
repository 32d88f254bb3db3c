#include "cli/csv_cut.h"

namespace tollgate::cli {

std::string_view CsvCut::take(std::string_view piece) {
  std::size_t at = 0;
  while (at < piece.size() && records_left_ > 0) {
    const char c = piece[at++];
    if (c == '"') quoted_ = !quoted_;
    if (c == '\n' && !quoted_) --records_left_;
  }
  return piece.substr(0, at);
}

}  // namespace tollgate::cli
