#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Unpacks a newer QEMU from this release's backports into DIR: usr/bin, usr/lib, usr/share/qemu. The
# host's own package configuration is read, never written.
# usage: qemu-fetch.sh DIR
set -eu
dir=$1
command -v apt-get >/dev/null || { echo "no apt-get here: install QEMU 10 or later yourself" >&2; exit 1; }
mirror=${OOMGATE_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -E '/debian/?$' | head -n 1)}
[ -n "$mirror" ] || { echo "no Debian archive is configured on this machine: set OOMGATE_MIRROR to one" >&2; exit 1; }
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
[ -n "$release" ] || { echo "cannot tell which Debian release this is" >&2; exit 1; }
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
apt=$dir/.apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/etc/preferences.d" "$apt/etc/parts"
# what has expired may be an old Release file that somebody replays: see image-build.sh
valid=yes v=
[ -n "${OOMGATE_MIRROR:-}" ] || eval "$(apt-config shell v Acquire::Check-Valid-Until/b)"
[ "$v" != false ] || valid=no
case ${OOMGATE_MIRROR_FROZEN:-} in
  1 | yes | true) valid=no ;;
esac
for suite in "$release" "$release-backports"; do
  echo "deb [signed-by=$keyring check-valid-until=$valid] $mirror $suite main"
done \
  >"$apt/sources.list"
printf 'Package: *\nPin: release n=%s-backports\nPin-Priority: 600\n' "$release" >"$apt/etc/preferences"
apt_get()
{
  apt-get -q -y -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts="$apt/etc/parts" \
    -o Dir::Etc::preferences="$apt/etc/preferences" -o Dir::Etc::preferencesparts="$apt/etc/preferences.d" \
    -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache" -o Dir::State::status="$1" \
    -o Acquire::Languages=none -o APT::Install-Recommends=false -o APT::Sandbox::User="$(id -un)" \
    -o Debug::NoLocking=true "$2" ${3:+"$3"} ${4:+"$4"}
}
# against what is installed here: only what QEMU needs beyond it is fetched
status=/var/lib/dpkg/status
apt_get "$status" update
apt_get "$status" --download-only install qemu-system-x86
ls "$apt/cache/archives/"*.deb >/dev/null
for deb in "$apt/cache/archives/"*.deb; do
  dpkg-deb -x "$deb" "$dir"
done
# the firmware is a package of its own: beside QEMU's data, where -L looks
for firmware in "$dir/usr/share/seabios" /usr/share/seabios; do
  [ ! -d "$firmware" ] || cp -n "$firmware"/* "$dir/usr/share/qemu/"
done
rm -rf "$apt" "$dir/usr/share/doc" "$dir/usr/share/man" "$dir/etc" "$dir/var"
