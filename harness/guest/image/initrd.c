// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/guest/image/initrd.h"

#include "harness/guest/cache/hash.h"
#include "harness/guest/cache/pack.h"
#include "harness/guest/image/blobs.h"
#include "harness/host/file.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* What the machine has; a kernel that has it built in names no such module. */
static const char *const wanted[] = {"virtio_pci", "virtio_blk", "virtio_console", "virtio_balloon",
	"ext4", "overlay", "pvpanic", "pvpanic_mmio", "pvpanic_pci"};

struct modules {
	const char *dir, *release;
	char *dep; /* modules.dep: "PATH: PATH…" a line, nearest dependency first */
	char *order;
	struct oom_pack pack;
	const char *temp;
	struct oom_arena arena;
	uint64_t *key; /* not NULL: nothing is packed, all that would be goes into it */
};

/* Does the file name of @path belong to module @name? '-' and '_' are the same in module names. */
static bool names(const char *path, size_t len, const char *name)
{
	size_t n = strlen(name);
	const char *base = path + len;

	while (base > path && base[-1] != '/')
		base--;
	if ((size_t)(path + len - base) < n + 3 || strncmp(base + n, ".ko", 3))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((base[i] == '-' ? '_' : base[i]) != name[i])
			return false;
	return true;
}

static const char *dep_line(const struct modules *mods, const char *name)
{
	for (const char *line = mods->dep; *line;
		line += strcspn(line, "\n"), line += *line == '\n') {
		size_t len = strcspn(line, ":\n");

		if (line[len] == ':' && names(line, len, name))
			return line;
	}
	return NULL;
}

static int check_vermagic(const struct modules *mods, const char *path, const char *data,
	size_t len, struct oom_err *err)
{
	static const char key[] = "vermagic=";
	const char *magic = memmem(data, len, key, sizeof(key) - 1);
	size_t n = strlen(mods->release);

	if (!magic)
		return oom_err_set(err, EINVAL, "'%s' is not a kernel module", path);
	magic += sizeof(key) - 1;
	if (strncmp(magic, mods->release, n) || magic[n] != ' ')
		return oom_err_set(err, EINVAL,
			"'%s' is for kernel '%.*s', not '%s': give the modules of that kernel "
			"with modules=DIR",
			mods->dir, (int)strcspn(magic, " "), magic, mods->release);
	return 0;
}

static int add_file(struct modules *mods, const char *path, size_t len, struct oom_err *err)
{
	char full[PATH_MAX], name[256], line[300];
	const char *base = memrchr(path, '/', len), *suffix;
	char *data = NULL;
	size_t bytes;
	int n, r;

	base = base ? base + 1 : path;
	suffix = memmem(base, (size_t)(path + len - base), ".ko", 3);
	/* behind it the name of a compression may follow */
	n = suffix ? snprintf(name, sizeof(name), "modules/%.*s.ko", (int)(suffix - base), base)
		   : -1;
	if (n < 0 || (size_t)n >= sizeof(name))
		return oom_err_set(err, EINVAL,
			"'%s/modules.dep' names '%.*s', which is not a module", mods->dir, (int)len,
			path);
	snprintf(line, sizeof(line), "%s\n", name + 8);
	if (strstr(mods->order, line))
		return 0;
	mods->order = oom_arena_printf(&mods->arena, "%s%s", mods->order, line);
	/* depmod writes absolute paths for an old or foreign base folder */
	snprintf(full, sizeof(full), "%s%s%.*s", *path == '/' ? "" : mods->dir,
		*path == '/' ? "" : "/", (int)len, path);
	if (mods->key) {
		r = oom_hash_file(oom_hash_text(*mods->key, name), full, mods->key);
		return r ? oom_err_errno(err, -r, "cannot read '%s'", full) : 0;
	}
	r = oom_unpack_file(&mods->arena, full, mods->temp, &data, &bytes, err);
	if (!r)
		r = check_vermagic(mods, full, data, bytes, err);
	if (!r && (!mods->order || oom_pack_data(&mods->pack, name, data, bytes, 0644)))
		r = oom_err_errno(err, mods->pack.error ? -mods->pack.error : EIO,
			"cannot write module '%s'", name);
	return r;
}

static int add_module(struct modules *mods, const char *name, struct oom_err *err)
{
	const char *line = dep_line(mods, name), *end, *p;

	if (!line)
		return 0; /* built in, or not there: the init says which disk it misses */
	end = line + strcspn(line, "\n");
	/* dependencies stand nearest first: load from the end of the line to its beginning */
	for (p = end; p > line;) {
		const char *word;
		size_t len;
		int r;

		while (p > line && p[-1] == ' ')
			p--;
		for (word = p; word > line && word[-1] != ' ';)
			word--;
		len = (size_t)(p - word) - (p[-1] == ':');
		if (len > 200)
			return oom_err_set(err, EINVAL,
				"'%s/modules.dep' has a path that is too long", mods->dir);
		r = add_file(mods, word, len, err);
		if (r)
			return r;
		p = word;
	}
	return 0;
}

static int read_dep(struct modules *mods, struct oom_err *err)
{
	char path[PATH_MAX];
	size_t len;
	int r;

	if (snprintf(path, sizeof(path), "%s/modules.dep", mods->dir) >= (int)sizeof(path))
		return oom_err_set(err, ENAMETOOLONG, "the path of 'modules=' is too long");
	r = oom_file_read(&mods->arena, path, 16 << 20, &mods->dep, &len);
	return r ? oom_err_errno(err, -r, "cannot read '%s' (depmod writes it)", path) : 0;
}

/* Of the first wanted module that lies there plainly; what is compressed is told when it is unpacked. */
static int check_first(struct modules *mods, struct oom_err *err)
{
	char path[PATH_MAX], *data;
	size_t len;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		const char *line = dep_line(mods, wanted[i]);
		size_t n = line ? strcspn(line, ":") : 0;

		if (n < 3 || n > 200 || strncmp(line + n - 3, ".ko", 3))
			continue;
		snprintf(path, sizeof(path), "%s/%.*s", mods->dir, (int)n, line);
		if (oom_file_read(&mods->arena, path, 64 << 20, &data, &len))
			return oom_err_set(
				err, ENOENT, "cannot read '%s', which modules.dep names", path);
		return check_vermagic(mods, path, data, len, err);
	}
	return 0;
}

int oom_modules_check(const char *modules, const char *release, struct oom_err *err)
{
	struct modules mods = {.dir = modules, .release = release};
	int r = read_dep(&mods, err);

	if (!r)
		r = check_first(&mods, err);
	oom_arena_release(&mods.arena);
	return r;
}

static int add_modules(struct modules *mods, struct oom_err *err)
{
	int r;

	mods->order = oom_arena_strdup(&mods->arena, "");
	if (mods->dir) {
		r = read_dep(mods, err);
		if (r)
			return r;
		for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
			r = add_module(mods, wanted[i], err);
			if (r)
				return r;
		}
	}
	return 0;
}

static const char *const dirs[] = {
	"bin", "modules", "proc", "sys", "dev", "image", "payload", "rw", "new"};
static const char *const applets[] = {
	"sh", "mount", "umount", "insmod", "switch_root", "sleep", "mkdir", "echo", "test", "["};

static uint64_t hash_words(uint64_t hash, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		hash = oom_hash_text(hash, words[i]);
	return oom_hash(hash, &count, sizeof(count));
}

/* Modules are found and put in order as they are for the file itself: the list of those wanted, modules.dep and what
 * is compiled into this program are in it by what comes of them. */
int oom_initrd_key(const char *busybox, const char *modules, const char *release,
	struct oom_err *err, uint64_t *ret)
{
	struct oom_blob init = oom_blob_guest_init();
	uint64_t key = oom_hash(oom_hash_text(OOM_HASH_SEED, "initrd/2"), init.text, init.len);
	struct modules mods = {.dir = modules, .release = release, .key = &key};
	int r;

	key = oom_hash_text(key, release);
	key = hash_words(key, dirs, sizeof(dirs) / sizeof(*dirs));
	key = hash_words(key, applets, sizeof(applets) / sizeof(*applets));
	r = oom_hash_file(key, busybox, &key);
	r = r ? oom_err_errno(err, -r, "cannot read '%s'", busybox) : add_modules(&mods, err);
	if (!r && mods.order)
		*ret = oom_hash_text(key, mods.order);
	else if (!r)
		r = oom_err_set(err, ENOMEM, "no memory");
	oom_arena_release(&mods.arena);
	return r;
}

int oom_initrd_write(const char *path, const char *busybox, const char *modules,
	const char *release, struct oom_err *err)
{
	struct modules mods = {.dir = modules, .release = release};
	struct oom_blob init = oom_blob_guest_init();
	int r = oom_pack_open(path, false, err, &mods.pack), w = 0;

	mods.temp = oom_arena_printf(&mods.arena, "%s.module", path);

	if (r)
		return r;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		w |= oom_pack_dir(&mods.pack, dirs[i]);
	for (size_t i = 0; i < sizeof(applets) / sizeof(*applets); i++) {
		char name[32];

		snprintf(name, sizeof(name), "bin/%s", applets[i]);
		w |= oom_pack_link(&mods.pack, name, "busybox");
	}
	w |= oom_pack_data(&mods.pack, "init", init.text, init.len, 0755);
	r = oom_pack_file(&mods.pack, "bin/busybox", busybox, 0755, err);
	if (!r)
		r = add_modules(&mods, err);
	if (!r)
		w |= oom_pack_data(
			&mods.pack, "modules/order", mods.order, strlen(mods.order), 0644);
	if (w && !r)
		r = oom_err_errno(
			err, mods.pack.error ? -mods.pack.error : EIO, "cannot write '%s'", path);
	w = oom_pack_close(&mods.pack, r ? NULL : err);
	oom_arena_release(&mods.arena);
	return r ? r : w;
}
