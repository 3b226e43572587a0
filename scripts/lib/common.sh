# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts in this folder; bash. Source it with the current folder at the top of the source tree.

export DEBIAN_FRONTEND=noninteractive
TOCSIN_LOGS=$PWD/build/logs
TOCSIN_JOBS=${TOCSIN_JOBS:-$(nproc)}

# What a native build needs (CMake looks for python3, which some tests are written in), and what only the tests need.
NATIVE_PACKAGES="g++ cmake ninja-build libzmq3-dev libsqlite3-dev libsodium-dev libseccomp-dev flatbuffers-compiler
  libflatbuffers-dev tao-pegtl-dev nlohmann-json3-dev libcli11-dev libtomlplusplus-dev libcpputest-dev
  python3"
TEST_PACKAGES="ccache graphviz libbenchmark-dev"
CLANG_PACKAGES="clang-14 libclang-rt-14-dev"
CROSS_PACKAGES="g++-arm-linux-gnueabihf g++-aarch64-linux-gnu qemu-user-static
  gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm dpkg-dev"

say() { printf '%s\n' "$*"; }
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Seconds since the epoch with tenths, times ten: bash counts in whole numbers.
now_tenths() {
  local t=${EPOCHREALTIME/[.,]/}
  echo $((t / 100000))
}
as_seconds() { printf '%d.%d' $(($1 / 10)) $(($1 % 10)); }

# Shows that a long step is alive: on a terminal the newest line of its log, elsewhere a line every half minute.
ticker() {
  local name=$1 log=$2 start=$SECONDS line
  while :; do
    if [ -t 1 ]; then
      sleep 1 >/dev/null
      line=$(tail -c 400 "$log" 2>/dev/null | tr '\r' '\n' | grep -v '^ *$' | tail -n 1 | cut -c 1-70) || line=
      printf '\r\033[K  %s %ds  %s' "$name" $((SECONDS - start)) "$line"
    else
      sleep 30 >/dev/null
      line=$(tail -c 400 "$log" 2>/dev/null | tr '\r' '\n' | grep -v '^ *$' | tail -n 1 | cut -c 1-90) || line=
      printf '  %s: %d s so far  %s\n' "$name" $((SECONDS - start)) "$line"
    fi
  done
}

# run_step NAME COMMAND...: runs the command with its output in build/logs/NAME.log and shows progress. Sets
# STEP_TENTHS to how long it took. When the command fails, the end of the log is shown and 1 is returned.
run_step() {
  local name=$1 log status=0 start pid
  shift
  mkdir -p "$TOCSIN_LOGS"
  log=$TOCSIN_LOGS/${name//[ \/]/-}.log
  start=$(now_tenths)
  : >"$log"
  ticker "$name" "$log" &
  pid=$!
  # shellcheck disable=SC2064
  trap "kill $pid 2>/dev/null || true; printf '\n'; exit 130" INT TERM
  "$@" >"$log" 2>&1 </dev/null || status=$?
  trap - INT TERM
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  STEP_TENTHS=$(($(now_tenths) - start))
  if [ -t 1 ]; then printf '\r\033[K'; fi
  if [ "$status" -ne 0 ]; then
    say "  $name: FAILED after $(as_seconds $STEP_TENTHS) s (exit $status); the end of $log:"
    tail -n 60 "$log" | sed 's/^/    /'
    return 1
  fi
  say "  $name: $(as_seconds $STEP_TENTHS) s"
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -E "$@"
  else
    fail "this needs root: run it as root, or install sudo: $*"
  fi
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

apt_install() {
  as_root apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 update &&
    as_root apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 install -y --no-install-recommends "$@"
}

# need_packages PACKAGE...: installs those that are missing; does not touch apt when none is. Sets STEP_TENTHS.
need_packages() {
  local package missing=()
  STEP_TENTHS=0
  for package in "$@"; do
    installed "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then return 0; fi
  command -v apt-get >/dev/null || fail "apt-get not found: this script knows Debian 12. Install by hand: ${missing[*]}"
  say "Installing ${#missing[@]} packages: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "not root and no sudo; run as root: apt-get install ${missing[*]}"
    sudo -v || fail "sudo did not let us in" # asks for the password here, where it can be seen
  fi
  run_step install apt_install "${missing[@]}" ||
    fail "installing failed; see $TOCSIN_LOGS/install.log. Is the network there, and is this Debian 12?"
}
