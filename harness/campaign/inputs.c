// SPDX-License-Identifier: LGPL-2.1-or-later
#include "harness/campaign/inputs.h"

#include "harness/guest/image/digest.h"
#include "harness/host/digest.h"
#include "harness/host/file.h"
#include "harness/host/libexec.h"
#include "lib/record/input.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/utsname.h>

enum input {
	/* of the machine */
	PROGRAM,
	WORKLOADS,
	IMAGE,
	KERNEL,
	INITRD,
	CONFIG,
	PAYLOAD,
	MACHINE,
	OF_MACHINES,
	/* of the attempt */
	SCENARIO = OF_MACHINES,
	SEED,
	TIMEOUT,
	INPUTS
};

static const char *const names[INPUTS] = {[PROGRAM] = "program",
	[WORKLOADS] = "workloads",
	[IMAGE] = "image",
	[KERNEL] = "kernel",
	[INITRD] = "initrd",
	[PAYLOAD] = "payload",
	[CONFIG] = "config",
	[MACHINE] = "machine",
	[SCENARIO] = "scenario",
	[SEED] = "seed",
	[TIMEOUT] = "timeout_us"};

struct oom_inputs {
	const char *values[OF_MACHINES]; /* NULL: it has none */
};

/* ---- what is read ------------------------------------------------------------------------------- */

static const char *digest_of(struct oom_run_command *c, const char *path,
	int (*read)(const char *path, char ret[static OOM_DIGEST_TEXT]), int *r,
	struct oom_err *err)
{
	char sum[OOM_DIGEST_TEXT];

	if (*r || !path)
		return NULL;
	*r = read(path, sum);
	if (*r)
		*r = oom_err_errno(err, -*r, "cannot read '%s'", path);
	return *r ? NULL : oom_arena_strdup(&c->arena, sum);
}

/* "model name\t: X" of the first processor */
static const char *processor(struct oom_arena *arena)
{
	char *text, *model;

	if (oom_file_read(arena, "/proc/cpuinfo", 16384, &text, NULL))
		return NULL;
	model = strstr(text, "model name");
	model = model ? strchr(model, ':') : NULL;
	return model ? oom_arena_strndup(arena, model + 2, strcspn(model + 2, "\n")) : NULL;
}

static int describe_host(struct oom_run_command *c)
{
	struct utsname uts;

	if (!uname(&uts))
		c->run->host_kernel =
			oom_arena_printf(&c->run->arena, "%s %s", uts.release, uts.version);
	c->run->host_cpu = processor(&c->run->arena);
	return c->run->arena.failed ? -ENOMEM : 0;
}

/* The processor is a guest's own only where it runs on it. */
static const char *machine_words(
	struct oom_run_command *c, const struct oom_machine_rec *machine, bool is_guest)
{
	const char *cpu = c->run->host_cpu ? c->run->host_cpu : "?";

	if (!is_guest)
		return oom_arena_printf(&c->arena, "%s, %s, %s", machine->backend,
			c->run->host_kernel ? c->run->host_kernel : "?", cpu);
	return oom_arena_printf(&c->arena, "QEMU %s, %s%s%s", machine->qemu, machine->accel,
		!strcmp(machine->accel, "kvm") ? ", " : "",
		!strcmp(machine->accel, "kvm") ? cpu : "");
}

static int read_guest(
	struct oom_run_command *c, size_t i, struct oom_inputs *in, struct oom_err *err)
{
	const struct oom_prepared *p;
	char image[OOM_IMAGE_DIGEST_TEXT];
	int r = oom_host_prepared(c->guests, &c->specs[i], err, &p);

	if (r)
		return r;
	r = oom_image_digest(&p->image, image);
	if (r)
		return oom_err_errno(err, -r, "cannot read '%s'", p->image.disk);
	in->values[IMAGE] = oom_arena_strdup(&c->arena, image);
	in->values[KERNEL] = digest_of(c, p->vmlinuz, oom_digest_file, &r, err);
	in->values[INITRD] = digest_of(c, p->initrd, oom_digest_file, &r, err);
	/* it is called by all that it is made from */
	in->values[PAYLOAD] = strrchr(c->guests->payload, '/') + 1;
	return r;
}

int oom_inputs_open(struct oom_run_command *c, struct oom_err *err)
{
	struct oom_inputs same = {0}, *inputs;
	char workloads[PATH_MAX];
	int r = describe_host(c);

	inputs = oom_arena_alloc(&c->arena, (c->run->n_machines + 1) * sizeof(*inputs));
	if (r || !inputs)
		return oom_err_set(err, ENOMEM, "no memory for what the attempts are made from");
	r = oom_libexec_find("oomgate-workload", err, workloads, sizeof(workloads));
	same.values[PROGRAM] = digest_of(c, "/proc/self/exe", oom_digest_file, &r, err);
	same.values[WORKLOADS] = digest_of(c, workloads, oom_digest_file, &r, err);
	same.values[CONFIG] = digest_of(c, c->options.config_dir, oom_digest_tree, &r, err);
	for (size_t i = 0; !r && i < c->run->n_machines; i++) {
		inputs[i] = same;
		if (c->guests)
			r = read_guest(c, i, &inputs[i], err);
		inputs[i].values[MACHINE] =
			machine_words(c, &c->run->machines[i], c->guests != NULL);
	}
	if (!r && c->arena.failed)
		r = oom_err_set(err, ENOMEM, "no memory for what the attempts are made from");
	if (!r)
		c->inputs = inputs;
	return r;
}

/* ---- what is told and compared ------------------------------------------------------------------ */

/* NULL: it has none. @buf: room for what is not kept. */
static const char *value_of(const struct oom_run_command *c, const struct oom_job *job,
	enum input input, char buf[static OOM_DIGEST_TEXT])
{
	const char *text = job->scenario ? job->scenario->text : NULL;

	switch (input) {
	case SCENARIO:
		return text && !oom_digest_data(text, strlen(text), buf) ? buf : NULL;
	case SEED:
		snprintf(buf, OOM_DIGEST_TEXT, "%" PRIu64, job->seed);
		return buf;
	case TIMEOUT:
		snprintf(buf, OOM_DIGEST_TEXT, "%" PRIu64, c->options.timeout_us);
		return c->options.timeout_us ? buf : NULL;
	default:
		return c->inputs[job->machine].values[input];
	}
}

int oom_inputs_note(
	const struct oom_run_command *c, const struct oom_job *job, struct oom_attempt *record)
{
	char buf[OOM_DIGEST_TEXT];

	record->n_inputs = 0;
	for (enum input i = 0; c->inputs && i < INPUTS; i++) {
		const char *value = value_of(c, job, i, buf);

		if (value && oom_attempt_add_input(record, names[i], value) < 0)
			return -ENOMEM;
	}
	return 0;
}

const char *oom_inputs_differ(const struct oom_run_command *c, const struct oom_job *job,
	const struct oom_attempt *record)
{
	char buf[OOM_DIGEST_TEXT];

	if (c->inputs && !record->n_inputs)
		return "inputs";
	for (enum input i = 0; c->inputs && i < (job->scenario ? INPUTS : OF_MACHINES); i++) {
		const char *now = value_of(c, job, i, buf),
			   *then = oom_attempt_input(record, names[i]);

		if (now != then && (!now || !then || strcmp(now, then) != 0))
			return names[i];
	}
	return NULL;
}
