// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/image/kernel.h"

#include "lib/base/arena.h"
#include "lib/base/cleanup.h"
#include "lib/base/err.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>

enum { RELEASE_BYTES = 65 }; /* __NEW_UTS_LEN and a NUL (include/uapi/linux/utsname.h) */

/* Documentation/arch/x86/boot.rst: "HdrS" at 0x202, at 0x20e the offset (less 0x200) of the version */
static const char *bzimage_version(const char *image, size_t len)
{
	unsigned offset;

	if (len < 0x1000 || memcmp(image + 0x202, "HdrS", 4))
		return NULL;
	offset = (unsigned char)image[0x20e] | (unsigned)(unsigned char)image[0x20f] << 8;
	return offset && offset + 0x200U < len ? image + offset + 0x200 : NULL;
}

static const char *elf_version(const char *image, size_t len)
{
	static const char banner[] = "Linux version ";
	const char *at = image, *end = image + len;

	if (len < 4096 || memcmp(image, "\177ELF", 4))
		return NULL;
	/* the banner's format string stands in the image, too: a digit must follow */
	while ((at = memmem(at, (size_t)(end - at), banner, sizeof(banner) - 1))) {
		at += sizeof(banner) - 1;
		if (at < end && isdigit((unsigned char)*at))
			return at;
	}
	return NULL;
}

const char *oom_kernel_version(const char *image, size_t len, size_t *ret_len)
{
	const char *version = bzimage_version(image, len);
	size_t n = 0, left;

	if (!version)
		version = elf_version(image, len);
	if (!version)
		return NULL;
	left = len - (size_t)(version - image);
	while (n < left && n < RELEASE_BYTES && version[n] > ' ' && version[n] < 0x7f &&
		version[n] != '/')
		n++;
	/* one that ends where it may, and can be a folder's name below /lib/modules */
	if (!isdigit((unsigned char)*version) || n == left || n == RELEASE_BYTES ||
		(version[n] && version[n] != ' ' && version[n] != '\n'))
		return NULL;
	*ret_len = n;
	return version;
}

int oom_kernel_release(
	struct oom_arena *arena, const char *path, struct oom_err *err, const char **ret)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *version = NULL;
	struct stat st;
	size_t len;
	char *map;
	int r = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return oom_err_errno(err, errno, "cannot read the kernel '%s'", path);
	map = st.st_size > 0 ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)
			     : MAP_FAILED;
	if (map != MAP_FAILED)
		version = oom_kernel_version(map, (size_t)st.st_size, &len);
	if (version) {
		*ret = oom_arena_strndup(arena, version, len);
		if (!*ret)
			r = oom_err_set(err, ENOMEM, "no memory");
	} else {
		r = oom_err_set(err, EINVAL,
			"'%s' is not a kernel image: neither a bzImage nor an x86 vmlinux", path);
	}
	if (map != MAP_FAILED)
		munmap(map, (size_t)st.st_size);
	return r;
}

int oom_kernel_head(const char *path)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC), head = -1;
	char setup[65536]; /* 64 sectors at most */
	ssize_t have = fd < 0 ? -errno : pread(fd, setup, sizeof(setup), 0);
	unsigned char sectors;
	size_t len;

	if (have < 0x1000 || memcmp(setup + 0x202, "HdrS", 4))
		return -ENOTSUP;
	sectors = (unsigned char)setup[0x1f1];
	len = ((sectors ? sectors : 4) + 1) * 512U +
		4096; /* "for backwards compatibility, 0 means 4" */
	if (len > (size_t)have)
		return -ENOTSUP;
	head = memfd_create("kernel", MFD_CLOEXEC);
	if (head < 0 || write(head, setup, len) != (ssize_t)len)
		return head < 0 ? -errno : -EIO;
	return oom_take_fd(&head);
}

int oom_release_compare(const char *a, const char *b)
{
	for (int i = 0; i < 3; i++) {
		char *end_a, *end_b;
		unsigned long x = strtoul(a, &end_a, 10), y = strtoul(b, &end_b, 10);

		if (x != y)
			return x < y ? -1 : 1;
		a = *end_a == '.' ? end_a + 1 : "";
		b = *end_b == '.' ? end_b + 1 : "";
	}
	return 0;
}
