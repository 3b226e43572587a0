// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file The parts of the config's parser: one function per section, and what only the whole can show.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/daemon/config.hpp"

#include "toml_reader.hpp"

namespace tocsin::daemon {
void read_sockets(TableReader& top, Config& out);
void read_principals(TableReader& top, Config& out);
void read_audiences(TableReader& top, Config& out);
/// The keys of a quota: the global one's table or a principal's.
void read_quota(TableReader& parent, QuotaConfig& out);
/// Endpoints, principals, audiences and keys must fit together.
void check_whole(const Config& config, std::vector<ConfigProblem>& problems);
[[nodiscard]] bool any_error(const std::vector<ConfigProblem>& problems, std::size_t from);
/// Whether it is the name of one the daemon listens to.
[[nodiscard]] bool publishes(const Config& config, const std::string& principal);
/// What is wrong with a name that becomes part of topics and file names; empty: nothing.
[[nodiscard]] std::string check_name(std::string_view name);
}  // namespace tocsin::daemon
