// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a guest sends for a record is data: what does not fit is none of this attempt, and the host judges. */
#include "harness/campaign/schema.h"
#include "harness/guest/wire/frame.h"
#include "harness/host/file.h"
#include "harness/host/process.h"
#include "tests/support/fake_guest.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

static const char scenario_text[] = "# A hog dies, a guest of it is started and asked for.\n"
				    "[Scenario]\n"
				    "Tags=memcg\n"
				    "[Scope box]\n"
				    "MemoryMax=64M\n"
				    "[Workload hog]\n"
				    "Type=anon\n"
				    "Size=128M\n"
				    "[Workload late]\n"
				    "Type=idle\n"
				    "Size=1M\n"
				    "Start=hog killed\n"
				    "[Fault drop]\n"
				    "Type=drop-caches\n"
				    "When=hog reached 10M\n"
				    "[Expect]\n"
				    "OOMKills=1\n"
				    "[Expect hog]\n"
				    "KilledBy=kernel-memcg\n"
				    "[Expect late]\n"
				    "Survives=yes\n";

/* In it each single quote is a double one, and NONCE that of the job. */
static const char good[] =
	"{'scenario':'memcg/over-cap','machine':'debian:bookworm','attempt':3,'nonce':'NONCE',"
	"'verdict':'pass','reason':'of its own','tags':['forged'],'title':'forged',"
	"'memory_bytes':250000000,'panicked':false,'oom_kills':1,"
	"'timing':{'start_us':5,'setup_us':1000,'duration_us':2000},"
	"'workloads':{'hog':{'type':'anon','scope':'box','pid':41,'end':'signalled','exit_code':137,"
	"'signal':9,'killed_by':'kernel-memcg','reached_bytes':66000000,'start_us':10,'end_us':900,"
	"'kills':1},"
	"'late':{'type':'idle','scope':'box','pid':42,'end':'survived','signal':0,'killed_by':'nobody',"
	"'start_us':1000,'kills':0}},"
	"'units':{'box':{'kind':'scope','result':'success','memory_max':67108864,"
	"'memory_peak':67108864,'memory_events_local':{'oom_kill':1}}},"
	"'faults':[{'name':'drop','type':'drop-caches','trigger':'hog reached 10M','fired_us':100,"
	"'errno':0,'under_way':false}],"
	"'preconditions':[{'subject':'late','key':'Start','wanted':'hog killed','came_us':1000},"
	"{'subject':'drop','key':'When','wanted':'hog reached 10M','came_us':100}],"
	"'kills':[{'line':1,'killer':'kernel-memcg','constraint':'memcg','victim':{'pid':41,'comm':'hog'},'workload':'hog'}],"
	"'sources':[{'name':'kmsg','state':'ok','records':4,'lost':0},"
	"{'name':'mark_victim','state':'ok','records':1,'lost':0},"
	"{'name':'memory.events','state':'ok','records':1,'lost':0},"
	"{'name':'signal_generate','state':'ok','records':1,'lost':0}],"
	"'expectations':[{'subject':'','key':'OOMKills','wanted':'1','observed':'1','verdict':'pass'}]}";

static const char kill_line[] =
	"6,1,100,-;Memory cgroup out of memory: Killed process 41 (hog) total-vm:1kB, anon-rss:1kB, "
	"file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0\n";

struct row {
	const char *name;
	const char *from[3], *to[3]; /* what is another text in the record; NULL: nothing more */
	enum oom_verdict verdict;
	const char *reason; /* a part of it */
};

static struct oom_scenario *scenario;

static void set_up(void)
{
	struct oom_diags diags = {0};

	cr_assert_eq(oom_scenario_parse(oom_schema(), "memcg/over-cap", "x.scenario", scenario_text,
			     strlen(scenario_text), &diags, &scenario),
		0, "%s", diags.count ? diags.items[0].msg : "");
}

static void tear_down(void)
{
	oom_scenario_free(scenario);
}

TestSuite(guest_adopt, .init = set_up, .fini = tear_down, .timeout = 60);

static char *replaced(struct oom_arena *arena, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	cr_assert_not_null(at, "'%s' is not in it", from);
	return oom_arena_printf(arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void begin(struct fake_guest *guest)
{
	fake_guest_begin(guest);
	guest->a->scenario = scenario;
	guest->a->running_us = oom_monotonic_us();
	guest->a->vm.shape.memory_bytes = 256 << 20;
	guest->a->job.nonce[0] = 0xa5;
	guest->a->job.realtime_us = oom_realtime_us();
	guest->a->look_us = UINT64_MAX;
}

static void answer(
	struct fake_guest *guest, struct oom_arena *arena, const struct row *row, const char *kmsg)
{
	char nonce[OOM_JOB_NONCE_TEXT];
	char *text = replaced(arena, good, "NONCE", oom_job_nonce(&guest->a->job, nonce));

	for (int i = 0; i < 3 && row->from[i]; i++)
		text = replaced(arena, text, row->from[i], row->to[i]);
	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	if (kmsg) {
		char *file = oom_arena_printf(arena, "kmsg%c%s", 1, kmsg);

		file[4] = '\0';
		cr_assert_eq(
			oom_frame_send(guest->guest_fd, OOM_FRAME_FILE, file, 5 + strlen(kmsg)), 0);
	}
	cr_assert_eq(oom_frame_send(guest->guest_fd, OOM_FRAME_RECORD, text, strlen(text)), 0);
	cr_assert_eq(oom_frame_send(guest->guest_fd, OOM_FRAME_DONE, NULL, 0), 0);
	for (int n = 0; n < 5; n++)
		fake_guest_step(guest);
	cr_assert_not_null(guest->record, "%s", row->name);
}

static void check(const struct row *row, const char *kmsg)
{
	struct oom_arena arena = {0};
	struct fake_guest guest;

	begin(&guest);
	answer(&guest, &arena, row, kmsg);
	cr_expect_eq(guest.record->verdict, row->verdict, "%s: %s, %s", row->name,
		oom_verdict_name(guest.record->verdict), guest.record->reason);
	cr_expect(strstr(guest.record->reason, row->reason), "%s: '%s'", row->name,
		guest.record->reason);
	fake_guest_end(&guest);
	oom_arena_release(&arena);
}

#define BELIEVED "the guest's record is not believed: "

/* A record that is another attempt's, or none at all. */
static const struct row foreign[] = {
	{"another job's", {"'nonce':'a5"}, {"'nonce':'b5"}, OOM_BROKEN,
		BELIEVED "it does not answer the job that was sent"},
	{"of no job", {"'nonce'"}, {"'once'"}, OOM_BROKEN, "it does not answer the job"},
	{"a shorter nonce", {"'nonce':'a5"}, {"'nonce':'a"}, OOM_BROKEN, "does not answer"},
	{"another scenario's", {"memcg/over-cap"}, {"memcg/under"}, OOM_BROKEN,
		"it is of scenario 'memcg/under'"},
	{"another machine's", {"bookworm"}, {"trixie"}, OOM_BROKEN,
		"it is of machine 'debian:trixie'"},
	{"another attempt's", {"'attempt':3"}, {"'attempt':4"}, OOM_BROKEN, "it is of attempt 4"},
	{"no JSON", {"{'scenario'"}, {"'scenario'"}, OOM_BROKEN, "it is not JSON"},
	{"no record", {"'attempt':3"}, {"'attempt':'x'"}, OOM_BROKEN, "'attempt'"},
};

/* One that does not fit the scenario. */
static const struct row unfit[] = {
	{"a workload is missing", {"'late':{'type'", "'hog killed'"},
		{"'more':{'type'", "'hog killed'"}, OOM_BROKEN,
		"the scenario has no workload 'more'"},
	{"a workload of another type", {"'type':'idle'"}, {"'type':'anon'"}, OOM_BROKEN,
		"workload 'late' is of another type"},
	{"a scope that is none", {"'scope':'box'"}, {"'scope':'other'"}, OOM_BROKEN,
		"workload 'hog' is in another scope"},
	{"killed, and exited 0", {"'exit_code':137"}, {"'exit_code':0"}, OOM_BROKEN,
		"the end of workload 'hog' contradicts itself"},
	{"signal 65", {"'signal':9"}, {"'signal':65"}, OOM_BROKEN, "contradicts itself"},
	{"a time beyond the run", {"'end_us':900"}, {"'end_us':99000000000"}, OOM_BROKEN,
		"workload 'hog' has a number that cannot be"},
	{"a pid that cannot be", {"'pid':42"}, {"'pid':99999999"}, OOM_BROKEN,
		"workload 'late' has a number"},
	{"another unit", {"'box':{'kind'"}, {"'bax':{'kind'"}, OOM_BROKEN,
		"the scenario has no scope 'bax'"},
	{"a unit of another kind", {"'kind':'scope'"}, {"'kind':'slice'"}, OOM_BROKEN,
		"the scenario has no slice 'box'"},
	{"no unit", {"'units':{'box'"}, {"'unit':{'box'"}, OOM_BROKEN, "scope 'box' is missing"},
	{"more than the machine's memory", {"'memory_peak':67108864"}, {"'memory_peak':967108864"},
		OOM_BROKEN, "unit 'box' has a number that cannot be"},
	{"another fault", {"'name':'drop'"}, {"'name':'drip'"}, OOM_BROKEN,
		"the scenario has no fault 'drip'"},
	{"a fault of another kind", {"'type':'drop-caches'"}, {"'type':'freeze'"}, OOM_BROKEN,
		"fault 'drop' is another one"},
	{"no fault", {"'faults'"}, {"'fault'"}, OOM_BROKEN, "a fault is missing"},
	{"nothing was relied on", {"'preconditions'"}, {"'none'"}, OOM_BROKEN,
		"it does not tell once whether 'Start=hog killed' of late came"},
	{"something else was", {"'wanted':'hog killed'"}, {"'wanted':'2s'"}, OOM_BROKEN,
		"it does not tell once whether 'Start=hog killed' of late came"},
	{"a kill without a victim", {"'victim':{'pid':41"}, {"'victim':{'pid':0"}, OOM_BROKEN,
		"kill 1 has no victim"},
	{"a kill of nobody of the scenario", {"'workload':'hog'"}, {"'workload':'hig'"}, OOM_BROKEN,
		"kill 1 is of workload 'hig'"},
	{"more kills than are told of", {"'oom_kills':1"}, {"'oom_kills':2"}, OOM_BROKEN,
		"it counts 2 kills, and tells of 1"},
	{"fewer", {"'oom_kills':1"}, {"'oom_kills':0"}, OOM_BROKEN, "it counts 0 kills"},
	{"a source twice", {"'mark_victim'"}, {"'kmsg'"}, OOM_BROKEN, "a source has no name"},
	{"lost, and whole", {"'lost':0"}, {"'lost':7"}, OOM_BROKEN,
		"source 'kmsg' lost records, and is whole"},
	{"a larger machine", {"'memory_bytes':250000000"}, {"'memory_bytes':950000000"}, OOM_BROKEN,
		"it has a size or a time that cannot be"},
	{"skipped after it ran", {"'oom_kills'"},
		{"'hindrance':'needs x','hindrance_skips':true,'oom_kills'"}, OOM_BROKEN,
		"it was skipped, and tells of what happened"},
	{"skipped for nothing", {"'oom_kills'"}, {"'hindrance_skips':true,'oom_kills'"}, OOM_BROKEN,
		"it was skipped, and does not say why"},
};

/* What the guest says of its own verdict counts for nothing; what it observed does. */
static const struct row judged[] = {
	{"as it is", {NULL}, {NULL}, OOM_PASS, ""},
	{"its own fail", {"'verdict':'pass'"}, {"'verdict':'fail'"}, OOM_PASS, ""},
	{"its own skip", {"'verdict':'pass'"}, {"'verdict':'skipped'"}, OOM_PASS, ""},
	{"another killer, and its own pass", {"'killed_by':'kernel-memcg'"},
		{"'killed_by':'kernel-global'"}, OOM_FAIL, "hog KilledBy: wanted kernel-memcg"},
	{"no expectations of its own", {"'expectations'"}, {"'none'"}, OOM_PASS, ""},
	{"a bystander that ended, and its own pass", {"'end':'survived','signal':0"},
		{"'end':'signalled','exit_code':143,'signal':15"}, OOM_FAIL,
		"late Survives: wanted yes"},
	{"a fault that never fired", {"'fired_us':100", "'came_us':100}"},
		{"'fired_us':null", "'came_us':null}"}, OOM_BROKEN, "fault 'drop' never fired"},
	{"that it calls optional", {"'fired_us':100", "'came_us':100}"},
		{"'fired_us':null", "'came_us':null,'optional':true}"}, OOM_BROKEN,
		"fault 'drop' never fired"},
	{"a set-up that failed", {"'oom_kills'"}, {"'hindrance':'no such program','oom_kills'"},
		OOM_BROKEN, "no such program"},
	{"a panic that QEMU did not see", {"'panicked':false"}, {"'panicked':true"}, OOM_PASS, ""},
};

Test(guest_adopt, what_is_of_another_attempt_is_not_believed)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		check(&foreign[i], NULL);
}

Test(guest_adopt, what_does_not_fit_the_scenario_is_not_believed)
{
	for (size_t i = 0; i < sizeof(unfit) / sizeof(*unfit); i++)
		check(&unfit[i], NULL);
}

Test(guest_adopt, the_host_judges)
{
	for (size_t i = 0; i < sizeof(judged) / sizeof(*judged); i++)
		check(&judged[i], NULL);
}

/* The raw log came in a file of its own. */
Test(guest_adopt, kills_are_those_of_the_raw_log)
{
	static const struct {
		struct row row;
		const char *kmsg;
	} rows[] = {
		{{"the same", {NULL}, {NULL}, OOM_PASS, ""}, kill_line},
		{{"it has none", {NULL}, {NULL}, OOM_BROKEN,
			 "it tells of a kill of pid 41 that is not in its kernel log"},
			"6,1,100,-;nothing\n"},
		{{"it has another", {"'kills':1", "'kills':[{'line':1"},
			 {"'kills':0", "'kills':[],'k':[{'line':1"}, OOM_BROKEN, "counts 1 kills"},
			kill_line},
		{{"one that is not told of", {"'oom_kills':1", "'kills':1", "'kills':[{'line':1"},
			 {"'oom_kills':0", "'kills':0", "'kills':[],'k':[{'line':1"}, OOM_BROKEN,
			 "its kernel log has a kill of pid 41 that it does not tell of"},
			kill_line},
		{{"a log that lost something proves nothing", {"'state':'ok','records':4,'lost':0"},
			 {"'state':'lost','records':4,'lost':9"}, OOM_PASS, ""},
			"6,1,100,-;nothing\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check(&rows[i].row, rows[i].kmsg);
}

/* The host's own words stand in the record, whatever the guest says in their place. */
Test(guest_adopt, the_host_knows_better)
{
	const struct row row = {"forged", {"'oom_kills'"},
		{"'evidence_dir':'/etc','samples':'../x','known_on':1,'oom_kills'"}, OOM_PASS, ""};
	struct oom_arena arena = {0};
	struct fake_guest guest;

	begin(&guest);
	answer(&guest, &arena, &row, NULL);
	cr_expect_str_eq(
		guest.record->title, "A hog dies, a guest of it is started and asked for.");
	cr_assert_eq(guest.record->n_tags, 1);
	cr_expect_str_eq(guest.record->tags[0], "memcg");
	cr_expect_null(guest.record->evidence_dir);
	cr_expect_null(guest.record->samples);
	cr_expect_eq(guest.record->known_on, -1, "the scenario asks for no such machine");
	cr_expect_geq(guest.record->start_realtime_us, guest.a->job.realtime_us);
	cr_expect_eq(guest.record->n_expects, 3);
	cr_expect_eq(guest.record->workloads[0].line, 6);
	fake_guest_end(&guest);
	oom_arena_release(&arena);
}

/* What answers a job comes after it; a guest that is being restored has none. */
Test(guest_adopt, an_answer_before_the_job_is_none)
{
	static const enum oom_frame_type types[] = {OOM_FRAME_RECORD, OOM_FRAME_DONE,
		OOM_FRAME_FILE, OOM_FRAME_SKIPPED, OOM_FRAME_REQUEST};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		struct fake_guest guest;

		begin(&guest);
		guest.a->phase = OOM_GUEST_RESTORING;
		cr_assert_eq(oom_frame_send(guest.guest_fd, types[i], "x", 2), 0);
		fake_guest_step(&guest);
		cr_assert_not_null(guest.record, "type %d", types[i]);
		cr_expect_eq(guest.record->verdict, OOM_BROKEN);
		cr_expect(strstr(guest.record->reason, "answered before it was sent a job"), "%s",
			guest.record->reason);
		fake_guest_end(&guest);
	}
}

/* Only the agent skips, only for cgroup v1, and only the job that it was sent. */
Test(guest_adopt, a_skip_of_its_own_is_none)
{
	static const struct {
		bool legacy, right;
		enum oom_verdict verdict;
	} rows[] = {
		{true, true, OOM_SKIPPED}, {false, true, OOM_BROKEN}, {true, false, OOM_BROKEN}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char nonce[OOM_JOB_NONCE_TEXT];
		struct fake_guest guest;

		begin(&guest);
		guest.a->job.legacy = rows[i].legacy;
		oom_job_nonce(&guest.a->job, nonce);
		nonce[0] = rows[i].right ? nonce[0] : 'f';
		cr_assert_eq(
			oom_frame_send(guest.guest_fd, OOM_FRAME_SKIPPED, nonce, strlen(nonce)), 0);
		fake_guest_step(&guest);
		cr_assert_not_null(guest.record, "row %zu", i);
		cr_expect_eq(guest.record->verdict, rows[i].verdict, "row %zu: %s", i,
			guest.record->reason);
		fake_guest_end(&guest);
	}
}
