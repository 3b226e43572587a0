// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What every verb's exit status means.

namespace tocsin::tools {
enum class Exit : int {
  done = 0,
  bad_input = 1,    ///< the input is wrong, something was refused, or a test failed
  bad_usage = 2,    ///< the command line is wrong
  unreachable = 3,  ///< the other side cannot be reached
};
}  // namespace tocsin::tools
