/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_QCOW2_H
#define OOM_QCOW2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a qcow2 image says of itself in its first bytes: above all, which other files it would have its reader
 * open. Source: QEMU's docs/interop/qcow2.txt.
 */

enum {
	OOM_QCOW2_NAME = 1024, /* "Must not be longer than 1023 bytes" */
	/* The header and its extensions lie in the first cluster, which has 2 MiB at the most. */
	OOM_QCOW2_HEAD_BYTES = 2 << 20,
};

struct oom_qcow2 {
	uint32_t version; /* 2 or 3 */
	uint64_t size_bytes; /* of the disk in it */
	uint32_t crypt_method; /* 0: none, 1: AES, 2: LUKS */
	uint8_t compression; /* 0: deflate, 1: zstd */
	bool dirty, corrupt;
	uint64_t
		unknown_features; /* incompatible ones that the format's page does not name; bit 0 is bit 0 */
	bool has_backing, has_data_file;
	/* as the file has them, with a NUL behind: any bytes. Empty: not said */
	char backing[OOM_QCOW2_NAME], backing_format[OOM_QCOW2_NAME], data_file[OOM_QCOW2_NAME];
};

/* Do the first bytes of a file say that it is a qcow2 image, of whatever version? */
bool oom_qcow2_is(const void *data, size_t len);

/*
 * Reads the first @len bytes of an image: all of a short file, else OOM_QCOW2_HEAD_BYTES.
 * -EINVAL: no qcow2. -EPROTONOSUPPORT: of a version that is neither 2 nor 3. -EBADMSG: cut off, or at odds with itself.
 */
int oom_qcow2_read(const void *data, size_t len, struct oom_qcow2 *ret);

#endif
