// SPDX-License-Identifier: LGPL-2.1-or-later
/* One QEMU process: its arguments, its birth. Whatever it opens by itself it opens read-only, but for
 * its console; it has no network, may start nothing, and dies with us. */
#include "harness/guest/vm/qemu.h"

#include "harness/guest/vm/args.h"
#include "harness/guest/vm/tsc.h"
#include "harness/host/process.h"
#include "lib/base/bounded.h"
#include "lib/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static void add_processors(struct oom_args *a, const struct oom_guest_shape *shape)
{
	oom_args_add(a, "-smp");
	oom_args_addf(a, "%d,maxcpus=%d,sockets=%d,cores=1,threads=1",
		shape->cpus - shape->spare_cpus, shape->cpus, shape->cpus);
	for (int i = 0; shape->n_nodes && i < shape->cpus; i++) {
		oom_args_add(a, "-numa");
		oom_args_addf(a, "cpu,node-id=%d,socket-id=%d", i % shape->n_nodes, i);
	}
}

/* What can be unplugged is plugged in: cpu0 is the last processor, and the first that goes. */
static void add_spares(
	struct oom_args *a, const struct oom_vm *vm, const struct oom_vm_files *files)
{
	for (int i = vm->shape.spare_cpus - 1; i >= 0; i--) {
		oom_args_add(a, "-device");
		oom_args_addf(a, "%s-x86_64-cpu,id=cpu%d,socket-id=%d,core-id=0,thread-id=0",
			strcmp(vm->accel, "kvm") ? "max" : "host", i, vm->shape.cpus - 1 - i);
	}
	for (int i = 0; i < vm->shape.spare_dimms; i++)
		oom_memory_add_spare(a, i, files ? files->memory : NULL, files && files->incoming);
}

static void add_device(struct oom_args *a, const char *id)
{
	oom_args_add(a, "-device");
	oom_args_addf(a, "virtio-blk-pci,drive=%s", id);
}

/* A disk of ours in the cache. Its format is named, here as everywhere: QEMU never guesses. */
static void add_disk(struct oom_args *a, const char *id, const char *path)
{
	oom_args_add(a, "-blockdev");
	oom_args_addf(a, "driver=file,node-name=%sfile,read-only=on,filename=%s", id,
		oom_args_quoted(a, path));
	oom_args_add(a, "-blockdev");
	oom_args_addf(a, "driver=raw,node-name=%s,read-only=on,file=%sfile", id, id);
	add_device(a, id);
}

#define ROOT_FDSET 3

/* A disk of the user's, by its descriptor. Whatever a qcow2 says now (see own_disk.c), it has no backing file. */
static void add_user_disk(struct oom_args *a, const struct oom_own_disk *own, bool run)
{
	if (run) {
		oom_args_add(a, "-add-fd");
		oom_args_addf(a, "fd=%d,set=%d", own->fd, ROOT_FDSET);
	}
	oom_args_add(a, "-blockdev");
	oom_args_addf(a, "driver=%s,node-name=rootfile,read-only=on,filename=/dev/fdset/%d",
		own->is_device ? "host_device" : "file", ROOT_FDSET);
	oom_args_add(a, "-blockdev");
	oom_args_add(a,
		own->is_qcow2 ? "{\"driver\":\"qcow2\",\"node-name\":\"root\",\"read-only\":true,"
				"\"file\":\"rootfile\",\"backing\":null}"
			      : "driver=raw,node-name=root,read-only=on,file=rootfile");
	add_device(a, "root");
}

/* A name-less file of ours, which QEMU may write; or nothing but zeroes. With a filter whose child can be
 * changed while it runs: see oom_qmp_request(). */
static void add_own_disk(struct oom_args *a, const char *id, const char *serial, int set, int fd)
{
	if (fd >= 0) {
		oom_args_add(a, "-add-fd");
		oom_args_addf(a, "fd=%d,set=%d", fd, set);
	}
	oom_args_add(a, "-blockdev");
	if (fd >= 0)
		oom_args_addf(a,
			"driver=file,node-name=%sfile,filename=/dev/fdset/%d,cache.direct=off,cache.no-flush=on",
			id, set);
	else
		oom_args_addf(a, "driver=null-co,node-name=%sfile,size=%" PRIu64 ",read-zeroes=on",
			id, OOM_OWN_DISK_BYTES);
	oom_args_add(a, "-blockdev");
	oom_args_addf(a, "driver=raw,node-name=%s,file=%sfile", id, id);
	oom_args_add(a, "-device");
	oom_args_addf(
		a, "virtio-blk-pci,drive=%s,serial=%s,werror=report,rerror=report", id, serial);
}

static void add_disks(struct oom_args *a, const struct oom_vm *vm, const struct oom_vm_files *files)
{
	if (vm->image->own_disk)
		add_user_disk(a, &vm->image->own, files != NULL);
	else
		add_disk(a, "root", vm->image->disk);
	if (vm->payload)
		add_disk(a, "payload", vm->payload);
	add_own_disk(a, "swap", OOM_SWAP_SERIAL, 1, files ? files->swap_fd : -1);
	add_own_disk(a, "disk", OOM_DISK_SERIAL, 2, files ? files->disk_fd : -1);
}

/* None in our own images, unless somebody asks for them: systemd would load a BPF one, which takes the kernel's
 * verifier half a second. */
static const char *security_modules(const struct oom_vm *vm)
{
	static const char *const about[] = {"security=", "apparmor=", "selinux=", "lsm="};
	bool asked = vm->image->own_disk;

	for (size_t i = 0; vm->shape.kernel_args && i < sizeof(about) / sizeof(*about); i++)
		asked |= strstr(vm->shape.kernel_args, about[i]) != NULL;
	return asked ? "" : " lsm=";
}

#define PRINTK_PORT "0x2a0" /* see add_printk() */

static void add_kernel(
	struct oom_args *a, const struct oom_vm *vm, const struct oom_vm_files *files)
{
	const struct oom_guest_shape *shape = &vm->shape;
	char more[384];
	struct oom_bounded args = OOM_BOUNDED(more);

	if (files && files->head_fd >= 0) {
		oom_args_add(a, "-kernel");
		oom_args_addf(a, "/proc/self/fd/%d", files->head_fd);
		return;
	}
	if (shape->legacy)
		oom_bounded_text(&args,
			" systemd.unified_cgroup_hierarchy=0 "
			"systemd.legacy_systemd_cgroup_controller=1 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1");
	/* what holds only movable pages can be given back; addresses above 4G would cost 64M of bounce
	 * buffers, which no virtio device uses */
	if (shape->spare_dimms)
		oom_bounded_text(&args, " memhp_default_state=online_movable swiotlb=noforce");
	/* measured, so no part of a saved state's key */
	if (files && !files->incoming && strcmp(vm->accel, "kvm"))
		oom_bounded_printf(&args, " tsc_early_khz=%" PRIu64, oom_tsc_khz());
	oom_args_add(a, "-kernel");
	oom_args_add(a, vm->vmlinuz);
	oom_args_add(a, "-initrd");
	oom_args_add(a, vm->initrd);
	oom_args_add(a, "-append");
	/* a short console, because a serial line is slow; a whole log, because kills are many lines:
	 * the kernel reserves 4.5 times of what is asked (printk_ringbuffer.h: a descriptor of 112 bytes
	 * for each 32) */
	oom_args_addf(a,
		"console=ttyS0 earlycon=uart8250,io,0x3f8,115200n8 earlyprintk=serial," PRINTK_PORT
		",keep console_msg_format=syslog loglevel=3 log_buf_len=4M panic=-1 nokaslr "
		"mitigations=off apparmor=0 audit=0 tsc=reliable no_timer_check random.trust_cpu=on "
		"cryptomgr.notests%s systemd.show_status=no systemd.unit=oomgate.target oomgate.root=%s%s%s%s%s%s",
		security_modules(vm), vm->image->own_disk ? "find" : "/dev/vda", more,
		shape->kernel_args ? " " : "", vm->shape.kernel_args ? vm->shape.kernel_args : "",
		files && files->append ? " " : "", files && files->append ? files->append : "");
}

/*
 * Where the kernel writes its log a second time, and nobody else can: a port that bytes are sent to, of which it
 * makes no device file (earlyprintk, which keeps it). With console_msg_format=syslog each line has its facility
 * (kernel/printk/printk.c, record_print_text()), which is never the kernel's in what a program wrote. Both since 4.16.
 */
static void add_printk(struct oom_args *a, const char *path)
{
	oom_args_add(a, "-chardev");
	if (path)
		oom_args_addf(a, "file,id=printk,path=%s", oom_args_quoted(a, path));
	else
		oom_args_add(a, "null,id=printk");
	oom_args_add(a, "-device");
	oom_args_add(a, "isa-debugcon,iobase=" PRINTK_PORT ",chardev=printk");
}

static void add_channels(struct oom_args *a, const struct oom_vm_files *files)
{
	oom_args_add(a, "-serial");
	oom_args_addf(a, "file:%s", files ? files->console : "");
	add_printk(a, files ? files->printk : NULL);
	oom_args_add(a, "-device");
	oom_args_add(a, "virtio-serial-pci");
	if (!files || files->port_fd >= 0) {
		oom_args_add(a, "-chardev");
		oom_args_addf(a, "socket,id=port,fd=%d", files ? files->port_fd : 0);
		oom_args_add(a, "-device");
		oom_args_add(a, "virtserialport,chardev=port,name=oomgate.0,nr=1");
	}
	if (files && files->qmp_fd >= 0) {
		oom_args_add(a, "-chardev");
		oom_args_addf(a, "socket,id=qmp,fd=%d", files->qmp_fd);
		oom_args_add(a, "-mon");
		oom_args_add(a, "chardev=qmp,mode=control");
	}
	if (files && files->incoming) {
		oom_args_add(a, "-incoming");
		oom_args_add(a, "defer");
	}
}

int oom_vm_argv(struct oom_arena *arena, const struct oom_vm *vm, const struct oom_vm_files *files,
	const char ***ret)
{
	static const char *const fixed[] = {"-nodefaults", "-no-user-config", "-no-reboot",
		"-display", "none", "-net", "none", "-name",
		"guest,debug-threads=on", /* its processors are known by their threads' names */
		"-action", "panic=none", "-sandbox",
		"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
		"-device", "pvpanic"};
	struct oom_args a = {.arena = arena};

	oom_args_add(&a, vm->qemu.program);
	if (vm->qemu.data_dir) {
		oom_args_add(&a, "-L");
		oom_args_add(&a, vm->qemu.data_dir);
	}
	oom_args_add(&a, "-M");
	oom_args_addf(&a, "q35,smm=off,vmport=off%s",
		oom_memory_machine_option(files ? files->memory : NULL));
	oom_args_add(&a, "-accel");
	oom_args_add(&a, vm->accel);
	oom_args_add(&a, "-cpu");
	/*
	 * What is fast in hardware and slow under TCG: five-level page tables; copying and clearing byte by byte
	 * (the kernel takes REP STOSQ where ERMS is missing: an eighth of the steps for each page that is touched);
	 * a STAC and CLAC around each access to user memory.
	 */
	oom_args_add(
		&a, strcmp(vm->accel, "kvm") ? "max,la57=off,erms=off,fsrm=off,smap=off" : "host");
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		oom_args_add(&a, fixed[i]);
	oom_memory_add(&a, &vm->shape, files ? files->memory : NULL, files && files->incoming);
	add_processors(&a, &vm->shape); /* a processor's node must be known */
	add_spares(&a, vm, files);
	if (vm->shape.balloon) {
		oom_args_add(&a, "-device");
		oom_args_add(&a, "virtio-balloon-pci,id=balloon");
	}
	add_disks(&a, vm, files);
	add_kernel(&a, vm, files);
	add_channels(&a, files);
	oom_args_add(&a, NULL);
	if (arena->failed)
		return -ENOMEM;
	*ret = a.items;
	return 0;
}

/* A write past it fails (setrlimit(2)): the disposition is inherited, so that it does not kill. */
static void bound_files(uint64_t max_bytes)
{
	struct rlimit limit = {.rlim_cur = max_bytes, .rlim_max = max_bytes};

	if (!max_bytes)
		return;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
}

static void inherit(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, 0);
}

int oom_vm_spawn(const struct oom_vm *vm, const struct oom_vm_files *files, struct oom_err *err,
	pid_t *ret_pid, int *ret_pidfd)
{
	oom_autoclose int log = open(files->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	oom_autoclose int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct oom_arena arena = {0};
	const char **argv;
	int pidfd;
	pid_t pid;

	if (log < 0)
		return oom_err_errno(err, errno, "cannot write '%s'", files->log);
	if (oom_vm_argv(&arena, vm, files, &argv))
		return oom_err_set(err, ENOMEM, "no memory");
	pid = oom_fork_bound(SIGKILL);
	if (!pid) {
		dup2(null, 0);
		dup2(log, 1);
		dup2(log, 2);
		umask(077); /* the console's file */
		bound_files(files->file_max_bytes);
		inherit(files->qmp_fd);
		inherit(files->port_fd);
		inherit(files->swap_fd);
		inherit(files->disk_fd);
		inherit(files->head_fd);
		for (size_t i = 0; files->memory && i < files->memory->count; i++)
			inherit(files->memory->parts[i].fd);
		if (vm->image->own_disk)
			inherit(vm->image->own.fd);
		if (vm->qemu.lib_dir)
			setenv("LD_LIBRARY_PATH", vm->qemu.lib_dir, 1);
		execvp(argv[0], (char *const *)argv);
		dprintf(2, "cannot start '%s': %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	oom_arena_release(&arena);
	if (pid < 0)
		return oom_err_errno(err, errno, "cannot start '%s'", vm->qemu.program);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		int e = errno;

		kill(pid, SIGKILL);
		return oom_err_errno(err, e, "cannot watch '%s'", vm->qemu.program);
	}
	*ret_pid = pid;
	*ret_pidfd = pidfd;
	return 0;
}
