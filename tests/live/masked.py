# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guests in which evidence is taken away: a --config tree for the service whose processes look for it."""
import os

# what is taken: the sources that it was
MASKS = {
    "tracefs": ("mark_victim", "signal_generate"),
    "perf": ("lineage",),
    "kmsg": ("kmsg",),
    "vmstat": ("vmstat",),
}
DROP_INS = {
    "tracefs": "InaccessiblePaths=-/sys/kernel/tracing -/sys/kernel/debug\n",
    "perf": "SystemCallFilter=~perf_event_open\nSystemCallErrorNumber=EPERM\n",
    "kmsg": "InaccessiblePaths=-/dev/kmsg\n",
    "vmstat": "InaccessiblePaths=-/proc/vmstat\n",
}


def masked_tree(path, masks):
    """@path, a tree that takes @masks away; None where that is nothing."""
    units = path + "/etc/systemd/system"
    for mask in masks:
        os.makedirs(units + "/oomgate-agent.service.d", exist_ok=True)
        with open("%s/oomgate-agent.service.d/%s.conf" % (units, mask), "w") as f:
            f.write("[Service]\n" + DROP_INS[mask])
        for unit in ["sys-kernel-tracing.mount", "sys-kernel-debug.mount"] if mask == "tracefs" else []:
            os.symlink("/dev/null", units + "/" + unit)
    return path if masks else None
