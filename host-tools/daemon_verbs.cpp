// SPDX-License-Identifier: Apache-2.0
// The verbs that talk to a running daemon: what they are called with.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <CLI/CLI.hpp>

#include "command_line.hpp"
#include "lib/net.hpp"
#include "verbs/ack.hpp"
#include "verbs/backup.hpp"
#include "verbs/believe.hpp"
#include "verbs/inject.hpp"
#include "verbs/log.hpp"
#include "verbs/log_level.hpp"
#include "verbs/reload.hpp"
#include "verbs/shelve.hpp"
#include "verbs/status.hpp"
#include "verbs/stop.hpp"
#include "verbs/watch.hpp"
#include "verbs/why.hpp"

namespace tocsin::tools {
namespace {
/// Of every verb that talks to a daemon: who we are to it, on tcp:// endpoints.
struct KeyOptions {
  std::string secret_file;
  std::string server_key;
};

KeyOptions& key_options() {
  static KeyOptions options;
  return options;
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
  CLI::Option* limit =
      sub->add_option("--for", span, "for so long, such as 30m, 8h, 1h30m or 1d")->check([](const std::string& text) {
        engine::Span parsed = 0;
        return parse_duration(text, parsed) ? std::string{} : "no time such as 30m, 8h or 1d: \"" + text + "\"";
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

void add_log_level(CLI::App& app, Run& run) {
  static LogLevelOptions options;
  CLI::App* sub = verb(app, "log-level", "Say what a running daemon writes to its log",
                       "  tocsin log-level ipc:///run/tocsin/control.sock warning    no more lines of level info\n"
                       "It holds until the daemon ends; a start takes info.\n");
  sub->add_option("endpoint", options.endpoint, "the daemon's control endpoint")->required();
  sub->add_option("level", options.level, "this and what is graver: info, warning or error")
      ->required()
      ->check(CLI::IsMember({"info", "warning", "error"}));
  sub->add_option("--timeout", options.timeout_s, "wait so many seconds for an answer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_flag("--json", options.json, "the answer as one JSON object");
  sub->callback([&run] { run = [] { return run_log_level(options); }; });
}

void add_stop(CLI::App& app, Run& run) {
  static StopOptions options;
  CLI::App* sub =
      verb(app, "stop", "End a running daemon cleanly",
           "  tocsin stop ipc:///run/tocsin/control.sock\n"
           "It ends as after SIGTERM, with status 0, once what it has taken is stored. A supervisor that always\n"
           "starts it again does so now, too: where systemd runs it, `systemctl stop tocsind` keeps it stopped.\n");
  sub->add_option("endpoint", options.endpoint, "the daemon's control endpoint")->required();
  sub->add_option("--timeout", options.timeout_s, "wait so many seconds for an answer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_flag("--json", options.json, "the answer as one JSON object");
  sub->callback([&run] { run = [] { return run_stop(options); }; });
}

void add_backup(CLI::App& app, Run& run) {
  static BackupOptions options;
  CLI::App* sub = verb(app, "backup", "A consistent, verified copy of a running daemon's journal",
                       "  tocsin backup ipc:///run/tocsin/control.sock /var/backups/tocsin-monday.db\n"
                       "The daemon makes the file, on its own machine, between commits; its keys are not in it.\n");
  sub->add_option("endpoint", options.endpoint, "the daemon's control endpoint")->required();
  sub->add_option("out", options.out, "the copy, from the root, which must not exist yet")->required();
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
  sub->add_option("--target", options.target,
                  "what a watch book is compiled for: mcu, edge or server; without it, the smallest that the engine of "
                  "the book that rules fits")
      ->check(CLI::IsMember({"mcu", "edge", "server"}));
  sub->add_option("--timeout", options.timeout_s, "wait so many seconds for an answer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_flag("--json", options.json, "the answer as one JSON object");
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
           "  tocsin log inputs ipc:///run/tocsin/control.sock --json > received.jsonl   what replay can read again\n"
           "  tocsin log acts ipc:///run/tocsin/control.sock                       what operators did\n"
           "  tocsin log rejections ipc:///run/tocsin/control.sock\n"
           "  tocsin log verify /var/lib/tocsin/journal.db                         is it what was written?\n"
           "  tocsin log verify journal.db --head kept.json                        nothing cut off or put back?\n"
           "  tocsin log verify ipc:///run/tocsin/control.sock                     the same of a running daemon\n"
           "  tocsin log head ipc:///run/tocsin/control.sock                       to keep in another place\n");
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
  sub->add_option("--head", options.head, "verify: a file with what `head` printed earlier; a journal's path only");
  sub->add_flag("--since-checkpoint", options.since_checkpoint, "verify: only what came after the newest checkpoint");
  sub->add_flag("--brief", options.brief, "one line an alert");
  sub->add_flag("--json", options.json, "JSON Lines instead of text");
  sub->callback([&run] { run = [] { return run_log(options); }; });
}
}  // namespace

void add_daemon_verbs(CLI::App& app, Run& run) {
  add_inject(app, run);
  add_watch(app, run);
  add_status(app, run);
  add_ack(app, run);
  add_shelve(app, run);
  add_backup(app, run);
  add_believe(app, run);
  add_log_level(app, run);
  add_stop(app, run);
  add_reload(app, run);
  add_why(app, run);
  add_log(app, run);
}

void add_key_options(CLI::App& app) {
  const CLI::Validator endpoint{[](const std::string& text) {
                                  return is_endpoint(text) ? std::string{}
                                                           : "\"" + text +
                                                                 "\" is none; write an endpoint like "
                                                                 "ipc:///run/tocsin/control.sock";
                                },
                                "ENDPOINT"};
  for (CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    for (const char* name : {"endpoint", "--control"}) {
      if (auto* option = sub->get_option_no_throw(name)) option->check(endpoint);
    }
    if (sub->get_option_no_throw("endpoint") == nullptr && sub->get_option_no_throw("source") == nullptr) continue;
    if (sub->get_option_no_throw("--key") == nullptr) {
      sub->add_option("--key", key_options().secret_file,
                      "on tcp:// our secret key, as `tocsin keys add` wrote it; default $TOCSIN_KEY");
    }
    sub->add_option("--server-key", key_options().server_key,
                    "on tcp:// the daemon's public key or its server.pub; default $TOCSIN_SERVER_KEY");
  }
}

Exit take_keys(const CLI::App& app) {
  const auto used = app.get_subcommands();
  if (used.empty() || used.front()->get_option_no_throw("--server-key") == nullptr) return Exit::done;
  const auto or_variable = [](std::string& text, const char* name) {
    const char* const value = std::getenv(name);
    if (text.empty() && value != nullptr) text = value;
  };
  auto& options = key_options();
  or_variable(options.secret_file, "TOCSIN_KEY");
  or_variable(options.server_key, "TOCSIN_SERVER_KEY");
  std::string error;
  if (use_keys(options.secret_file, options.server_key, error)) return Exit::done;
  std::fprintf(stderr, "tocsin: %s\n", error.c_str());
  return options.secret_file.empty() || options.server_key.empty() ? Exit::bad_usage : Exit::bad_input;
}
}  // namespace tocsin::tools
