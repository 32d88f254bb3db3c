#include "domain/offer.h"

#include "base/check.h"

namespace tollgate {

std::string_view dialect_name(Dialect dialect) {
  switch (dialect) {
    case Dialect::kOpenAi:
      return "openai";
    case Dialect::kAnthropic:
      return "anthropic";
    case Dialect::kAzureOpenAi:
      return "azure-openai";
    case Dialect::kSandbox:
      return "sandbox";
  }
  bug("a dialect outside its enum", std::source_location::current());
}

std::string_view responses_route_name(ResponsesRoute route) {
  switch (route) {
    case ResponsesRoute::kAuto:
      return "auto";
    case ResponsesRoute::kNative:
      return "native";
    case ResponsesRoute::kTranslated:
      return "translated";
  }
  bug("a route of responses outside its enum", std::source_location::current());
}

std::optional<ResponsesRoute> responses_route_from_name(std::string_view name) {
  for (const ResponsesRoute route :
       {ResponsesRoute::kAuto, ResponsesRoute::kNative, ResponsesRoute::kTranslated}) {
    if (name == responses_route_name(route)) return route;
  }
  return std::nullopt;
}

std::optional<Dialect> dialect_from_name(std::string_view name) {
  for (const Dialect dialect : {Dialect::kOpenAi, Dialect::kAnthropic, Dialect::kAzureOpenAi}) {
    if (name == dialect_name(dialect)) return dialect;
  }
  return std::nullopt;
}

}  // namespace tollgate
