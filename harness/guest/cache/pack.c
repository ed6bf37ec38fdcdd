// SPDX-License-Identifier: LGPL-2.1-or-later
/* Two small archive writers: cpio (newc) for an initial file system, tar (ustar) for what becomes a disk.
 * Everything belongs to root and is of the same day, so that the same content gives the same bytes.
 * By hand, because an archive library would come into every guest with all that it is linked to. */
#include "harness/guest/cache/pack.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_ONE 946684800 /* 2000-01-01 */

struct member {
	const char *name, *target;
	mode_t mode;
	uint64_t size;
};

static int put(struct oom_pack *pack, const void *data, size_t len)
{
	if (!pack->error && len && fwrite(data, 1, len, pack->out) != len)
		pack->error = errno ? -errno : -EIO;
	pack->written += len;
	return pack->error;
}

static int pad(struct oom_pack *pack, size_t to)
{
	static const char zeros[1024];

	return put(pack, zeros, (to - pack->written % to) % to);
}

/* Documentation/driver-api/early-userspace/buffer-format.rst */
static int cpio_header(struct oom_pack *pack, const struct member *m)
{
	char head[128];
	int r;

	if (m->size > UINT32_MAX)
		return -EFBIG;
	snprintf(head, sizeof(head), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		++pack->inode, (unsigned)m->mode, 0U, 0U, 1U, (unsigned)DAY_ONE, (unsigned)m->size,
		0U, 0U, 0U, 0U, (unsigned)strlen(m->name) + 1, 0U);
	r = put(pack, head, 110);
	if (!r)
		r = put(pack, m->name, strlen(m->name) + 1);
	return r ? r : pad(pack, 4);
}

/* An octal number in a field of @size bytes with its NUL; one that is too large makes *@ret_fits false. */
static void put_octal(char *field, size_t size, uint64_t number, bool *ret_fits)
{
	int n = snprintf(field, size, "%0*" PRIo64, (int)size - 1, number);

	*ret_fits &= n > 0 && (size_t)n < size;
}

/* POSIX pax(1), ustar: numbers in octal, a long name is split at a slash */
static int tar_header(struct oom_pack *pack, const struct member *m)
{
	char head[512] = "", *field = head;
	const char *name = m->name;
	size_t len = strlen(name);
	unsigned sum = 0;
	bool fits = true;

	if (len > 100) {
		const char *slash = strchr(name + len - 101, '/');

		if (!slash || slash - name > 155)
			return -ENAMETOOLONG;
		memcpy(head + 345, name, (size_t)(slash - name));
		name = slash + 1;
	}
	if (m->target && strlen(m->target) > 100)
		return -ENAMETOOLONG;
	memcpy(field, name, strlen(name));
	put_octal(head + 100, 8, m->mode & 07777, &fits);
	put_octal(head + 108, 8, 0, &fits);
	put_octal(head + 116, 8, 0, &fits);
	put_octal(head + 124, 12, S_ISREG(m->mode) ? m->size : 0, &fits);
	put_octal(head + 136, 12, DAY_ONE, &fits);
	memset(head + 148, ' ', 8);
	head[156] = S_ISDIR(m->mode) ? '5' : S_ISLNK(m->mode) ? '2' : '0';
	if (m->target)
		memcpy(head + 157, m->target, strlen(m->target));
	memcpy(head + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(head); i++)
		sum += (unsigned char)head[i];
	put_octal(head + 148, 7, sum, &fits);
	if (!fits)
		return -EFBIG;
	return put(pack, head, sizeof(head));
}

static int header(struct oom_pack *pack, const struct member *m)
{
	return pack->tar ? tar_header(pack, m) : cpio_header(pack, m);
}

static int finish(struct oom_pack *pack)
{
	return pad(pack, pack->tar ? 512 : 4);
}

int oom_pack_open(const char *path, bool tar, struct oom_err *err, struct oom_pack *ret)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), r;

	*ret = (struct oom_pack){.tar = tar, .out = fd < 0 ? NULL : fdopen(fd, "w")};
	if (ret->out)
		return 0;
	r = oom_err_errno(err, errno, "cannot write '%s'", path);
	if (fd >= 0)
		close(fd);
	return r;
}

int oom_pack_close(struct oom_pack *pack, struct oom_err *err)
{
	static const char zeros[1024];
	int r;

	if (!pack->out)
		return 0;
	if (pack->tar)
		r = put(pack, zeros, sizeof(zeros));
	else
		r = cpio_header(pack, &(struct member){.name = "TRAILER!!!"});
	if (!r)
		r = pad(pack, 512);
	if (fclose(pack->out))
		r = -errno;
	pack->out = NULL;
	return r ? oom_err_errno(err, -r, "cannot write the whole archive") : 0;
}

int oom_pack_dir(struct oom_pack *pack, const char *name)
{
	return header(pack, &(struct member){name, NULL, S_IFDIR | 0755, 0});
}

int oom_pack_link(struct oom_pack *pack, const char *name, const char *target)
{
	int r = header(pack, &(struct member){name, target, S_IFLNK | 0777, strlen(target)});

	if (!r && !pack->tar)
		r = put(pack, target, strlen(target));
	return r ? r : finish(pack);
}

int oom_pack_data(
	struct oom_pack *pack, const char *name, const void *data, size_t len, mode_t mode)
{
	int r = header(pack, &(struct member){name, NULL, S_IFREG | mode, len});

	if (!r)
		r = put(pack, data, len);
	return r ? r : finish(pack);
}

int oom_pack_file(
	struct oom_pack *pack, const char *name, const char *path, mode_t mode, struct oom_err *err)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t left;
	struct stat st;
	char buf[65536];
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return oom_err_errno(err, errno, "cannot read '%s'", path);
	left = (uint64_t)st.st_size;
	r = header(pack,
		&(struct member){name, NULL, S_IFREG | (mode ? mode : st.st_mode & 07777), left});
	while (!r && left) {
		ssize_t n = read(fd, buf, left < sizeof(buf) ? (size_t)left : sizeof(buf));

		if (n <= 0)
			return oom_err_errno(err, n ? errno : EIO, "cannot read all of '%s'", path);
		left -= (uint64_t)n;
		r = put(pack, buf, (size_t)n);
	}
	if (!r)
		r = finish(pack);
	return r ? oom_err_errno(err, -r, "cannot pack '%s'", path) : 0;
}
