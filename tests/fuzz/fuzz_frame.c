// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The frames of a guest's port: however the bytes are cut, the same frames come out; each is bounded and lies in
 * the buffer; written again they are the bytes that were read; after what is no frame there is none.
 */
#include "harness/guest/wire/frame.h"
#include "tests/support/fuzz.h"

#include <errno.h>

/* Whatever comes out of @in goes to @out again; 0, or -EBADMSG. */
static int pass(struct oom_buffer *in, struct oom_buffer *out)
{
	struct oom_frame frame;
	int r;

	while ((r = oom_frame_next(in, &frame)) == 1) {
		FUZZ_CHECK(frame.type >= OOM_FRAME_HELLO && frame.type <= OOM_FRAME_DONE);
		FUZZ_CHECK(frame.len <= OOM_FRAME_MAX);
		FUZZ_CHECK(
			frame.data >= in->data && frame.data + frame.len == in->data + in->taken);
		FUZZ_CHECK(in->taken <= in->len && in->len <= in->size);
		FUZZ_CHECK(!oom_frame_add(out, frame.type, frame.data, frame.len));
	}
	FUZZ_CHECK(r == 0 || r == -EBADMSG);
	FUZZ_CHECK(oom_frame_next(in, &frame) == r);
	return r;
}

static int read_cut(const uint8_t *data, size_t size, size_t cut, struct oom_buffer *out)
{
	struct oom_buffer in = {0};
	int r = 0;

	for (size_t at = 0; at < size && !r; at += cut) {
		char *piece = fuzz_exact(data + at, size - at < cut ? size - at : cut);

		FUZZ_CHECK(!oom_buffer_add(&in, piece, size - at < cut ? size - at : cut));
		free(piece);
		r = pass(&in, out);
	}
	oom_buffer_free(&in);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cut = size ? 1 + data[0] % 61 : 1;
	struct oom_buffer whole = {0}, pieces = {0};
	int r = read_cut(data, size, size ? size : 1, &whole);

	FUZZ_CHECK(read_cut(data, size, cut, &pieces) == r);
	FUZZ_CHECK(whole.len <= size && (!whole.len || !memcmp(whole.data, data, whole.len)));
	FUZZ_CHECK(whole.len == pieces.len &&
		(!whole.len || !memcmp(whole.data, pieces.data, whole.len)));
	oom_buffer_free(&whole);
	oom_buffer_free(&pieces);
	return 0;
}
