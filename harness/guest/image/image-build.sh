#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds the folder of a guest image: root.ext2, vmlinuz, busybox, modules/, packages.
# usage: image-build.sh SUITE DIR    (DIR exists and is empty)
# Works as root and as an ordinary user (a user namespace, newuidmap). The archive is the one that this
# machine uses itself, or $OOMGATE_MIRROR (and $OOMGATE_MIRROR_SECURITY).
set -eu
umask 022 # of the image; the folder it lies in is its owner's alone
trap '' HUP # mmdebstrap sends it to its whole group when it fails
suite=$1 dir=$2
mirror_of() # PATTERN: the first configured archive whose address matches
{
  command -v apt-get >/dev/null || return 0
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -E "$1" | head -n 1
}
mirror=${OOMGATE_MIRROR:-$(mirror_of '/debian/?$')}
security=${OOMGATE_MIRROR_SECURITY:-$(mirror_of '/debian-security/?$')}
[ -n "$mirror" ] || {
  echo "no Debian archive is configured on this machine: set OOMGATE_MIRROR to one" >&2
  exit 1
}
for tool in mmdebstrap genext2fs; do
  command -v $tool >/dev/null || { echo "'$tool' is not installed (package $tool)" >&2; exit 1; }
done
keyring=${OOMGATE_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
packages=systemd,systemd-sysv,dbus,util-linux,mount,kmod,procps,iproute2,stress-ng,earlyoom,numactl,libcap2-bin
# for scenarios with containers; without a network they run from a root folder
packages=$packages,podman,crun
kernel=linux-image-cloud-amd64

case $suite in
  bullseye) ;; # systemd 247 brings systemd-oomd without a package of its own, or not at all
  *) packages=$packages,systemd-oomd ;;
esac

# A Release file that has expired (Valid-Until) may be an old one that somebody replays, with the holes of its day.
# It is refused, but for what is meant to stand still: an archived suite, or a mirror that is said to be frozen. On
# the machine's own archive the machine's own apt.conf(5) decides.
checks_valid_until() # MIRROR-BY-NAME: yes or no
{
  case $suite in
    bullseye) echo no; return ;;
  esac
  case ${OOMGATE_MIRROR_FROZEN:-} in
    1 | yes | true) echo no; return ;;
  esac
  v=
  [ -n "$1" ] || ! command -v apt-config >/dev/null || eval "$(apt-config shell v Acquire::Check-Valid-Until/b)"
  [ "$v" = false ] && echo no || echo yes
}
valid=$(checks_valid_until "${OOMGATE_MIRROR:-}")
security_valid=$(checks_valid_until "${OOMGATE_MIRROR_SECURITY:-}")

set -- "deb [signed-by=$keyring check-valid-until=$valid] $mirror $suite main"
case $suite in
  sid | unstable) security= ;;
esac
[ -z "$security" ] ||
  set -- "$@" "deb [signed-by=$keyring check-valid-until=$security_valid] $security $suite-security main"

# ---- hooks: $1 is the root of the image -----------------------------------------------------------
# The kernel's packages are unpacked, not installed: that would drag in an initramfs generator. The
# image package of newer suites is split (linux-binary-*, linux-modules-*): follow its dependencies.
unpack_kernel='set -eu
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
root=$1; cd "$root/tmp"
fetch() # PACKAGE: into this folder, the newest version that the archive still holds
{
  for version in $(apt-cache madison "$1" | sed -n "s/^[^|]*| *\([^ ]*\) |.*Packages$/\1/p" | uniq); do
    ! apt-get -q download "$1=$version" >/dev/null || return 0
  done
  echo "E: cannot fetch $1" >&2
  return 1
}
todo=KERNEL seen=" "
while [ -n "$todo" ]; do
  next=
  for p in $todo; do
    case $seen in *" $p "*) continue ;; esac
    seen="$seen$p "
    fetch "$p"
    next="$next $(for field in Depends Pre-Depends; do dpkg-deb -f "$p"_*.deb $field; done |
      tr "," "\n" | sed -n "s/^ *\(linux-[a-z]*-[0-9][^ |]*\).*/\1/p")"
  done
  todo=$(echo $next)
done
fetch busybox-static
for deb in linux-*.deb; do
  dpkg-deb -f "$deb" Package Version | sed "s/^[A-Za-z]*: //" | paste -s -d " " >>kernel-packages
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink \
    --exclude="*/drivers/gpu" --exclude="*/drivers/net/ethernet" --exclude="*/sound" --exclude="*/drivers/media" \
    --exclude="*/drivers/infiniband" --exclude="*/drivers/scsi" --exclude="*/drivers/usb" \
    --exclude="./usr/share/doc" --exclude="./boot/System.map*"
done
mkdir bb && dpkg-deb -x busybox-static_*.deb bb
rm -f ./*.deb'

out='set -eu
root=$1; out=$root/oomgate-out; mkdir "$out"
v=$(ls "$root/usr/lib/modules" | sort -V | tail -n 1)
chroot "$root" depmod "$v"
for f in "$root/boot/vmlinuz-$v" "$root/usr/lib/modules/$v/vmlinuz"; do
  [ ! -e "$f" ] || { cp "$f" "$out/vmlinuz"; rm -f "$f"; break; }
done
[ -s "$out/vmlinuz" ]
cp "$(find "$root/tmp/bb" -type f -path "*bin/busybox" | head -n 1)" "$out/busybox"
# what a machine needs to find its disks: the rest is in the image
mkdir "$out/modules" && cp -a "$root/usr/lib/modules/$v" "$out/modules/"
(cd "$out/modules/$v/kernel" && rm -rf net sound drivers/net && find fs -mindepth 1 -maxdepth 1 \
  ! -name ext4 ! -name jbd2 ! -name "mbcache*" ! -name overlayfs -exec rm -rf {} +)
{ cat "$root/tmp/kernel-packages"; chroot "$root" dpkg-query -W -f "\${Package} \${Version}\n"; } >"$out/packages"
echo "$v" >"$out/kernel"
rm -rf "$root/tmp/bb" "$root/tmp/kernel-packages" "$root/boot"; mkdir "$root/boot"
chmod -R u+rwX,go+rX "$out"'

# A machine that only serves attempts: no login, no udev, no timers, no network, a journal in memory.
configure='set -eu
cd "$1"
echo oomgate >etc/hostname
echo 00000000000000000000000000000001 >etc/machine-id
: >etc/fstab
printf "127.0.0.1 localhost oomgate\n" >etc/hosts
for unit in getty.target serial-getty@ttyS0.service serial-getty@hvc0.service getty@tty1.service console-getty.service \
  autovt@.service systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket \
  systemd-udevd-varlink.socket systemd-udev-trigger.service systemd-udev-settle.service \
  systemd-udev-load-credentials.service systemd-hwdb-update.service \
  systemd-networkd.service systemd-networkd.socket systemd-resolved.service systemd-timesyncd.service \
  systemd-random-seed.service systemd-update-utmp.service systemd-update-utmp-runlevel.service \
  systemd-journal-flush.service systemd-journal-catalog-update.service systemd-update-done.service \
  systemd-firstboot.service systemd-machine-id-commit.service systemd-boot-random-seed.service \
  systemd-pcrphase.service systemd-pcrphase-sysinit.service systemd-pcrmachine.service systemd-rfkill.socket \
  systemd-logind.service systemd-user-sessions.service systemd-ask-password-wall.path \
  systemd-ask-password-console.path systemd-binfmt.service systemd-backlight@.service \
  systemd-vconsole-setup.service systemd-remount-fs.service ldconfig.service \
  proc-sys-fs-binfmt_misc.automount sys-kernel-debug.mount sys-kernel-config.mount sys-fs-fuse-connections.mount \
  systemd-repart.service \
  dev-hugepages.mount dev-mqueue.mount timers.target e2scrub_reap.service dpkg-db-backup.timer cron.service; do
  ln -sf /dev/null "etc/systemd/system/$unit"
done
# programs that look for disks, terminals and keys at each boot (systemd.generator(7)): there are none
mkdir -p etc/systemd/system-generators
for what in bless-boot cryptsetup factory-reset getty gpt-auto hibernate-resume integritysetup ssh system-update \
  tpm2 veritysetup; do
  ln -s /dev/null "etc/systemd/system-generators/systemd-$what-generator"
done
# what packages have switched on; a scenario starts the daemon that it is about
rm -rf etc/systemd/system/*.wants etc/systemd/user/*.wants
find etc/systemd/system -name "dbus-org.freedesktop.oom1.service" -delete
mkdir -p etc/systemd/journald.conf.d etc/systemd/system.conf.d
printf "[Journal]\nStorage=volatile\nReadKMsg=no\nForwardToWall=no\nForwardToSyslog=no\nRateLimitIntervalSec=0\nAudit=no\n" \
  >etc/systemd/journald.conf.d/oomgate.conf
ln -sf /usr/lib/systemd/system/multi-user.target etc/systemd/system/default.target
rm -rf var/lib/apt/lists/* var/cache/apt/* var/cache/debconf/*-old usr/share/doc usr/share/man usr/share/locale \
  usr/share/info usr/share/bash-completion usr/lib/udev/hwdb.bin usr/lib/udev/hwdb.d'

# later suites bring these links in a package
merge_usr='for d in bin sbin lib lib64; do mkdir -p "$1/usr/$d"; ln -s "usr/$d" "$1/$d"; done'
[ "$suite" = bullseye ] || merge_usr=true

# stress-ng can use a graphics processor, and so brings a compiler for one: 200 MB less
build() # SOURCES...
{
  mmdebstrap --variant=essential --format=ext2 --setup-hook="$merge_usr" --include="$packages" \
    --aptopt='Acquire::Languages "none"' \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/lib/*/libLLVM*' --dpkgopt='path-exclude=/usr/lib/*/libgallium*' \
    --dpkgopt='path-exclude=/usr/lib/*/dri/*' \
    --customize-hook="$(printf %s "$unpack_kernel" | sed "s/KERNEL/$kernel/")" \
    --customize-hook="$configure" --customize-hook="$out" \
    --customize-hook="sync-out /oomgate-out $dir" \
    --customize-hook='rm -rf "$1/oomgate-out"' \
    "$suite" "$dir/root.ext2" "$@"
}
expired() # in what was said so far, where that is a file
{
  [ -f /proc/self/fd/2 ] && grep -q '^E: Release file for .* is expired' /proc/self/fd/2
}
build "$@" || {
  # an archive of updates may name what it does not hold (any more); one that is too old is no reason to do without
  [ -n "$security" ] && ! expired || exit 1
  echo "trying again without $security" >&2
  rm -rf "$dir"/*
  build "$1"
}
