#!/bin/busybox sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The initial file system's /init: modules in the order of /modules/order, then a root of three
# read-only layers (--config tree, oomgate, image) under a tmpfs, then systemd.
export PATH=/bin
fail()
{
	# as an emergency, so that it is on the console whatever its level
	echo "<0>oomgate-init: $*" >/dev/kmsg 2>/dev/null || echo "oomgate-init: $*"
	echo o >/proc/sysrq-trigger
	while :; do sleep 60; done
}
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
while read -r module; do
	insmod "/modules/$module" || echo "<3>oomgate-init: module $module failed" >/dev/kmsg
done </modules/order

root= memory=50%
read -r cmdline </proc/cmdline
for word in $cmdline; do
	case $word in
	oomgate.root=*) root=${word#*=} ;;
	oomgate.tmpfs=*) memory=${word#*=} ;;
	oomgate.probe) fail "the probe is through" ;;
	esac
done

own=
if [ "$root" = find ]; then # somebody's own disk: the partition that holds an init
	root= own=yes
	for disk in /dev/vda*; do
		mount -o ro "$disk" /image 2>/dev/null || continue
		if [ -x /image/usr/lib/systemd/systemd ] || [ -x /image/lib/systemd/systemd ]; then
			root=$disk
			break
		fi
		umount /image
	done
	[ -n "$root" ] || fail "no systemd on any partition of the disk image"
else
	[ -b "$root" ] || fail "no disk '$root': does this kernel have virtio_blk (modules=DIR)?"
	mount -t ext4 -o ro "$root" /image 2>/dev/null || mount -t ext2 -o ro "$root" /image || fail "cannot mount '$root'"
fi
mount -t ext4 -o ro /dev/vdb /payload 2>/dev/null || mount -t ext2 -o ro /dev/vdb /payload || fail "cannot mount the payload disk"
mount -t tmpfs -o "size=$memory,mode=755" rw /rw
mkdir /rw/upper /rw/work
mount -t overlay -o "lowerdir=/payload/config:/payload/root:/image,upperdir=/rw/upper,workdir=/rw/work" root /new ||
	fail "cannot mount the overlay: does this kernel have overlayfs (modules=DIR)?"
[ -x /new/usr/lib/systemd/systemd ] || [ -x /new/lib/systemd/systemd ] || fail "the image has no systemd"
# generators for what the image has none of: podman's alone takes as long as twenty units. When systemd is up
# the agent takes the links away, which it knows by what they point to: a scenario may bring such files, too
spare() # GENERATOR FILE...: not needed where there is none of them
{
	generator=/new/etc/systemd/system-generators/$1
	shift
	for file; do
		[ ! -e "/payload/config/$file" ] || return 0
	done
	[ -e "$generator" ] || ln -s /dev/./null "$generator"
}
if [ -z "$own" ] && mkdir -p /new/etc/systemd/system-generators; then
	spare podman-system-generator etc/containers/systemd usr/share/containers/systemd
	spare systemd-sysv-generator etc/init.d
	spare systemd-rc-local-generator etc/rc.local
fi
init=/usr/lib/systemd/systemd
[ -x /new$init ] || init=/lib/systemd/systemd
mount --move /dev /new/dev
umount /sys /proc
exec switch_root /new $init
