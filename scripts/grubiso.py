#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A small BIOS-bootable ISO: GRUB with its modules, the kernel without its debug sections, the initrd packed.

    grubiso.py OUT ELF INITRD ["COMMAND LINE"]

grub-mkrescue copies every module GRUB has and takes seconds; this takes a tenth of one. GRUB's core image holds the
two modules that read the CD and the commands to execute, so that neither GRUB's `normal` mode (menu, scripts,
languages: 8 modules) nor its grub.cfg are needed. It is packed with LZMA, which costs 120 instructions a byte to undo,
and reading a file costs 13: so the modules of the commands themselves are files. For the same reason the initrd is
packed with LZ4, when that is installed: the kernel unpacks it for 4 a byte (fs/unlz4.c).

The command line is one word in single quotes, where GRUB's parser changes nothing; GRUB then escapes it for the
kernel, and boot/grub_cmdline.c undoes that.
"""
import os
import shutil
import subprocess
import sys
import tempfile

CORE_MODULES = ["biosdisk", "iso9660"]
FILE_MODULES = ["multiboot2"]
GRUB = "/usr/lib/grub/i386-pc"
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CROSS = os.environ.get("CROSS_COMPILE", "x86_64-linux-gnu-")


def with_dependencies(names):
    with open(os.path.join(GRUB, "moddep.lst"), encoding="ascii") as table:
        needs = dict(line.rstrip("\n").split(":") for line in table)
    found = list(names)
    for name in found:
        found += [other for other in needs[name].split() if other not in found]
    return found


def core_image(out, commands):
    """core.img with the commands, which GRUB executes as soon as it has found the CD"""
    config = out + ".cfg"
    with open(config, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(commands)
    subprocess.check_call(["grub-mkimage", "-O", "i386-pc-eltorito", "-p", "/boot/grub", "-c", config, "-o", out, *CORE_MODULES])
    os.unlink(config)


def commands(cmdline):
    quoted = "'" + cmdline.replace("'", "'\\''") + "'"
    return f"insmod multiboot2\nmultiboot2 /tidemark.elf {quoted}\nmodule2 /initrd.cpio\nboot\n"


def pack(initrd, to):
    """initrd, packed when that makes it smaller"""
    if shutil.which("lz4"):
        subprocess.check_call(["lz4", "-l", "-9", "-q", "-f", initrd, to])
        if os.path.getsize(to) < os.path.getsize(initrd):
            return
        os.unlink(to)
    os.symlink(os.path.abspath(initrd), to)


def build(out, elf, initrd, cmdline):
    with tempfile.TemporaryDirectory(prefix="tidemark-iso.") as tree:
        grub = os.path.join(tree, "boot", "grub")
        modules = os.path.join(grub, "i386-pc")
        os.makedirs(modules)
        for name in with_dependencies(FILE_MODULES):
            shutil.copy(os.path.join(GRUB, name + ".mod"), modules)
        core_image(os.path.join(grub, "core.img"), commands(cmdline))
        subprocess.check_call([CROSS + "objcopy", "-S", elf, os.path.join(tree, "tidemark.elf")])
        pack(initrd, os.path.join(tree, "initrd.cpio"))
        made = subprocess.run(
            ["xorriso", "-as", "mkisofs", "-quiet", "-f", "-o", out, "-b", "boot/grub/core.img", "-no-emul-boot",
             "-boot-load-size", "4", "-boot-info-table", "--grub2-boot-info", tree],
            stderr=subprocess.PIPE, text=True)
        if made.returncode:
            sys.exit(f"xorriso: {made.stderr}")


if __name__ == "__main__":
    build(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else "")
