// SPDX-License-Identifier: Apache-2.0
#include "tocsin/test_support/powercut_vfs.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include <sqlite3.h>

#include "tocsin/test_support/prng.hpp"

namespace tocsin::test_support {
namespace {
constexpr std::size_t kSectorBytes = 512;
using Bytes = std::vector<std::byte>;

/// One file, as long as a name or a handle leads to it.
struct Inode {
  Bytes seen;                   ///< what programs read
  Bytes durable;                ///< what the disk holds for certain
  std::set<std::size_t> dirty;  ///< sectors written since the last sync
  bool name_synced = false;
};
using Names = std::map<std::string, std::shared_ptr<Inode>>;

std::byte byte_at(const Bytes& bytes, std::size_t index) { return index < bytes.size() ? bytes[index] : std::byte{0}; }

std::size_t size_below(Prng& random, std::size_t limit) { return static_cast<std::size_t>(random.below(limit)); }

void mark_dirty(Inode& file, std::size_t begin, std::size_t end) {
  for (auto sector = begin / kSectorBytes; sector * kSectorBytes < end; ++sector) file.dirty.insert(sector);
}

// What is cut off reads as zeros should the file grow again, which the disk does not know yet.
void resize(Inode& file, std::size_t size) {
  if (size < file.seen.size()) mark_dirty(file, size, file.seen.size());
  file.seen.resize(size);
}

void write_bytes(Inode& file, const void* from, std::size_t begin, std::size_t count) {
  if (count == 0) return;
  if (begin + count > file.seen.size()) file.seen.resize(begin + count);
  std::memcpy(file.seen.data() + begin, from, count);
  mark_dirty(file, begin, begin + count);
}

/// How much of the unsynced reaches the disk: often all or nothing, as those are the cases at the edge.
std::uint32_t draw_keep_percent(Prng& random) {
  const auto draw = random.below(4);
  if (draw == 0) return 0;
  return draw == 1 ? 100 : static_cast<std::uint32_t>(random.below(101));
}

/// The length a cut leaves: the durable one, the newest one or any sector bound between.
std::size_t length_after_cut(const Inode& file, std::uint32_t keep_percent, Prng& random) {
  if (keep_percent == 0) return file.durable.size();
  if (keep_percent == 100) return file.seen.size();
  const auto low = std::min(file.seen.size(), file.durable.size());
  const auto high = std::max(file.seen.size(), file.durable.size());
  if (high == low) return high;
  switch (random.below(3)) {
    case 0:
      return file.durable.size();
    case 1:
      return file.seen.size();
    default:
      return std::clamp((low + size_below(random, high - low)) / kSectorBytes * kSectorBytes, low, high);
  }
}

/// Decides for each dirty sector: forgotten, kept, or torn (its first bytes new, the rest old).
void lose_power(Inode& file, Prng& random) {
  const auto keep_percent = draw_keep_percent(random);
  Bytes left = file.durable;
  left.resize(length_after_cut(file, keep_percent, random));
  for (const auto sector : file.dirty) {
    const auto begin = sector * kSectorBytes;
    const bool is_torn = keep_percent % 100 != 0 && random.chance(10);
    if (!is_torn && !random.chance(keep_percent)) continue;
    const auto end = begin + (is_torn ? size_below(random, kSectorBytes) : kSectorBytes);
    for (auto index = begin; index < std::min(end, left.size()); ++index) left[index] = byte_at(file.seen, index);
  }
  file.seen = left;
  file.durable = std::move(left);
  file.dirty.clear();
}

int default_code(PowercutVfs::Operation operation) {
  switch (operation) {
    case PowercutVfs::Operation::read:
      return SQLITE_IOERR_READ;
    case PowercutVfs::Operation::sync:
      return SQLITE_IOERR_FSYNC;
    case PowercutVfs::Operation::any:
    case PowercutVfs::Operation::write:
      return SQLITE_IOERR_WRITE;
  }
  return SQLITE_IOERR;
}
}  // namespace

struct PowercutVfs::Disk {
  mutable std::mutex mutex;
  sqlite3_vfs vfs{};
  std::string name;
  Names names;
  Names durable_names;
  std::uint64_t boot = 0;  ///< handles of an earlier one are dead
  bool is_off = false;

  bool cut_armed = false;
  std::uint64_t cut_change = 0;
  std::uint64_t cut_seed = 0;
  std::uint64_t changes = 0;

  bool fault_armed = false;
  bool fault_met = false;
  Operation fault_operation = Operation::any;
  Repeat fault_repeat = Repeat::once;
  std::uint64_t fault_countdown = 0;
  int fault_code = 0;

  void lose_power(std::uint64_t seed) {
    Prng random{seed};
    is_off = true;
    cut_armed = false;
    ++boot;
    std::set<std::string> all;
    for (const auto& [path, file] : names) all.insert(path);
    for (const auto& [path, file] : durable_names) all.insert(path);
    Names left;
    for (const auto& path : all) {
      auto current = find(names, path);
      auto former = find(durable_names, path);
      auto file = current == former || random.chance(50) ? current : former;
      if (file == nullptr) continue;
      test_support::lose_power(*file, random);
      file->name_synced = true;
      left.emplace(path, std::move(file));
    }
    names = left;
    durable_names = std::move(left);
  }

  static std::shared_ptr<Inode> find(const Names& names, const std::string& path) {
    const auto found = names.find(path);
    return found == names.end() ? nullptr : found->second;
  }

  /// Whether this change is the one at which the power goes: call it after the change was made in memory.
  bool cut_here() {
    ++changes;
    if (!cut_armed || changes < cut_change) return false;
    lose_power(cut_seed);
    return true;
  }

  /// SQLITE_OK, or the code with which this operation is to fail.
  int fault(Operation operation) {
    if (!fault_armed || (fault_operation != Operation::any && fault_operation != operation)) return SQLITE_OK;
    if (fault_countdown > 1) {
      --fault_countdown;
      return SQLITE_OK;
    }
    fault_met = true;
    if (fault_repeat == Repeat::once) fault_armed = false;
    return fault_code != 0 ? fault_code : default_code(operation);
  }
};

namespace {
using Disk = PowercutVfs::Disk;
using Operation = PowercutVfs::Operation;

/// SQLite allocates szOsFile bytes for it; the state lives on our own heap behind it.
struct Handle {
  sqlite3_file base;
  struct State {
    Disk* disk;
    std::shared_ptr<Inode> file;
    std::string remove_on_close;
    std::uint64_t boot;
  };
  State* state;
};

Handle::State& state_of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file)->state; }
Disk& disk_of(sqlite3_vfs* vfs) { return *static_cast<Disk*>(vfs->pAppData); }
sqlite3_vfs* host() { return sqlite3_vfs_find(nullptr); }

int close_file(sqlite3_file* file) {
  const auto* state = reinterpret_cast<Handle*>(file)->state;
  {
    const std::lock_guard lock{state->disk->mutex};
    if (!state->remove_on_close.empty()) state->disk->names.erase(state->remove_on_close);
  }
  delete state;
  reinterpret_cast<Handle*>(file)->state = nullptr;
  return SQLITE_OK;
}

int read_file(sqlite3_file* handle, void* to, int amount, sqlite3_int64 offset) {
  auto& state = state_of(handle);
  const std::lock_guard lock{state.disk->mutex};
  if (state.boot != state.disk->boot) return SQLITE_IOERR_READ;
  if (const int code = state.disk->fault(Operation::read); code != SQLITE_OK) return code;
  const auto wanted = static_cast<std::size_t>(amount);
  const auto begin = std::min(static_cast<std::size_t>(offset), state.file->seen.size());
  const auto count = std::min(wanted, state.file->seen.size() - begin);
  std::memset(to, 0, wanted);
  if (count > 0) std::memcpy(to, state.file->seen.data() + begin, count);
  return count == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* handle, const void* from, int amount, sqlite3_int64 offset) {
  auto& state = state_of(handle);
  const std::lock_guard lock{state.disk->mutex};
  if (state.boot != state.disk->boot) return SQLITE_IOERR_WRITE;
  const auto begin = static_cast<std::size_t>(offset);
  const auto count = static_cast<std::size_t>(amount);
  if (const int code = state.disk->fault(Operation::write); code != SQLITE_OK) {
    write_bytes(*state.file, from, begin, count / 2);  // disks fail and fill up in the midst of a write
    return code;
  }
  write_bytes(*state.file, from, begin, count);
  return state.disk->cut_here() ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

int truncate_file(sqlite3_file* handle, sqlite3_int64 size) {
  auto& state = state_of(handle);
  const std::lock_guard lock{state.disk->mutex};
  if (state.boot != state.disk->boot) return SQLITE_IOERR_TRUNCATE;
  if (const int code = state.disk->fault(Operation::write); code != SQLITE_OK) return code;
  resize(*state.file, static_cast<std::size_t>(size));
  return state.disk->cut_here() ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

int sync_file(sqlite3_file* handle, int /*flags*/) {
  auto& state = state_of(handle);
  auto& disk = *state.disk;
  auto& file = *state.file;
  const std::lock_guard lock{disk.mutex};
  if (state.boot != disk.boot) return SQLITE_IOERR_FSYNC;
  if (const int code = disk.fault(Operation::sync); code != SQLITE_OK) {
    file.dirty.clear();
    return code;
  }
  if (disk.cut_here()) return SQLITE_IOERR_FSYNC;
  file.durable.resize(file.seen.size());
  for (const auto sector : file.dirty) {
    const auto begin = std::min(sector * kSectorBytes, file.seen.size());
    const auto end = std::min(begin + kSectorBytes, file.seen.size());
    std::copy(file.seen.begin() + static_cast<std::ptrdiff_t>(begin),
              file.seen.begin() + static_cast<std::ptrdiff_t>(end),
              file.durable.begin() + static_cast<std::ptrdiff_t>(begin));
  }
  file.dirty.clear();
  // The first sync of a new file also syncs the folder. SQLite's Unix file system does so more often: for each handle.
  if (!std::exchange(file.name_synced, true)) disk.durable_names = disk.names;
  return SQLITE_OK;
}

int size_of_file(sqlite3_file* handle, sqlite3_int64* size) {
  auto& state = state_of(handle);
  const std::lock_guard lock{state.disk->mutex};
  if (state.boot != state.disk->boot) return SQLITE_IOERR_FSTAT;
  *size = static_cast<sqlite3_int64>(state.file->seen.size());
  return SQLITE_OK;
}

int lock_file(sqlite3_file* /*handle*/, int /*level*/) { return SQLITE_OK; }

int check_reserved_lock(sqlite3_file* /*handle*/, int* is_reserved) {
  *is_reserved = 0;
  return SQLITE_OK;
}

int control_file(sqlite3_file* /*handle*/, int /*operation*/, void* /*argument*/) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file* /*handle*/) { return static_cast<int>(kSectorBytes); }
int characteristics(sqlite3_file* /*handle*/) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

// Version 1: no shared memory and no memory mapping.
const sqlite3_io_methods kMethods = [] {
  sqlite3_io_methods methods{};
  methods.iVersion = 1;
  methods.xClose = close_file;
  methods.xRead = read_file;
  methods.xWrite = write_file;
  methods.xTruncate = truncate_file;
  methods.xSync = sync_file;
  methods.xFileSize = size_of_file;
  methods.xLock = lock_file;
  methods.xUnlock = lock_file;
  methods.xCheckReservedLock = check_reserved_lock;
  methods.xFileControl = control_file;
  methods.xSectorSize = sector_size;
  methods.xDeviceCharacteristics = characteristics;
  return methods;
}();

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* handle, int flags, int* flags_out) {
  auto& disk = disk_of(vfs);
  handle->pMethods = nullptr;
  const std::lock_guard lock{disk.mutex};
  if (disk.is_off) return SQLITE_CANTOPEN;
  static std::uint64_t temporary = 0;
  const std::string path = name != nullptr ? name : "temporary-" + std::to_string(++temporary);
  auto file = Disk::find(disk.names, path);
  if (file == nullptr) {
    if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    file = std::make_shared<Inode>();
    disk.names.emplace(path, file);
  }
  auto* mine = reinterpret_cast<Handle*>(handle);
  mine->state =
      new Handle::State{&disk, std::move(file), (flags & SQLITE_OPEN_DELETEONCLOSE) != 0 ? path : "", disk.boot};
  handle->pMethods = &kMethods;
  if (flags_out != nullptr) *flags_out = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  auto& disk = disk_of(vfs);
  const std::lock_guard lock{disk.mutex};
  if (disk.is_off) return SQLITE_IOERR_DELETE;
  if (Disk::find(disk.names, name) == nullptr) return SQLITE_IOERR_DELETE_NOENT;
  if (const int code = disk.fault(Operation::write); code != SQLITE_OK) return code;
  disk.names.erase(name);
  if (disk.cut_here()) return SQLITE_IOERR_DELETE;
  if (sync_folder != 0) disk.durable_names = disk.names;
  return SQLITE_OK;
}

int access_file(sqlite3_vfs* vfs, const char* name, int /*flags*/, int* answer) {
  auto& disk = disk_of(vfs);
  const std::lock_guard lock{disk.mutex};
  if (disk.is_off) return SQLITE_IOERR_ACCESS;
  const auto file = Disk::find(disk.names, name);
  *answer = file != nullptr && !file->seen.empty() ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs* /*vfs*/, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs* /*vfs*/, int size, char* out) { return host()->xRandomness(host(), size, out); }
int sleep_for(sqlite3_vfs* /*vfs*/, int microseconds) { return host()->xSleep(host(), microseconds); }
int current_time(sqlite3_vfs* /*vfs*/, double* out) { return host()->xCurrentTime(host(), out); }
int last_error(sqlite3_vfs* /*vfs*/, int /*size*/, char* /*text*/) { return 0; }
}  // namespace

PowercutVfs::PowercutVfs(const std::string& name) : disk_{std::make_unique<Disk>()} {
  (void)sqlite3_initialize();
  disk_->name = name;
  auto& vfs = disk_->vfs;
  vfs.iVersion = 1;
  vfs.szOsFile = static_cast<int>(sizeof(Handle));
  vfs.mxPathname = 512;
  vfs.zName = disk_->name.c_str();
  vfs.pAppData = disk_.get();
  vfs.xOpen = open_file;
  vfs.xDelete = delete_file;
  vfs.xAccess = access_file;
  vfs.xFullPathname = full_path;
  vfs.xRandomness = randomness;
  vfs.xSleep = sleep_for;
  vfs.xCurrentTime = current_time;
  vfs.xGetLastError = last_error;
  (void)sqlite3_vfs_register(&vfs, 0);
}

PowercutVfs::~PowercutVfs() { (void)sqlite3_vfs_unregister(&disk_->vfs); }

void PowercutVfs::cut(std::uint64_t seed) {
  const std::lock_guard lock{disk_->mutex};
  disk_->lose_power(seed);
}

void PowercutVfs::cut_at(std::uint64_t n, std::uint64_t seed) {
  const std::lock_guard lock{disk_->mutex};
  disk_->cut_armed = true;
  disk_->cut_change = disk_->changes + n;
  disk_->cut_seed = seed;
}

void PowercutVfs::kill() {
  const std::lock_guard lock{disk_->mutex};
  disk_->is_off = true;
  disk_->cut_armed = false;
  ++disk_->boot;
}

bool PowercutVfs::is_cut() const {
  const std::lock_guard lock{disk_->mutex};
  return disk_->is_off;
}

void PowercutVfs::power_on() {
  const std::lock_guard lock{disk_->mutex};
  disk_->is_off = false;
  disk_->cut_armed = false;
}

void PowercutVfs::fail_at(Operation operation, std::uint64_t n, Repeat repeat, int code) {
  const std::lock_guard lock{disk_->mutex};
  disk_->fault_armed = true;
  disk_->fault_met = false;
  disk_->fault_operation = operation;
  disk_->fault_countdown = n;
  disk_->fault_repeat = repeat;
  disk_->fault_code = code;
}

bool PowercutVfs::mend() {
  const std::lock_guard lock{disk_->mutex};
  disk_->fault_armed = false;
  return std::exchange(disk_->fault_met, false);
}

std::uint64_t PowercutVfs::changes() const {
  const std::lock_guard lock{disk_->mutex};
  return disk_->changes;
}

std::vector<std::byte> PowercutVfs::contents(const std::string& name) const {
  const std::lock_guard lock{disk_->mutex};
  const auto file = Disk::find(disk_->names, name);
  return file == nullptr ? std::vector<std::byte>{} : file->seen;
}

void PowercutVfs::put(const std::string& name, std::span<const std::byte> contents) {
  const std::lock_guard lock{disk_->mutex};
  auto file = std::make_shared<Inode>();
  file->seen.assign(contents.begin(), contents.end());
  file->durable = file->seen;
  file->name_synced = true;
  disk_->names[name] = file;
  disk_->durable_names[name] = std::move(file);
}

void PowercutVfs::format() {
  const std::lock_guard lock{disk_->mutex};
  disk_->names.clear();
  disk_->durable_names.clear();
}
}  // namespace tocsin::test_support
