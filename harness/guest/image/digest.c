// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/image/digest.h"

#include "harness/host/digest.h"
#include "harness/host/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* "SHA-256 STATE" */
static bool read_known(const char *path, const char *state, char ret[static OOM_DIGEST_TEXT])
{
	struct oom_arena arena = {0};
	const size_t digits = OOM_DIGEST_TEXT - 1;
	size_t len;
	char *text;
	bool known = !oom_file_read(&arena, path, 4096, &text, &len) &&
		strspn(text, "0123456789abcdef") == digits && text[digits] == ' ' &&
		!strcmp(text + digits + 1, state);

	if (known)
		snprintf(ret, OOM_DIGEST_TEXT, "%.64s", text);
	oom_arena_release(&arena);
	return known;
}

int oom_image_digest(const struct oom_image *image, char ret[static OOM_IMAGE_DIGEST_TEXT])
{
	char state[OOM_IMAGE_DIGEST_TEXT], sum[OOM_DIGEST_TEXT], path[PATH_MAX],
		line[OOM_IMAGE_DIGEST_TEXT + OOM_DIGEST_TEXT];
	struct stat st;
	int r;

	if (image->own_disk && image->own.fd >= 0 ? fstat(image->own.fd, &st)
						  : stat(image->disk, &st))
		return -errno;
	snprintf(state, sizeof(state), "%lld bytes, changed %lld.%09ld, inode %llu:%llu",
		(long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
		(unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	if (image->own_disk) {
		memcpy(ret, state, sizeof(state));
		return 0;
	}
	snprintf(path, sizeof(path), "%s/digest", image->dir);
	if (!read_known(path, state, sum)) {
		r = oom_digest_file(image->disk, sum);
		if (r)
			return r;
		snprintf(line, sizeof(line), "%s %s", sum, state);
		/* where it cannot be kept it is read again */
		(void)oom_file_write(path, line, strlen(line), 0600, NULL);
	}
	memcpy(ret, sum, sizeof(sum));
	return 0;
}
