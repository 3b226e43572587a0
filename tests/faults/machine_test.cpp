// SPDX-License-Identifier: Apache-2.0
/// What: a machine that runs out of disk, of descriptors or of memory, or whose disk refuses to be written, costs no
/// acknowledged report, and the daemon goes on by itself or ends and recovers.
/// How: the real daemon on a small file system of its own, under limits set while it runs, or with a library preloaded
/// that refuses its writes.
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <signal.h>
#include <string>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include "fixture.hpp"
#include "oracle.hpp"
#include "peers.hpp"
#include "process.hpp"
#include "rig.hpp"
#ifdef TOCSIN_HAS_FAULT_SWITCH
#include "fault_switch.hpp"
#endif

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::faults;
using namespace tocsin::daemon::test;
using Clock = std::chrono::steady_clock;

namespace {
constexpr int kPatienceMs = 20'000;

/// A small file system in memory. Needs root.
class SmallDisk {
 public:
  explicit SmallDisk(std::string path, const char* options) : path_{std::move(path)} {
    std::filesystem::create_directory(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, options) == 0;
  }
  ~SmallDisk() {
    if (mounted_) (void)::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
  bool mounted_ = false;
};

void write_ballast(const std::string& path, std::size_t bytes) {
  std::ofstream stream{path, std::ios::binary};
  const std::string block(4096, 'x');
  for (std::size_t written = 0; written < bytes; written += block.size()) stream << block;
}

/// Sets a limit of the running daemon, hard one included.
void limit(const Tocsind& daemon, __rlimit_resource resource, rlim_t value) {
  const rlimit wanted{value, value};
  LONGS_EQUAL(0, ::prlimit(daemon.pid(), resource, &wanted, nullptr));
}

std::size_t open_files(const Tocsind& daemon) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator{"/proc/" + std::to_string(daemon.pid()) + "/fd"})
    ++count;
  return count;
}
}  // namespace

TEST_GROUP(Machine) {
  Rig rig;
  const std::vector<tocsin::wire::InputView> lines = story(21, 14);
  Sender sender{lines, 1, 1};
  Subscriber subscriber;

  void connect() {
    sender.connect(rig.context, rig.site.ingest());
    subscriber.connect(rig.context, rig.site.alerts(), rig.site.control());
  }
  void talk() {
    STRCMP_EQUAL("", sender.turn(5).c_str());
    STRCMP_EQUAL("", subscriber.turn(0).c_str());
  }
  void talk_for(std::chrono::milliseconds span) {
    for (const auto end = Clock::now() + span; Clock::now() < end;) talk();
  }
  /// Talks until the log has this so many times. @returns false when it does not come.
  bool talk_until(const Tocsind& daemon, const std::string& wanted, std::size_t times = 1) {
    for (const auto end = Clock::now() + std::chrono::milliseconds{kPatienceMs}; Clock::now() < end;) {
      talk();
      if (times_in(daemon.log(), wanted) >= times) return true;
    }
    return false;
  }
  std::vector<std::unique_ptr<Peer>> storm(const std::string& endpoint) {
    std::vector<std::unique_ptr<Peer>> crowd;
    for (int i = 0; i < 60; ++i) crowd.push_back(std::make_unique<Peer>(rig.context, PeerKind::dealer, endpoint));
    return crowd;
  }
  /// The story to its end, a clean stop, and a look at the journal.
  void finish(Tocsind & daemon) {
    STRCMP_EQUAL("", sender.finish(kPatienceMs).c_str());
    STRCMP_EQUAL("", subscriber.turn(50).c_str());
    STRCMP_EQUAL("", subscriber.catch_up().c_str());
    daemon.signal(SIGTERM);
    LONGS_EQUAL(0, daemon.wait());
    STRCMP_EQUAL("", examine(rig.journal(), rig.site.config(), reports_of(lines), Depth::model).c_str());
    const auto stored = read_stored(rig.journal());
    STRCMP_EQUAL("", compare_alerts(stored, undisturbed_alerts(lines, rig.site.config())).c_str());
    CHECK_TRUE(stored.alerts == subscriber.taken());
  }
};

TEST(Machine, whose_disk_is_full_is_waited_for) {
  const SmallDisk disk{rig.site.folder.file("disk"), "size=4m"};
  if (!disk.mounted()) {
    std::printf("[not tried: it takes the right to mount] ");
    return;
  }
  rig.configure({disk.file("journal.db"), "", "", ""});
  write_ballast(disk.file("ballast"), 3'300'000);
  Tocsind daemon{rig.arguments(), rig.log()};
  CHECK_TRUE_TEXT(daemon.wait_ready(), daemon.log().c_str());
  connect();
  CHECK_TRUE_TEXT(talk_until(daemon, "event=journal fatal=false"), "the disk did not fill up");
  CHECK_FALSE(sender.done());
  const auto before = sender.acknowledged();
  const auto status = rig.status();
  CHECK_FALSE(status.journal_ok);
  STRCMP_CONTAINS("full", status.journal_error.c_str());
  STRCMP_CONTAINS("free space", status.journal_error.c_str());
  talk_for(std::chrono::milliseconds{1500});
  UNSIGNED_LONGS_EQUAL(before, sender.acknowledged());  // nothing that is not durable
  CHECK_TRUE(std::filesystem::remove(disk.file("ballast")));
  CHECK_TRUE_TEXT(talk_until(daemon, "event=journal_healed"), daemon.log().c_str());
  finish(daemon);
}

TEST(Machine, that_runs_out_of_descriptors_serves_those_it_has_and_others_when_it_can_again) {
  auto daemon = std::make_unique<Tocsind>(rig.arguments(), rig.log());
  CHECK_TRUE_TEXT(daemon->wait_ready(), daemon->log().c_str());
  connect();
  STRCMP_EQUAL("", sender.turn(1000).c_str());
  CHECK_TRUE(sender.acknowledged() > 0);
  const auto mine = open_files(*daemon);
  limit(*daemon, RLIMIT_NOFILE, mine + 8);
  auto crowd = storm(rig.tcp());
  talk_for(std::chrono::milliseconds{500});
  LONGS_EQUAL_TEXT(-1, daemon->wait(0), daemon->log().c_str());
  CHECK_TRUE(open_files(*daemon) >= mine + 8);  // it really ran out
  CHECK_TRUE(sender.acknowledged() > 20);
  crowd.clear();
  Sender late{{report("airspace", 500'000, "closure", kMay + kDay)}};
  late.connect(rig.context, rig.tcp());
  STRCMP_EQUAL("", late.finish(kPatienceMs).c_str());

  // On a Unix socket libzmq 4.3.4 takes a lack of descriptors for a broken invariant and ends the process.
  crowd = storm(rig.site.ingest());
  talk_for(std::chrono::milliseconds{300});
  crowd.clear();
  if (daemon->wait(0) != -1) {
    STRCMP_CONTAINS("Too many open files", daemon->log().c_str());
    daemon = std::make_unique<Tocsind>(rig.arguments(), rig.log());
    CHECK_TRUE_TEXT(daemon->wait_ready(), daemon->log().c_str());
    connect();
  }
  STRCMP_EQUAL("", sender.finish(kPatienceMs).c_str());
  daemon->signal(SIGTERM);
  LONGS_EQUAL(0, daemon->wait());
  auto sure = sender.sure();
  sure.merge(late.sure());
  STRCMP_EQUAL("", examine(rig.journal(), rig.site.config(), sure, Depth::model).c_str());
}

TEST(Machine, that_runs_out_of_memory_costs_a_restart_at_most) {
  auto daemon = std::make_unique<Tocsind>(rig.arguments(), rig.log());
  CHECK_TRUE_TEXT(daemon->wait_ready(), daemon->log().c_str());
  connect();
  STRCMP_EQUAL("", sender.turn(1000).c_str());
  limit(*daemon, RLIMIT_AS, (daemon->memory_kib("VmSize:") + 256) * 1024);
  std::vector<std::unique_ptr<Peer>> crowd;
  for (int i = 0; i < 400; ++i) {
    crowd.push_back(std::make_unique<Peer>(rig.context, PeerKind::subscriber, rig.site.alerts()));
    crowd.push_back(std::make_unique<Peer>(rig.context, PeerKind::dealer, rig.tcp()));
    (void)crowd.back()->send(Bytes(60'000, std::byte{1}));
  }
  talk_for(std::chrono::milliseconds{1000});
  const bool died = daemon->wait(0) != -1;
  std::printf("[it %s] ", died ? "died and recovered" : "lived");
  crowd.clear();
  if (!died) daemon->kill();
  daemon = std::make_unique<Tocsind>(rig.arguments(), rig.log());
  CHECK_TRUE_TEXT(daemon->wait_ready(), daemon->log().c_str());
  CHECK_TRUE(daemon->log().find("event=self_check") == std::string::npos);
  connect();
  finish(*daemon);
}

#ifdef TOCSIN_HAS_FAULT_SWITCH
TEST(Machine, whose_disk_cannot_be_written_is_waited_for) {
  FaultSwitch fault{rig.site.folder};
  Tocsind daemon{rig.arguments(), rig.log()};
  CHECK_TRUE_TEXT(daemon.wait_ready(), daemon.log().c_str());
  connect();
  std::size_t healed = 0;
  for (const int error : {EROFS, EIO, ENOSPC, EDQUOT}) {
    STRCMP_EQUAL("", sender.turn(1000).c_str());
    fault->write_errno = error;
    CHECK_TRUE_TEXT(talk_until(daemon, "event=journal fatal=false", healed + 1), daemon.log().c_str());
    const auto before = sender.acknowledged();
    talk_for(std::chrono::milliseconds{1200});
    UNSIGNED_LONGS_EQUAL(before, sender.acknowledged());
    fault->write_errno = 0;
    ++healed;
    CHECK_TRUE_TEXT(talk_until(daemon, "event=journal_healed", healed), daemon.log().c_str());
  }
  finish(daemon);
}

TEST(Machine, whose_disk_does_not_confirm_a_sync_ends_the_process) {
  FaultSwitch fault{rig.site.folder};
  {
    Tocsind daemon{rig.arguments(), rig.log()};
    CHECK_TRUE_TEXT(daemon.wait_ready(), daemon.log().c_str());
    connect();
    STRCMP_EQUAL("", sender.turn(1000).c_str());
    fault->sync_errno = EIO;
    CHECK_TRUE_TEXT(talk_until(daemon, "event=journal fatal=true"), daemon.log().c_str());
    LONGS_EQUAL(1, daemon.wait());
  }
  {
    Tocsind daemon{rig.arguments(), rig.log()};  // what it recovers must be durable first, so it does not even start
    CHECK_FALSE(daemon.wait_ready());
    STRCMP_CONTAINS("event=start_failed", daemon.log().c_str());
    STRCMP_CONTAINS("did not confirm a write", daemon.log().c_str());
  }
  fault.reset();
  Tocsind daemon{rig.arguments(), rig.log()};
  CHECK_TRUE_TEXT(daemon.wait_ready(), daemon.log().c_str());
  connect();
  finish(daemon);
}
#endif
