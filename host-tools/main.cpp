// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "tocsin/engine/base/check.hpp"

#include "command_line.hpp"
#include "lib/exit_status.hpp"
#include "verbs/check.hpp"
#include "verbs/compile.hpp"
#include "verbs/draw.hpp"
#include "verbs/explain.hpp"
#include "verbs/fmt.hpp"
#include "verbs/import.hpp"
#include "verbs/keys.hpp"
#include "verbs/replay.hpp"
#include "verbs/test.hpp"
#include "verbs/verify_alerts.hpp"

namespace tocsin {
void panic(const char* what, const char* file, int line) {
  std::fprintf(stderr, "tocsin: broken invariant: %s (%s:%d)\n", what, file, line);
  std::abort();
}
}  // namespace tocsin

namespace {
using namespace tocsin::tools;

const auto kTargets = CLI::IsMember({"mcu", "edge", "server"});

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
  add_daemon_verbs(app, run);
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
  if (const auto taken = take_keys(app); taken != Exit::done) return static_cast<int>(taken);
  return run();
}
