// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Config: what `tocsind --config FILE` reads. One TOML file; every mistake in it is told at once.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/engine/base/types.hpp"
#include "tocsin/engine/rule/image.hpp"

namespace tocsin::daemon {
/// A place in the config file, 1-based; line 0: the file as a whole.
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

/// A word of the config and where it stands, for messages that come after parsing.
struct PlacedText {
  std::string text;
  Place place;
};

/// Who speaks: on which ingest endpoint, for which feeds and indicators.
struct PrincipalConfig {
  std::string name;
  std::string endpoint;        ///< the ingest endpoint that is its own; empty: named by a broadcast entry
  bool all_feeds = true;       ///< no `feeds` key: every feed
  bool all_indicators = true;  ///< no `indicators` key: every indicator
  std::vector<PlacedText> feeds;
  std::vector<PlacedText> indicators;
  Place place;
};

/// A publisher the daemon subscribes to.
struct BroadcastConfig {
  std::string endpoint;
  std::string principal;
  Place place;
};

/// Where the engine's clock comes from.
enum class ClockSource : std::uint8_t {
  system = 0,  ///< the machine's clock
  input = 1,   ///< the `received` of the lines and clock lines: replays, exercises, tests
};

/// Bounds on what peers can make the daemon hold.
struct BoundsConfig {
  std::int32_t receive_high_water = 16;  ///< messages waiting per peer and socket, 1..1000
  std::int32_t send_high_water = 64;     ///< messages waiting per subscriber, 1..1000
  std::uint32_t peers = 64;              ///< connections remembered per ingest endpoint, 1..1000
  std::uint32_t journal_pages = 0;       ///< largest journal in pages of 4096 bytes; 0: no bound
};

struct Config {
  std::string file;   ///< the config file's own path
  std::string site;   ///< empty: alerts carry none
  std::string image;  ///< path of the compiled watch book
  Place image_place;
  std::string journal;  ///< path of the journal
  ClockSource clock = ClockSource::system;
  engine::Status label = engine::Status::actual;  ///< `status` of the alerts; never actual with clock = "input"
  engine::Span max_skew_ms = 60'000;
  engine::Span linger_ms = 0;  ///< how long a batch may wait for company before it is committed
  std::uint32_t checkpoint_reports = 65'536;
  std::vector<PlacedText> ingest;
  std::vector<BroadcastConfig> broadcast;
  std::string alerts;
  std::string control;
  std::vector<PrincipalConfig> principals;
  BoundsConfig bounds;
};

/// One thing wrong with the config: what, where, how to mend it.
struct ConfigProblem {
  Place place;
  bool warning = false;
  std::string text;
};

/// Reads a config from text.
/// @param file      path it came from, for messages; relative paths in the config start at its folder.
/// @param problems  all that is wrong is appended, in the order of the file.
/// @returns false when there is an error among them; `out` is then not to be used.
[[nodiscard]] bool parse_config(std::string_view text, const std::string& file, Config& out,
                                std::vector<ConfigProblem>& problems);

/// As parse_config, from a file; one that cannot be read is a problem too.
[[nodiscard]] bool load_config(const std::string& file, Config& out, std::vector<ConfigProblem>& problems);

/// Checks the names a config uses against the book: an unknown feed or indicator is an error, a feed of the book that
/// no principal may speak for is a warning. @returns false when there is an error.
[[nodiscard]] bool check_against_book(const Config& config, const engine::Image& image,
                                      std::vector<ConfigProblem>& problems);

/// `FILE:LINE:COL: error: TEXT`, or `warning`.
[[nodiscard]] std::string format_problem(const std::string& file, const ConfigProblem& problem);

/// Why an endpoint cannot be used for a plain socket, with the mend; empty when it can: ipc:// with an absolute path,
/// or tcp:// on 127.x.y.z with a port.
[[nodiscard]] std::string check_endpoint(std::string_view endpoint);

/// Parses a duration of the watch language (`90s`, `1d12h`, `250ms`). @returns false when it is none.
[[nodiscard]] bool parse_span(std::string_view text, engine::Span& out);
}  // namespace tocsin::daemon
