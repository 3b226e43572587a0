// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What the daemon's tests share: a site in a temporary folder, a clock to turn by hand, inputs and stories.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tocsin/daemon/clock.hpp"
#include "tocsin/daemon/config.hpp"
#include "tocsin/daemon/core.hpp"
#include "tocsin/wire/batch_codec.hpp"
#include "tocsin/wire/input_view.hpp"

namespace tocsin::daemon::test {
using Bytes = std::vector<std::byte>;

inline constexpr engine::Span kSecond = 1000;
inline constexpr engine::Span kMinute = 60 * kSecond;
inline constexpr engine::Span kHour = 60 * kMinute;
inline constexpr engine::Span kDay = 24 * kHour;
/// 2024-05-01T00:00:00Z.
inline constexpr engine::Instant kMay = 1'714'521'600'000;

/// A folder that goes away with its contents.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] std::string endpoint(const std::string& name) const { return "ipc://" + file(name); }
  /// Writes a file. @returns its path.
  std::string write(const std::string& name, std::span<const std::byte> bytes) const;
  std::string write(const std::string& name, std::string_view text) const;

 private:
  std::string path_;
};

/// The machine's clocks, turned by hand. Starts at kMay.
class FakeClock final : public MachineClock {
 public:
  [[nodiscard]] engine::Instant wall_ms() const override { return wall; }
  [[nodiscard]] std::int64_t boot_ns() const override { return boot_ms * 1'000'000; }
  /// Both clocks run on.
  void pass(engine::Span span) {
    wall += span;
    boot_ms += span;
  }
  engine::Instant wall = kMay;
  std::int64_t boot_ms = 1000;
};

/// The sample book and a config for it, in a temporary folder.
class Site {
 public:
  /// @param extra  lines of TOML before the tables.
  explicit Site(const std::string& extra = {}, const std::string& tables = {});
  /// Writes the config file anew.
  void configure(const std::string& extra, const std::string& tables = {});
  /// One more ingest endpoint; in the config from the next configure() on.
  void listen_also(const std::string& endpoint) { more_ingest_ += ", \"" + endpoint + "\""; }
  /// Another compiled book instead of the sample.
  void use_image(const std::string& path);
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] std::string config_file() const { return folder.file("tocsind.toml"); }
  [[nodiscard]] std::string journal_file() const { return folder.file("journal.db"); }
  [[nodiscard]] std::string ingest() const { return folder.endpoint("ingest.sock"); }
  [[nodiscard]] std::string alerts() const { return folder.endpoint("alerts.sock"); }
  [[nodiscard]] std::string control() const { return folder.endpoint("control.sock"); }
  TempFolder folder;

 private:
  Config config_;
  std::string more_ingest_;
};

/// @{ Inputs. Names must outlive the view.
[[nodiscard]] wire::InputView report(std::string_view feed, std::uint64_t seq, std::string_view indicator,
                                     engine::Instant time, double value = 1, std::string_view origin = {});
[[nodiscard]] wire::InputView heartbeat(std::string_view feed, engine::Instant time);
[[nodiscard]] wire::InputView retraction(std::string_view feed, std::uint64_t seq, std::uint64_t target,
                                         engine::Instant time);
[[nodiscard]] wire::InputView clock_line(engine::Instant time);
/// @}

/// Some weeks of the sample book's feeds in order of arrival: surges, launches, silences, late reports, retractions.
/// Every line has a `received`. The same for the same seed.
[[nodiscard]] std::vector<wire::InputView> story(std::uint64_t seed, unsigned days);

/// The encoded, numbered alert events of an engine that nothing disturbs, as a daemon with clock = "input" starts it.
[[nodiscard]] std::vector<Bytes> undisturbed_alerts(std::span<const wire::InputView> inputs, const Config& config);

/// Copies `bytes` to 8-byte aligned storage and lets the core take the frame. @returns what was refused.
std::vector<wire::RefusedItem> take(Core& core, const Principal& principal, std::span<const wire::InputView> items);

/// The sample book with another number of aircraft that make a surge, and another hash for each version but 0.
[[nodiscard]] Bytes book_with(double aircraft, std::uint8_t version);

/// The lines that go to stderr meanwhile, each with a `|` behind it. @pre nobody called open_log().
[[nodiscard]] std::string logged(const std::function<void()>& work);

/// Reports by feed and seq.
using ReportSet = std::set<std::pair<std::string, std::uint64_t>>;

/// What a journal holds.
struct Stored {
  std::string error;          ///< why it could not be read, or which report was taken twice
  ReportSet reports;          ///< every report that is stored
  std::vector<Bytes> alerts;  ///< in the order of their numbers
  std::vector<std::uint64_t> numbers;
};
[[nodiscard]] Stored read_stored(journal::Journal& journal);
/// From the file of a stopped daemon.
[[nodiscard]] Stored read_stored(const std::string& file);

/// (feed, seq) of every report among the inputs.
[[nodiscard]] ReportSet reports_of(std::span<const wire::InputView> inputs);

/// Why these alert events are not those an undisturbed run gives; empty when they are, numbered without a gap.
[[nodiscard]] std::string compare_alerts(const Stored& stored, const std::vector<Bytes>& expected);
}  // namespace tocsin::daemon::test
