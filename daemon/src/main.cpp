// SPDX-License-Identifier: Apache-2.0
// tocsind: the daemon's command line, its signals and its exit status.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <string>
#include <string_view>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "tocsin/daemon/clock.hpp"
#include "tocsin/daemon/config.hpp"
#include "tocsin/daemon/core.hpp"
#include "tocsin/daemon/image_file.hpp"
#include "tocsin/daemon/log.hpp"
#include "tocsin/engine/base/check.hpp"
#include "tocsin/journal/memory.hpp"

#include "config_paths.hpp"
#include "descriptors.hpp"
#include "journal_rights.hpp"
#include "notify.hpp"
#include "sandbox.hpp"
#include "server.hpp"
#include "start_memory.hpp"
#include "start_watch.hpp"

// A broken invariant: say which, end, and let the supervisor start a fresh process on the journal.
void tocsin::panic(const char* what, const char* file, int line) {
  tocsin::daemon::LogLine(tocsin::daemon::Severity::error, "panic")
      .field("check", what)
      .field("file", file)
      .field("line", line);
  std::abort();
}

namespace tocsin::daemon {
namespace {
constexpr int kExitBadUsage = 2;

constexpr std::string_view kUsage =
    "usage: tocsind --config FILE [--check-config | --strict]\n"
    "\n"
    "Watches the feeds its sockets receive with a compiled watch book, keeps a journal of all it took,\n"
    "and publishes the alerts.\n"
    "\n"
    "  --config FILE    the daemon's TOML file; a documented sample is tocsind.toml\n"
    "  --check-config   read the config, the book and the keys, tell all that is wrong, and exit\n"
    "  --strict         do not start when the journal's inputs do not lead to what is stored\n"
    "  --version        print the version\n"
    "  --help           print this\n"
    "\n"
    "Exit status: 0 stopped cleanly (or the config is right), 1 could not start or run on, 2 wrong usage or config.\n"
    "SIGTERM and SIGINT stop it cleanly; SIGHUP reads the book and the keys again.\n";

struct Arguments {
  std::string config;
  bool check_only = false;
  bool strict = false;
  int exit = -1;  ///< not negative: nothing more to do
};

Arguments bad_usage(const std::string& what) {
  (void)std::fprintf(stderr, "tocsind: %s\n\n%s", what.c_str(), kUsage.data());
  return {{}, false, false, kExitBadUsage};
}

Arguments parse(const std::vector<std::string>& words) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    if (word == "--help" || word == "-h") {
      (void)std::fputs(kUsage.data(), stdout);
      return {{}, false, false, 0};
    }
    if (word == "--version") {
      (void)std::puts("tocsind " TOCSIN_VERSION);
      return {{}, false, false, 0};
    }
    if (word == "--check-config") {
      arguments.check_only = true;
    } else if (word == "--strict") {
      arguments.strict = true;
    } else if (word == "--config" && i + 1 < words.size()) {
      arguments.config = words[++i];
    } else if (word.starts_with("--config=")) {
      arguments.config = word.substr(std::strlen("--config="));
    } else {
      return bad_usage(word == "--config" ? "--config needs a file" : "unknown argument '" + word + "'");
    }
  }
  if (arguments.config.empty()) return bad_usage("no config given; name one with --config FILE");
  return arguments;
}

/// Reads and checks the config with its book; tells all problems. @returns false when there is an error.
bool read_config(const std::string& file, bool check_only, Config& config) {
  std::vector<ConfigProblem> problems;
  const bool readable = load_config(file, config, problems);
  bool right = readable;
  if (!config.image.empty()) {
    ImageFile book;
    const auto error = book.load(config.image);
    if (!error.empty()) {
      problems.push_back({config.image_place, false, error});
      right = false;
    } else if (!check_against_book(config, book.image(), problems)) {
      right = false;
    }
  }
  if (readable && !check_paths(config, problems)) right = false;
  if (readable && !check_keys(config, problems)) right = false;
  if (readable && check_only) warn_of_no_bound(config, problems);
  if (readable && check_only && !check_journals_own_key(config, problems)) right = false;
  for (const auto& problem : problems) (void)std::fprintf(stderr, "%s\n", format_problem(file, problem).c_str());
  return right;
}

/// One arena and a low threshold: few threads allocate here, and what a burst took goes back.
void bound_the_heap() {
  (void)mallopt(M_ARENA_MAX, 1);
  (void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  (void)mallopt(M_TRIM_THRESHOLD, 256 * 1024);
}

/// Signals are read from a descriptor. Blocked before any thread is made, so that every thread inherits it.
int open_signals() {
  sigset_t set;
  (void)sigemptyset(&set);
  (void)sigaddset(&set, SIGTERM);
  (void)sigaddset(&set, SIGINT);
  (void)sigaddset(&set, SIGHUP);
  (void)sigprocmask(SIG_BLOCK, &set, nullptr);
  (void)std::signal(SIGPIPE, SIG_IGN);
  (void)std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is journal trouble, no death
  return ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/// A stop came while the journal was stepped over: nothing was taken yet, so nothing is to be stored.
int stop_early(int signal) {
  LogLine(Severity::info, "signal").field("signal", signal == SIGTERM ? "SIGTERM" : "SIGINT");
  LogLine(Severity::info, "stop").field("exit", 0).field("meaning", "before it served");
  return 0;
}

int fail_to_start(const std::string& error) {
  LogLine(Severity::error, "start_failed").field("error", error);
  return 1;
}

/// What SQLite takes is fixed from here on, unless the config wants the process's heap.
std::string bound_sqlite(const Config& config) {
  if (config.journal_bounds.arena_bytes == 0) return {};
  const auto outcome = journal::bound_memory(config.journal_bounds.arena_bytes, config.journal_bounds.cache_pages);
  return outcome ? outcome->text : std::string{};
}

/// The priority for libzmq's threads: this one has its own already. 0: ordinary ones.
int go_before_others(const Config& config) {
  if (!config.realtime) return 0;
  const auto error = sandbox::go_realtime();
  if (error.empty()) return sandbox::kRealtimeIoPriority;
  // libzmq would end the process where it may not.
  LogLine(Severity::warning, "realtime").field("error", error).field("meaning", "running on with ordinary priority");
  return 0;
}

/// The service manager's limit may be another than that of whoever checked the config, so it is looked at here.
void look_at_descriptors(const Config& config) {
  const auto needed = descriptors_needed(config);
  const auto limit = provide_descriptors(needed);
  if (limit >= needed) return;
  const auto count = std::to_string(needed);
  LogLine(Severity::warning, "descriptors")
      .field("limit", limit)
      .field("needed", needed)
      .field("meaning",
             "with all its peers there are too few: a new one waits on tcp://, and ends the daemon on ipc://")
      .field("mend", "LimitNOFILE=" + count + " in the unit (ulimit -n " + count + "), or fewer `peers` in [bounds]");
}

void stay_in_memory(const Config& config) {
  if (!config.lock_memory) return;
  const auto error = sandbox::lock_memory();
  if (error.empty()) return;
  LogLine(Severity::warning, "lock_memory").field("error", error).field("meaning", "running on without it");
}

/// From here on the process can do only what it does already.
void close_the_door() {
  const auto error = sandbox::enter();
  if (error.empty()) return;
  LogLine(Severity::warning, "sandbox").field("error", error).field("meaning", "running on without it");
}

int serve(const Config& config) {
  const int signals = open_signals();
  if (signals < 0) return fail_to_start("no descriptor for signals; raise the limit of open files");
  if (auto error = bound_sqlite(config); !error.empty()) return fail_to_start(error);
  look_at_descriptors(config);
  keep_journal_from_others(config.journal);
  const SystemClock clock;
  const auto begin = clock.boot_ns();
  const Notifier notifier;
  StartWatch watch{notifier};
  Core core{config, clock};
  if (auto error = core.open({}, [&] { return watch.go_on(); }); !error.empty()) {
    return watch.stopped_by() != 0 ? stop_early(watch.stopped_by()) : fail_to_start(error);
  }
  const auto recovered = clock.boot_ns();
  const auto& recovery = core.recovery();
  LogLine(recovery.differences > 0 ? Severity::warning : Severity::info, "recovered")
      .field("checkpoint", recovery.from_checkpoint ? "yes" : "no")
      .field("book", recovery.book_changed ? "changed: earlier alert events stay as they were" : "same")
      .field("batches", recovery.batches)
      .field("items", recovery.items)
      .field("events", recovery.events)
      .field("differences", recovery.differences)
      .milliseconds("ms", recovered - begin);
  const int priority = go_before_others(config);
  Server server{config, core, notifier, priority};
  if (auto error = server.open(); !error.empty()) return fail_to_start(error);
  stay_in_memory(config);
  const int nice = sandbox::go_before_group(sandbox::kEngineNice);  // of this thread: the others are there already
  close_the_door();
  LogLine(Severity::info, "start")
      .field("version", TOCSIN_VERSION)
      .field("pid", ::getpid())
      .field("site", config.site)
      .field("image", config.image)
      .field("journal", config.journal)
      .field("clock", config.clock == ClockSource::system ? "system" : "input")
      .field("engine_bytes", core.engine_bytes())
      .field("batch_bytes", batch_bytes(config.bounds, core.image()))
      .field("realtime", priority > 0 ? "yes" : "no")
      .field("nice", nice)
      .milliseconds("ms", clock.boot_ns() - begin);
  give_back_start_memory();
  notifier.send("READY=1");
  const int status = server.run(signals);
  (void)::close(signals);
  return status;
}
}  // namespace
}  // namespace tocsin::daemon

int main(int argc, char** argv) {
  using namespace tocsin::daemon;  // NOLINT(google-build-using-namespace): this file is all of one namespace
  const Arguments arguments = parse({argv + 1, argv + argc});
  if (arguments.exit >= 0) return arguments.exit;
  (void)::umask(::umask(0) | S_IRWXO);  // the journal and its copies; SQLite would let everybody read them
  open_log();                           // first: without core dumps /proc/self is root's
  sandbox::no_core_dumps();
  sandbox::refuse_netlink();
  bound_the_heap();
  Config config;
  if (!read_config(arguments.config, arguments.check_only, config)) return kExitBadUsage;
  config.strict = arguments.strict;
  if (arguments.check_only) {
    (void)std::fprintf(stderr,
                       "%s: the config is right; with all its peers the daemon holds up to %llu file descriptors "
                       "(LimitNOFILE in the unit)\n",
                       arguments.config.c_str(), static_cast<unsigned long long>(descriptors_needed(config)));
    return 0;
  }
  return serve(config);
}
