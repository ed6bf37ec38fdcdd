// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A disk image of the user's (image=PATH). It may come from anywhere, and some formats name other files, which
 * QEMU would open and the guest could read: such an image is refused. The name says what a file is, never its
 * bytes, because a guest that once wrote to a raw disk chose those. The file is opened here, once, and QEMU is given
 * the descriptor: what was looked at is what is used, unless its owner writes to it in that moment.
 */
#include "harness/guest/image/own_disk.h"

#include "harness/guest/image/qcow2.h"
#include "lib/base/cleanup.h"
#include "lib/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/types.h>

struct format {
	const char *name, *magic;
	size_t at, len;
};

/* The first bytes of what is no raw disk; QEMU's block/ and its docs/. */
static const struct format formats[] = {
	{"qcow2", "QFI\xfb", 0, 4},
	{"VMDK", "KDMV", 0, 4},
	{"VMDK", "COWD", 0, 4},
	{"VMDK", "# Disk DescriptorFile", 0, 21},
	{"VHD", "conectix", 0, 8},
	{"VHDX", "vhdxfile", 0, 8},
	{"VDI", "\x7f\x10\xda\xbe", 64, 4},
	{"QED", "QED", 0, 4},
	{"Parallels", "WithoutFreeSpace", 0, 16},
	{"Parallels", "WithouFreSpacExt", 0, 16},
	{"LUKS", "LUKS\xba\xbe", 0, 6},
	{"Bochs", "Bochs Virtual HD Image", 0, 22},
	{"cloop", "#!/bin/sh\n#V2.0 Format\n", 0, 23},
};

/* Names that say what a file is; every other name is a raw disk's. */
static const struct {
	const char *end, *format;
} names[] = {{".qcow2", "qcow2"}, {".vmdk", "VMDK"}, {".vdi", "VDI"}, {".vhd", "VHD"},
	{".vpc", "VHD"}, {".vhdx", "VHDX"}, {".qed", "QED"}, {".qcow", "qcow"},
	{".hdd", "Parallels"}, {".dmg", "DMG"}, {".cloop", "cloop"}};

#define WAY_OUT "convert it with 'qemu-img convert -O qcow2 FILE WHOLE.qcow2'"

static const char *format_by_name(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t n = strlen(names[i].end);

		if (len > n && !strcasecmp(path + len - n, names[i].end))
			return names[i].format;
	}
	return "raw";
}

static const char *format_by_bytes(const char *head, size_t len)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (len >= formats[i].at + formats[i].len &&
			!memcmp(head + formats[i].at, formats[i].magic, formats[i].len))
			return formats[i].name;
	return "raw";
}

/* Both names, and the way out, fit into struct oom_err. */
enum { PATH_SHOWN = 72, NAME_SHOWN = 32 };

/* A name out of a file, for a message: its beginning, without what a terminal would obey. */
static const char *shown(const char *name, char buf[static NAME_SHOWN + 1])
{
	size_t len = strnlen(name, NAME_SHOWN);

	for (size_t i = 0; i < len; i++)
		buf[i] = name[i] >= ' ' && name[i] < 127 ? name[i] : '?';
	buf[len] = '\0';
	if (name[len])
		memcpy(buf + NAME_SHOWN - 3, "...", 3);
	return buf;
}

static int check_qcow2(const char *path, const char *head, size_t len, struct oom_err *err)
{
	struct oom_qcow2 q;
	char name[NAME_SHOWN + 1];
	int r = oom_qcow2_read(head, len, &q);

	if (r == -EINVAL)
		return oom_err_set(err, EINVAL,
			"the disk image '%s' is not a qcow2: give a raw disk a name that ends in "
			".raw",
			path);
	if (r == -EPROTONOSUPPORT)
		return oom_err_set(err, EINVAL,
			"the disk image '%s' has a qcow version other than 2 and 3: " WAY_OUT,
			path);
	if (r)
		return oom_err_set(err, EINVAL,
			"the disk image '%s' is a qcow2 whose header is damaged ('qemu-img check')",
			path);
	if (q.has_backing)
		return oom_err_set(err, EINVAL,
			"the disk image '%s' has a backing file, '%s': " WAY_OUT, path,
			shown(q.backing, name));
	if (q.has_data_file)
		return oom_err_set(err, EINVAL,
			"the disk image '%s' has an external data file, '%s': " WAY_OUT, path,
			shown(q.data_file, name));
	if (q.crypt_method)
		return oom_err_set(err, EINVAL, "the disk image '%s' is encrypted: " WAY_OUT, path);
	if (q.corrupt)
		return oom_err_set(err, EINVAL,
			"the disk image '%s' is marked as corrupt ('qemu-img check -r all' "
			"repairs it)",
			path);
	if (q.unknown_features)
		return oom_err_set(err, EINVAL,
			"the disk image '%s' uses a newer qcow2 than this program knows: " WAY_OUT,
			path);
	return 0;
}

static int check_format(const char *path, const char *head, size_t len, struct oom_err *err)
{
	const char *named = format_by_name(path), *seen = format_by_bytes(head, len);

	/* the end of a long path says more than its beginning */
	if (strlen(path) > PATH_SHOWN)
		path += strlen(path) - PATH_SHOWN;
	if (!strcmp(named, "qcow2"))
		return check_qcow2(path, head, len, err);
	if (strcmp(named, "raw"))
		return oom_err_set(err, EINVAL,
			"the disk image '%s' is a %s by its name, and only qcow2 and raw are "
			"supported: " WAY_OUT,
			path, named);
	if (!strcmp(seen, "qcow2"))
		return oom_err_set(err, EINVAL,
			"the disk image '%s' is raw by its name and qcow2 by its first bytes: give it a "
			"name that ends in .qcow2",
			path);
	if (strcmp(seen, "raw"))
		return oom_err_set(err, EINVAL,
			"the disk image '%s' is raw by its name and %s by its first bytes, and "
			"only qcow2 and raw are supported: " WAY_OUT,
			path, seen);
	return 0;
}

static int read_head(int fd, char *head, size_t *ret_len)
{
	size_t len = 0;

	for (ssize_t n; len < OOM_QCOW2_HEAD_BYTES; len += (size_t)n) {
		n = pread(fd, head + len, OOM_QCOW2_HEAD_BYTES - len, (off_t)len);
		if (n < 0)
			return -errno;
		if (!n)
			break;
	}
	*ret_len = len;
	return 0;
}

static int check_content(const char *path, int fd, struct oom_err *err)
{
	oom_autofree char *head = malloc(OOM_QCOW2_HEAD_BYTES);
	size_t len = 0;
	int r = head ? read_head(fd, head, &len) : -ENOMEM;

	return r ? oom_err_errno(err, -r, "cannot read the disk image '%s'", path)
		 : check_format(path, head, len, err);
}

int oom_own_disk_open(const char *path, struct oom_err *err, struct oom_own_disk *ret)
{
	/* a pipe is not waited for */
	oom_autoclose int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return oom_err_errno(err, errno, "cannot read the disk image '%s'", path);
	if (!S_ISBLK(st.st_mode) && (!S_ISREG(st.st_mode) || !st.st_size))
		return oom_err_set(err, EINVAL, "the disk image '%s' is %s", path,
			S_ISREG(st.st_mode) ? "empty" : "not a file");
	r = check_content(path, fd, err);
	if (r)
		return r;
	ret->is_qcow2 = !strcmp(format_by_name(path), "qcow2");
	ret->is_device = S_ISBLK(st.st_mode);
	ret->fd = oom_take_fd(&fd);
	return 0;
}
