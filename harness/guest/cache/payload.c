// SPDX-License-Identifier: LGPL-2.1-or-later
/* The second disk: root/ holds this very program with its loader and libraries, config/ the --config
 * tree. Both are laid over the image's root. */
#include "harness/guest/cache/payload.h"

#include "harness/guest/cache/cache.h"
#include "harness/guest/cache/cache_temp.h"
#include "harness/guest/cache/hash.h"
#include "harness/guest/cache/pack.h"
#include "harness/guest/cache/tool.h"
#include "harness/host/file.h"
#include "harness/host/libexec.h"
#include "lib/base/cleanup.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define LIBEXEC "root/usr/lib/oomgate"

static const char unit[] = "[Unit]\n"
			   "Description=oomgate's agent in a guest\n"
			   "After=multi-user.target\n"
			   "DefaultDependencies=no\n"
			   "FailureAction=poweroff-force\n"
			   "[Service]\n"
			   "Environment=OOMGATE_LIBEXEC=/usr/lib/oomgate\n"
			   "ExecStart=/usr/lib/oomgate/oomgate-guest guest-agent auto\n"
			   "StandardOutput=journal+console\n"
			   "OOMPolicy=continue\n"
			   "OOMScoreAdjust=-1000\n"
			   "Delegate=yes\n"
			   "LimitMEMLOCK=infinity\n"
			   "TasksMax=infinity\n";
static const char target[] = "[Unit]\n"
			     "Description=a machine that serves oomgate\n"
			     "Requires=oomgate-agent.service\n"
			     "Wants=multi-user.target\n"
			     "After=multi-user.target\n"
			     "AllowIsolate=yes\n";

int oom_payload_programs(
	struct oom_arena *arena, struct oom_err *err, const char **ret_exe, const char **ret_helper)
{
	char exe[PATH_MAX], helper[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	int r;

	if (n < 0)
		return oom_err_errno(err, errno, "cannot read '/proc/self/exe'");
	exe[n] = '\0';
	r = oom_libexec_find("oomgate-workload", err, helper, sizeof(helper));
	if (r)
		return r;
	*ret_exe = oom_arena_strdup(arena, exe);
	*ret_helper = oom_arena_strdup(arena, helper);
	return arena->failed ? oom_err_set(err, ENOMEM, "no memory") : 0;
}

/* PT_INTERP of an ELF file; NULL for a static one. */
static char *elf_interpreter(struct oom_arena *arena, const char *path)
{
	oom_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr head;
	Elf64_Phdr part;
	char name[PATH_MAX] = "";

	if (fd < 0 || pread(fd, &head, sizeof(head), 0) != sizeof(head) ||
		memcmp(head.e_ident, ELFMAG, SELFMAG))
		return NULL;
	for (int i = 0; i < head.e_phnum; i++) {
		if (pread(fd, &part, sizeof(part),
			    (off_t)(head.e_phoff + (size_t)i * sizeof(part))) != sizeof(part))
			return NULL;
		if (part.p_type == PT_INTERP && part.p_filesz < sizeof(name) &&
			pread(fd, name, part.p_filesz, (off_t)part.p_offset) ==
				(ssize_t)part.p_filesz)
			return oom_arena_strdup(arena, name);
	}
	return NULL;
}

/* The loader's own list: "\tlibX.so.1 => /path (0x…)" a line. */
static int libraries(struct oom_arena *arena, const char *loader, const char *exe, const char *dir,
	struct oom_err *err, const char ***ret, size_t *ret_count)
{
	const char *const argv[] = {loader, "--list", exe, NULL};
	char log[PATH_MAX], *text, *save = NULL;
	const char **libs = NULL;
	size_t count = 0;
	int r;

	snprintf(log, sizeof(log), "%s/libraries", dir);
	r = oom_tool_run(argv, NULL, log, err);
	if (r)
		return r;
	r = oom_file_read(arena, log, 65536, &text, NULL);
	if (r)
		return oom_err_errno(err, -r, "cannot read '%s'", log);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *path = strstr(line, "=> /"), *end;

		if (!path)
			continue;
		path += 3;
		end = strstr(path, " (");
		if (end)
			*end = '\0';
		libs = oom_arena_grow(arena, libs, count, sizeof(*libs));
		if (!libs)
			return oom_err_set(err, ENOMEM, "no memory");
		libs[count++] = path;
	}
	*ret = libs;
	*ret_count = count;
	return 0;
}

static int pack_program(struct oom_pack *pack, const char *exe, const char *loader,
	const char **libs, size_t n_libs, struct oom_err *err)
{
	static const char dynamic[] = "#!/bin/sh\nexec /usr/lib/oomgate/lib/ld.so --library-path "
				      "/usr/lib/oomgate/lib /usr/lib/oomgate/oomgate \"$@\"\n";
	static const char plain[] = "#!/bin/sh\nexec /usr/lib/oomgate/oomgate \"$@\"\n";
	const char *script = loader ? dynamic : plain;
	char name[PATH_MAX];
	int r = oom_pack_file(pack, LIBEXEC "/oomgate", exe, 0755, err);

	if (!r && loader)
		r = oom_pack_file(pack, LIBEXEC "/lib/ld.so", loader, 0755, err);
	for (size_t i = 0; !r && i < n_libs; i++) {
		snprintf(name, sizeof(name), LIBEXEC "/lib/%s", strrchr(libs[i], '/') + 1);
		r = oom_pack_file(pack, name, libs[i], 0755, err);
	}
	if (!r && oom_pack_data(pack, LIBEXEC "/oomgate-guest", script, strlen(script), 0755))
		r = oom_err_errno(
			err, pack->error ? -pack->error : EIO, "cannot pack the guest's program");
	return r;
}

static int pack_all(struct oom_arena *arena, const char *tar, const char *dir, const char *exe,
	const char *helper, const char *config_dir, struct oom_err *err)
{
	static const char *const dirs[] = {"config", "root", "root/usr", "root/usr/lib", LIBEXEC,
		LIBEXEC "/lib", "root/usr/lib/systemd", "root/usr/lib/systemd/system"};
	char *loader = elf_interpreter(arena, exe);
	struct oom_pack pack;
	const char **libs = NULL;
	char usr[PATH_MAX];
	size_t n_libs = 0;
	int r = 0, w = 0;

	if (loader)
		r = libraries(arena, loader, exe, dir, err, &libs, &n_libs);
	if (!r)
		r = oom_pack_open(tar, true, err, &pack);
	if (r)
		return r;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		w |= oom_pack_dir(&pack, dirs[i]);
	if (config_dir) {
		/* where bin, sbin, lib and lib64 go */
		snprintf(usr, sizeof(usr), "%s/usr", config_dir);
		if (access(usr, F_OK) < 0)
			w |= oom_pack_dir(&pack, "config/usr");
		r = oom_pack_tree(&pack, "config", config_dir, err);
	}
	w |= oom_pack_data(&pack, "root/usr/lib/systemd/system/oomgate-agent.service", unit,
		strlen(unit), 0644);
	w |= oom_pack_data(
		&pack, "root/usr/lib/systemd/system/oomgate.target", target, strlen(target), 0644);
	if (!r)
		r = pack_program(&pack, exe, loader, libs, n_libs, err);
	if (!r)
		r = oom_pack_file(&pack, LIBEXEC "/oomgate-workload", helper, 0755, err);
	if (w && !r)
		r = oom_err_errno(err, pack.error ? -pack.error : EIO, "cannot write '%s'", tar);
	w = oom_pack_close(&pack, r ? NULL : err);
	return r ? r : w;
}

/* What else than the tar makes the disk: the tool, and how it is asked (disk_from_tar()). */
static const char disk_options[] =
	"-f -B 1024 -m 0; 256 + size/1024 inodes, 2048 + size/1024*5/4 blocks";

int oom_payload_key(const char *tar, uint64_t *ret)
{
	uint64_t hash = oom_hash_program(oom_hash_text(OOM_HASH_SEED, disk_options), "genext2fs");

	return oom_hash_file(hash, tar, ret);
}

/* A disk a little larger than what is in it. */
static int disk_from_tar(const char *tar, const char *disk, const char *log, struct oom_err *err)
{
	char blocks[32], inodes[32];
	const char *const argv[] = {"genext2fs", "-f", "-B", "1024", "-b", blocks, "-N", inodes,
		"-m", "0", "-a", tar, disk, NULL};
	struct stat st;

	if (stat(tar, &st) < 0)
		return oom_err_errno(err, errno, "cannot read '%s'", tar);
	/* a file of the tar costs at least 1 KiB there; so many inodes at the most */
	snprintf(inodes, sizeof(inodes), "%lld", 256 + (long long)st.st_size / 1024);
	snprintf(blocks, sizeof(blocks), "%lld", 2048 + (long long)st.st_size / 1024 * 5 / 4);
	return oom_tool_run(argv, NULL, log, err);
}

int oom_payload_make(struct oom_arena *arena, const char *cache, const char *exe,
	const char *helper, const char *config_dir, struct oom_err *err, const char **ret)
{
	char tar[PATH_MAX], disk[PATH_MAX], log[PATH_MAX];
	const char *temp;
	char *final = NULL;
	uint64_t hash;
	int r = oom_cache_temp(arena, cache, OOM_CACHE_PAYLOADS, err, &temp), w;

	if (r)
		return r;
	snprintf(tar, sizeof(tar), "%s/payload.tar", temp);
	snprintf(disk, sizeof(disk), "%s/payload.ext2", temp);
	snprintf(log, sizeof(log), "%s/log", temp);
	r = pack_all(arena, tar, temp, exe, helper, config_dir, err);
	if (!r && (w = oom_payload_key(tar, &hash)))
		r = oom_err_errno(err, -w, "cannot read '%s'", tar);
	if (!r) {
		final = oom_arena_printf(arena, "%s/payloads/%016" PRIx64 ".ext2", cache, hash);
		if (!final)
			r = oom_err_set(err, ENOMEM, "no memory");
		else if (utimensat(AT_FDCWD, final, NULL, 0) < 0)
			r = disk_from_tar(tar, disk, log, err);
		if (!r && access(final, F_OK) < 0 && rename(disk, final) < 0)
			r = oom_err_errno(err, errno, "cannot move the payload to '%s'", final);
	}
	oom_tree_remove(temp);
	if (!r)
		*ret = final;
	return r;
}
