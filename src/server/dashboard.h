// The dashboard's files, as they are built into the binary, and the answers that serve them. Pure:
// the routes give it a path and three headers, and send what it answers. Used by all I/O threads;
// const.
//
// A pack, which web/tools/pack.mjs writes, is an index, an empty line, and bytes. A line of the
// index is `path TAB content type TAB ETag TAB raw size TAB gzip size TAB brotli size`; the bytes
// stand in the same order, each file's raw, gzip, brotli. Size 0 of a coding: the file is not worth
// it. An empty pack is a binary that was built without Node: its only page says how to build the
// dashboard.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "net/exchange.h"
#include "net/http_message.h"

namespace tollgate {

class Dashboard {
 public:
  // The views stay those of `pack`, which outlives the Dashboard. An index that does not fit its
  // bytes is an error.
  static Result<Dashboard> from_pack(std::string_view pack);

  // Whether GET of this path is the dashboard's: one of its files, or a page of it, which is any
  // path that is no API's and has no extension. A page is answered only to who takes HTML: a client
  // of the API that has lost its way gets the API's 404.
  bool serves(const net::RequestHead& head) const;

  // The file, or index.html for a page; 304 where the caller has it (the body then is what would
  // have been sent, which Exchange leaves out). REQUIRES: serves(head).
  net::Response answer(const net::RequestHead& head) const;

 private:
  struct File {
    std::string_view path;
    std::string_view content_type;
    std::string_view etag;
    std::string_view raw;
    std::string_view gzip;    // empty = not coded
    std::string_view brotli;  // empty = not coded
  };

  const File* file_at(std::string_view path) const;

  std::vector<File> files_;
};

// What was built into this binary.
std::string_view embedded_dashboard();

}  // namespace tollgate
