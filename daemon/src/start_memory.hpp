// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What only the start needed.

namespace tocsin::daemon {
/// Gives back what only the start needed: free pages of the heap, and the pages of the program and its libraries that
/// nobody wrote to. What is used again is read in again, from the page cache as a rule. Small boards have some 2 MB
/// more by it. Threads may run. Call once, when the daemon serves.
void give_back_start_memory();
}  // namespace tocsin::daemon
