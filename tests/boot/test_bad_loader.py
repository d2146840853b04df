# SPDX-License-Identifier: MIT
"""Loaders that lie, firmware maps that make no sense, machines that are too small: docs/bad-input.md."""
import os
import random
import struct

import pytest

import loader
from bad_input import seen
from loader import RAM, RESERVED
from machine import TOP, run

MIB = 1 << 20
ELF = os.path.join(TOP, "build", "tidemark.elf")
# QEMU's map of 256 MiB in short
GOOD = [(0, 0x9FC00, RAM), (0x9FC00, 0x400, RESERVED), (MIB, 254 * MIB, RAM), (0xFFFC0000, 0x40000, RESERVED)]


@pytest.fixture
def start(tmp_path):
    def _start(entry, block, at=loader.BLOCK, **kwargs):
        kernel = loader.disguise(ELF, tmp_path / "kernel.elf", entry, block, at)
        return run("--kernel", kernel, "--memory", "256M", timeout=60, watchdog=False, **kwargs)
    return _start


def lives(result, message=None):
    assert result.status == 0, result
    assert result.lines(r"exited with status 0$"), result
    return message is None or seen(result, message)


def dies(result, *messages):
    assert result.status == 3, result
    return all(seen(result, message) for message in messages)


BOOT = {"execs": ["/bin/busybox true"]}
# Our multiboot2 lists bring the words that scripts/run gives QEMU
WORDS = [(1, b"init=/.tidemark-init\0")]


def test_the_blocks_of_these_tests_boot_when_nothing_is_wrong(start):
    result = start("multiboot2", loader.multiboot2(WORDS + [(2, b"LIAR\0")], GOOD), **BOOT)
    assert lives(result) and "loaded by LIAR" in result.output and "boot: " not in result.output, result
    result = start("pvh", loader.pvh(GOOD, cmdline=loader.BLOCK + 0x1000), **BOOT)
    assert "loaded by PVH" in result.output and "boot: " not in result.output, result


def test_neither_loader(start):
    dies(start("nobody", loader.multiboot2(WORDS, GOOD)), "neither a multiboot2 loader", "No memory map")


@pytest.mark.parametrize("block, messages", [
    (loader.multiboot2(WORDS, None), ["No memory map"]),
    (loader.multiboot2(WORDS, []), ["No memory map"]),
    (loader.multiboot2(WORDS, GOOD, total=0xFFFFFFF0), ["tag list at", "No memory map"]),
    (loader.multiboot2(WORDS, GOOD, total=40), ["no last tag", "No memory map"]),
    (loader.multiboot2([(1, b"quiet\0", 7)], GOOD), ["it and all behind it are lost", "No memory map"]),
    (loader.multiboot2([(1, b"quiet\0", 0xFFFFFFFF)], GOOD), ["it and all behind it are lost", "No memory map"]),
    (loader.multiboot2([(6, b"")], None), ["is too short (N bytes)", "No memory map"]),
    (loader.multiboot2([(6, struct.pack("<II", 20, 0) + bytes(200))], None), ["has entries of", "No memory map"]),
    (loader.multiboot2([(3, struct.pack("<II", 0x180000, 0x190000) + b"\0")], GOOD, initrd=False), ["overlaps the kernel", "No initrd: give the loader"]),
], ids=["no-map", "empty-map", "huge-list", "cut-list", "tag-of-7", "tag-of-4G", "short-tag", "odd-entries", "module-over-kernel"])
def test_multiboot2_nonsense(start, block, messages):
    dies(start("multiboot2", block), *messages)


def test_multiboot2_list_at_an_odd_address(start):
    dies(start("multiboot2", loader.multiboot2(WORDS, GOOD), at=loader.BLOCK + 4), "tag list at")


def test_a_list_without_its_last_tag_is_used_all_the_same(start):
    lives(start("multiboot2", loader.multiboot2(WORDS, GOOD, end=False), **BOOT), "no last tag")


def test_a_second_module(start):
    block = loader.multiboot2(WORDS, GOOD)
    extra = loader.multiboot2(WORDS + [(0xABC, b"unknown")], GOOD, end=False)
    extra.data += struct.pack("<IIII", 3, 16, 0x2000000, 0x2001000) + struct.pack("<II", 0, 8)
    struct.pack_into("<I", extra.data, 0, len(extra.data))
    assert len(extra.data) > len(block.data)
    lives(start("multiboot2", extra, **BOOT), "only the first one is")


@pytest.mark.parametrize("block, messages", [
    (loader.pvh(GOOD, magic=0x12345678), ["wrong magic number", "No memory map"]),
    (loader.pvh(GOOD, version=0), ["version N, which has no memory map", "No memory map"]),
    (loader.pvh(GOOD, memmap=1 << 40), ["memory map (N at N)", "No memory map"]),
    (loader.pvh(GOOD, memmap_entries=0xFFFFFFFF), ["memory map (N at N)", "No memory map"]),
    (loader.pvh([]), ["No memory map"]),
], ids=["magic", "version", "map-above-4G", "endless-map", "empty-map"])
def test_pvh_nonsense(start, block, messages):
    dies(start("pvh", block), *messages)


def test_pvh_pointers_that_lead_nowhere_cost_what_they_point_to(start):
    result = start("pvh", loader.pvh(GOOD, initrd=False, nr_modules=3, modlist=~0 & (1 << 64) - 8, cmdline=1 << 50, rsdp=1 << 33))
    assert result.status == 3, result
    for what in ("modules (3", "command line", "ACPI root pointer"):
        assert result.lines(rf"boot: the PVH start block's {what.replace('(', '.')}.* cannot be read: ignored"), (what, result)


def test_a_start_block_above_what_can_be_read(start):
    dies(start("pvh", loader.pvh(GOOD, initrd=False), at=0xFFFFFFF0), "wrong magic number")


def rsdp(xsdt, checksum=None):
    """=> an ACPI 2 root pointer"""
    body = bytearray(b"RSD PTR \0TIDEMK\2" + struct.pack("<IIQB3x", 0, 36, xsdt, 0))
    body[8] = -sum(body[:20]) & 0xFF if checksum is None else checksum
    return bytes(body)


@pytest.mark.parametrize("xsdt, message", [(1 << 45, "no table can be at"), (0x1080000, "bytes long: ignored"),
                                           (loader.BLOCK + 0x200, "wrong checksum"), ((1 << 64) - 8, "no table can be at")])
def test_acpi_tables_that_are_none(start, xsdt, message):
    block = loader.multiboot2(WORDS + [(15, rsdp(xsdt))], GOOD)
    block.data += bytes(0x200 - len(block.data)) + b"XSDT" + struct.pack("<I", 44) + bytes(40)
    result = start("multiboot2", block, **BOOT)
    assert lives(result, message) and result.lines(r"ACPI: 1 CPUs, 1 IO-APICs"), result


def test_no_acpi_root_pointer(start):
    for tags in (WORDS, WORDS + [(14, b"RSD PTR " + bytes(12))], WORDS + [(14, b"RSD")], WORDS + [(15, rsdp(0x1000000, 77))]):
        lives(start("multiboot2", loader.multiboot2(tags, GOOD), **BOOT), "ACPI: no root pointer")


def test_an_initrd_where_no_memory_is(start):
    module = loader.multiboot2(WORDS + [(3, struct.pack("<II", 0x60000000, 0x60004000) + b"\0")], GOOD, initrd=False)
    dies(start("multiboot2", module), "it is empty (N bytes", "Requested init ... failed")
    block = loader.pvh(GOOD, initrd=False, nr_modules=1, modlist=loader.BLOCK + 0x400)
    block.data += bytes(0x400 - len(block.data)) + struct.pack("<QQQQ", 1 << 45, 4096, 0, 0)
    dies(start("pvh", block), "which this CPU cannot address: ignored", "No initrd: give the loader")


# ---- Maps ----------------------------------------------------------------------------------------

def with_map(start, entries, **kwargs):
    return start("multiboot2", loader.multiboot2(WORDS, entries), **{**BOOT, **kwargs})


def test_odd_maps_that_work(start):
    odd = GOOD + [(40 * MIB, 0, RAM), (64 * MIB + 123, 4567, 0xFFFFFFFF), (64 * MIB, 1 * MIB, 77), (0, 0, 0),
                  (80 * MIB, 8 * MIB, 5), (90 * MIB, 16 * MIB, RAM), (70 * MIB, 0xFFFFFFFFFFFFFFFF, 12 << 20)]
    random.Random(1).shuffle(odd)
    result = with_map(start, odd)
    # the last entry wraps: nothing above 70 MiB is memory, and neither is the MiB at 64
    assert lives(result) and result.lines(r"last_pfn = 0x4600,"), result


def test_ram_that_wraps_or_cannot_be_addressed(start):
    result = with_map(start, GOOD + [(1 << 32, (1 << 64) - MIB, RAM), (1 << 45, 1 << 30, RAM), (1 << 41, 1 << 20, RAM)])
    lives(result, "makes no sense")
    lives(result, "cannot address: not used")


def test_thousands_of_entries(start):
    many = [(16 * MIB + i * 8192, 4096, RESERVED if i % 10 == 0 else RAM) for i in range(3000)]
    result = with_map(start, GOOD + many)
    lives(result, "that fit: some of its memory is not used")
    assert len(result.lines(r"BIOS-e820: \[mem 0x0000000001.*reserved")) + len(result.lines(r"BIOS-e820: \[mem 0x0000000002.*reserved")) == 300


@pytest.mark.parametrize("entries", [
    [(0, 0x9F000, RAM)], [(0, 12 * MIB, RAM)], [(0, 256 * MIB, RESERVED)], [(0, 256 * MIB, RAM), (0, 250 * MIB, 9)],
    [(i * 8192 + 1, 8190, RAM) for i in range(2000)],
], ids=["640K", "12M", "reserved", "covered", "crumbs"])
def test_maps_with_too_little_memory(start, entries):
    dies(with_map(start, entries), "of usable memory are too little")


# ---- Small machines --------------------------------------------------------------------------------

@pytest.mark.parametrize("boot, memory", [("direct", "8M"), ("direct", "12M"), ("direct", "15M"), ("grub", "8M"), ("grub", "15M")])
def test_a_machine_below_16_mib(boot, memory):
    dies(run("--memory", memory, boot=boot, timeout=60), "of usable memory are too little")


def test_mem_leaves_too_little():
    dies(run("--memory", "64M", append="mem=8M", execs=["/bin/busybox true"]), "of usable memory are too little")


def test_a_machine_smaller_than_the_kernel(tmp_path):
    tiny = tmp_path / "tiny.cpio"
    tiny.write_bytes(b"x")
    dies(run("--memory", "2M", "--initrd", tiny), "no memory where the kernel ends")


def test_an_initrd_over_the_kernel(tmp_path):
    large = tmp_path / "large.cpio"
    large.write_bytes(bytes(2 << 20))
    dies(run("--memory", "4M", "--initrd", large), "the initrd lies over the kernel")


def test_an_initrd_larger_than_the_machine(tmp_path):
    large = tmp_path / "large.cpio"
    large.write_bytes(random.Random(1).randbytes(40 << 20))  # what the loader packs does not get smaller
    dies(run("--memory", "32M", "--initrd", large, boot="grub", timeout=60), "No initrd: give the loader")
    result = run("--memory", "32M", "--initrd", large)
    assert result.status == 2 and "initrd is too large" in result.output, result
    result = run("--memory", "4M", boot="grub")
    assert result.status == 2 and "GRUB does not start in so little memory" in result.output, result


def test_a_cpu_without_64_bits():
    dies(run(qemu=["--", "-cpu", "qemu32"]), "64-bit CPU with NX")
