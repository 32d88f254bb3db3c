// Poller: tells sockets of one I/O thread when they turn readable or writable.
//
// A socket is registered once, edge-triggered, and then costs no system call to wait for: what it
// has become is remembered by its owner (net/connection). Asio's descriptors would cost one
// epoll_ctl for every wait. The poller's own epoll instance lies in the event loop of the thread,
// and counts as work there while a socket is registered.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "runtime/task.h"

namespace tollgate {

struct Readiness {
  bool readable = false;  // or ended, or failed
  bool writable = false;  // or failed
  // The peer has ended its side, or the socket failed: it stays readable from here on.
  bool ended = false;
};

class Poller {
 public:
  explicit Poller(IoContext& context);
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // One socket's registration. Lives and dies on the poller's thread, and before its socket is
  // closed.
  class Watch {
   public:
    // `ready` is called from the event loop whenever the socket has become something; it may
    // destroy this Watch and others.
    Watch(Poller& poller, std::function<void(Readiness)> ready)
        : poller_(poller), ready_(std::move(ready)) {}
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    bool started() const { return started_; }
    // From now on; tells what the socket is already, soon. False: the kernel has no room for it.
    bool start(int socket);
    // Once more what the socket is, soon. REQUIRES: started().
    void look_again(int socket);

   private:
    friend class Poller;
    Poller& poller_;
    std::function<void(Readiness)> ready_;
    bool started_ = false;
  };

 private:
  void arm();
  void take_ready();
  void tell_ready();

  IoContext& context_;
  asio::posix::basic_stream_descriptor<IoExecutor> epoll_;
  std::size_t watches_ = 0;  // started ones
  bool armed_ = false;
  // Those of the last look that are not told yet; null for a Watch that has gone.
  std::array<epoll_event, 256> events_{};
  std::size_t next_ = 0;
  std::size_t end_ = 0;
};

}  // namespace tollgate
