#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A small BIOS-bootable ISO: GRUB's core image, the kernel without its debug sections, the initrd, a grub.cfg.

    grubiso.py OUT ELF INITRD ["COMMAND LINE"]

grub-mkrescue copies every module GRUB has and takes seconds; this takes a tenth of one. GRUB's core image
holds the four modules needed and is kept under build/, because it depends on GRUB alone.

The command line goes into grub.cfg as one word in single quotes, where GRUB's parser changes nothing; GRUB
then escapes it for the kernel, and boot/grub_cmdline.c undoes that.
"""
import os
import shutil
import subprocess
import sys
import tempfile

MODULES = ["biosdisk", "iso9660", "normal", "multiboot2"]
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CORE = os.path.join(TOP, "build", "grub-core.img")
CROSS = os.environ.get("CROSS_COMPILE", "x86_64-linux-gnu-")


def core_image():
    if not os.path.exists(CORE):
        os.makedirs(os.path.dirname(CORE), exist_ok=True)
        new = f"{CORE}.{os.getpid()}"
        subprocess.check_call(["grub-mkimage", "-O", "i386-pc-eltorito", "-p", "/boot/grub", "-o", new, *MODULES])
        os.replace(new, CORE)
    return CORE


def config(cmdline):
    quoted = "'" + cmdline.replace("'", "'\\''") + "'"
    return f"set timeout=0\nmultiboot2 /tidemark.elf {quoted}\nmodule2 /initrd.cpio\nboot\n"


def build(out, elf, initrd, cmdline):
    with tempfile.TemporaryDirectory(prefix="tidemark-iso.") as tree:
        grub = os.path.join(tree, "boot", "grub")
        os.makedirs(grub)
        shutil.copy(core_image(), os.path.join(grub, "core.img"))
        subprocess.check_call([CROSS + "objcopy", "-S", elf, os.path.join(tree, "tidemark.elf")])
        os.symlink(os.path.abspath(initrd), os.path.join(tree, "initrd.cpio"))
        with open(os.path.join(grub, "grub.cfg"), "w", encoding="utf-8", errors="surrogateescape") as cfg:
            cfg.write(config(cmdline))
        made = subprocess.run(
            ["xorriso", "-as", "mkisofs", "-quiet", "-f", "-o", out, "-b", "boot/grub/core.img", "-no-emul-boot",
             "-boot-load-size", "4", "-boot-info-table", "--grub2-boot-info", tree],
            stderr=subprocess.PIPE, text=True)
        if made.returncode:
            sys.exit(f"xorriso: {made.stderr}")


if __name__ == "__main__":
    build(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else "")
