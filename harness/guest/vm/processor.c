// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/vm/processor.h"

#include "harness/guest/cache/hash.h"
#include "harness/host/file.h"

#include <stdbool.h>
#include <string.h>
#include <sys/utsname.h>

static bool changes_by_itself(const char *line)
{
	static const char *const names[] = {
		"processor", "cpu MHz", "bogomips", "core id", "apicid", "initial apicid"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t len = strlen(names[i]);

		if (!strncmp(line, names[i], len) && strspn(line + len, "\t :"))
			return true;
	}
	return false;
}

uint64_t oom_hash_cpuinfo(uint64_t hash, const char *cpuinfo)
{
	for (const char *line = cpuinfo; *line && *line != '\n';) {
		size_t len = strcspn(line, "\n");

		if (!changes_by_itself(line))
			hash = oom_hash(hash, line, len);
		line += len + (line[len] == '\n');
	}
	return hash;
}

uint64_t oom_hash_host(uint64_t hash)
{
	struct oom_arena arena = {0};
	struct utsname uts;
	char *text;

	if (!uname(&uts))
		hash = oom_hash_text(oom_hash_text(hash, uts.release), uts.version);
	if (!oom_file_read(&arena, "/proc/cpuinfo", 65536, &text, NULL))
		hash = oom_hash_cpuinfo(hash, text);
	oom_arena_release(&arena);
	return hash;
}
