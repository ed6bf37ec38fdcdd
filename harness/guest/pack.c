// SPDX-License-Identifier: LGPL-2.1-or-later
/* Archives: the cpio of an initial file system, the tar that becomes a disk. Everything belongs to root
 * and is of the same day, so that the same content gives the same bytes. */
#include "harness/guest/internal.h"
#include "lib/cleanup.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define DAY_ONE 946684800 /* 2000-01-01 */

int oom_pack_open(const char *path, bool tar, struct oom_err *err, struct archive **ret)
{
	struct archive *pack = archive_write_new();

	if (!pack)
		return oom_err_set(err, ENOMEM, "no memory");
	if ((tar ? archive_write_set_format_pax_restricted(pack) : archive_write_set_format_cpio_newc(pack)) !=
			ARCHIVE_OK ||
		archive_write_add_filter_none(pack) != ARCHIVE_OK ||
		archive_write_open_filename(pack, path) != ARCHIVE_OK) {
		oom_err_set(err, EIO, "cannot write '%s': %s", path, archive_error_string(pack));
		archive_write_free(pack);
		return -EIO;
	}
	*ret = pack;
	return 0;
}

static struct archive_entry *entry_new(const char *name, mode_t mode, size_t size)
{
	static __thread int64_t inode;
	struct archive_entry *entry = archive_entry_new();

	if (!entry)
		return NULL;
	archive_entry_set_pathname(entry, name);
	archive_entry_set_mode(entry, mode);
	archive_entry_set_size(entry, (int64_t)size);
	archive_entry_set_uid(entry, 0);
	archive_entry_set_gid(entry, 0);
	archive_entry_set_mtime(entry, DAY_ONE, 0);
	archive_entry_set_nlink(entry, 1);
	archive_entry_set_ino(entry, ++inode);
	return entry;
}

static int entry_put(struct archive *pack, struct archive_entry *entry, const void *data, size_t len)
{
	int r = 0;

	if (!entry)
		return -ENOMEM;
	if (archive_write_header(pack, entry) != ARCHIVE_OK ||
		(len && archive_write_data(pack, data, len) != (la_ssize_t)len))
		r = -EIO;
	archive_entry_free(entry);
	return r;
}

int oom_pack_dir(struct archive *pack, const char *name)
{
	return entry_put(pack, entry_new(name, S_IFDIR | 0755, 0), NULL, 0);
}

int oom_pack_link(struct archive *pack, const char *name, const char *target)
{
	struct archive_entry *entry = entry_new(name, S_IFLNK | 0777, 0);

	if (entry)
		archive_entry_set_symlink(entry, target);
	return entry_put(pack, entry, NULL, 0);
}

int oom_pack_data(struct archive *pack, const char *name, const void *data, size_t len, mode_t mode)
{
	return entry_put(pack, entry_new(name, S_IFREG | mode, len), data, len);
}

int oom_pack_file(struct archive *pack, const char *name, const char *path, mode_t mode,
	struct oom_err *err)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct archive_entry *entry;
	struct stat st;
	char buf[65536];
	int r = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return oom_err_errno(err, errno, "cannot read '%s'", path);
	entry = entry_new(name, S_IFREG | (mode ? mode : st.st_mode & 07777), (size_t)st.st_size);
	if (!entry)
		return oom_err_set(err, ENOMEM, "no memory");
	if (archive_write_header(pack, entry) != ARCHIVE_OK)
		r = oom_err_set(err, EIO, "cannot pack '%s': %s", path, archive_error_string(pack));
	while (!r) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n < 0)
			r = oom_err_errno(err, errno, "cannot read '%s'", path);
		if (n <= 0)
			break;
		if (archive_write_data(pack, buf, (size_t)n) != n)
			r = oom_err_set(err, EIO, "cannot pack '%s': %s", path, archive_error_string(pack));
	}
	archive_entry_free(entry);
	return r;
}

static const char *target_name(const char *prefix, const char *name, bool top, char *buf, size_t size)
{
	static const char *const merged[] = {"bin", "sbin", "lib", "lib64"};
	const char *usr = "";

	for (size_t i = 0; top && i < sizeof(merged) / sizeof(*merged); i++)
		if (!strcmp(name, merged[i]))
			usr = "usr/";
	if (snprintf(buf, size, "%s/%s%s", prefix, usr, name) >= (int)size)
		return NULL;
	return buf;
}

static int pack_below(struct archive *pack, const char *prefix, const char *path, bool top,
	struct oom_err *err);

static int pack_one(struct archive *pack, const char *name, const char *path, struct oom_err *err)
{
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;
	int r;

	if (lstat(path, &st) < 0)
		return oom_err_errno(err, errno, "cannot read '%s'", path);
	if (S_ISDIR(st.st_mode)) {
		r = oom_pack_dir(pack, name);
		return r ? oom_err_set(err, -r, "cannot pack '%s'", path) :
			   pack_below(pack, name, path, false, err);
	}
	if (S_ISREG(st.st_mode))
		return oom_pack_file(pack, name, path, 0, err);
	if (!S_ISLNK(st.st_mode))
		return oom_err_set(err, EINVAL, "cannot pack '%s': neither file, folder nor symbolic link", path);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return oom_err_errno(err, errno, "cannot read '%s'", path);
	target[n] = '\0';
	r = oom_pack_link(pack, name, target);
	return r ? oom_err_set(err, -r, "cannot pack '%s'", path) : 0;
}

static int no_dots(const struct dirent *d)
{
	return strcmp(d->d_name, ".") && strcmp(d->d_name, "..");
}

static int pack_below(struct archive *pack, const char *prefix, const char *path, bool top,
	struct oom_err *err)
{
	struct dirent **names;
	int n = scandir(path, &names, no_dots, alphasort), r = 0;

	if (n < 0)
		return oom_err_errno(err, errno, "cannot read '%s'", path);
	for (int i = 0; i < n; i++) {
		char name[PATH_MAX], full[PATH_MAX];

		if (!r && (!target_name(prefix, names[i]->d_name, top, name, sizeof(name)) ||
				  snprintf(full, sizeof(full), "%s/%s", path, names[i]->d_name) >= (int)sizeof(full)))
			r = oom_err_set(err, ENAMETOOLONG, "a name below '%s' is too long", path);
		if (!r)
			r = pack_one(pack, name, full, err);
		free(names[i]);
	}
	free(names);
	return r;
}

int oom_pack_tree(struct archive *pack, const char *prefix, const char *path, struct oom_err *err)
{
	return pack_below(pack, prefix, path, true, err);
}

int oom_unpack_file(const char *path, void **ret, size_t *ret_len, struct oom_err *err)
{
	struct archive *in = archive_read_new();
	struct archive_entry *entry;
	oom_autofree char *data = NULL;
	size_t len = 0, size = 0;
	la_ssize_t n = 0;

	if (!in)
		return oom_err_set(err, ENOMEM, "no memory");
	archive_read_support_filter_all(in);
	archive_read_support_format_raw(in);
	if (archive_read_open_filename(in, path, 65536) != ARCHIVE_OK ||
		archive_read_next_header(in, &entry) != ARCHIVE_OK)
		n = -1;
	while (n >= 0) {
		if (size - len < 65536) {
			char *grown = realloc(data, size = size * 2 + 262144);

			if (!grown) {
				archive_read_free(in);
				return oom_err_set(err, ENOMEM, "no memory");
			}
			data = grown;
		}
		n = archive_read_data(in, data + len, size - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	if (n < 0)
		oom_err_set(err, EIO, "cannot read '%s': %s", path, archive_error_string(in));
	archive_read_free(in);
	if (n < 0)
		return -EIO;
	*ret = oom_take_ptr(data);
	*ret_len = len;
	return 0;
}
