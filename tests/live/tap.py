# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the live tests have in common: TAP, and guests with a cache of their own."""
import glob, os, struct

count = failures = 0


def tell(name, wrong, said=""):
    """@wrong: a list of complaints, empty where all is well; @said: what to show with them."""
    global count, failures
    count += 1
    failures += bool(wrong)
    print("not ok" if wrong else "ok", count, "-", name, flush=True)
    if wrong:
        for line in (wrong + ["output:"] + said.splitlines()):
            print("#", line)


def skip(name, why):
    global count
    count += 1
    print("ok", count, "-", name, "# SKIP", why, flush=True)


def finish():
    print("1..%d" % count)
    return 1 if failures else 0


def cache_dir():
    return os.environ.get("OOMGATE_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "oomgate")


def image_dir(suite):
    """The folder of an image that is there already, or None."""
    found = sorted(glob.glob("%s/images/debian-%s-*/image.json" % (cache_dir(), suite)), key=os.path.getmtime)
    return os.path.dirname(found[-1]) if found else None


def own_cache(path):
    """A cache with everybody's images and nothing else; what is known about KVM comes along."""
    os.makedirs(path)
    for name in ["images", "qemu"]:
        if os.path.isdir(cache_dir() + "/" + name):
            os.symlink(cache_dir() + "/" + name, path + "/" + name)
    for known in glob.glob(cache_dir() + "/kvm-*"):
        os.symlink(known, path + "/" + os.path.basename(known))
    return path


def toy_kernel(path, code, release=b"6.1.0-toy (test) #1"):
    """A bzImage (Documentation/arch/x86/boot.rst) whose first step, in real mode, is @code."""
    image = bytearray(0x200 * 5 + 0x4000)
    image[0x1f1] = 4  # setup_sects
    struct.pack_into("<I", image, 0x1f4, 0x4000 // 16)
    struct.pack_into("<H", image, 0x1fe, 0xaa55)
    image[0x200:0x202] = b"\xeb\x7e"  # jmp 0x280
    image[0x202:0x206] = b"HdrS"
    struct.pack_into("<HxxxxxxH", image, 0x206, 0x020c, 0x100)  # protocol; the release is at 0x300
    image[0x211] = 1  # LOADED_HIGH
    struct.pack_into("<I", image, 0x214, 0x100000)
    struct.pack_into("<I", image, 0x22c, 0x7fffffff)  # initrd_addr_max
    struct.pack_into("<I", image, 0x238, 2047)  # cmdline_size
    image[0x280:0x280 + len(code)] = code
    image[0x300:0x300 + len(release)] = release
    with open(path, "wb") as f:
        f.write(image)


def says(text):
    """Machine code that writes @text to the first serial line."""
    return b"".join(b"\xba\xf8\x03\xb0" + bytes([c]) + b"\xee" for c in text)  # mov dx,3f8; mov al,c; out dx,al


HANG = b"\xfa\xf4\xeb\xfd"  # cli; hlt; and again
TRIPLE_FAULT = b"\xfa\x0f\x01\x1e\xa0\x00\xcc"  # cli; lidt of zeros; int3
