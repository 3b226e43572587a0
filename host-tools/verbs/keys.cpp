// SPDX-License-Identifier: Apache-2.0
#include "verbs/keys.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <span>
#include <vector>

#include "lib/exit_status.hpp"
#include "lib/files.hpp"
#include "lib/json.hpp"
#include "lib/key_files.hpp"

namespace tocsin::tools {
namespace {
namespace fs = std::filesystem;
using std::chrono::sys_days;

constexpr int kDone = static_cast<int>(Exit::done);
constexpr int kWrong = static_cast<int>(Exit::bad_input);
constexpr std::size_t kNameMax = 64;
constexpr std::string_view kAdded = "added ";

int fail(const std::string& what) {
  std::fprintf(stderr, "tocsin keys: %s\n", what.c_str());
  return kWrong;
}

std::string today() {
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now())};
  char text[32];
  (void)std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(day.year()),
                      static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text;
}

/// Days since the date in a comment `added 2026-05-01`; -1 when there is none.
int age_days(const std::string& note) {
  const auto at = note.find(kAdded);
  if (at == std::string::npos) return -1;
  std::string_view rest = std::string_view{note}.substr(at + kAdded.size());
  std::array<int, 3> parts{};
  for (auto& part : parts) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), part);
    if (error != std::errc{} || part < 0) return -1;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (rest.starts_with('-')) rest.remove_prefix(1);
  }
  const std::chrono::year_month_day date{std::chrono::year{parts[0]},
                                         std::chrono::month{static_cast<unsigned>(parts[1])},
                                         std::chrono::day{static_cast<unsigned>(parts[2])}};
  if (!date.ok()) return -1;
  const auto now = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  return static_cast<int>((now - sys_days{date}).count());
}

/// The names the daemon's config takes.
std::string check_name(const std::string& name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  if (!name.empty() && name.size() <= kNameMax && name.front() != '.' &&
      name.find_first_not_of(kLetters) == std::string::npos) {
    return {};
  }
  return "\"" + name + "\" is no usable name; take up to 64 letters, digits, _ - and .";
}

/// A `tocsin keys` command to run next, on the same folder.
std::string next_command(const KeysOptions& options, const std::string& arguments) {
  const bool usual = options.folder == KeysOptions{}.folder;
  return "tocsin keys " + arguments + (usual ? "" : " --folder " + options.folder);
}

std::string principals_of(const KeysOptions& options) { return options.folder + "/principals"; }
std::string public_file(const KeysOptions& options) { return principals_of(options) + "/" + options.name + ".pub"; }

std::string check_folder(const KeysOptions& options) {
  std::error_code ignored;
  if (fs::is_directory(principals_of(options), ignored)) return {};
  return options.folder + " is no keys folder; make it with: " + next_command(options, "init");
}

bool write_public(const std::string& path, const std::vector<NotedKey>& keys, std::string& error) {
  std::string text;
  for (const auto& one : keys) {
    if (!one.note.empty()) text += "# " + one.note + "\n";
    text += encode_key(one.key) + "\n";
  }
  return write_atomically(path, std::as_bytes(std::span{text}), error);
}

/// Whose key it is already; empty: nobody's.
std::string holder_of(const KeysOptions& options, const Key& key) {
  for (const auto& file : fs::directory_iterator{principals_of(options)}) {
    std::vector<NotedKey> keys;
    std::string ignored;
    if (file.path().extension() != ".pub" || !read_public_keys(file.path().string(), keys, ignored)) continue;
    if (std::any_of(keys.begin(), keys.end(), [&](const NotedKey& one) { return one.key == key; })) {
      return file.path().stem().string();
    }
  }
  return {};
}

/// Adds a given or a new key to a principal that has `keys`, and says what to do with it.
int enrol(const KeysOptions& options, std::vector<NotedKey> keys) {
  NotedKey added{{}, std::string{kAdded} + today()};
  KeyPair pair;
  std::string error;
  const bool given = !options.public_key.empty();
  if (given && !read_public_key(options.public_key, added.key, error)) return fail(error);
  if (!given) {
    pair = make_key_pair();
    added.key = pair.public_key;
  }
  if (const auto holder = holder_of(options, added.key); !holder.empty()) {
    return fail("that key is of \"" + holder + "\" already; a key says who speaks, so give each its own");
  }
  const auto secret_file = options.output.empty() ? options.name + ".secret" : options.output;
  const auto comment = "secret key of " + options.name + ", made " + today() + "; public: " + encode_key(added.key);
  if (!given && !write_secret_file(secret_file, comment, pair.secret, error)) return fail(error);
  keys.push_back(added);
  if (!write_public(public_file(options), keys, error)) {
    if (!given) (void)std::remove(secret_file.c_str());
    return fail(error);
  }
  std::fprintf(stderr, "%s has key %s\n", options.name.c_str(), fingerprint(added.key).c_str());
  if (!given) {
    std::fprintf(stderr,
                 "Its secret is in %s, and nowhere else: hand it over on a way you trust, with %s/server.pub.\n"
                 "Use: tocsin VERB tcp://ADDRESS:PORT --key %s --server-key server.pub\n",
                 secret_file.c_str(), options.folder.c_str(), secret_file.c_str());
  }
  std::fprintf(stderr, "A running daemon takes it on: systemctl reload tocsind (or SIGHUP)\n");
  return kDone;
}

bool make_folder(const std::string& path, std::string& error) {
  std::error_code code;
  if (fs::is_directory(path, code)) return true;
  constexpr auto kOthersMayLook = fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                                  fs::perms::others_read | fs::perms::others_exec;
  if (fs::create_directories(path, code)) fs::permissions(path, kOthersMayLook, code);
  if (code) error = path + ": " + code.message();
  return !code;
}

std::string describe(const NotedKey& key) {
  const int days = age_days(key.note);
  if (days < 0) return fingerprint(key.key) + "  age unknown";
  return fingerprint(key.key) + "  " + std::to_string(days) + (days == 1 ? " day" : " days");
}

struct Holder {
  std::string name;
  std::vector<NotedKey> keys;
};

bool read_holders(const KeysOptions& options, std::vector<Holder>& out, std::string& error) {
  for (const auto& file : fs::directory_iterator{principals_of(options)}) {
    if (file.path().extension() != ".pub") continue;
    Holder holder{file.path().stem().string(), {}};
    if (!read_public_keys(file.path().string(), holder.keys, error)) return false;
    out.push_back(std::move(holder));
  }
  std::sort(out.begin(), out.end(), [](const Holder& a, const Holder& b) { return a.name < b.name; });
  return true;
}

std::string key_json(const NotedKey& key) {
  JsonObject json;
  json.text("fingerprint", fingerprint(key.key)).text("public", encode_key(key.key));
  if (age_days(key.note) >= 0) json.number("age_days", static_cast<std::uint64_t>(age_days(key.note)));
  return json.str();
}

std::string list_json(const Key& server, const std::vector<Holder>& holders) {
  std::vector<std::string> principals;
  for (const auto& holder : holders) {
    std::vector<std::string> keys;
    for (const auto& key : holder.keys) keys.push_back(key_json(key));
    principals.push_back(JsonObject{}.text("name", holder.name).raw("keys", json_array(keys)).str());
  }
  return JsonObject{}.raw("server", key_json({server, {}})).raw("principals", json_array(principals)).str();
}
}  // namespace

int run_keys_init(const KeysOptions& options) {
  std::string error;
  // The daemon's user reads the public keys; the secrets are for the owner only, whatever the folder allows.
  if (!make_folder(options.folder, error) || !make_folder(principals_of(options), error)) return fail(error);
  const auto secret_path = options.folder + "/server.secret";
  const auto public_path = options.folder + "/server.pub";
  const auto journal_path = options.folder + "/journal.key";
  SecretKey secret;
  if (fs::exists(secret_path)) {
    if (!read_secret_key(secret_path, secret, error)) return fail(error);
    std::fprintf(stderr, "%s is there and stays\n", secret_path.c_str());
  } else {
    auto pair = make_key_pair();
    if (!write_secret_file(secret_path, "secret key of tocsind, made " + today(), pair.secret, error)) {
      return fail(error);
    }
    secret = std::move(pair.secret);
    std::fprintf(stderr, "%s made\n", secret_path.c_str());
  }
  const Key server = public_key_of(secret);
  Key told{};
  if (!fs::exists(public_path)) {
    if (!write_public(public_path, {{server, std::string{kAdded} + today()}}, error)) return fail(error);
  } else if (!read_public_key(public_path, told, error)) {
    return fail(error);
  } else if (told != server) {
    return fail(public_path + " is not the public key of " + secret_path + "; remove it and run this again");
  }
  if (!fs::exists(journal_path)) {
    if (!write_journal_keys(journal_path, error)) return fail(error);
    std::fprintf(stderr,
                 "%s made; keep a copy elsewhere: without it the daemon does not go on with its journal, and nobody "
                 "can check that\n",
                 journal_path.c_str());
  }
  std::fprintf(stderr,
               "The daemon's public key, for those who connect, is in %s:\n  %s\n"
               "A daemon that has a journal already goes on with its own key: cp -fp JOURNAL.key %s\n"
               "Next: [keys] folder = \"%s\" in tocsind.toml, and for each who connects: %s\n",
               public_path.c_str(), encode_key(server).c_str(), journal_path.c_str(), options.folder.c_str(),
               next_command(options, "add NAME").c_str());
  return kDone;
}

int run_keys_add(const KeysOptions& options) {
  if (auto why = check_name(options.name); !why.empty()) return fail(why);
  if (auto why = check_folder(options); !why.empty()) return fail(why);
  if (fs::exists(public_file(options))) {
    return fail("\"" + options.name +
                "\" has a key already; a second one: " + next_command(options, "rotate " + options.name));
  }
  return enrol(options, {});
}

int run_keys_rotate(const KeysOptions& options) {
  if (auto why = check_name(options.name); !why.empty()) return fail(why);
  if (auto why = check_folder(options); !why.empty()) return fail(why);
  if (!fs::exists(public_file(options))) {
    return fail("\"" + options.name + "\" has no key yet; run: " + next_command(options, "add " + options.name));
  }
  std::vector<NotedKey> keys;
  std::string error;
  if (!read_public_keys(public_file(options), keys, error)) return fail(error);
  if (keys.size() > 1) {
    return fail("\"" + options.name + "\" has two keys already; take the old one away first: " +
                next_command(options, "revoke " + options.name + " --fingerprint " + fingerprint(keys.front().key)));
  }
  const auto old = keys.empty() ? std::string{} : fingerprint(keys.front().key);
  const int status = enrol(options, std::move(keys));
  if (status == kDone && !old.empty()) {
    std::fprintf(stderr, "Both keys are good. When the new one is in use: %s\n",
                 next_command(options, "revoke " + options.name + " --fingerprint " + old).c_str());
  }
  return status;
}

int run_keys_revoke(const KeysOptions& options) {
  if (auto why = check_name(options.name); !why.empty()) return fail(why);
  if (auto why = check_folder(options); !why.empty()) return fail(why);
  const auto path = public_file(options);
  if (!fs::exists(path)) return fail("\"" + options.name + "\" has no key; see: " + next_command(options, "list"));
  std::vector<NotedKey> keys;
  std::string error;
  if (!options.fingerprint.empty()) {
    if (!read_public_keys(path, keys, error)) return fail(error);
    const auto gone =
        std::erase_if(keys, [&](const NotedKey& one) { return fingerprint(one.key) == options.fingerprint; });
    if (gone == 0) {
      return fail("\"" + options.name + "\" has no key " + options.fingerprint +
                  "; see: " + next_command(options, "list"));
    }
  }
  std::error_code code;
  const bool done = keys.empty() ? fs::remove(path, code) : write_public(path, keys, error);
  if (!done) return fail(code ? path + ": " + code.message() : error);
  std::fprintf(stderr,
               "%s has %zu key(s) left. It takes effect, on live connections too, with: systemctl reload "
               "tocsind (or SIGHUP)\n",
               options.name.c_str(), keys.size());
  return kDone;
}

int run_keys_list(const KeysOptions& options) {
  if (auto why = check_folder(options); !why.empty()) return fail(why);
  Key server{};
  std::vector<Holder> holders;
  std::string error;
  if (!read_public_key(options.folder + "/server.pub", server, error) || !read_holders(options, holders, error)) {
    return fail(error);
  }
  if (options.json) {
    std::printf("%s\n", list_json(server, holders).c_str());
    return kDone;
  }
  std::printf("%-24s  %s  %s\n", "(the daemon)", fingerprint(server).c_str(), encode_key(server).c_str());
  for (const auto& holder : holders) {
    for (const auto& key : holder.keys) std::printf("%-24s  %s\n", holder.name.c_str(), describe(key).c_str());
  }
  return kDone;
}
}  // namespace tocsin::tools
