// What a key may write as `model`: the models that it may call, and the names that choose among
// them or stand for one (SPEC §6, §7 GET /v1/models). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/key.h"
#include "routing/snapshot.h"

namespace tollgate {

struct CallableModel {
  std::string_view id;           // borrowed of the snapshot
  const Model* model = nullptr;  // null: it chooses (tollgate/auto and what stands for it)
  std::string_view alias_of;     // empty unless it is an alias
};

struct CallableBy {
  const std::vector<std::string>& models;  // the key's allow-list; empty = all
  Environment environment = Environment::kProduction;
  const ProfileRules* profile = nullptr;  // a profile key's
};

// For a production key the configured models that it may call, for a sandbox key the sandbox's as
// well; then tollgate/auto, -cheap and -fast if there is any ordinary model to choose; then the
// aliases of all of these. Of a profile that ignores `model`, only what it may choose among.
std::vector<CallableModel> callable_models(const Snapshot& snapshot, const CallableBy& by);

}  // namespace tollgate
