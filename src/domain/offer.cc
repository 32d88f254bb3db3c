#include "domain/offer.h"

#include "base/check.h"

namespace tollgate {

std::string_view dialect_name(Dialect dialect) {
  switch (dialect) {
    case Dialect::kOpenAi:
      return "openai";
    case Dialect::kSandbox:
      return "sandbox";
  }
  bug("a dialect outside its enum", std::source_location::current());
}

}  // namespace tollgate
