// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Session: a rule image, an engine and its memory in one object, for tools that step inputs offline.
///
/// Usage:
///   std::string error;
///   auto session = Session::open(image_bytes, error);           // null: error says why
///   session->start(first_instant, {.label = Status::test});     // engine::Mode
///   std::vector<wire::AlertRecord> events;
///   auto outcome = session->step(view, events);                 // appends the events of this line
///   if (outcome.refusal != wire::Refusal::none) ...             // the line changed nothing
///
/// Alert events go engine -> wire::encode_alert -> wire::decode_alert, the path they take through the daemon, so that
/// text::format_alert() of a record here is what the daemon's readers print (without `site` and `n`).
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tocsin/engine/engine.hpp"
#include "tocsin/wire/alert_codec.hpp"
#include "tocsin/wire/input_view.hpp"

namespace tocsin::tools {
/// What became of one line.
struct StepOutcome {
  wire::Refusal refusal = wire::Refusal::none;  ///< set also for dispositions reused (reused_seq) and full (full)
  engine::Disposition disposition = engine::Disposition::taken;  ///< meaningful unless `refusal` came from bind()
};

/// One owner, one thread. Not movable: hold it by unique_ptr.
class Session {
 public:
  /// Copies the image into aligned memory, loads it and makes room for the engine.
  /// @param image_bytes  a whole rule image (`*.tcn`, or the compiler's output in memory); any alignment.
  /// @returns null and sets `error` (one sentence) when it is not a valid image.
  [[nodiscard]] static std::unique_ptr<Session> open(std::span<const std::byte> image_bytes, std::string& error);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Empties the engine; `first` is its first instant. Must come before step(); may be called again.
  void start(engine::Instant first, const engine::Mode& mode);

  /// Takes one line and appends the alert events it led to, in output order.
  /// A line without `received` counts as received at max(time, clock). `seq` must be there for reports, retractions.
  StepOutcome step(const wire::InputView& line, std::vector<wire::AlertRecord>& events);
  /// The same with a visitor that is called for each event (no list is built).
  template <typename Visitor>
  StepOutcome step_each(const wire::InputView& line, Visitor&& visit) {
    const StepOutcome outcome = take(line);
    while (const wire::AlertRecord* event = next()) visit(*event);
    return outcome;
  }
  /// Moves the clock to `to` (never back) and appends the events that time alone brings, `to` included.
  void advance(engine::Instant to, std::vector<wire::AlertRecord>& events);

  [[nodiscard]] const engine::Image& image() const;
  [[nodiscard]] engine::Engine& engine();
  [[nodiscard]] const engine::Engine& engine() const;

 private:
  Session();
  StepOutcome take(const wire::InputView& line);
  const wire::AlertRecord* next();

  struct Parts;
  std::unique_ptr<Parts> parts_;
};
}  // namespace tocsin::tools
