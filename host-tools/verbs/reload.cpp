// SPDX-License-Identifier: Apache-2.0
#include "verbs/reload.hpp"

#include <cstdint>
#include <cstdio>
#include <utility>

#include "lib/book.hpp"
#include "lib/exit_status.hpp"
#include "lib/json.hpp"
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
  catch_stop_signals();
  Context context;
  Control control{context, options.endpoint, Milliseconds{static_cast<std::int64_t>(options.timeout_s * 1000)}};
  const auto reply = control.ask(std::move(request));
  if (!reply) {
    std::fprintf(stderr, "%s\n", control.error().c_str());
    return static_cast<int>(Exit::unreachable);
  }
  if (!reply->ok) {
    std::fprintf(stderr, "%s: %s; the old book goes on\n", options.endpoint.c_str(), reply->error.c_str());
    return static_cast<int>(Exit::bad_input);
  }
  if (options.json) {
    JsonObject object;
    std::printf("%s\n", object.flag("reloaded", true).text("text", reply->text).str().c_str());
  } else {
    std::printf("%s\n", reply->text.c_str());
  }
  return static_cast<int>(Exit::done);
}
}  // namespace tocsin::tools
