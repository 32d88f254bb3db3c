// One owner of the data directory (ARCHITECTURE "Money and admission"): flock on DATA/lock, with
// the holder's pid written inside. Taken before anything else in the directory is opened; the
// kernel gives it back when the process ends, however it ends.
#pragma once

#include <string>

#include "base/error.h"

namespace tollgate {

class DataLock {
 public:
  // Makes `data_dir` (0700, parents too) if it is missing, and makes one private that is empty or
  // already ours. kConflict names the pid that holds the lock; kServiceUnavailable says why the
  // directory cannot be used.
  static Result<DataLock> take(const std::string& data_dir);

  DataLock(DataLock&& other) noexcept;
  DataLock& operator=(DataLock&& other) noexcept;
  ~DataLock();

 private:
  explicit DataLock(int file) : file_(file) {}
  int file_ = -1;
};

// Makes the file if it is missing, for its owner alone, whatever the umask. kServiceUnavailable
// says why it cannot be opened.
Status make_private_file(const std::string& path);

}  // namespace tollgate
