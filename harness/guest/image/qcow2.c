// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/image/qcow2.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Where the fields are. */
enum {
	AT_VERSION = 4,
	AT_BACKING = 8,
	AT_BACKING_SIZE = 16,
	AT_CLUSTER_BITS = 20,
	AT_SIZE = 24,
	AT_CRYPT = 32,
	V2_BYTES = 72,
	AT_INCOMPATIBLE = 72,
	AT_HEADER_BYTES = 100,
	V3_BYTES = 104,
	AT_COMPRESSION = 104,
	EXTENSION_HEAD = 8,
};
/* Incompatible features. */
enum {
	DIRTY = 1 << 0,
	CORRUPT = 1 << 1,
	DATA_FILE = 1 << 2,
	COMPRESSION = 1 << 3,
	EXTENDED_L2 = 1 << 4,
	KNOWN = DIRTY | CORRUPT | DATA_FILE | COMPRESSION | EXTENDED_L2,
};
#define EXT_END		   0U
#define EXT_BACKING_FORMAT 0xe2792acaU
#define EXT_DATA_FILE	   0x44415441U

struct head {
	const unsigned char *data;
	size_t len; /* of what was read, and of the first cluster at the most */
};

static uint32_t u32(const unsigned char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return be32toh(value);
}

static uint64_t u64(const unsigned char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return be64toh(value);
}

static int copy_name(
	const struct head *head, uint64_t at, uint64_t len, char ret[static OOM_QCOW2_NAME])
{
	if (len >= OOM_QCOW2_NAME || at > head->len || len > head->len - at)
		return -EBADMSG;
	memcpy(ret, head->data + at, (size_t)len);
	ret[len] = '\0';
	return 0;
}

static int read_backing(const struct head *head, struct oom_qcow2 *q)
{
	uint64_t at = u64(head->data + AT_BACKING);

	q->has_backing = at != 0;
	return at ? copy_name(head, at, u32(head->data + AT_BACKING_SIZE), q->backing) : 0;
}

static int read_extensions(const struct head *head, uint64_t at, struct oom_qcow2 *q)
{
	uint64_t backing = u64(head->data + AT_BACKING), end = backing ? backing : head->len;
	int r = 0;

	if (end > head->len)
		return -EBADMSG;
	/* "Directly after the image header"; each is padded to 8 bytes */
	while (!r && at + EXTENSION_HEAD <= end) {
		uint32_t type = u32(head->data + at), len = u32(head->data + at + 4);

		at += EXTENSION_HEAD;
		if (type == EXT_END)
			break;
		if (len > end - at)
			return -EBADMSG;
		if (type == EXT_BACKING_FORMAT)
			r = copy_name(head, at, len, q->backing_format);
		if (type == EXT_DATA_FILE) {
			q->has_data_file = true;
			r = copy_name(head, at, len, q->data_file);
		}
		at += ((uint64_t)len + 7) & ~UINT64_C(7);
	}
	return r;
}

static int read_features(const struct head *head, struct oom_qcow2 *q, uint64_t *ret_header_bytes)
{
	uint64_t features;

	if (q->version == 2) {
		*ret_header_bytes = V2_BYTES;
		return 0;
	}
	if (head->len < V3_BYTES)
		return -EBADMSG;
	features = u64(head->data + AT_INCOMPATIBLE);
	q->dirty = features & DIRTY;
	q->corrupt = features & CORRUPT;
	q->has_data_file = features & DATA_FILE;
	q->unknown_features = features & ~(uint64_t)KNOWN;
	*ret_header_bytes = u32(head->data + AT_HEADER_BYTES);
	if (*ret_header_bytes < V3_BYTES || *ret_header_bytes > head->len)
		return -EBADMSG;
	if (*ret_header_bytes > AT_COMPRESSION)
		q->compression = head->data[AT_COMPRESSION];
	/* "If this field is not zero, the bit must be set", and the other way round */
	return !(features & COMPRESSION) == !q->compression ? 0 : -EBADMSG;
}

bool oom_qcow2_is(const void *data, size_t len)
{
	return len >= 4 && !memcmp(data, "QFI\xfb", 4);
}

int oom_qcow2_read(const void *data, size_t len, struct oom_qcow2 *ret)
{
	struct head head = {data, len};
	struct oom_qcow2 q = {0};
	uint64_t header_bytes;
	uint32_t bits;
	int r;

	if (!oom_qcow2_is(data, len))
		return -EINVAL;
	if (len < AT_VERSION + 4)
		return -EBADMSG;
	q.version = u32(head.data + AT_VERSION);
	if (q.version != 2 && q.version != 3)
		return -EPROTONOSUPPORT;
	if (len < V2_BYTES)
		return -EBADMSG;
	bits = u32(head.data + AT_CLUSTER_BITS);
	if (bits < 9 || bits > 21) /* QEMU: MIN_CLUSTER_BITS, MAX_CLUSTER_BITS */
		return -EBADMSG;
	if (head.len > (size_t)1 << bits)
		head.len = (size_t)1 << bits;
	q.size_bytes = u64(head.data + AT_SIZE);
	q.crypt_method = u32(head.data + AT_CRYPT);
	r = read_features(&head, &q, &header_bytes);
	if (!r)
		r = read_backing(&head, &q);
	if (!r)
		r = read_extensions(&head, header_bytes, &q);
	if (!r)
		*ret = q;
	return r;
}
