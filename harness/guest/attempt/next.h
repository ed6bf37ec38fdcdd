/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OOM_ATTEMPT_NEXT_H
#define OOM_ATTEMPT_NEXT_H

/*
 * What comes next in an attempt. Whoever reads a report (a line of QEMU's, a message of the guest's, the timer)
 * changes nothing but the state that it was given, and returns one of these; attempt.c makes it so.
 */
enum oom_next {
	OOM_NEXT_GO_ON, /* nothing: go on to the next report */
	OOM_NEXT_BEGIN, /* from the beginning: restore, boot, or wait for who boots */
	OOM_NEXT_BOOT, /* nobody else boots this machine: we do */
	OOM_NEXT_WAIT, /* somebody else boots it */
	OOM_NEXT_HELLO, /* the guest's agent is up */
	OOM_NEXT_SAVE, /* the guest stands still */
	OOM_NEXT_SEAL, /* it is saved */
	OOM_NEXT_RESTORE, /* state_fd is open and verified */
	OOM_NEXT_RESTORED, /* the saved machine is loaded, and stands still */
	OOM_NEXT_READY, /* its turn has not come */
	OOM_NEXT_GIVE_UP, /* it cannot be made ready ahead of its turn */
	OOM_NEXT_RUN, /* the guest is as it was when it was saved */
	OOM_NEXT_REQUEST, /* the guest has one to its host, in the state */
	OOM_NEXT_DIED, /* QEMU is gone, or going */
	OOM_NEXT_ANEW, /* the saved machine does not come up */
	OOM_NEXT_DONE, /* the guest's record is whole */
	OOM_NEXT_END, /* over: with the guest's record, or with one of ours from the outcome */
	OOM_NEXT_COUNT_
};

#endif
