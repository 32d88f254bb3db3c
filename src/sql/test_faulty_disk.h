// For tests: SQLite's default file system with faults. While one exists, every connection opened
// goes through it.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstring>

namespace tollgate::sql {

class FaultyDisk {
 public:
  FaultyDisk() {
    real() = sqlite3_vfs_find(nullptr);
    vfs_ = *real();
    vfs_.zName = "faulty_disk";
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real()->szOsFile;
    vfs_.xOpen = open;
    operations() = 0;
    heal();
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~FaultyDisk() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real(), 1);
  }
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  // Every write and sync fails with `code` until heal().
  void break_writes(int code) {
    error() = code;
    fails_at() = 0;
  }
  // Only the n-th write or sync from now on (1 = the next) fails.
  void break_nth(int n, int code) {
    error() = code;
    operations() = 0;
    fails_at() = n;
  }
  void heal() { fails_at() = -1; }
  // Writes and syncs since break_nth().
  int operations_seen() const { return operations(); }

 private:
  struct File {
    sqlite3_file base;
    sqlite3_io_methods methods;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };

  static sqlite3_vfs*& real() {
    static sqlite3_vfs* vfs = nullptr;
    return vfs;
  }
  static std::atomic<int>& error() {
    static std::atomic<int> value{SQLITE_IOERR_WRITE};
    return value;
  }
  static std::atomic<int>& fails_at() {
    static std::atomic<int> value{-1};
    return value;
  }
  static std::atomic<int>& operations() {
    static std::atomic<int> value{0};
    return value;
  }
  static bool fault() {
    const int seen = ++operations();
    return fails_at() == 0 || fails_at() == seen;
  }

  static sqlite3_file* real_of(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real(); }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
    auto* self = reinterpret_cast<File*>(file);
    std::memset(file, 0, sizeof(File));
    const int code = real()->xOpen(real(), name, self->real(), flags, out);
    if (code != SQLITE_OK || self->real()->pMethods == nullptr) return code;
    self->methods = wrapped();
    self->base.pMethods = &self->methods;
    return SQLITE_OK;
  }

  static sqlite3_io_methods wrapped() {
    sqlite3_io_methods m{};
    m.iVersion = 2;
    m.xClose = [](sqlite3_file* f) { return real_of(f)->pMethods->xClose(real_of(f)); };
    m.xRead = [](sqlite3_file* f, void* data, int size, sqlite3_int64 at) {
      return real_of(f)->pMethods->xRead(real_of(f), data, size, at);
    };
    m.xWrite = [](sqlite3_file* f, const void* data, int size, sqlite3_int64 at) {
      if (fault()) return error().load();
      return real_of(f)->pMethods->xWrite(real_of(f), data, size, at);
    };
    m.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      return real_of(f)->pMethods->xTruncate(real_of(f), size);
    };
    m.xSync = [](sqlite3_file* f, int flags) {
      if (fault()) return SQLITE_IOERR_FSYNC;
      return real_of(f)->pMethods->xSync(real_of(f), flags);
    };
    m.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
      return real_of(f)->pMethods->xFileSize(real_of(f), size);
    };
    m.xLock = [](sqlite3_file* f, int lock) {
      return real_of(f)->pMethods->xLock(real_of(f), lock);
    };
    m.xUnlock = [](sqlite3_file* f, int lock) {
      return real_of(f)->pMethods->xUnlock(real_of(f), lock);
    };
    m.xCheckReservedLock = [](sqlite3_file* f, int* out) {
      return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
    };
    m.xFileControl = [](sqlite3_file* f, int op, void* argument) {
      return real_of(f)->pMethods->xFileControl(real_of(f), op, argument);
    };
    m.xSectorSize = [](sqlite3_file* f) { return real_of(f)->pMethods->xSectorSize(real_of(f)); };
    m.xDeviceCharacteristics = [](sqlite3_file* f) {
      return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
    };
    m.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
      return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
    };
    m.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
      return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
    };
    m.xShmBarrier = [](sqlite3_file* f) { real_of(f)->pMethods->xShmBarrier(real_of(f)); };
    m.xShmUnmap = [](sqlite3_file* f, int remove) {
      return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
    };
    return m;
  }

  sqlite3_vfs vfs_{};
};

}  // namespace tollgate::sql
