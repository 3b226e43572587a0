// SPDX-License-Identifier: Apache-2.0
#include "verbs/reload.hpp"

#include <cstdio>
#include <utility>

#include "lib/book.hpp"
#include "lib/exit_status.hpp"
#include "lib/net.hpp"

namespace tocsin::tools {
int run_reload(const ReloadOptions& options) {
  wire::ControlRequest request;
  request.kind = wire::ControlKind::reload;
  if (!options.book.empty()) {
    LoadedBook book;
    const bool loaded = load_book(options.book, options.target, book);
    std::fputs(book.messages.c_str(), stderr);
    if (!loaded) return static_cast<int>(Exit::bad_input);
    if (book.image.size() + 1024 > wire::kRequestBytesMax) {
      std::fprintf(stderr,
                   "tocsin: %s: the image has %zu bytes, more than one request may have: put it in the place of the "
                   "daemon's image file and leave the book out here\n",
                   options.book.c_str(), book.image.size());
      return static_cast<int>(Exit::bad_input);
    }
    request.image = std::move(book.image);
  }
  Exit exit{};
  const auto reply = ask_once(options.endpoint, options.timeout_s, std::move(request), exit, "; the old book goes on");
  if (!reply) return static_cast<int>(exit);
  return tell_answer(*reply, options.json, JsonObject{}.flag("reloaded", true));
}
}  // namespace tocsin::tools
