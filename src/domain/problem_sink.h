// Where readers of nested JSON put what they find wrong: the member's path and what is the matter
// with it, as ObjectReader::problem() takes them, so that a caller hears of everything at once.
#pragma once

#include <functional>
#include <string>

namespace tollgate {

using ProblemSink = std::function<void(std::string path, std::string what)>;

}  // namespace tollgate
