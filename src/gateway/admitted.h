// A request that is being admitted, and then is: everything that relaying and settling it needs.
// Lives in its handler.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "dialects/chat_request.h"
#include "gateway/caller.h"
#include "intake/terms.h"
#include "ledger/ledger.h"
#include "routing/choose.h"
#include "runtime/io_threads.h"
#include "runtime/wait_slot.h"
#include "upstream/call.h"

namespace tollgate {

// How an admitted request is stopped: by its client leaving or by an operator. One thread's; shared
// so that whoever stops it late stops nothing.
class InFlight {
 public:
  void cut(ErrorCode why) {
    if (cut_) return;
    cut_ = why;
    pause_.resume_later(Wake::kAborted);
    if (call_ == nullptr) return;
    call_->abort(why);
    exchange_->abort_blocked_write();
  }
  std::optional<ErrorCode> why() const { return cut_; }

  // The call to abort while it runs; one that begins after the cut is aborted at once.
  void attach(Call& call, net::Exchange& exchange) {
    call_ = &call;
    exchange_ = &exchange;
    if (cut_) call.abort(*cut_);
  }
  void detach() { call_ = nullptr; }

  // Between two attempts: until then, or until it is cut.
  Task<> pause(IoThread& thread, std::chrono::milliseconds wait);

 private:
  std::optional<ErrorCode> cut_;
  Call* call_ = nullptr;
  net::Exchange* exchange_ = nullptr;
  WaitSlot pause_;
};

struct Admitted {
  Caller caller;
  ChatRequest request;
  std::string_view body;
  Route route;
  std::shared_ptr<InFlight> in_flight;
  Reservation reservation = {};
  Terms terms = {};
  Ask held = {};  // for this attempt and those before it; nothing where nothing is guarded

  const Offer& offer() const { return *route.offers.front(); }
};

}  // namespace tollgate
