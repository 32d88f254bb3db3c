// DATA/master.key: the key that provider credentials are sealed with, where the environment gives
// none. Made on first start, readable by its owner alone. Blocks; for start-up.
#pragma once

#include <string>

#include "base/error.h"
#include "base/master_key.h"
#include "base/random.h"

namespace tollgate {

// What a missing file means: that this is the first start, or that it was lost with what it sealed.
enum class SealedBefore { kNothing, kSomething };

// Reads the file, or makes it (0600, synced with its directory) where nothing was sealed before.
// kConflict when others may read it, when it is missed, and when it holds no key: each says what to
// do.
Result<MasterKey> load_master_key(const std::string& data_dir, SealedBefore before, Random& random);

}  // namespace tollgate
