// SPDX-License-Identifier: Apache-2.0
/// What: `tocsin watch` rings for each event once, whatever becomes of the daemon's journal and of its answers: it goes
/// on when the numbers begin anew, and passes over nothing that it could not fetch at first.
/// How: the built programs, a daemon whose every report is one alert event, and relays before its control socket and
/// its alerts that can drop everything or keep answers back.
#include <atomic>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <climits>
#include <zmq.h>

#include "operated_daemon.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::test_support;
using namespace std::chrono_literals;

namespace {
const std::string kBook = R"(watchbook "Switch" version 1
theater strait "Taiwan Strait" {}
origin mnd "Ministry" { reliability B }
feed mnd_daily { origin mnd }
indicator pla_aircraft "PLA aircraft" { kind force_movement  theater strait  feeds mnd_daily  keep 32 }
alert busy "Busy" { theater strait  when sum(pla_aircraft, 3m) >= 45 }
)";

/// Raises the alert when odd and clears it when even, so that event N is of report N. @param value  when odd.
std::string report(int number, int value = 60) {
  return R"({"feed":"mnd_daily","seq":)" + std::to_string(number) + R"(,"indicator":"pla_aircraft","time":"2024-05-)" +
         std::to_string(10 + number) + R"(T00:0)" + (number % 2 == 0 ? "1" : "0") + R"(:00Z","value":)" +
         std::to_string(number % 2 == 0 ? 0 : value) + "}\n";
}

/// Two sockets with a thread between them.
class Between {
 public:
  Between(int front_type, const std::string& front, int back_type, const std::string& back)
      : context_{zmq_ctx_new()}, front_{open(front_type)}, back_{open(back_type)} {
    CHECK_EQUAL(0, zmq_bind(front_, front.c_str()));
    if (back_type == ZMQ_SUB) CHECK_EQUAL(0, zmq_setsockopt(back_, ZMQ_SUBSCRIBE, "", 0));
    CHECK_EQUAL(0, zmq_connect(back_, back.c_str()));
  }
  virtual ~Between() {
    (void)zmq_close(front_);
    (void)zmq_close(back_);
    (void)zmq_ctx_term(context_);
  }
  Between(const Between&) = delete;
  Between& operator=(const Between&) = delete;
  void drop(bool all) { drops_ = all; }
  [[nodiscard]] int dropped() const { return dropped_; }

 protected:
  void* open(int type) {
    void* socket = zmq_socket(context_, type);
    const int none = 0;
    (void)zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
    return socket;
  }
  static std::vector<std::string> receive(void* socket) {
    std::vector<std::string> frames;
    for (int more = 1; more != 0;) {
      zmq_msg_t message;
      (void)zmq_msg_init(&message);
      const bool got = zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) >= 0;
      if (got) frames.emplace_back(static_cast<const char*>(zmq_msg_data(&message)), zmq_msg_size(&message));
      more = got ? zmq_msg_more(&message) : 0;
      (void)zmq_msg_close(&message);
    }
    return frames;
  }
  static void send(void* socket, const std::string& frame, int flags) {
    (void)zmq_send(socket, frame.data(), frame.size(), flags | ZMQ_DONTWAIT);
  }
  void start() {
    thread_ = std::jthread{[this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        zmq_pollitem_t items[] = {{front_, 0, ZMQ_POLLIN, 0}, {back_, 0, ZMQ_POLLIN, 0}};
        (void)zmq_poll(items, 2, 20);
        hand_on();
      }
    }};
  }
  void end() { thread_ = {}; }
  virtual void hand_on() = 0;

  void* context_;
  void* front_;
  void* back_;
  std::atomic<bool> drops_ = false;
  std::atomic<int> dropped_ = 0;

 private:
  std::jthread thread_;
};

/// Hands on what one asker at a time says to a daemon, and what it answers.
class Relay : public Between {
 public:
  Relay(const std::string& front, const std::string& back) : Between{ZMQ_ROUTER, front, ZMQ_DEALER, back} { start(); }
  ~Relay() override { end(); }
  /// Lets through so many answers more, and keeps the others back.
  void hold_after(int answers) { left_ = answers; }
  void release() { left_ = INT_MAX; }
  [[nodiscard]] int asked() const { return asked_; }
  [[nodiscard]] int answered() const { return answered_; }

 private:
  void hand_on() override {
    if (const auto question = receive(front_); question.size() == 2) {
      asker_ = question.front();
      ++(drops_ ? dropped_ : asked_);
      if (!drops_) send(back_, question.back(), 0);
    }
    if (auto answer = receive(back_); !answer.empty() && !drops_) answers_.push_back({asker_, answer.back()});
    for (; !answers_.empty() && left_ > 0; --left_) {
      send(front_, answers_.front().first, ZMQ_SNDMORE);
      send(front_, answers_.front().second, 0);
      answers_.pop_front();
      ++answered_;
    }
  }

  std::string asker_;
  std::deque<std::pair<std::string, std::string>> answers_;
  std::atomic<int> left_ = INT_MAX;
  std::atomic<int> asked_ = 0;
  std::atomic<int> answered_ = 0;
};

/// Hands on what a daemon publishes.
class AlertRelay : public Between {
 public:
  AlertRelay(const std::string& front, const std::string& back) : Between{ZMQ_PUB, front, ZMQ_SUB, back} { start(); }
  ~AlertRelay() override { end(); }

 private:
  void hand_on() override {
    const auto message = receive(back_);
    if (message.empty()) return;
    if (drops_) {
      ++dropped_;
      return;
    }
    for (const auto& frame : message) send(front_, frame, &frame == &message.back() ? 0 : ZMQ_SNDMORE);
  }
};
}  // namespace

TEST_GROUP_BASE(Watch, OperatedDaemon) {
  std::unique_ptr<Child> watcher;
  std::unique_ptr<Relay> asked;       ///< before the control socket, at "relay"
  std::unique_ptr<AlertRelay> heard;  ///< before the alerts, at "heard"

  void setup() override {
    compile(folder.file("book.watch", kBook));
    (void)folder.file("tocsind.toml",
                      "image = \"book.tcn\"\njournal = \"journal.db\"\nclock = \"input\"\n[sockets]\ningest = [\"" +
                          endpoint("ingest") + "\"]\nalerts = \"" + endpoint("alerts") + "\"\ncontrol = \"" +
                          endpoint("control") + "\"\n");
    launch();
  }
  void teardown() override {
    watcher.reset();
    take_relays_away();
  }
  void place_relays() {
    asked = std::make_unique<Relay>(endpoint("relay"), endpoint("control"));
    heard = std::make_unique<AlertRelay>(endpoint("heard"), endpoint("alerts"));
  }
  void take_relays_away() {
    asked.reset();
    heard.reset();
  }
  [[nodiscard]] std::string told() const { return content_of(folder.path("watch.log")); }
  void await(const std::string& what, const std::function<bool()>& there) const {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!there()) {
      if (std::chrono::steady_clock::now() > end) FAIL((what + " did not come\n" + shown() + told() + log()).c_str());
      std::this_thread::sleep_for(5ms);
    }
  }
  void await_told(const std::string& text) const {
    await(text, [&] { return told().find(text) != std::string::npos; });
  }
  /// The numbers of the events that were shown.
  [[nodiscard]] static std::string numbers_in(const std::string& events) {
    static const std::string key = "\"n\":";
    std::string numbers;
    for (std::size_t at = 0; (at = events.find(key, at)) != std::string::npos;) {
      at += key.size();
      numbers += events.substr(at, events.find_first_not_of("0123456789", at) - at) + " ";
    }
    return numbers;
  }
  [[nodiscard]] std::string shown() const { return numbers_in(content_of(folder.path("watched.jsonl"))); }
  void await_shown(const std::string& numbers) const {
    await(numbers, [&] { return shown().size() >= numbers.size(); });
    STRCMP_EQUAL(numbers.c_str(), shown().c_str());
  }
  void await_subscriptions(int count) {
    await("the subscription",
          [&] { return status().find("\"subscriptions\":" + std::to_string(count) + ",") != std::string::npos; });
  }
  void watch(std::vector<std::string> options, const char* alerts = "alerts") {
    std::vector<std::string> command{TOCSIN_PROGRAM, "watch", endpoint(alerts), "--json"};
    command.insert(command.end(), options.begin(), options.end());
    watcher = std::make_unique<Child>(command, folder.path("watched.jsonl"), folder.path("watch.log"));
    await_subscriptions(1);
  }
  /// The next answers are kept back, and one is due.
  void await_question(Relay & relay) const {
    relay.hold_after(0);
    const int before = relay.asked();
    await("a question", [&] { return relay.asked() > before; });
  }
  void stop_watching() {
    watcher->signal(SIGINT);
    LONGS_EQUAL(0, watcher->wait(10s));
  }
  void ring(int first, int last, int value = 60) {
    std::string lines;
    for (int number = first; number <= last; ++number) lines += report(number, value);
    inject(lines);
  }
  void remove_journal() {
    for (const auto& entry : std::filesystem::directory_iterator{folder.path()}) {
      if (entry.path().filename().string().starts_with("journal.db")) std::filesystem::remove(entry.path());
    }
  }
  /// What was shown is behind the cursor: the next question after it was about that.
  void await_cursor(const Relay& relay) const {
    const int answered = relay.answered();
    await("an answer", [&] { return relay.answered() > answered; });
  }
  void start_on_a_new_journal() {
    stop();
    remove_journal();
    launch();
  }
  void put_copy_back() {
    stop();
    std::filesystem::copy_file(folder.path("copy.db"), folder.path("journal.db"),
                               std::filesystem::copy_options::overwrite_existing);
    launch();
  }
  /// Another run of the same consumer shows what comes after, and nothing again.
  void consumer_goes_on_with(int number) {
    ring(number, number);
    tocsin({"watch", endpoint("alerts"), "--control", endpoint("control"), "--consumer", "siren", "--count", "1",
            "--json"});
    ends_with(0);
    STRCMP_EQUAL((std::to_string(number) + " ").c_str(), numbers_in(done.out).c_str());
  }
};

TEST(Watch, rings_on_when_the_numbers_begin_anew) {
  watch({});
  ring(1, 3);
  await_shown("1 2 3 ");
  start_on_a_new_journal();
  await_told("another or an older journal: it has no event yet, event 3 was known here\n");
  ring(1, 2);
  await_shown("1 2 3 1 2 ");
}

TEST(Watch, with_control_it_rings_on_as_well) {
  watch({"--control", endpoint("control"), "--since", "0"});
  ring(1, 3);
  await_shown("1 2 3 ");
  start_on_a_new_journal();
  await_told("another or an older journal: it has no event yet, event 3 was known here\n");
  ring(1, 2);
  await_shown("1 2 3 1 2 ");
}

TEST(Watch, an_older_copy_is_told_with_the_number_it_goes_on_from) {
  watch({"--control", endpoint("control"), "--since", "0"});
  ring(1, 2);
  await_shown("1 2 ");
  tocsin({"backup", endpoint("control"), folder.path("copy.db")});
  ends_with(0);
  ring(3, 5);
  await_shown("1 2 3 4 5 ");
  put_copy_back();
  await_told(
      "its newest event is 2, event 5 was known here; events up to 2 were not shown again, see `tocsin log "
      "alerts`\n");
  ring(3, 3);
  await_shown("1 2 3 4 5 3 ");
}

TEST(Watch, a_consumer_goes_on_from_its_cursor_in_the_new_journal) {
  const std::vector<std::string> consumer{"--control", endpoint("control"), "--consumer", "siren"};
  watch(consumer);
  ring(1, 3);
  await_shown("1 2 3 ");
  watcher->signal(SIGSTOP);
  start_on_a_new_journal();
  ring(1, 1);
  watcher->signal(SIGCONT);
  await_told("its newest event is 1, event 3 was known here; going on from the cursor of \"siren\" in that journal\n");
  await_shown("1 2 3 1 ");
  ring(2, 2);
  await_shown("1 2 3 1 2 ");
  stop_watching();
  consumer_goes_on_with(3);
}

TEST(Watch, another_journal_that_has_come_further_is_known_by_its_events) {
  watch({"--control", endpoint("control"), "--consumer", "siren"});
  ring(1, 1);
  await_shown("1 ");
  watcher->signal(SIGSTOP);
  start_on_a_new_journal();
  ring(1, 3, 70);
  watcher->signal(SIGCONT);
  await_shown("1 1 2 3 ");
  STRCMP_CONTAINS("another or an older journal: its newest event is 3", told().c_str());
}

TEST(Watch, an_older_copy_with_another_event_is_known_also_when_nothing_was_shown_yet) {
  Relay relay{endpoint("relay"), endpoint("control")};
  ring(1, 2);
  tocsin({"backup", endpoint("control"), folder.path("copy.db")});
  ends_with(0);
  ring(3, 3);
  watch({"--control", endpoint("relay")});
  for (int restart = 0; restart < 2; ++restart) {
    const int answered = relay.answered();  // its beginning, or what it asks after it has gone back; then each 2 s
    await("its answers", [&] { return relay.answered() >= answered + 5; });
    watcher->signal(SIGSTOP);
    put_copy_back();
    ring(3, 3, 70 + restart);
    watcher->signal(SIGCONT);
    await_shown(restart == 0 ? "3 " : "3 3 ");
    STRCMP_CONTAINS("its newest event is 3, event 3 was known here; events up to 2 were not shown", told().c_str());
  }
}

TEST(Watch, a_restart_on_the_same_journal_is_no_other_journal) {
  watch({"--control", endpoint("control"), "--since", "0"});
  ring(1, 2);
  await_shown("1 2 ");
  watcher->signal(SIGSTOP);
  stop();
  launch();
  ring(3, 4);
  watcher->signal(SIGCONT);
  await_shown("1 2 3 4 ");
  ring(5, 5);
  await_shown("1 2 3 4 5 ");
  CHECK_TRUE(told().find("journal") == std::string::npos);
}

TEST(Watch, what_cannot_be_fetched_at_first_is_not_passed_over) {
  Relay relay{endpoint("relay"), endpoint("control")};
  relay.drop(true);
  ring(1, 3);
  watch({"--control", endpoint("relay"), "--timeout", "1", "--consumer", "siren"});
  await("a question", [&] { return relay.dropped() > 0; });
  ring(4, 4);
  await_shown("4 ");
  await_told("no answer within 1 s");
  const int dropped = relay.dropped();
  await("more questions", [&] { return relay.dropped() > dropped + 2; });
  relay.drop(false);
  await_told("relay works again\n");
  await_shown("4 1 2 3 ");
  ring(5, 5);
  await_shown("4 1 2 3 5 ");
  LONGS_EQUAL(told().find("no answer"), told().rfind("no answer"));
  stop_watching();
  consumer_goes_on_with(6);
}

TEST(Watch, a_hole_stays_before_the_cursor_until_it_is_filled) {
  {
    Relay relay{endpoint("relay"), endpoint("control")};
    watch({"--control", endpoint("relay"), "--timeout", "1", "--consumer", "siren"});
    ring(1, 1);
    await_shown("1 ");
    await_cursor(relay);
    relay.drop(true);
    watcher->signal(SIGSTOP);
    stop();
    launch();
    ring(2, 3);  // nobody hears
    watcher->signal(SIGCONT);
    await_subscriptions(1);
    ring(4, 4);
    await_shown("1 4 ");
    stop_watching();
  }
  tocsin(
      {"watch", endpoint("alerts"), "--control", endpoint("control"), "--consumer", "siren", "--count", "3", "--json"});
  ends_with(0);
  STRCMP_EQUAL("2 3 4 ", numbers_in(done.out).c_str());
}

TEST(Watch, a_hole_in_the_middle_is_filled_when_answers_come_again) {
  Relay relay{endpoint("relay"), endpoint("control")};
  watch({"--control", endpoint("relay"), "--timeout", "1", "--consumer", "siren"});
  ring(1, 1);
  await_shown("1 ");
  await_cursor(relay);
  relay.drop(true);
  watcher->signal(SIGSTOP);
  stop();
  launch();
  ring(2, 3);  // nobody hears
  watcher->signal(SIGCONT);
  await_subscriptions(1);
  ring(4, 5);
  await_shown("1 4 5 ");
  relay.drop(false);
  await_shown("1 4 5 2 3 ");
  ring(6, 6);
  await_shown("1 4 5 2 3 6 ");
  stop_watching();
  consumer_goes_on_with(7);
}

TEST(Watch, events_beyond_a_hole_ring_once_while_an_answer_is_late) {
  Relay relay{endpoint("relay"), endpoint("control")};
  AlertRelay alerts{endpoint("heard"), endpoint("alerts")};
  watch({"--control", endpoint("relay"), "--since", "0", "--timeout", "20"}, "heard");
  ring(1, 1);
  await_shown("1 ");
  alerts.drop(true);
  ring(2, 3);
  await("two events", [&] { return alerts.dropped() >= 2; });
  alerts.drop(false);
  relay.hold_after(0);
  ring(4, 4);
  std::this_thread::sleep_for(500ms);
  ring(5, 5);
  await_shown("1 4 5 ");  // after three seconds
  relay.release();
  await_shown("1 4 5 2 3 ");
  ring(6, 6);
  await_shown("1 4 5 2 3 6 ");
  CHECK_TRUE_TEXT(told().find("journal") == std::string::npos, told().c_str());
}

TEST(Watch, what_waits_for_an_answer_when_both_connections_break_is_shown_once) {
  place_relays();
  watch({"--control", endpoint("relay"), "--consumer", "siren", "--timeout", "20"}, "heard");
  ring(1, 1);
  await_shown("1 ");
  await_cursor(*asked);
  await_question(*asked);
  ring(2, 3);  // heard, and in the answer, too
  std::this_thread::sleep_for(300ms);
  const int before = asked->asked();
  asked->hold_after(1);
  await("the next question", [&] { return asked->asked() > before; });
  take_relays_away();
  place_relays();
  await_shown("1 2 3 ");
  await_told("connected again");
  ring(4, 4);
  await_shown("1 2 3 4 ");
  CHECK_TRUE_TEXT(told().find("journal") == std::string::npos, told().c_str());
}

TEST(Watch, what_the_old_journal_said_last_is_shown_before_another_one_begins) {
  place_relays();
  watch({"--control", endpoint("relay"), "--since", "0", "--timeout", "20"}, "heard");
  ring(1, 4);
  await_shown("1 2 3 4 ");
  await_question(*asked);
  ring(5, 5);
  std::this_thread::sleep_for(300ms);
  watcher->signal(SIGSTOP);
  take_relays_away();
  start_on_a_new_journal();
  ring(1, 7, 70);
  place_relays();
  watcher->signal(SIGCONT);
  await_shown("1 2 3 4 5 5 6 7 ");  // both journals' events up to 4 are the same
  STRCMP_CONTAINS("its newest event is 7, event 5 was known here", told().c_str());
}

TEST(Watch, count_reached_while_an_answer_is_late_leaves_the_cursor_behind_it) {
  {
    Relay relay{endpoint("relay"), endpoint("control")};
    watch({"--control", endpoint("relay"), "--consumer", "siren", "--timeout", "20", "--count", "1"});
    await_cursor(relay);
    await_question(relay);
    ring(1, 1);
    await_shown("1 ");
    relay.release();
    LONGS_EQUAL_TEXT(0, watcher->wait(20s), told().c_str());
    STRCMP_EQUAL("", told().c_str());
  }
  consumer_goes_on_with(2);
}

TEST(Watch, interrupted_before_anybody_answered_it_ends_well) {
  Relay relay{endpoint("relay"), endpoint("control")};
  relay.drop(true);
  watch({"--control", endpoint("relay"), "--timeout", "60"});
  await("a question", [&] { return relay.dropped() > 0; });
  stop_watching();
  STRCMP_EQUAL("", told().c_str());
}

TEST(Watch, count_ends_it_also_while_nobody_answers) {
  Relay relay{endpoint("relay"), endpoint("control")};
  relay.drop(true);
  watch({"--control", endpoint("relay"), "--timeout", "60", "--since", "0", "--count", "1"});
  await("a question", [&] { return relay.dropped() > 0; });
  ring(1, 1);
  LONGS_EQUAL_TEXT(0, watcher->wait(20s), told().c_str());
  STRCMP_EQUAL("1 ", shown().c_str());
}
