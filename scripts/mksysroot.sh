#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mksysroot.sh DEBIAN-ARCH FOLDER PACKAGE...: unpacks Debian packages of another architecture, with all they depend on,
# into FOLDER. Needs no root and changes nothing in the system: apt gets a state of its own, and takes signed packages
# from the archive that the system itself uses. Does nothing when FOLDER is complete for the same list of packages.
set -eu
arch=$1
dir=$2
shift 2
wanted="$arch $*"
if [ -e "$dir/.complete" ] && [ "$(cat "$dir/.complete")" = "$wanted" ]; then exit 0; fi
rm -rf "$dir"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
apt=$dir/.apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
: >"$apt/status"
. /etc/os-release
# The system's own archive, whatever it is. The main suite only: security updates may differ between architectures.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(CODENAME)' |
  awk -v c="$VERSION_CODENAME" '($2 == c || $4 == c) && $3 == "main" { print $1; exit }')
if [ -z "$mirror" ]; then
  echo "mksysroot: no archive for $VERSION_CODENAME main in the apt configuration; run apt-get update first" >&2
  exit 1
fi
echo "deb [arch=$arch signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $VERSION_CODENAME main" \
  >"$apt/sources.list"
cat >"$apt/apt.conf" <<S
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferencesparts "-";
APT::Install-Recommends "0";
APT::Sandbox::User "";
Debug::NoLocking "1";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Get::Assume-Yes "1";
S
APT_CONFIG=$apt/apt.conf
export APT_CONFIG
apt-get -q update
apt-get -q install --download-only "$@"
for deb in "$apt"/cache/archives/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir" --no-same-owner -f -; done
# Absolute links would leave the sysroot.
find "$dir" -path "$apt" -prune -o -type l -lname '/*' -print | while read -r link; do
  ln -sfn "$(realpath -m --relative-to="$(dirname "$link")" "$dir$(readlink "$link")")" "$link"
done
rm -rf "$apt"
echo "$wanted" >"$dir/.complete"
