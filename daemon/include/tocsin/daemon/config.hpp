// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Config: what `tocsind --config FILE` reads. One TOML file; every mistake in it is told at once.
#include <cstdint>
#include <limits>
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

/// How much one sender, or all of them together, may send. 0: no bound.
struct QuotaConfig {
  double reports_per_second = 0;
  double bytes_per_second = 0;
  std::uint32_t burst = 0;    ///< reports above the rate that may come at once; 0: as many as two seconds bring
  std::uint32_t unacked = 0;  ///< reports on their way without an acknowledgement: the sender's credit
};

/// What a principal may do beside sending reports. A set of bits.
enum class Role : std::uint8_t {
  none = 0,
  read = 1,         ///< subscribe to alerts, ask for status, alerts and reasons
  acknowledge = 2,  ///< acknowledge and shelve alerts, believe a clock
  reload = 4,       ///< reload the book, change the log level, back up, shut down
  all = 7,
};
[[nodiscard]] constexpr Role operator|(Role a, Role b) {
  return static_cast<Role>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
/// True when `have` holds all of `need`.
[[nodiscard]] constexpr bool has_role(Role have, Role need) {
  return (static_cast<unsigned>(have) & static_cast<unsigned>(need)) == static_cast<unsigned>(need);
}

/// The values a principal may report for one indicator, both ends included.
struct RangeConfig {
  PlacedText indicator;
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
};

/// Who speaks: proved by a key of its own (`principals/NAME.pub` in the keys folder), or by the endpoint it alone uses.
struct PrincipalConfig {
  std::string name;
  std::string endpoint;  ///< the ipc:// or loopback endpoint that is its own; empty: known by its key
  /// `feeds = "all"`, or no `feeds` key on an endpoint of its own. Who is known by a key reports for what is given
  /// only.
  bool all_feeds = false;
  bool all_indicators = true;  ///< no `indicators` key: every indicator
  std::vector<PlacedText> feeds;
  std::vector<PlacedText> indicators;
  std::vector<RangeConfig> ranges;
  bool may_retract = true;
  Role roles = Role::none;  ///< on a key; one known by its endpoint has all unless `roles` says otherwise
  /// Both `feeds` and `roles` are written out. One with an endpoint needs that before it may have a key as well: what
  /// an endpoint has by default is not for whoever comes over the network.
  bool rights_written = false;
  std::string audience;           ///< empty: the first one
  QuotaConfig quota;              ///< its own; the global one applies as well
  std::uint32_t connections = 1;  ///< at the same time on one ingest socket, 1..64; alerts and control allow at least 4
  Place place;
};

/// Who may see what: an alert goes to an audience when its marking is at most the ceiling and its release list is empty
/// or shares a word with this one's.
struct AudienceConfig {
  std::string name = "public";
  engine::Marking ceiling = engine::Marking::red;
  std::vector<std::string> release;
  bool all_releases = true;  ///< no `release` key: every release list will do
  Place place;
};

/// Where the keys are. Files of the same name in $CREDENTIALS_DIRECTORY win over the folder.
struct KeysConfig {
  std::string folder;  ///< empty: no keys, so tcp:// on the loopback only
  Place place;
};

/// A publisher the daemon subscribes to.
struct BroadcastConfig {
  std::string endpoint;
  std::string principal;
  std::string server_key;  ///< the publisher's public key, Z85; empty: a plain socket
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
  std::uint32_t batch_bytes = 0;         ///< of frames in one commit, 16 to 192 KiB; 0: as the book's size suggests
};

/// Bounds on the journal and on what SQLite may take. The journal's path is Config::journal.
struct JournalConfig {
  std::uint64_t bytes_max = 0;             ///< largest file; 0: no bound
  engine::Span retain_age_ms = 0;          ///< reports older than this may go; 0: only when room is needed
  std::uint64_t retain_bytes = 0;          ///< reports beyond this many bytes may go, oldest first; 0: no bound
  std::uint32_t arena_bytes = 512 * 1024;  ///< SQLite's own memory, 512 KiB..64 MiB; 0: the process's heap
  std::uint32_t cache_pages = 272;         ///< pages of 4096 bytes it keeps in memory, 64..65536
};

struct Config {
  std::string file;   ///< the config file's own path
  std::string site;   ///< empty: alerts carry none
  std::string image;  ///< path of the compiled watch book
  Place image_place;
  std::string journal;  ///< path of the journal
  JournalConfig journal_bounds;
  ClockSource clock = ClockSource::system;
  engine::Status label = engine::Status::actual;  ///< `status` of the alerts; never actual with clock = "input"
  engine::Span max_skew_ms = 60'000;
  engine::Span believe_ms = 3'600'000;      ///< a step of the wall clock up to this is followed without being confirmed
  engine::Span shelve_max_ms = 86'400'000;  ///< longest shelf of an alert, up to 30 days; 0: none
  engine::Span linger_ms = 0;               ///< how long a batch may wait for company before it is committed
  /// Likewise one with nothing but heartbeats that raised nothing.
  engine::Span heartbeat_linger_ms = 0;
  std::uint32_t checkpoint_reports = 65'536;
  bool realtime = false;     ///< the engine's thread and libzmq's go before all ordinary work of the machine
  bool lock_memory = false;  ///< nothing of the process is written to swap
  bool strict = false;       ///< from the command line: a recovery that does not equal what is stored ends the program
  KeysConfig keys;
  std::vector<PlacedText> ingest;
  std::vector<BroadcastConfig> broadcast;
  std::vector<PlacedText> alerts;   ///< at least one; one XPUB bound to all of them
  std::vector<PlacedText> control;  ///< at least one; one ROUTER bound to all of them
  std::vector<PrincipalConfig> principals;
  std::vector<AudienceConfig> audiences;  ///< at least one once parsed
  QuotaConfig quota;                      ///< of all senders together
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

/// How whoever is at the other end of an endpoint proves who it is.
enum class EndpointProof : std::uint8_t {
  none = 0,  ///< only the machine itself keeps strangers out
  key = 1,   ///< CURVE
};

/// Why an endpoint cannot be used, with the mend; empty when it can: ipc:// with an absolute path, or tcp:// with a
/// numeric IPv4 address and a port. Without keys only 127.x.y.z will do.
[[nodiscard]] std::string check_endpoint(std::string_view endpoint, EndpointProof proof = EndpointProof::none);

/// Parses a duration of the watch language (`90s`, `1d12h`, `250ms`). @returns false when it is none.
[[nodiscard]] bool parse_span(std::string_view text, engine::Span& out);
}  // namespace tocsin::daemon
