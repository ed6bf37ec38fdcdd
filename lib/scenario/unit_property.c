// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/scenario/unit_property.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define SCOPE	 OOM_UNIT_SCOPE
#define SERVICE	 OOM_UNIT_SERVICE
#define PROCESS	 (OOM_UNIT_SCOPE | OOM_UNIT_SERVICE)
#define RESOURCE (OOM_UNIT_SLICE | OOM_UNIT_SCOPE | OOM_UNIT_SERVICE)

/* Most numbers may be endless. */
#define ENDLESS .choices = "infinity"
#define SIGNAL	.flags = OOM_KEY_SIGNAL

const struct oom_unit_property oom_unit_properties[] = {
	/* memory: systemd.resource-control(5), Documentation/admin-guide/cgroup-v2.rst */
	{{"MemoryMax", OOM_T_SIZE, NULL, "hard limit: above it the OOM killer is invoked", ENDLESS},
		OOM_DBUS_SIZE, NULL, "memory.max", "memory.limit_in_bytes", 231, RESOURCE},
	{{"MemoryHigh", OOM_T_SIZE, NULL,
		 "throttling limit: above it memory is reclaimed, but nothing is killed", ENDLESS},
		OOM_DBUS_SIZE, NULL, "memory.high", NULL, 231, RESOURCE},
	{{"MemoryMin", OOM_T_SIZE, NULL,
		 "hard protection: never reclaimed, even if that means an OOM kill", ENDLESS},
		OOM_DBUS_SIZE, NULL, "memory.min", NULL, 240, RESOURCE},
	{{"MemoryLow", OOM_T_SIZE, NULL,
		 "best-effort protection: reclaimed only when nothing unprotected is left",
		 ENDLESS},
		OOM_DBUS_SIZE, NULL, "memory.low", NULL, 231, RESOURCE},
	{{"DefaultMemoryMin", OOM_T_SIZE, NULL, "default MemoryMin= of the units below", ENDLESS},
		OOM_DBUS_SIZE, NULL, NULL, NULL, 242, RESOURCE},
	{{"DefaultMemoryLow", OOM_T_SIZE, NULL, "default MemoryLow= of the units below", ENDLESS},
		OOM_DBUS_SIZE, NULL, NULL, NULL, 242, RESOURCE},
	/* v1 limits the sum of memory and swap */
	{{"MemorySwapMax", OOM_T_SIZE, NULL, "swap limit", ENDLESS}, OOM_DBUS_SIZE, NULL,
		"memory.swap.max", "memory.memsw.limit_in_bytes", 232, RESOURCE},
	{{"MemoryZSwapMax", OOM_T_SIZE, NULL, "zswap limit", ENDLESS}, OOM_DBUS_SIZE, NULL,
		"memory.zswap.max", NULL, 253, RESOURCE},
	{{"MemoryZSwapWriteback", OOM_T_BOOL, NULL, "may zswap write back to the swap device?"},
		OOM_DBUS_BOOL, NULL, "memory.zswap.writeback", NULL, 256, RESOURCE},
	{{"MemoryAccounting", OOM_T_BOOL, NULL, "account memory"}, OOM_DBUS_BOOL, NULL, NULL, NULL,
		208, RESOURCE},
	{{"MemoryPressureWatch", OOM_T_CHOICE, NULL,
		 "tell the processes where to watch memory pressure",
		 .choices = "auto|on|off|skip"},
		OOM_DBUS_STRING, NULL, NULL, NULL, 254, RESOURCE},
	{{"MemoryPressureThresholdSec", OOM_T_DURATION, NULL,
		 "stall time in 2s that counts as pressure for watchers", ENDLESS},
		OOM_DBUS_USEC, "MemoryPressureThresholdUSec", NULL, NULL, 254, RESOURCE},
	/* systemd-oomd */
	{{"ManagedOOMSwap", OOM_T_CHOICE, NULL, "may systemd-oomd kill here when swap runs low?",
		 .choices = "auto|kill"},
		OOM_DBUS_STRING, NULL, NULL, NULL, 247, RESOURCE},
	{{"ManagedOOMMemoryPressure", OOM_T_CHOICE, NULL,
		 "may systemd-oomd kill here under memory pressure?", .choices = "auto|kill"},
		OOM_DBUS_STRING, NULL, NULL, NULL, 247, RESOURCE},
	{{"ManagedOOMMemoryPressureLimit", OOM_T_SIZE, NULL,
		 "memory pressure, in percent, at which systemd-oomd acts",
		 .flags = OOM_KEY_PERCENT},
		OOM_DBUS_PERMYRIAD, NULL, NULL, NULL, 248, RESOURCE},
	{{"ManagedOOMMemoryPressureDurationSec", OOM_T_DURATION, NULL,
		 "how long the pressure must last before systemd-oomd acts", ENDLESS},
		OOM_DBUS_USEC, "ManagedOOMMemoryPressureDurationUSec", NULL, NULL, 257, RESOURCE},
	{{"ManagedOOMPreference", OOM_T_CHOICE, NULL, "does systemd-oomd spare this cgroup?",
		 .choices = "none|avoid|omit"},
		OOM_DBUS_STRING, NULL, NULL, NULL, 248, RESOURCE},
	/* tasks */
	{{"TasksMax", OOM_T_SIZE, NULL, "maximum number of processes and threads", .min = 1,
		 .max = 1 << 22, ENDLESS},
		OOM_DBUS_TASKS, NULL, "pids.max", "pids.max", 227, RESOURCE},
	{{"TasksAccounting", OOM_T_BOOL, NULL, "account processes and threads"}, OOM_DBUS_BOOL,
		NULL, NULL, NULL, 227, RESOURCE},
	/* processors and nodes */
	{{"CPUWeight", OOM_T_INT, NULL, "share of CPU time; the default is 100", .min = 1,
		 .max = 10000},
		OOM_DBUS_UINT64, NULL, "cpu.weight", NULL, 232, RESOURCE},
	{{"CPUQuota", OOM_T_SIZE, NULL, "CPU time limit, in percent of one CPU",
		 .flags = OOM_KEY_PERCENT},
		OOM_DBUS_PERCENT, "CPUQuotaPerSecUSec", "cpu.max", "cpu.cfs_quota_us", 213,
		RESOURCE},
	{{"CPUQuotaPeriodSec", OOM_T_DURATION, NULL, "period over which CPUQuota= is measured",
		 .min = 1000, .max = 1000000},
		OOM_DBUS_USEC, "CPUQuotaPeriodUSec", NULL, "cpu.cfs_period_us", 242, RESOURCE},
	{{"AllowedCPUs", OOM_T_STRING, NULL, "CPUs that may be used: 0-3,7"}, OOM_DBUS_CPUSET, NULL,
		"cpuset.cpus", "cpuset.cpus", 244, RESOURCE},
	{{"AllowedMemoryNodes", OOM_T_STRING, NULL, "NUMA nodes that may be used: 0-1"},
		OOM_DBUS_CPUSET, NULL, "cpuset.mems", "cpuset.mems", 244, RESOURCE},
	{{"CPUAccounting", OOM_T_BOOL, NULL, "account CPU time"}, OOM_DBUS_BOOL, NULL, NULL, NULL,
		208, RESOURCE},
	/* block devices: page cache that cannot be written back is pressure, too */
	{{"IOAccounting", OOM_T_BOOL, NULL, "account block I/O"}, OOM_DBUS_BOOL, NULL, NULL, NULL,
		230, RESOURCE},
	{{"IOWeight", OOM_T_INT, NULL, "share of block I/O; the default is 100", .min = 1,
		 .max = 10000},
		OOM_DBUS_UINT64, NULL, "io.weight", NULL, 230, RESOURCE},
	{{"IODeviceWeight", OOM_T_STRING, NULL, "share of the I/O of one device: /dev/vda 100",
		 .flags = OOM_KEY_REPEATS},
		OOM_DBUS_DEVICE_UINT64, NULL, NULL, NULL, 230, RESOURCE},
	{{"IOReadBandwidthMax", OOM_T_STRING, NULL, "bytes read per second: /dev/vda 5M",
		 .flags = OOM_KEY_REPEATS},
		OOM_DBUS_DEVICE_SIZE, NULL, NULL, NULL, 230, RESOURCE},
	{{"IOWriteBandwidthMax", OOM_T_STRING, NULL, "bytes written per second: /dev/vda 5M",
		 .flags = OOM_KEY_REPEATS},
		OOM_DBUS_DEVICE_SIZE, NULL, NULL, NULL, 230, RESOURCE},
	{{"IOReadIOPSMax", OOM_T_STRING, NULL, "reads per second: /dev/vda 1K",
		 .flags = OOM_KEY_REPEATS},
		OOM_DBUS_DEVICE_SIZE, NULL, NULL, NULL, 230, RESOURCE},
	{{"IOWriteIOPSMax", OOM_T_STRING, NULL, "writes per second: /dev/vda 1K",
		 .flags = OOM_KEY_REPEATS},
		OOM_DBUS_DEVICE_SIZE, NULL, NULL, NULL, 230, RESOURCE},
	{{"IODeviceLatencyTargetSec", OOM_T_STRING, NULL, "target latency: /dev/vda 25ms",
		 .flags = OOM_KEY_REPEATS},
		OOM_DBUS_DEVICE_USEC, "IODeviceLatencyTargetUSec", NULL, NULL, 240, RESOURCE},
	{{"IPAccounting", OOM_T_BOOL, NULL, "account network traffic"}, OOM_DBUS_BOOL, NULL, NULL,
		NULL, 235, RESOURCE},
	/* the tree */
	{{"Slice", OOM_T_STRING, NULL, "parent slice: one of this file, or system.slice",
		 .flags = OOM_KEY_SCOPE},
		OOM_DBUS_STRING, NULL, NULL, NULL, 208, RESOURCE},
	{{"DevicePolicy", OOM_T_CHOICE, NULL, "which device nodes may be accessed",
		 .choices = "auto|closed|strict"},
		OOM_DBUS_STRING, NULL, NULL, NULL, 208, RESOURCE},
	{{"DisableControllers", OOM_T_WORDS, NULL, "controllers that the units below cannot use"},
		OOM_DBUS_STRV, NULL, NULL, NULL, 240, RESOURCE},
	{{"Delegate", OOM_T_WORDS, NULL,
		 "yes, no or controllers: lets the processes manage their own subtree"},
		OOM_DBUS_DELEGATE, NULL, NULL, NULL, 218, PROCESS},
	/* systemd.scope(5), systemd.service(5). memory.oom.group is 1 for kill */
	{{"OOMPolicy", OOM_T_CHOICE, NULL,
		 "what systemd does with the remaining processes after an OOM kill",
		 .choices = "continue|stop|kill"},
		OOM_DBUS_STRING, NULL, "memory.oom.group", NULL, 252, PROCESS, "continue"},
	{{"RuntimeMaxSec", OOM_T_DURATION, NULL, "time after which it is stopped", ENDLESS},
		OOM_DBUS_USEC, "RuntimeMaxUSec", NULL, NULL, 244, PROCESS},
	{{"RuntimeRandomizedExtraSec", OOM_T_DURATION, NULL,
		 "random time added to RuntimeMaxSec=, up to this"},
		OOM_DBUS_USEC, "RuntimeRandomizedExtraUSec", NULL, NULL, 250, PROCESS},
	{{"TimeoutStopSec", OOM_T_DURATION, NULL, "time from the first signal to SIGKILL", ENDLESS},
		OOM_DBUS_USEC, "TimeoutStopUSec", NULL, NULL, 208, PROCESS},
	/* systemd.kill(5) */
	{{"KillMode", OOM_T_CHOICE, NULL, "which processes are killed on stop",
		 .choices = "control-group|mixed|process|none"},
		OOM_DBUS_STRING, NULL, NULL, NULL, 187, PROCESS},
	{{"KillSignal", OOM_T_STRING, NULL, "first signal on stop: SIGTERM or 15", SIGNAL},
		OOM_DBUS_KILL_SIGNAL, NULL, NULL, NULL, 187, PROCESS},
	{{"RestartKillSignal", OOM_T_STRING, NULL, "first signal on restart", SIGNAL},
		OOM_DBUS_KILL_SIGNAL, NULL, NULL, NULL, 244, PROCESS},
	{{"FinalKillSignal", OOM_T_STRING, NULL, "last signal on stop: SIGKILL or 9", SIGNAL},
		OOM_DBUS_KILL_SIGNAL, NULL, NULL, NULL, 240, PROCESS},
	{{"WatchdogSignal", OOM_T_STRING, NULL, "signal on a watchdog timeout", SIGNAL},
		OOM_DBUS_KILL_SIGNAL, NULL, NULL, NULL, 240, PROCESS},
	{{"SendSIGHUP", OOM_T_BOOL, NULL, "send SIGHUP right after the first signal"},
		OOM_DBUS_BOOL, NULL, NULL, NULL, 207, PROCESS},
	{{"SendSIGKILL", OOM_T_BOOL, NULL, "send SIGKILL after TimeoutStopSec="}, OOM_DBUS_BOOL,
		NULL, NULL, NULL, 187, PROCESS},
	/* systemd.service(5), systemd.exec(5) */
	{{"Type", OOM_T_CHOICE, NULL, "when it counts as started",
		 .choices = "simple|exec|notify|forking|oneshot|idle"},
		OOM_DBUS_STRING, NULL, NULL, NULL, 208, SERVICE},
	{{"OOMScoreAdjust", OOM_T_INT, NULL, "oom_score_adj", .min = -1000, .max = 1000},
		OOM_DBUS_INT32, NULL, NULL, NULL, 208, SERVICE},
	{{"Nice", OOM_T_INT, NULL, "scheduling priority", .min = -20, .max = 19}, OOM_DBUS_INT32,
		NULL, NULL, NULL, 208, SERVICE},
	{{"User", OOM_T_STRING, NULL, "user name or number"}, OOM_DBUS_STRING, NULL, NULL, NULL,
		208, SERVICE},
	{{"Group", OOM_T_STRING, NULL, "group name or number"}, OOM_DBUS_STRING, NULL, NULL, NULL,
		208, SERVICE},
	{{"WorkingDirectory", OOM_T_STRING, NULL, "working directory"}, OOM_DBUS_STRING, NULL, NULL,
		NULL, 220, SERVICE},
	{{"Environment", OOM_T_WORDS, NULL, "environment variables, as NAME=value words",
		 .flags = OOM_KEY_REPEATS},
		OOM_DBUS_STRV, NULL, NULL, NULL, 208, SERVICE},
	{{"Restart", OOM_T_CHOICE, NULL, "when it is restarted",
		 .choices = "no|on-success|on-failure|on-abnormal|on-watchdog|on-abort|always"},
		OOM_DBUS_STRING, NULL, NULL, NULL, 208, SERVICE},
	{{"RestartSec", OOM_T_DURATION, NULL, "delay before a restart"}, OOM_DBUS_USEC,
		"RestartUSec", NULL, NULL, 208, SERVICE},
	{{"TimeoutStartSec", OOM_T_DURATION, NULL, "time limit for starting", ENDLESS},
		OOM_DBUS_USEC, "TimeoutStartUSec", NULL, NULL, 208, SERVICE},
	{{"LimitMEMLOCK", OOM_T_SIZE, NULL, "RLIMIT_MEMLOCK", ENDLESS, .flags = OOM_KEY_ABSOLUTE},
		OOM_DBUS_UINT64, NULL, NULL, NULL, 208, SERVICE},
	{{"LimitAS", OOM_T_SIZE, NULL, "RLIMIT_AS", ENDLESS, .flags = OOM_KEY_ABSOLUTE},
		OOM_DBUS_UINT64, NULL, NULL, NULL, 208, SERVICE},
	{{"LimitDATA", OOM_T_SIZE, NULL, "RLIMIT_DATA", ENDLESS, .flags = OOM_KEY_ABSOLUTE},
		OOM_DBUS_UINT64, NULL, NULL, NULL, 208, SERVICE},
	{{"LimitNPROC", OOM_T_SIZE, NULL, "RLIMIT_NPROC", ENDLESS, .flags = OOM_KEY_ABSOLUTE},
		OOM_DBUS_UINT64, NULL, NULL, NULL, 208, SERVICE},
	{{"LimitNOFILE", OOM_T_SIZE, NULL, "RLIMIT_NOFILE", ENDLESS, .flags = OOM_KEY_ABSOLUTE},
		OOM_DBUS_UINT64, NULL, NULL, NULL, 208, SERVICE},
	{{0}},
};

const struct oom_unit_property *oom_unit_property_find(const char *name)
{
	for (const struct oom_unit_property *row = oom_unit_properties; row->key.name; row++)
		if (!strcmp(row->key.name, name))
			return row;
	return NULL;
}

size_t oom_unit_property_keys(unsigned sets, struct oom_key *keys, size_t max)
{
	size_t count = 0;

	for (const struct oom_unit_property *row = oom_unit_properties; row->key.name; row++) {
		/* a table on top of the common one holds what is its own */
		if (row->sets == RESOURCE ? sets != RESOURCE
					  : !(row->sets & sets) || sets == RESOURCE)
			continue;
		if (count + 1 < max) {
			keys[count] = row->key;
			if (sets == OOM_UNIT_SCOPE && row->scope_dflt)
				keys[count].dflt = row->scope_dflt;
			memset(&keys[count + 1], 0, sizeof(*keys));
		}
		count++;
	}
	return count;
}
