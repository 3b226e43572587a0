// SPDX-License-Identifier: Apache-2.0
#include "verbs/reload.hpp"

#include <cstdio>
#include <optional>
#include <utility>

#include "tocsin/compiler/compile.hpp"
#include "tocsin/engine/rule/image.hpp"

#include "lib/book.hpp"
#include "lib/exit_status.hpp"
#include "lib/net.hpp"
#include "lib/terminal.hpp"

namespace tocsin::tools {
namespace {
constexpr const char* kUsualTarget = "edge";  // as `compile` has it

Milliseconds patience(const ReloadOptions& options) {
  return Milliseconds{static_cast<std::int64_t>(options.timeout_s * 1000)};
}

/// The engine's bytes under the book that rules; 0 when we may not know. Nothing: the daemon was not reached.
std::optional<std::uint64_t> ask_engine_bytes(const ReloadOptions& options) {
  Context context;
  Control control{context, options.endpoint, patience(options)};
  wire::ControlRequest request;
  request.kind = wire::ControlKind::status;
  const auto reply = control.ask(std::move(request));
  if (!reply) {
    std::fprintf(stderr, "%s\n", control.error().c_str());
    return std::nullopt;
  }
  return reply->ok && reply->status ? reply->status->engine_bytes : 0;
}

/// Nobody keeps what a book was compiled for. A larger target than that would let the engine grow beyond what was
/// provided for it, so it is the smallest that fits.
std::string target_of(std::uint64_t engine_bytes) {
  if (engine_bytes == 0) return kUsualTarget;
  for (const auto& target : compiler::targets()) {
    if (engine_bytes <= target.block_bytes_max) return std::string{target.name};
  }
  return std::string{compiler::targets().back().name};
}

/// 0 when it is no image; the daemon says what is wrong with it.
std::uint64_t engine_bytes_of(std::span<const std::byte> image_bytes) {
  const AlignedBuffer aligned{image_bytes};
  engine::Image image;
  if (engine::load_image(aligned.bytes(), image) != engine::ImageError::none) return 0;
  return image.bounds.block_bytes;
}

/// What becomes of the engine's memory, once the book rules.
struct Sizes {
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  std::string target;  ///< empty: the book was an image already
};

void tell_sizes(const Sizes& sizes, bool json, JsonObject& object) {
  if (json) {
    if (!sizes.target.empty()) object.text("target", sizes.target);
    if (sizes.before != 0) object.number("engine_bytes_before", sizes.before);
    object.number("engine_bytes", sizes.after);
    return;
  }
  const auto before = sizes.before == 0 ? std::string{} : ", before " + bytes_text(sizes.before);
  const auto target = sizes.target.empty() ? std::string{} : "; compiled for " + sizes.target;
  std::fprintf(stderr, "reload: the engine has %s now%s%s\n", bytes_text(sizes.after).c_str(), before.c_str(),
               target.c_str());
}

/// Puts the book into the request. @returns how that ended.
Exit take_book(const ReloadOptions& options, wire::ControlRequest& request, Sizes& sizes) {
  const auto ruling = ask_engine_bytes(options);
  if (!ruling) return Exit::unreachable;
  sizes.before = *ruling;
  const auto target = options.target.empty() ? target_of(*ruling) : options.target;
  LoadedBook book;
  const bool loaded = load_book(options.book, target, book);
  std::fputs(book.messages.c_str(), stderr);
  if (!loaded) return Exit::bad_input;
  if (book.compiled) sizes.target = target;
  if (book.image.size() + 1024 > wire::kRequestBytesMax) {
    std::fprintf(stderr,
                 "tocsin: %s: the image has %zu bytes, more than one request may have: put it in the place of the "
                 "daemon's image file and leave the book out here\n",
                 options.book.c_str(), book.image.size());
    return Exit::bad_input;
  }
  sizes.after = engine_bytes_of(book.image);
  request.image = std::move(book.image);
  return Exit::done;
}
}  // namespace

int run_reload(const ReloadOptions& options) {
  catch_stop_signals();
  wire::ControlRequest request;
  request.kind = wire::ControlKind::reload;
  Sizes sizes;
  if (!options.book.empty()) {
    if (const auto exit = take_book(options, request, sizes); exit != Exit::done) return static_cast<int>(exit);
  }
  Exit exit{};
  const auto reply = ask_once(options.endpoint, options.timeout_s, std::move(request), exit);
  if (!reply) return static_cast<int>(exit);
  JsonObject object;
  object.flag("reloaded", true);
  if (sizes.after != 0) tell_sizes(sizes, options.json, object);
  return tell_answer(*reply, options.json, object);
}
}  // namespace tocsin::tools
