// SPDX-License-Identifier: Apache-2.0
#include "verbs/why.hpp"

#include <cstdio>

#include "tocsin/text/json_lines.hpp"

#include "lib/exit_status.hpp"
#include "lib/net.hpp"
#include "lib/why.hpp"

namespace tocsin::tools {
namespace {
int complain(const std::string& text, Exit status) {
  std::fprintf(stderr, "%s\n", text.c_str());
  return static_cast<int>(status);
}
}  // namespace

int run_why(const WhyOptions& options) {
  wire::ControlRequest request;
  request.kind = wire::ControlKind::why;
  request.name = options.name;
  if (!options.at.empty()) {
    engine::Instant at = 0;
    if (!text::parse_instant(options.at, at)) {
      return complain("--at " + options.at + ": not a time; write it like 2024-06-01T00:00:00Z (UTC)", Exit::bad_usage);
    }
    request.at = at;
  }
  if (options.name.size() > wire::kNameBytesMax) {
    return complain("\"" + printable(options.name) + "\": longer than any name of a book", Exit::bad_usage);
  }
  catch_stop_signals();
  Context context;
  Control control{context, options.endpoint, Milliseconds{static_cast<std::int64_t>(options.timeout_s * 1000)}};
  const auto reply = control.ask(std::move(request));
  if (!reply) return complain(control.error(), Exit::unreachable);
  if (!reply->ok) {
    return complain(options.endpoint + ": " + printable(reply->error),
                    reply->unknown_name ? Exit::bad_usage : Exit::bad_input);
  }
  const AlignedBuffer bytes{reply->why ? std::span<const std::byte>{reply->why->image} : std::span<const std::byte>{}};
  engine::Image image;
  if (!reply->why || engine::load_image(bytes.bytes(), image) != engine::ImageError::none ||
      !wire::fits(reply->why->report, image)) {
    return complain(options.endpoint + ": the answer cannot be read; use a tool of the daemon's version",
                    Exit::bad_input);
  }
  const Palette palette{.on = wants_colour(stdout)};
  const auto& report = reply->why->report;
  const std::string text = options.json ? why_json(image, report) + "\n" : why_text(image, report, palette);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return static_cast<int>(Exit::done);
}
}  // namespace tocsin::tools
