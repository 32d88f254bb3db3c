#include "net/caller_headers.h"

namespace tollgate::net {

namespace {

void take_credential(std::string_view& slot, std::string_view value, bool& repeated) {
  if (slot.data() != nullptr && slot != value) repeated = true;
  slot = value;
}

}  // namespace

CallerHeaders read_caller_headers(const FieldList& head) {
  CallerHeaders caller;
  for (const Field& field : head.fields) {
    // The length tells most names apart.
    switch (field.name.size()) {
      case 7:
        if (equals_ignoring_case(field.name, "api-key")) {
          take_credential(caller.api_key, field.value, caller.credential_repeated);
        }
        break;
      case 9:
        if (equals_ignoring_case(field.name, "x-api-key")) {
          take_credential(caller.x_api_key, field.value, caller.credential_repeated);
        }
        break;
      case 12:
        if (equals_ignoring_case(field.name, "x-request-id")) caller.request_id = field.value;
        break;
      case 13:
        if (equals_ignoring_case(field.name, "authorization")) {
          take_credential(caller.authorization, field.value, caller.credential_repeated);
        }
        break;
      case 14:
        if (equals_ignoring_case(field.name, "x-goog-api-key")) {
          take_credential(caller.x_goog_api_key, field.value, caller.credential_repeated);
        }
        break;
      case 15:
        if (equals_ignoring_case(field.name, "x-forwarded-for")) {
          caller.forwarded_for.push_back(field.value);
        }
        break;
      case 17:
        if (equals_ignoring_case(field.name, "x-forwarded-proto")) {
          caller.forwarded_proto = field.value;
        }
        break;
      default:
        break;
    }
  }
  return caller;
}

}  // namespace tollgate::net
