// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "tocsin/engine/base/check.hpp"

#include "lib/exit_status.hpp"
#include "lib/net.hpp"
#include "verbs/ack.hpp"
#include "verbs/backup.hpp"
#include "verbs/believe.hpp"
#include "verbs/check.hpp"
#include "verbs/compile.hpp"
#include "verbs/draw.hpp"
#include "verbs/explain.hpp"
#include "verbs/fmt.hpp"
#include "verbs/import.hpp"
#include "verbs/inject.hpp"
#include "verbs/keys.hpp"
#include "verbs/log.hpp"
#include "verbs/reload.hpp"
#include "verbs/replay.hpp"
#include "verbs/shelve.hpp"
#include "verbs/status.hpp"
#include "verbs/test.hpp"
#include "verbs/verify_alerts.hpp"
#include "verbs/watch.hpp"
#include "verbs/why.hpp"

namespace tocsin {
void panic(const char* what, const char* file, int line) {
  std::fprintf(stderr, "tocsin: broken invariant: %s (%s:%d)\n", what, file, line);
  std::abort();
}
}  // namespace tocsin

namespace {
using namespace tocsin::tools;
namespace engine = tocsin::engine;

constexpr const char* kExits =
    "\nExit status: 0 done, 1 the input is wrong or a test failed, 2 bad usage, 3 the other side cannot be reached.";

/// What the command line chose to do.
using Run = std::function<int()>;

const auto kTargets = CLI::IsMember({"mcu", "edge", "server"});

CLI::App* verb(CLI::App& app, const char* name, const char* what, const std::string& examples) {
  CLI::App* sub = app.add_subcommand(name, what);
  sub->footer("\nExamples:\n" + examples + kExits);
  return sub;
}

void add_check(CLI::App& app, Run& run) {
  static CheckOptions options;
  CLI::App* sub = verb(app, "check", "Say all that is wrong with a watch book",
                       "  tocsin check taiwan-korea.watch\n"
                       "  tocsin check taiwan-korea.watch --target mcu     does it fit a microcontroller?\n");
  sub->add_option("book", options.book, "the watch book (*.watch)")->required();
  sub->add_option("--target", options.target, "budget it must fit: mcu, edge or server")
      ->check(kTargets)
      ->capture_default_str();
  sub->add_flag("--json", options.json, "diagnostics as one JSON array on stdout");
  sub->callback([&run] { run = [] { return run_check(options); }; });
}

void add_compile(CLI::App& app, Run& run) {
  static CompileOptions options;
  CLI::App* sub = verb(app, "compile", "Make a rule image of a watch book",
                       "  tocsin compile taiwan-korea.watch -o taiwan-korea.tcn\n"
                       "  tocsin compile taiwan-korea.watch --budget       what memory and work, and for what?\n");
  sub->add_option("book", options.book, "the watch book (*.watch)")->required();
  sub->add_option("-o,--output", options.output, "the rule image to write (*.tcn)");
  sub->add_option("--target", options.target, "budget it must fit: mcu, edge or server")
      ->check(kTargets)
      ->capture_default_str();
  sub->add_option("--reach", options.reach,
                  "late news may reach past so many of the newest reports; without it, what the target has")
      ->check(CLI::PositiveNumber);
  sub->add_flag("--budget", options.budget, "print memory and the most work a line can make, by part, on stdout");
  sub->add_flag("--json", options.json, "diagnostics and memory as one JSON object on stdout");
  sub->callback([&run] {
    if (options.output.empty() && !options.budget && !options.json) {
      throw CLI::RequiredError("-o IMAGE (or --budget)");
    }
    run = [] { return run_compile(options); };
  });
}

void add_test(CLI::App& app, Run& run) {
  static TestOptions options;
  CLI::App* sub = verb(app, "test", "Run the tests that a watch book carries",
                       "  tocsin test taiwan-korea.watch\n"
                       "  tocsin test taiwan-korea.watch --filter launch   only tests with this in their title\n");
  sub->add_option("book", options.book, "the watch book (*.watch)")->required();
  sub->add_option("--filter", options.filter, "run only tests whose title contains this");
  sub->add_option("--target", options.target, "budget it is compiled for: mcu, edge or server")
      ->check(kTargets)
      ->capture_default_str();
  sub->add_flag("--verbose", options.verbose, "lines and events in order of time of tests that pass, too");
  sub->add_flag("--json", options.json, "results as one JSON object on stdout");
  sub->callback([&run] { run = [] { return run_test(options); }; });
}

void add_explain(CLI::App& app, Run& run) {
  static ExplainOptions options;
  CLI::App* sub = verb(app, "explain", "Say in plain English what the rules of a watch book mean",
                       "  tocsin explain taiwan-korea.watch                all linkages, alerts and conditions\n"
                       "  tocsin explain taiwan-korea.watch distraction    one of them, or an indicator\n");
  sub->add_option("book", options.book, "the watch book (*.watch)")->required();
  sub->add_option("name", options.name, "an alert, linkage, condition or indicator");
  sub->add_flag("--json", options.json, "one JSON object instead of text");
  sub->callback([&run] { run = [] { return run_explain(options); }; });
}

void add_draw(CLI::App& app, Run& run) {
  static DrawOptions options;
  CLI::App* sub = verb(app, "draw", "Draw what rests on what in a watch book",
                       "  tocsin draw taiwan-korea.watch -o book.svg       needs Graphviz\n"
                       "  tocsin draw taiwan-korea.watch | dot -Tpdf > book.pdf\n");
  sub->add_option("book", options.book, "the watch book (*.watch)")->required();
  sub->add_option("-o,--output", options.output, "the file to write; without it, stdout");
  sub->add_option("--format", options.format, "dot or svg; without it, by the ending of the file, else dot")
      ->check(CLI::IsMember({"dot", "svg"}));
  sub->callback([&run] { run = [] { return run_draw(options); }; });
}

void add_fmt(CLI::App& app, Run& run) {
  static FmtOptions options;
  CLI::App* sub = verb(app, "fmt", "Format watch books",
                       "  tocsin fmt taiwan-korea.watch                    in place\n"
                       "  tocsin fmt --check *.watch                       exit status 1 when one would change\n");
  sub->add_option("book", options.books, "watch books (*.watch)")->required();
  sub->add_flag("--check", options.check, "change nothing, only say which books would change");
  sub->add_flag("--stdout", options.to_stdout, "write the formatted text to stdout, not to the file");
  sub->callback([&run] { run = [] { return run_fmt(options); }; });
}

void add_replay(CLI::App& app, Run& run) {
  static ReplayOptions options;
  CLI::App* sub =
      verb(app, "replay", "Step a book over report files, offline; alert events on stdout",
           "  tocsin replay taiwan-korea.watch history/*.jsonl > alerts.jsonl\n"
           "  tocsin replay taiwan-korea.watch history/*.jsonl --text | less\n"
           "  tocsin replay book.tcn reports.jsonl --until 2024-07-01T00:00Z   let time pass after the last line\n"
           "  generate | tocsin replay book.tcn -                              lines from standard input\n"
           "  tocsin replay taiwan-korea.watch history/*.jsonl --why distraction --at 2024-05-24T06:00Z\n");
  sub->add_option("book", options.book, "a watch book (*.watch, compiled in memory) or a rule image (*.tcn)")
      ->required();
  sub->add_option("reports", options.reports, "JSON Lines files, read in the order given; - is standard input")
      ->required();
  sub->add_option("--until", options.until, "let time pass to here after the last line (RFC 3339, UTC)");
  CLI::Option* why = sub->add_option(
      "--why", options.why, "print why this alert, linkage or condition is or is not true, and no alert events");
  sub->add_option("--at", options.at, "with --why: at this instant instead of the end (RFC 3339, UTC)")->needs(why);
  sub->add_option("--status", options.status,
                  "count reports of this status too, and mark the alerts so: exercise or test")
      ->check(CLI::IsMember({"none", "exercise", "test"}))
      ->capture_default_str();
  sub->add_flag("--start-clock", options.start_clock,
                "begin with a clock line at the earliest time, as inject --start-clock does");
  sub->add_option("--target", options.target, "budget a watch book is compiled for: mcu, edge or server")
      ->check(kTargets)
      ->capture_default_str();
  sub->add_flag("--text", options.pretty, "alert events as text for a person instead of JSON Lines");
  sub->add_option("--errors", options.errors_max, "show so many messages about bad or refused lines; 0: all")
      ->capture_default_str();
  sub->add_flag("--json", options.summary_json,
                "the summary on stderr as one JSON object; with --why the answer on stdout as well");
  sub->add_flag("-q,--quiet", options.quiet, "no summary, no warnings of the compiler");
  sub->callback([&run] {
    options.why_json = options.summary_json;
    run = [] { return run_replay(options); };
  });
}

/// Of every verb that talks to a daemon: who we are to it, on tcp:// endpoints.
struct KeyOptions {
  std::string secret_file;
  std::string server_key;
};

KeyOptions& key_options() {
  static KeyOptions options;
  return options;
}

/// Every verb with an endpoint can prove who it is there; `log` has a --key of its own, for a journal.
void add_key_options(CLI::App& app) {
  for (CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_option_no_throw("endpoint") == nullptr && sub->get_option_no_throw("source") == nullptr) continue;
    if (sub->get_option_no_throw("--key") == nullptr) {
      sub->add_option("--key", key_options().secret_file,
                      "on tcp:// our secret key, as `tocsin keys add` wrote it; default $TOCSIN_KEY");
    }
    sub->add_option("--server-key", key_options().server_key,
                    "on tcp:// the daemon's public key or its server.pub; default $TOCSIN_SERVER_KEY");
  }
}

/// Reads the keys for a verb that can use some. @returns false when they are wrong.
bool take_keys(const CLI::App& app) {
  const auto used = app.get_subcommands();
  if (used.empty() || used.front()->get_option_no_throw("--server-key") == nullptr) return true;
  const auto or_variable = [](std::string& text, const char* name) {
    const char* const value = std::getenv(name);
    if (text.empty() && value != nullptr) text = value;
  };
  auto& options = key_options();
  or_variable(options.secret_file, "TOCSIN_KEY");
  or_variable(options.server_key, "TOCSIN_SERVER_KEY");
  std::string error;
  if (use_keys(options.secret_file, options.server_key, error)) return true;
  std::fprintf(stderr, "tocsin: %s\n", error.c_str());
  return false;
}

void add_keys_verb(CLI::App& keys, Run& run, const char* name, const char* what, int (*act)(const KeysOptions&),
                   const std::function<void(CLI::App&, KeysOptions&)>& options_of) {
  static KeysOptions options;
  CLI::App* sub = keys.add_subcommand(name, what);
  sub->add_option("--folder", options.folder, "the keys folder, as [keys] of the daemon's config names it")
      ->capture_default_str();
  options_of(*sub, options);
  sub->callback([&run, act] { run = [act] { return act(options); }; });
}

void add_keys(CLI::App& app, Run& run) {
  CLI::App* keys =
      verb(app, "keys", "Make, enrol, change and withdraw the keys of a daemon's peers",
           "  sudo tocsin keys init                                  once on the daemon's machine\n"
           "  sudo tocsin keys add hub -o hub.secret                 a pair for a peer; hand over hub.secret\n"
           "  sudo tocsin keys add ship --public ship.pub            the peer made its own pair\n"
           "  sudo tocsin keys rotate hub -o hub-2.secret            a second key, both are good\n"
           "  sudo tocsin keys revoke hub --fingerprint 1f2e3d4c     the old one away; without it, all\n"
           "  tocsin keys list\n"
           "A running daemon takes changes on with `systemctl reload tocsind` (SIGHUP).\n");
  keys->require_subcommand(1);
  const auto name = [](CLI::App& sub, KeysOptions& options) {
    sub.add_option("name", options.name, "the [[principal]] of the daemon's config")->required();
  };
  const auto new_key = [name](CLI::App& sub, KeysOptions& options) {
    name(sub, options);
    sub.add_option("--public", options.public_key, "its public key or a file with it; without it a pair is made");
    sub.add_option("-o,--output", options.output, "where the new secret key goes; without it NAME.secret here");
  };
  add_keys_verb(*keys, run, "init", "Make the daemon's keys and the folder; what is there stays", run_keys_init,
                [](CLI::App&, KeysOptions&) {});
  add_keys_verb(*keys, run, "add", "Enrol a principal", run_keys_add, new_key);
  add_keys_verb(*keys, run, "rotate", "Give a principal a second key", run_keys_rotate, new_key);
  add_keys_verb(*keys, run, "revoke", "Take a key of a principal away, or all", run_keys_revoke,
                [name](CLI::App& sub, KeysOptions& options) {
                  name(sub, options);
                  sub.add_option("--fingerprint", options.fingerprint, "only this key, as `list` shows it");
                });
  add_keys_verb(*keys, run, "list", "Names, fingerprints and ages", run_keys_list,
                [](CLI::App& sub, KeysOptions& options) {
                  sub.add_flag("--json", options.json, "one JSON object instead of a table");
                });
}

void add_inject(CLI::App& app, Run& run) {
  static InjectOptions options;
  CLI::App* sub =
      verb(app, "inject", "Send report lines to a running daemon, acknowledged",
           "  tocsin inject ipc:///run/tocsin/ingest.sock today.jsonl --control ipc:///run/tocsin/control.sock\n"
           "  tocsin inject ipc:///tmp/t/ingest.sock history/*.jsonl --start-clock    history into a daemon "
           "with clock = \"input\"\n"
           "  tocsin inject ipc:///tmp/t/ingest.sock may.jsonl --speed 86400          a day each second\n"
           "What was not acknowledged is sent again; lines that have a `seq` are never counted twice.\n");
  sub->add_option("endpoint", options.endpoint, "the daemon's ingest endpoint")->required();
  sub->add_option("reports", options.reports, "JSON Lines files, sent in the order given; - is standard input")
      ->required();
  sub->add_option("--control", options.control, "the daemon's control endpoint, needed for lines without `seq`");
  sub->add_option("--speed", options.speed, "times real time, by `received`; 0: flat out")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  sub->add_option("--timeout", options.timeout_s, "give up after so many seconds without progress")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_flag("--start-clock", options.start_clock,
                "send a clock line at the earliest time first (clock = \"input\" only)");
  sub->add_option("--errors", options.errors_max, "show so many messages about bad or refused lines; 0: all")
      ->capture_default_str();
  sub->add_flag("--json", options.json, "the summary as one JSON object on stdout");
  sub->add_flag("-q,--quiet", options.quiet, "neither progress nor summary");
  sub->callback([&run] { run = [] { return run_inject(options); }; });
}

void add_watch(CLI::App& app, Run& run) {
  static WatchOptions options;
  CLI::App* sub = verb(app, "watch", "Print alert events as a running daemon publishes them",
                       "  tocsin watch ipc:///run/tocsin/alerts.sock --control ipc:///run/tocsin/control.sock\n"
                       "  tocsin watch ipc:///run/tocsin/alerts.sock --control ipc:///run/tocsin/control.sock --since "
                       "0   from the first one on\n"
                       "  tocsin watch ipc:///run/tocsin/alerts.sock --level high --json | jq .name\n"
                       "With --control nothing is missed: numbers are dense, and a gap is fetched.\n");
  sub->add_option("endpoint", options.endpoint, "the daemon's alerts endpoint")->required();
  sub->add_option("--control", options.control, "the daemon's control endpoint, to fetch what was missed");
  CLI::Option* since =
      sub->add_option("--since", options.since, "start with the events numbered above this (needs --control)");
  sub->add_option("--count", options.count, "end after so many events");
  sub->add_option("--level", options.level, "leave out what is below: watch, elevated, high, critical")
      ->check(CLI::IsMember({"watch", "elevated", "high", "critical"}))
      ->capture_default_str();
  sub->add_option("--timeout", options.timeout_s, "give up when not connected after so many seconds")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_flag("--json", options.json, "JSON Lines instead of text");
  sub->add_option("--consumer", options.consumer,
                  "go on from the daemon's durable cursor of this name, and move it (needs --control)");
  sub->add_option("--provisional", options.provisional,
                  "an audience: show its events before they are durable, too; they carry no number");
  sub->callback([&run, since] {
    if (!options.consumer.empty() && options.control.empty()) throw CLI::RequiresError("--consumer", "--control");
    options.from_start = since->count() != 0;
    if (options.from_start && options.control.empty()) throw CLI::RequiresError("--since", "--control");
    run = [] { return run_watch(options); };
  });
}

void add_status(CLI::App& app, Run& run) {
  static StatusOptions options;
  CLI::App* sub = verb(app, "status", "How a running daemon is: levels, alerts, feeds, counts, refusals",
                       "  tocsin status ipc:///run/tocsin/control.sock\n"
                       "  tocsin status ipc:///run/tocsin/control.sock --json | jq '.feeds[] | select(.overdue)'\n");
  sub->add_option("endpoint", options.endpoint, "the daemon's control endpoint")->required();
  sub->add_option("--timeout", options.timeout_s, "wait so many seconds for an answer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_flag("--all", options.all, "list alerts that are down as well");
  sub->add_flag("--json", options.json, "one JSON object instead of tables");
  sub->add_flag("--metrics", options.metrics, "numbers in Prometheus's text format");
  sub->callback([&run] { run = [] { return run_status(options); }; });
}
void add_ack(CLI::App& app, Run& run) {
  static AckOptions options;
  CLI::App* sub = verb(app, "ack", "Tell a running daemon that an alert event was seen",
                       "  tocsin ack ipc:///run/tocsin/control.sock 17 --note \"duty officer called the site\"\n"
                       "  tocsin ack ipc:///run/tocsin/control.sock 17 --consumer siren    all up to 17 were taken\n"
                       "The journal keeps who said so, and when.\n");
  sub->add_option("endpoint", options.endpoint, "the daemon's control endpoint")->required();
  sub->add_option("number", options.number, "the alert event's number")->required();
  sub->add_option("--note", options.note, "a few words for the journal");
  sub->add_option("--consumer", options.consumer, "move this consumer's durable cursor instead");
  sub->add_option("--timeout", options.timeout_s, "wait so many seconds for an answer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->callback([&run] { run = [] { return run_ack(options); }; });
}

void add_shelve(CLI::App& app, Run& run) {
  static ShelveOptions options;
  static std::string span;
  CLI::App* sub =
      verb(app, "shelve", "Put a raised alert of a running daemon aside for a while",
           "  tocsin shelve ipc:///run/tocsin/control.sock distraction --for 8h --why \"exercise announced\"\n"
           "  tocsin shelve ipc:///run/tocsin/control.sock distraction --for 1d --until-clear --why \"known\"\n"
           "  tocsin shelve ipc:///run/tocsin/control.sock distraction --off             take it back\n"
           "It is decided, stored and told as ever, and marked as shelved. It comes back when its time is over\n"
           "or its level rises, and is then to be acknowledged anew. The journal keeps who, when and why.\n");
  sub->add_option("endpoint", options.endpoint, "the daemon's control endpoint")->required();
  sub->add_option("name", options.name, "an alert or linkage of its book")->required();
  CLI::Option* limit = sub->add_option("--for", span, "for so long, such as 30m, 8h, 1h30m or 1d")
                           ->check([](const std::string& text) {
                             engine::Span parsed = 0;
                             return parse_duration(text, parsed) ? std::string{}
                                                                 : "no time such as 30m, 8h or 1d: \"" + text + "\"";
                           });
  CLI::Option* clear = sub->add_flag("--until-clear", options.until_clear, "and no longer than until it clears");
  CLI::Option* why = sub->add_option("--why", options.why, "a few words for the journal");
  CLI::Option* off = sub->add_flag("--off", options.off, "take it back instead")->excludes(limit)->excludes(clear);
  sub->add_option("--timeout", options.timeout_s, "wait so many seconds for an answer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_flag("--json", options.json, "the answer as one JSON object");
  sub->callback([&run, limit, why, off] {
    if (off->count() == 0 && limit->count() == 0) throw CLI::RequiredError("--for (or --off)");
    if (off->count() == 0 && why->count() == 0) throw CLI::RequiredError("--why");
    if (limit->count() != 0) (void)parse_duration(span, options.span_ms);
    run = [] { return run_shelve(options); };
  });
}

void add_believe(CLI::App& app, Run& run) {
  static BelieveOptions options;
  CLI::App* sub =
      verb(app, "believe", "Tell a running daemon that its machine's clock is right",
           "  tocsin believe ipc:///run/tocsin/control.sock\n"
           "For when its clock jumped far and the alarm \"clock\" stands: look at the clock (date), set it if it\n"
           "is wrong, then say so. The journal keeps who said so, and when; a later jump is not believed.\n");
  sub->add_option("endpoint", options.endpoint, "the daemon's control endpoint")->required();
  sub->add_option("--timeout", options.timeout_s, "wait so many seconds for an answer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->callback([&run] { run = [] { return run_believe(options); }; });
}

void add_backup(CLI::App& app, Run& run) {
  static BackupOptions options;
  CLI::App* sub = verb(app, "backup", "A consistent, verified copy of a running daemon's journal",
                       "  tocsin backup ipc:///run/tocsin/control.sock /var/backups/tocsin-monday.db\n"
                       "The daemon makes the file, on its own machine, between commits; its keys are not in it.\n");
  sub->add_option("endpoint", options.endpoint, "the daemon's control endpoint")->required();
  sub->add_option("out", options.out, "the copy, which must not exist yet")->required();
  sub->add_option("--timeout", options.timeout_s, "wait so many seconds for it to be done")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_flag("-q,--quiet", options.quiet, "no words when it is done");
  sub->callback([&run] { run = [] { return run_backup(options); }; });
}

void add_reload(CLI::App& app, Run& run) {
  static ReloadOptions options;
  CLI::App* sub =
      verb(app, "reload", "Give a running daemon another book",
           "  tocsin reload ipc:///run/tocsin/control.sock book.watch     compiles and sends it\n"
           "  tocsin reload ipc:///run/tocsin/control.sock book.tcn\n"
           "  tocsin reload ipc:///run/tocsin/control.sock                reads its image file again\n"
           "Rules that both books have go on as if nothing had happened. A book that does not fit is refused\n"
           "and the old one kept. What was sent rules on after a restart until the image file changes.\n");
  sub->add_option("endpoint", options.endpoint, "the daemon's control endpoint")->required();
  sub->add_option("book", options.book, "a watch book or a rule image; without one the daemon reads its image file");
  sub->add_option("--target", options.target, "what a watch book is compiled for: mcu, edge or server")
      ->capture_default_str();
  sub->add_option("--timeout", options.timeout_s, "wait so many seconds for an answer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->callback([&run] { run = [] { return run_reload(options); }; });
}

void add_why(CLI::App& app, Run& run) {
  static WhyOptions options;
  CLI::App* sub = verb(app, "why", "Why a rule of a running daemon is, or is not, true",
                       "  tocsin why ipc:///run/tocsin/control.sock distraction\n"
                       "  tocsin why ipc:///run/tocsin/control.sock strait_surge --at 2024-05-24T06:00Z\n"
                       "`tocsin replay --why` says the same of files, as far back as they go.\n");
  sub->add_option("endpoint", options.endpoint, "the daemon's control endpoint")->required();
  sub->add_option("name", options.name, "an alert, linkage or condition of its book")->required();
  sub->add_option("--at", options.at, "at this instant instead of now (RFC 3339, UTC)");
  sub->add_option("--timeout", options.timeout_s, "wait so many seconds for an answer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_flag("--json", options.json, "one JSON object instead of text");
  sub->callback([&run] { run = [] { return run_why(options); }; });
}

void add_log(CLI::App& app, Run& run) {
  static LogOptions options;
  CLI::App* sub =
      verb(app, "log", "Read or verify a journal, or read a running daemon's",
           "  tocsin log alerts ipc:///run/tocsin/control.sock --level high\n"
           "  tocsin log alerts /var/lib/tocsin/journal.db --json > alerts.jsonl    the daemon stopped\n"
           "  tocsin log inputs /var/lib/tocsin/journal.db --json > received.jsonl  what replay can read again\n"
           "  tocsin log rejections ipc:///run/tocsin/control.sock\n"
           "  tocsin log verify /var/lib/tocsin/journal.db                         is it what was written?\n"
           "  tocsin log verify ipc:///run/tocsin/control.sock                     the same of a running daemon\n"
           "  tocsin log head /var/lib/tocsin/journal.db                           to keep in another place\n");
  sub->add_option("what", options.what, "alerts, batches, inputs, rejections, acts, gaps, verify or head")
      ->required()
      ->check(CLI::IsMember({"alerts", "batches", "inputs", "rejections", "acts", "gaps", "verify", "head"}));
  sub->add_option("source", options.source, "a journal's path (daemon stopped), or a control endpoint")->required();
  sub->add_option("--since", options.since, "alerts numbered above this; batches and inputs: of batches above this");
  sub->add_option("--limit", options.limit, "at most so many rows");
  sub->add_option("--level", options.level, "leave out alerts below: watch, elevated, high, critical")
      ->check(CLI::IsMember({"watch", "elevated", "high", "critical"}))
      ->capture_default_str();
  sub->add_option("--timeout", options.timeout_s, "wait so many seconds for a daemon's answer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_option("--journal-key", options.keys, "verify: the journal's key file, when it is not beside it");
  sub->add_option("--public-key", options.public_key, "verify: the public key you noted (64 hex digits)");
  sub->add_flag("--since-checkpoint", options.since_checkpoint, "verify: only what came after the newest checkpoint");
  sub->add_flag("--brief", options.brief, "one line an alert");
  sub->add_flag("--json", options.json, "JSON Lines instead of text");
  sub->callback([&run] { run = [] { return run_log(options); }; });
}

void add_import(CLI::App& app, Run& run) {
  static ImportOptions options;
  CLI::App* sub =
      verb(app, "import", "Give a daemon that has not begun yet its history",
           "  tocsin import /var/lib/tocsin/journal.db taiwan.watch history.jsonl\n"
           "The daemon is stopped and its journal is new. What the rules say of the history is stored with\n"
           "it, marked so, and nobody is notified; the daemon goes on from there.\n");
  sub->add_option("journal", options.journal, "where the daemon's journal will be")->required();
  sub->add_option("book", options.book, "the watch book or rule image the daemon will begin with")->required();
  sub->add_option("reports", options.reports, "JSON Lines files in order; - is standard input")->required();
  sub->add_option("--target", options.target, "budget a watch book is compiled for: mcu, edge, server")
      ->check(CLI::IsMember({"mcu", "edge", "server"}))
      ->capture_default_str();
  sub->add_option("--status", options.status, "as in the daemon's config")
      ->check(CLI::IsMember({"actual", "exercise", "test"}))
      ->capture_default_str();
  sub->add_option("--site", options.site, "as in the daemon's config");
  sub->add_option("--journal-key", options.keys, "the journal's key file, when it is not to be beside it");
  sub->add_option("--errors", options.errors_max, "show so many messages about lines; 0: all")->capture_default_str();
  sub->add_flag("--json", options.json, "the summary as one JSON object on stdout");
  sub->callback([&run] { run = [] { return run_import(options); }; });
}

void add_verify_alerts(CLI::App& app, Run& run) {
  static VerifyAlertsOptions options;
  CLI::App* sub =
      verb(app, "verify-alerts", "Check every logged alert with a second, independent evaluator",
           "  tocsin verify-alerts /var/lib/tocsin/journal.db          the daemon stopped\n"
           "  tocsin verify-alerts journal.db --json | jq .differing\n"
           "It reads the whole journal into memory and works out anew all that the rules say of it: at the end, and\n"
           "after each line that withdrew an event. Thousands of reports take seconds, a million takes hours.\n");
  sub->add_option("journal", options.journal, "a journal's path (daemon stopped)")->required();
  sub->add_flag("--json", options.json, "the result as one JSON object");
  sub->callback([&run] { run = [] { return run_verify_alerts(options); }; });
}

/// A verb that is none, which CLI11 would only call missing.
std::string unknown_verb(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return {};
  std::string verbs;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_name() == argv[1]) return {};
    verbs += (verbs.empty() ? "" : ", ") + sub->get_name();
  }
  return "no verb \"" + std::string{argv[1]} + "\"; there are " + verbs + "\nRun with --help for more information.\n";
}
}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Tocsin watches indicator feeds for a crisis that spans theaters, and rings when conditions link."};
  Run run;
  app.name("tocsin");
  app.set_version_flag("--version", "tocsin " TOCSIN_VERSION);
  app.require_subcommand(1);
  app.footer(std::string{"\nBegin with:\n"
                         "  tocsin check BOOK.watch                  is my watch book right?\n"
                         "  tocsin test BOOK.watch                   does it ring when I say it should?\n"
                         "  tocsin replay BOOK.watch REPORTS.jsonl   what would have rung?\n"
                         "`tocsin VERB --help` has examples. Data goes to stdout, words to stderr.\n"} +
             kExits);
  add_check(app, run);
  add_compile(app, run);
  add_test(app, run);
  add_explain(app, run);
  add_draw(app, run);
  add_fmt(app, run);
  add_replay(app, run);
  add_keys(app, run);
  add_inject(app, run);
  add_watch(app, run);
  add_status(app, run);
  add_ack(app, run);
  add_shelve(app, run);
  add_backup(app, run);
  add_believe(app, run);
  add_reload(app, run);
  add_why(app, run);
  add_log(app, run);
  add_import(app, run);
  add_verify_alerts(app, run);
  add_key_options(app);
  if (const std::string error = unknown_verb(app, argc, argv); !error.empty()) {
    std::fputs(error.c_str(), stderr);
    return static_cast<int>(Exit::bad_usage);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error, std::cout, std::cerr);
    return status == 0 ? 0 : static_cast<int>(Exit::bad_usage);
  }
  if (!take_keys(app)) return static_cast<int>(Exit::bad_input);
  return run();
}
