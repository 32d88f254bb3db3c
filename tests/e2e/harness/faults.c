/* Makes the writes and syncs of regular files fail, or kills the process at the Nth sync: preloaded into a
 * gateway by faults.py, which shares a page with it. A process of its own, a count of all its threads.
 * Standard streams and sockets are left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct control {
  atomic_int syncs;       /* so far */
  atomic_int kill_before; /* dies instead of this sync, from 1; 0: never */
  atomic_int kill_after;  /* dies as soon as this sync is done */
  atomic_int write_errno; /* what writes fail with; 0: they do not */
  atomic_int sync_errno;
  atomic_int tear; /* the next write that would fail is done by half instead, as on a disk that fills up */
  atomic_int failed; /* how often something was made to fail */
};

static struct control none;
static struct control* control = &none;

__attribute__((constructor)) static void attach(void) {
  const char* path = getenv("PRELOADED_FAULTS");
  int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void* page = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page != MAP_FAILED) control = page;
  close(fd);
}

static int concerns(int fd) {
  struct stat about;
  return fd > STDERR_FILENO && fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

static int fails(int fd, atomic_int* with) {
  int error = atomic_load(with);
  if (error == 0 || !concerns(fd)) return 0;
  atomic_fetch_add(&control->failed, 1);
  errno = error;
  return 1;
}

static size_t torn(int fd, size_t size) {
  if (size < 2 || atomic_load(&control->write_errno) == 0 || !concerns(fd)) return 0;
  return atomic_exchange(&control->tear, 0) ? size / 2 : 0;
}

static int sync_with(int (*real)(int), int fd) {
  if (fails(fd, &control->sync_errno)) return -1;
  int number = atomic_fetch_add(&control->syncs, 1) + 1;
  if (number == atomic_load(&control->kill_before)) raise(SIGKILL);
  int result = real(fd);
  if (number == atomic_load(&control->kill_after)) raise(SIGKILL);
  return result;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
/* Looked up once each: the first call of any thread gets the same answer. */
#define CACHED(name)                            \
  static _Atomic(__typeof__(&name)) real_##name; \
  if (real_##name == NULL) real_##name = REAL(name)

int fsync(int fd) {
  CACHED(fsync);
  return sync_with(real_fsync, fd);
}

int fdatasync(int fd) {
  CACHED(fdatasync);
  return sync_with(real_fdatasync, fd);
}

ssize_t write(int fd, const void* data, size_t size) {
  CACHED(write);
  size_t part = torn(fd, size);
  if (part != 0) return real_write(fd, data, part);
  return fails(fd, &control->write_errno) ? -1 : real_write(fd, data, size);
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  CACHED(pwrite);
  size_t part = torn(fd, size);
  if (part != 0) return real_pwrite(fd, data, part, at);
  return fails(fd, &control->write_errno) ? -1 : real_pwrite(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t at) {
  CACHED(pwrite64);
  size_t part = torn(fd, size);
  if (part != 0) return real_pwrite64(fd, data, part, at);
  return fails(fd, &control->write_errno) ? -1 : real_pwrite64(fd, data, size, at);
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  CACHED(writev);
  return fails(fd, &control->write_errno) ? -1 : real_writev(fd, parts, count);
}

ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t at) {
  CACHED(pwritev);
  return fails(fd, &control->write_errno) ? -1 : real_pwritev(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const struct iovec* parts, int count, off64_t at) {
  CACHED(pwritev64);
  return fails(fd, &control->write_errno) ? -1 : real_pwritev64(fd, parts, count, at);
}

int ftruncate(int fd, off_t size) {
  CACHED(ftruncate);
  return fails(fd, &control->write_errno) ? -1 : real_ftruncate(fd, size);
}

int ftruncate64(int fd, off64_t size) {
  CACHED(ftruncate64);
  return fails(fd, &control->write_errno) ? -1 : real_ftruncate64(fd, size);
}

int fallocate(int fd, int mode, off_t at, off_t size) {
  CACHED(fallocate);
  return fails(fd, &control->write_errno) ? -1 : real_fallocate(fd, mode, at, size);
}

int fallocate64(int fd, int mode, off64_t at, off64_t size) {
  CACHED(fallocate64);
  return fails(fd, &control->write_errno) ? -1 : real_fallocate64(fd, mode, at, size);
}

/* These give the error instead of setting errno. */
int posix_fallocate(int fd, off_t at, off_t size) {
  CACHED(posix_fallocate);
  return fails(fd, &control->write_errno) ? errno : real_posix_fallocate(fd, at, size);
}

int posix_fallocate64(int fd, off64_t at, off64_t size) {
  CACHED(posix_fallocate64);
  return fails(fd, &control->write_errno) ? errno : real_posix_fallocate64(fd, at, size);
}
