// SPDX-License-Identifier: Apache-2.0
/// What: every mistake in a config is told with its place and its mend, all in one run; a right one is read fully.
/// How: one line of a right config is replaced by a wrong one, and the message is looked for.
#include "tocsin/daemon/config.hpp"

#include <string>
#include <vector>

#include "tocsin/journal/memory.hpp"
#include "tocsin/test_support/sample_image.hpp"

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;

namespace {
struct Lines {
  std::string top = "image = \"book.tcn\"\njournal = \"/var/j.db\"";
  std::string ingest = "ingest = [\"ipc:///run/in.sock\"]";
  std::string alerts = "alerts = \"ipc:///run/al.sock\"";
  std::string control = "control = \"ipc:///run/co.sock\"";
  std::string rest;
  [[nodiscard]] std::string text() const {
    return top + "\n[sockets]\n" + ingest + "\n" + alerts + "\n" + control + "\n" + rest + "\n";
  }
};

struct Result {
  bool right = false;
  Config config;
  std::string told;
};

Result read(const std::string& text) {
  Result result;
  std::vector<ConfigProblem> problems;
  result.right = parse_config(text, "/etc/tocsin/t.toml", result.config, problems);
  for (const auto& problem : problems) result.told += format_problem("t.toml", problem) + "\n";
  return result;
}

Result read_with_book(const std::string& text) {
  auto result = read(text);
  std::vector<ConfigProblem> problems;
  result.right = check_against_book(result.config, tocsin::test_support::sample_book(), problems) && result.right;
  for (const auto& problem : problems) result.told += format_problem("t.toml", problem) + "\n";
  return result;
}
}  // namespace

TEST_GROUP(Config){};

TEST(Config, reads_the_least_that_is_needed_and_fills_in_the_rest) {
  const auto result = read(Lines{}.text());
  STRCMP_EQUAL("", result.told.c_str());
  CHECK_TRUE(result.right);
  STRCMP_EQUAL("/etc/tocsin/book.tcn", result.config.image.c_str());
  STRCMP_EQUAL("/var/j.db", result.config.journal.c_str());
  CHECK_TRUE(result.config.clock == ClockSource::system);
  CHECK_TRUE(result.config.label == tocsin::engine::Status::actual);
  LONGLONGS_EQUAL(60'000, result.config.max_skew_ms);
  LONGLONGS_EQUAL(86'400'000, result.config.shelve_max_ms);
  LONGLONGS_EQUAL(0, result.config.linger_ms);
  LONGLONGS_EQUAL(0, result.config.heartbeat_linger_ms);
  UNSIGNED_LONGS_EQUAL(65'536, result.config.checkpoint_reports);
  CHECK_FALSE(result.config.realtime);
  CHECK_FALSE(result.config.lock_memory);
  CHECK_TRUE(result.config.journal_bounds.arena_bytes >= tocsin::journal::kArenaBytesMin);
}

TEST(Config, reads_every_key) {
  Lines lines;
  lines.top +=
      "\nsite = \"s\"\nclock = \"input\"\nstatus = \"exercise\"\nmax_skew = \"1h30m\"\nshelve_max = \"8h\"\nlinger_ms "
      "= 200\n"
      "heartbeat_linger_ms = 60000\ncheckpoint_reports = 7\nrealtime = true\nlock_memory = true";
  lines.ingest += "\nbroadcast = [{ endpoint = \"tcp://127.0.0.1:5556\", principal = \"pub\" }]";
  lines.rest =
      "[principals.desk]\nendpoint = \"ipc:///run/in.sock\"\nfeeds = [\"analyst\"]\nindicators = [\"exercise\"]\n"
      "[principals.pub]\nfeeds = [\"airspace\"]\n"
      "[bounds]\nreceive_high_water = 4\nsend_high_water = 5\npeers = 6\njournal_pages = 1000\nbatch_bytes = \"64KiB\"";
  const auto result = read_with_book(lines.text());
  CHECK_TRUE_TEXT(result.right, result.told.c_str());
  const auto& config = result.config;
  CHECK_TRUE(config.clock == ClockSource::input);
  CHECK_TRUE(config.label == tocsin::engine::Status::exercise);
  LONGLONGS_EQUAL(5'400'000, config.max_skew_ms);
  LONGLONGS_EQUAL(28'800'000, config.shelve_max_ms);
  LONGLONGS_EQUAL(200, config.linger_ms);
  LONGLONGS_EQUAL(60'000, config.heartbeat_linger_ms);
  UNSIGNED_LONGS_EQUAL(7, config.checkpoint_reports);
  STRCMP_EQUAL("tcp://127.0.0.1:5556", config.broadcast.at(0).endpoint.c_str());
  UNSIGNED_LONGS_EQUAL(2, config.principals.size());
  CHECK_FALSE(config.principals.at(0).all_feeds);
  STRCMP_EQUAL("exercise", config.principals.at(0).indicators.at(0).text.c_str());
  LONGS_EQUAL(4, config.bounds.receive_high_water);
  LONGS_EQUAL(5, config.bounds.send_high_water);
  UNSIGNED_LONGS_EQUAL(6, config.bounds.peers);
  UNSIGNED_LONGS_EQUAL(1000, config.bounds.journal_pages);
  UNSIGNED_LONGS_EQUAL(65'536, config.bounds.batch_bytes);
  CHECK_TRUE(config.realtime);
  CHECK_TRUE(config.lock_memory);
  // The book has feeds that neither of the two may speak for.
  STRCMP_CONTAINS("t.toml: warning: no principal may speak for the book's feed \"launches\"", result.told.c_str());
}

TEST(Config, never_labels_replayed_input_actual) {
  Lines lines;
  lines.top += "\nclock = \"input\"";
  const auto result = read(lines.text());
  CHECK_TRUE(result.right);
  CHECK_TRUE(result.config.label == tocsin::engine::Status::test);
}

TEST(Config, tells_what_is_wrong_where_and_how_to_mend_it) {
  struct Row {
    const char* why;
    std::string Lines::*where;
    const char* text;
    const char* told;
  };
  static const Row kRows[] = {
      {"missing image", &Lines::top, "journal = \"j\"", "t.toml:1:1: error: no \"image\"; add image = \"book.tcn\""},
      {"missing journal", &Lines::top, "image = \"j\"", "no \"journal\"; add journal ="},
      {"wrong type", &Lines::top, "image = 3\njournal = \"j\"", "t.toml:1:9: error: \"image\" must be a text"},
      {"empty text", &Lines::top, "image = \"\"\njournal = \"j\"", "\"image\" must be a text that is not empty"},
      {"unknown key", &Lines::top, "image = \"b\"\njournal = \"j\"\nsiet = \"x\"",
       "t.toml:3:1: error: unknown key \"siet\"; did you mean \"site\"?"},
      {"unknown key, nothing near", &Lines::top, "image = \"b\"\njournal = \"j\"\nxyzzyplugh = 1",
       "unknown key \"xyzzyplugh\"; known here: "},
      {"wrong clock", &Lines::top, "image = \"b\"\njournal = \"j\"\nclock = \"utc\"",
       "t.toml:3:9: error: \"clock\" must be \"system\" or \"input\""},
      {"actual replay", &Lines::top, "image = \"b\"\njournal = \"j\"\nclock = \"input\"\nstatus = \"actual\"",
       "\"status\" must be \"exercise\" or \"test\""},
      {"status without input clock", &Lines::top, "image = \"b\"\njournal = \"j\"\nstatus = \"test\"",
       "t.toml:3:10: error: \"status\" goes with clock = \"input\" only"},
      {"bad duration", &Lines::top, "image = \"b\"\njournal = \"j\"\nmax_skew = \"90\"",
       "\"max_skew\" must be a duration such as \"90s\""},
      {"long duration", &Lines::top, "image = \"b\"\njournal = \"j\"\nmax_skew = \"2d\"", "at most 1d"},
      {"number out of range", &Lines::top, "image = \"b\"\njournal = \"j\"\nlinger_ms = 10001",
       "t.toml:3:13: error: \"linger_ms\" must be a whole number from 0 to 10000"},
      {"fraction", &Lines::top, "image = \"b\"\njournal = \"j\"\ncheckpoint_reports = 1.5", "must be a whole number"},
      {"no TOML", &Lines::top, "image = \n", "t.toml:1:9: error: this is not TOML"},
      {"ingest is no list", &Lines::ingest, "ingest = \"ipc:///x\"", "\"ingest\" in [sockets] must be a list of texts"},
      {"nothing to listen to", &Lines::ingest, "", "nothing to listen to; add ingest"},
      {"a number among texts", &Lines::ingest, "ingest = [\"ipc:///run/in.sock\", 3]", "may hold texts only"},
      {"twice", &Lines::ingest, "ingest = [\"ipc:///run/a\", \"ipc:///run/a\"]", "is used twice"},
      {"broadcast without principal", &Lines::ingest, "broadcast = [{ endpoint = \"ipc:///a\" }]",
       "no \"principal\" in an entry of broadcast; say who publishes there"},
      {"all addresses", &Lines::ingest, "ingest = [\"tcp://0.0.0.0:5555\"]", "is not on this machine's loopback"},
      {"interface name", &Lines::ingest, "ingest = [\"tcp://eth0:5555\"]", "write it as tcp://127.0.0.1:PORT"},
      {"no port", &Lines::ingest, "ingest = [\"tcp://127.0.0.1\"]", "has no port"},
      {"port too large", &Lines::ingest, "ingest = [\"tcp://127.0.0.1:65536\"]", "has no valid port"},
      {"other transport", &Lines::ingest, "ingest = [\"pgm://127.0.0.1:1\"]", "has a transport that is not known here"},
      {"relative ipc", &Lines::ingest, "ingest = [\"ipc://in.sock\"]", "needs an absolute path"},
      {"abstract ipc", &Lines::ingest, "ingest = [\"ipc://@in\"]", "needs an absolute path"},
      {"missing control", &Lines::control, "", "no \"control\" in [sockets]; add control ="},
      {"broadcast twice", &Lines::ingest,
       "ingest = [\"ipc:///run/a\"]\nbroadcast = [{ endpoint = \"ipc:///run/p\", principal = \"a\" }, "
       "{ endpoint = \"ipc:///run/p\", principal = \"b\" }]",
       "broadcast endpoint \"ipc:///run/p\" is there twice"},
      {"same endpoint twice", &Lines::control, "control = \"ipc:///run/al.sock\"",
       "t.toml:6:11: error: endpoint \"ipc:///run/al.sock\" is used twice"},
      {"principal nowhere", &Lines::rest, "[principals.desk]\nfeeds = []", "principal \"desk\" speaks nowhere"},
      {"principal elsewhere", &Lines::rest, "[principals.desk]\nendpoint = \"ipc:///run/im.sock\"",
       "which is not among the sockets; did you mean \"ipc:///run/in.sock\"?"},
      {"two on one endpoint", &Lines::rest,
       "[principals.a]\nendpoint = \"ipc:///run/in.sock\"\n[principals.b]\nendpoint = \"ipc:///run/in.sock\"",
       "t.toml:9:13: error: endpoint \"ipc:///run/in.sock\" has a principal already"},
      {"principal is no table", &Lines::rest, "[principals]\ndesk = 1", "principal \"desk\" must be a table"},
      {"unknown key of a principal", &Lines::rest,
       "[principals.desk]\nendpoint = \"ipc:///run/in.sock\"\nfeed = [\"a\"]",
       "unknown key \"feed\" in [principals.desk]; did you mean \"feeds\"?"},
      {"principal without a name", &Lines::rest, "[[principal]]\nfeeds = []", "no \"name\" in [[principal]]; say who"},
      {"one table for all", &Lines::rest, "[principal]\nname = \"a\"", "must be written as [[principal]]"},
      {"principal twice", &Lines::rest,
       "[[principal]]\nname = \"a\"\nendpoint = \"ipc:///run/in.sock\"\n[[principal]]\nname = \"a\"",
       "t.toml:11:8: error: principal \"a\" is there twice"},
      {"a name that leaves the folder", &Lines::rest, "[[principal]]\nname = \"../a\"", "is no usable name"},
      {"unknown role", &Lines::rest, "[[principal]]\nname = \"a\"\nroles = [\"raed\"]",
       "t.toml:9:10: error: unknown role \"raed\"; did you mean \"read\"?"},
      {"a key that may do nothing", &Lines::rest, "[keys]\nfolder = \"k\"\n[[principal]]\nname = \"viewer\"",
       "t.toml:10:8: error: principal \"viewer\" may do nothing; give it feeds = [\"NAME\"], feeds = \"all\", or "
       "roles = [\"read\"]"},
      {"a reporter for no feed", &Lines::rest,
       "[keys]\nfolder = \"k\"\n[[principal]]\nname = \"hub\"\nroles = [\"read\"]\nmay_retract = false",
       "principal \"hub\" is told what it may report, and for no feed; give it feeds"},
      {"feeds that are no list", &Lines::rest,
       "[[principal]]\nname = \"a\"\nendpoint = \"ipc:///run/in.sock\"\nfeeds = \"analyst\"",
       "\"feeds\" in [[principal]] must be \"all\" or a list of texts"},
      {"unknown audience", &Lines::rest,
       "[[principal]]\nname = \"a\"\naudience = \"pubic\"\n[[audience]]\nname = \"public\"",
       "no [[audience]] of that name; did you mean \"public\"?"},
      {"unknown ceiling", &Lines::rest, "[[audience]]\nname = \"a\"\nceiling = \"ambr\"", "did you mean \"amber\"?"},
      {"unmarked is no ceiling", &Lines::rest, "[[audience]]\nname = \"a\"\nceiling = \"unspecified\"",
       "\"ceiling\" in [[audience]] must be \"clear\""},
      {"range turned round", &Lines::rest,
       "[[principal]]\nname = \"a\"\nranges = [{ indicator = \"x\", min = 2, max = 1 }]", "\"min\" is above \"max\""},
      {"range without ends", &Lines::rest, "[[principal]]\nname = \"a\"\nranges = [{ indicator = \"x\" }]",
       "a range needs \"min\" or \"max\""},
      {"range that is no number", &Lines::rest,
       "[[principal]]\nname = \"a\"\nranges = [{ indicator = \"x\", min = nan }]", "must be a finite number"},
      {"negative rate", &Lines::rest, "[quota]\nreports_per_second = -1",
       "\"reports_per_second\" in quota must be a number that is not negative"},
      {"infinite rate", &Lines::rest, "[quota]\nreports_per_second = inf", "must be a number that is not negative"},
      {"unknown key of a quota", &Lines::rest, "[quota]\nbrust = 1", "did you mean \"burst\"?"},
      {"quota is no table", &Lines::rest, "[[principal]]\nname = \"a\"\nquota = 5", "must be a table such as"},
      {"connections", &Lines::rest, "[[principal]]\nname = \"a\"\nconnections = 0", "from 1 to 64"},
      {"keys without folder", &Lines::rest, "[keys]", "no \"folder\" in [keys]; name the folder"},
      {"endpoint on a socket with keys", &Lines::rest,
       "[keys]\nfolder = \"k\"\n[[principal]]\nname = \"a\"\nendpoint = \"tcp://127.0.0.1:5555\"",
       "which is not among the sockets"},
      {"pinned key without own keys", &Lines::ingest,
       "broadcast = [{ endpoint = \"tcp://10.0.0.1:5556\", principal = \"p\", "
       "server_key = \"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7\" }]",
       "needs keys of our own; run `tocsin keys init`"},
      {"publisher elsewhere without its key", &Lines::ingest,
       "broadcast = [{ endpoint = \"tcp://10.0.0.1:5556\", principal = \"p\" }]", "is not on this machine's loopback"},
      {"pinned key that is none", &Lines::ingest,
       "broadcast = [{ endpoint = \"tcp://10.0.0.1:5556\", principal = \"p\", server_key = \"abc\" }]",
       "is no public key"},
      {"host name", &Lines::ingest, "ingest = [\"tcp://localhost:5555\"]", "has no numeric IPv4 address"},
      {"mark in a path", &Lines::ingest, "ingest = [\"ipc:///run/a#b\"]", "has a # in its path"},
      {"small journal", &Lines::top, "image = \"b\"\n[journal]\npath = \"j\"\nbytes_max = \"1MiB\"",
       "t.toml:4:13: error: \"bytes_max\" in [journal] must be a size such as \"64MiB\", 0 or from 4MiB to 4096GiB"},
      {"no size", &Lines::top, "image = \"b\"\n[journal]\npath = \"j\"\nbytes_max = \"1 parsec\"", "must be a size"},
      {"journal without path", &Lines::top, "image = \"b\"\n[journal]\nretain_age = \"1d\"",
       "no \"path\" in [journal]"},
      {"status without input clock, in its table", &Lines::top,
       "image = \"b\"\njournal = \"j\"\n[clock]\nstatus = \"test\"", "\"status\" goes with source = \"input\" only"},
      {"bounds", &Lines::rest, "[bounds]\npeers = 0",
       "t.toml:8:9: error: \"peers\" in [bounds] must be a whole number from 1 to 1000"},
      {"a batch too large", &Lines::rest, "[bounds]\nbatch_bytes = \"1MiB\"",
       "t.toml:8:15: error: \"batch_bytes\" in [bounds] must be a size such as \"64MiB\", 0 or from 16KiB to 192KiB"},
      {"an arena in which no journal fits", &Lines::top,
       "image = \"b\"\n[journal]\npath = \"j\"\narena_bytes = \"256KiB\"",
       "t.toml:4:15: error: \"arena_bytes\" in [journal] must be a size such as \"64MiB\", 0 or from 512KiB to 64MiB"},
      {"a yes that is no truth value", &Lines::top, "image = \"b\"\njournal = \"j\"\nrealtime = \"yes\"",
       "t.toml:3:12: error: \"realtime\" must be true or false"},
  };
  for (const auto& row : kRows) {
    Lines lines;
    lines.*row.where = row.text;
    const auto result = read(lines.text());
    CHECK_FALSE_TEXT(result.right, row.why);
    if (result.told.find(row.told) == std::string::npos) {
      FAIL((std::string(row.why) + ": looked for <" + row.told + "> in\n" + result.told).c_str());
    }
  }
}

TEST(Config, tells_all_mistakes_at_once_in_the_order_of_the_file) {
  Lines lines;
  lines.top = "clock = 1\nimage = \"b\"";
  lines.alerts = "alerts = \"udp://x\"";
  const auto result = read(lines.text());
  const auto first = result.told.find("no \"journal\"");
  const auto second = result.told.find("\"clock\" must be");
  const auto third = result.told.find("endpoint \"udp://x\"");
  CHECK_TRUE(first < second && second < third && third != std::string::npos);
}

TEST(Config, refuses_names_the_book_lacks_with_a_near_one) {
  Lines lines;
  lines.rest =
      "[principals.desk]\nendpoint = \"ipc:///run/in.sock\"\nfeeds = [\"analist\"]\nindicators = [\"qqqqqqqq\"]";
  const auto result = read_with_book(lines.text());
  CHECK_FALSE(result.right);
  STRCMP_CONTAINS("t.toml:9:10: error: the book has no feed \"analist\"; did you mean \"analyst\"?",
                  result.told.c_str());
  STRCMP_CONTAINS("t.toml:10:15: error: the book has no indicator \"qqqqqqqq\"; take it out", result.told.c_str());
}

TEST(Config, reads_who_may_do_what) {
  Lines lines;
  lines.top = "image = \"book.tcn\"";
  lines.ingest = "ingest = [\"ipc:///run/in.sock\", \"tcp://0.0.0.0:5555\"]";
  lines.alerts = "alerts = [\"ipc:///run/al.sock\", \"tcp://10.1.2.3:5556\"]";
  lines.rest =
      "[keys]\nfolder = \"keys\"\n"
      "[journal]\npath = \"j.db\"\nbytes_max = \"64MiB\"\nretain_age = \"30d\"\nretain_bytes = 33554432\n"
      "arena_bytes = \"512KiB\"\ncache_pages = 100\n"
      "[clock]\nsource = \"input\"\nstatus = \"exercise\"\nmax_skew = \"5s\"\nbelieve = \"2h\"\n"
      "[quota]\nreports_per_second = 2.5\nbytes_per_second = 1000\nburst = 7\nunacked = 9\n"
      "[[audience]]\nname = \"partners\"\nceiling = \"amber_strict\"\nrelease = [\"NATO\", \"JPN\"]\n"
      "[[audience]]\nname = \"all\"\n"
      "[[principal]]\nname = \"hub\"\nfeeds = [\"analyst\"]\nranges = [{ indicator = \"exercise\", min = -1, max = 2.5 "
      "}, "
      "{ indicator = \"exercise\", max = 2 }]\nmay_retract = false\nroles = [\"read\", \"acknowledge\"]\n"
      "audience = \"all\"\nquota = { reports_per_second = 10, unacked = 3 }\nconnections = 5\n"
      "[[principal]]\nname = \"mute\"\nroles = []\n"
      "[[principal]]\nname = \"relay\"\nfeeds = \"all\"\n"
      "[[principal]]\nname = \"desk\"\nendpoint = \"ipc:///run/in.sock\"";
  const auto result = read_with_book(lines.text());
  CHECK_TRUE_TEXT(result.right, result.told.c_str());
  const auto& config = result.config;
  STRCMP_EQUAL("/etc/tocsin/keys", config.keys.folder.c_str());
  STRCMP_EQUAL("/etc/tocsin/j.db", config.journal.c_str());
  UNSIGNED_LONGLONGS_EQUAL(67'108'864, config.journal_bounds.bytes_max);
  UNSIGNED_LONGS_EQUAL(16'384, config.bounds.journal_pages);
  LONGLONGS_EQUAL(2'592'000'000, config.journal_bounds.retain_age_ms);
  UNSIGNED_LONGLONGS_EQUAL(33'554'432, config.journal_bounds.retain_bytes);
  UNSIGNED_LONGS_EQUAL(524'288, config.journal_bounds.arena_bytes);
  UNSIGNED_LONGS_EQUAL(100, config.journal_bounds.cache_pages);
  CHECK_TRUE(config.label == tocsin::engine::Status::exercise);
  LONGLONGS_EQUAL(5000, config.max_skew_ms);
  LONGLONGS_EQUAL(7'200'000, config.believe_ms);
  DOUBLES_EQUAL(2.5, config.quota.reports_per_second, 0);
  DOUBLES_EQUAL(1000, config.quota.bytes_per_second, 0);
  UNSIGNED_LONGS_EQUAL(7, config.quota.burst);
  UNSIGNED_LONGS_EQUAL(9, config.quota.unacked);
  STRCMP_EQUAL("tcp://10.1.2.3:5556", config.alerts.at(1).text.c_str());
  UNSIGNED_LONGS_EQUAL(2, config.audiences.size());
  CHECK_TRUE(config.audiences.at(0).ceiling == tocsin::engine::Marking::amber_strict);
  STRCMP_EQUAL("JPN", config.audiences.at(0).release.at(1).c_str());
  CHECK_FALSE(config.audiences.at(0).all_releases);
  CHECK_TRUE(config.audiences.at(1).ceiling == tocsin::engine::Marking::red);
  CHECK_TRUE(config.audiences.at(1).all_releases);
  const auto& hub = config.principals.at(0);
  DOUBLES_EQUAL(-1, hub.ranges.at(0).min, 0);
  DOUBLES_EQUAL(2.5, hub.ranges.at(0).max, 0);
  CHECK_TRUE(hub.ranges.at(1).min < -1e300);
  CHECK_FALSE(hub.may_retract);
  CHECK_TRUE(hub.roles == (Role::read | Role::acknowledge));
  STRCMP_EQUAL("all", hub.audience.c_str());
  UNSIGNED_LONGS_EQUAL(3, hub.quota.unacked);
  UNSIGNED_LONGS_EQUAL(5, hub.connections);
  CHECK_FALSE(hub.all_feeds);
  CHECK_FALSE(config.principals.at(1).all_feeds);  // known by a key: what is left out is a no
  CHECK_TRUE(config.principals.at(1).roles == Role::none);
  CHECK_TRUE(config.principals.at(2).all_feeds);
  CHECK_TRUE(config.principals.at(2).roles == Role::none);
  CHECK_TRUE(config.principals.at(3).all_feeds);  // known by its endpoint
  CHECK_TRUE(config.principals.at(3).roles == Role::all);
  CHECK_TRUE(hub.rights_written);
  for (std::size_t i = 1; i < 4; ++i) CHECK_FALSE(config.principals.at(i).rights_written);
}

TEST(Config, has_one_audience_that_sees_everything_when_it_names_none) {
  const auto result = read(Lines{}.text());
  UNSIGNED_LONGS_EQUAL(1, result.config.audiences.size());
  STRCMP_EQUAL("public", result.config.audiences.at(0).name.c_str());
  CHECK_TRUE(result.config.audiences.at(0).ceiling == tocsin::engine::Marking::red);
}

TEST(Config, refuses_a_socket_for_other_machines_without_keys_and_takes_it_with_them) {
  for (const auto member : {&Lines::ingest, &Lines::alerts, &Lines::control}) {
    Lines lines;
    const std::string key = member == &Lines::ingest ? "ingest" : member == &Lines::alerts ? "alerts" : "control";
    lines.*member = key + " = [\"tcp://0.0.0.0:5555\"]";
    const auto without = read(lines.text());
    CHECK_FALSE_TEXT(without.right, key.c_str());
    STRCMP_CONTAINS("run `tocsin keys init` and add [keys]", without.told.c_str());
    lines.rest = "[keys]\nfolder = \"/k\"";
    const auto with = read(lines.text());
    CHECK_TRUE_TEXT(with.right, with.told.c_str());
  }
}

TEST(Config, refuses_an_endpoint_as_proof_where_keys_are_asked_for) {
  Lines lines;
  lines.ingest = "ingest = [\"tcp://127.0.0.1:5555\"]";
  lines.rest = "[keys]\nfolder = \"/k\"\n[[principal]]\nname = \"a\"\nendpoint = \"tcp://127.0.0.1:5555\"";
  STRCMP_CONTAINS("there the key says who speaks; remove the endpoint and run: tocsin keys add a",
                  read(lines.text()).told.c_str());
}

TEST(Config, a_publisher_speaks_for_the_feeds_it_is_given) {
  Lines lines;
  lines.ingest += "\nbroadcast = [{ endpoint = \"tcp://127.0.0.1:5556\", principal = \"pub\" }]";
  CHECK_TRUE(read(lines.text()).right);  // without a [[principal]] the endpoint is who speaks
  for (const char* const given : {"", "roles = [\"read\"]\n"}) {
    lines.rest = std::string("[principals.pub]\n") + given;
    STRCMP_CONTAINS(
        "t.toml:8:13: error: principal \"pub\" is a publisher in broadcast and may speak for no feed; give it",
        read(lines.text()).told.c_str());
  }
  lines.rest = "[principals.pub]\nfeeds = \"all\"\n";
  const auto all = read(lines.text());
  CHECK_TRUE_TEXT(all.right, all.told.c_str());
  CHECK_TRUE(all.config.principals.at(0).all_feeds);
}

TEST(Config, refuses_two_ways_to_say_how_large_the_journal_may_be) {
  Lines lines;
  lines.top = "image = \"book.tcn\"";
  lines.rest = "[journal]\npath = \"j\"\nbytes_max = \"8MiB\"\n[bounds]\njournal_pages = 2000";
  STRCMP_CONTAINS("says the same as \"bytes_max\" in [journal]", read(lines.text()).told.c_str());
}

TEST(Config, refuses_a_range_of_an_indicator_the_book_lacks) {
  Lines lines;
  lines.rest =
      "[[principal]]\nname = \"a\"\nendpoint = \"ipc:///run/in.sock\"\n"
      "ranges = [{ indicator = \"exercize\", min = 0 }]";
  const auto result = read_with_book(lines.text());
  CHECK_FALSE(result.right);
  STRCMP_CONTAINS("t.toml:10:25: error: the book has no indicator \"exercize\"; did you mean \"exercise\"?",
                  result.told.c_str());
}

TEST(Config, takes_any_letter_in_texts_and_comments_and_nowhere_else) {
  Lines lines;
  lines.top += "\nsite = \"Krak\u00f3w \\\" \u2603\" # \u65e5\u672c \"\n# \u00e4 '\n";
  const auto right = read(lines.text());
  CHECK_TRUE_TEXT(right.right, right.told.c_str());
  for (const char* const text : {"s\u00efte = 1", "site = \u00a0\"x\"", "site = 'a' \ufeef", "\ufbef",
                                 "site = \"a\n\u00e4", "site = 64J'''\ufefd'''"}) {
    lines.top = std::string("image = \"b\"\njournal = \"j\"\n") + text;
    const auto wrong = read(lines.text());
    CHECK_FALSE_TEXT(wrong.right, text);
    STRCMP_CONTAINS("this is not TOML", wrong.told.c_str());
  }
  lines.top = "image = \"b\"\njournal = \"j\"\nsite = 'a' \ufeef";
  STRCMP_CONTAINS("t.toml:3:12: error: this is not TOML: letters beyond ASCII", read(lines.text()).told.c_str());
  for (const auto* const quoted : {"\"\"\"a\\\u00a7\"\"\"", "\"\"\"a\\\n \r\n\t\u00a7\"\"\"", "\"a\\\ufece\""}) {
    lines.top = std::string("image = \"b\"\njournal = \"j\"\nsite = ") + quoted;
    STRCMP_CONTAINS("t.toml:3:", read(lines.text()).told.c_str());
    STRCMP_CONTAINS("a backslash must not lead to a letter beyond ASCII", read(lines.text()).told.c_str());
  }
  lines.top = "image = \"b\"\njournal = \"j\"\nsite = \"\"\"a\\\\\u00a7\\\n b\u00a7\"\"\"";
  CHECK_TRUE_TEXT(read(lines.text()).right, read(lines.text()).told.c_str());
}

TEST(Config, refuses_headers_that_begin_with_no_name) {
  Lines lines;
  for (const char* const header : {"[&", "[$a]", "[.a]", "  [\t&]", "[[ &", "[#", "[", "[[&]]", "[]", "[ ]", "[=]"}) {
    lines.top = std::string("image = \"b\"\njournal = \"j\"\n") + header;
    STRCMP_CONTAINS("t.toml:3:", read(lines.text()).told.c_str());
    STRCMP_CONTAINS("this is not TOML", read(lines.text()).told.c_str());
    STRCMP_CONTAINS("this is not TOML", read(header).told.c_str());
  }
  lines.rest = "[[principal]]\nname = \"a\"\nendpoint = \"ipc:///run/in.sock\"\nfeeds = [ # a ]\n  [{}], [\"x\"] ]";
  lines.top = "image = \"b\"\njournal = \"j\"";
  STRCMP_CONTAINS("may hold texts only", read(lines.text()).told.c_str());  // brackets of lists are others
}

TEST(Config, says_when_the_file_cannot_be_read) {
  Config config;
  std::vector<ConfigProblem> problems;
  CHECK_FALSE(load_config("/nonexistent/t.toml", config, problems));
  STRCMP_EQUAL("/nonexistent/t.toml: error: cannot be read; check the path and the permissions",
               format_problem("/nonexistent/t.toml", problems.at(0)).c_str());
}

TEST(Config, the_shipped_sample_is_right) {
  Config config;
  std::vector<ConfigProblem> problems;
  CHECK_TRUE(load_config(TOCSIN_SOURCE_DIR "/packaging/tocsind.toml", config, problems));
  UNSIGNED_LONGS_EQUAL(0, problems.size());
}

TEST(Config, parses_durations_of_the_watch_language) {
  struct Row {
    const char* text;
    bool right;
    tocsin::engine::Span ms;
  };
  static constexpr Row kRows[] = {{"250ms", true, 250},
                                  {"90s", true, 90'000},
                                  {"1d12h", true, 129'600'000},
                                  {"2w", true, 1'209'600'000},
                                  {"0s", true, 0},
                                  {"", false, 0},
                                  {"5", false, 0},
                                  {"s", false, 0},
                                  {"1 s", false, 0},
                                  {"-1s", false, 0},
                                  {"999999999999w", false, 0}};
  for (const auto& row : kRows) {
    tocsin::engine::Span span = 0;
    CHECK_EQUAL_TEXT(row.right, parse_span(row.text, span), row.text);
    if (row.right) LONGLONGS_EQUAL_TEXT(row.ms, span, row.text);
  }
}
