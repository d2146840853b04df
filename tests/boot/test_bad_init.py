# SPDX-License-Identifier: MIT
"""The first program is missing, damaged or no program, or it ends: the panic says why (docs/bad-input.md)."""
import os
import struct
import sys

import pytest

from bad_input import seen
from machine import PROGRAMS, TOP, run

sys.path.insert(0, os.path.join(TOP, "scripts"))
import newc

TRUE = os.path.join(PROGRAMS, "exec_errors")  # any static program


def image():
    with open(TRUE, "rb") as program:
        return bytearray(program.read())


def changed(offset, form, value):
    data = image()
    struct.pack_into("<" + form, data, offset, value)
    return bytes(data)


def segment(number, field, value):
    """=> the program with a field of its PT_LOAD header `number` changed: offset 8, vaddr 16, filesz 32, memsz 40"""
    data = image()
    phoff, (size, count) = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<HH", data, 54)
    loads = [phoff + i * size for i in range(count) if struct.unpack_from("<I", data, phoff + i * size)[0] == 1]
    struct.pack_into("<Q", data, loads[number] + field, value)
    return bytes(data)


def boot(tmp_path, make, append=""):
    archive = newc.Archive()
    archive.directory("dev")
    make(archive)
    path = tmp_path / "initrd.cpio"
    path.write_bytes(archive.bytes())
    return run("--initrd", path, "--memory", "64M", append=append, watchdog=False, timeout=60)


# What lies at /init, with its mode -> a part of the page's message
NO_PROGRAMS = {
    "empty": (b"", 0o755, "run: it is empty"),
    "text": (b"echo hello\n", 0o755, "neither an ELF program nor a script"),
    "cut-header": (bytes(image()[:50]), 0o755, "its program headers are damaged"),
    "cut-contents": (bytes(image()[:9000]), 0o755, "a segment ends behind the end of the file"),
    "32-bit": (changed(4, "B", 1), 0o755, "it is a 32-bit program"),
    "aarch64": (changed(18, "H", 183), 0o755, "it is a program for another machine"),
    "object-file": (changed(16, "H", 1), 0o755, "it is an ELF file, but no program"),
    "no-headers": (changed(56, "H", 0), 0o755, "its program headers are damaged"),
    "overlap": (segment(1, 16, 0x400000), 0o755, "its segments overlap"),
    "kernel-address": (segment(1, 16, 0xFFFFFFFF80000000), 0o755, "a segment lies where no program may be"),
    "misaligned": (segment(1, 8, 1), 0o755, "a segment is not aligned"),
    "more-file-than-memory": (segment(0, 40, 16), 0o755, "larger in the file than in memory"),
    "not-executable": (bytes(image()), 0o644, "not executable (chmod +x)"),
    "no-interpreter": (b"#!\n", 0o755, "names no interpreter behind"),
    "interpreter-missing": (b"#!/bin/nothing -e\n", 0o755, "its interpreter"),
    "interpreter-itself": (b"#!/init\n", 0o755, "or interpreters have no end"),
    "long-line": (b"#!/" + b"x" * 500, 0o755, "its first line is longer than"),
}


@pytest.mark.parametrize("name", NO_PROGRAMS)
def test_init_that_is_no_program(name, tmp_path):
    data, mode, message = NO_PROGRAMS[name]
    result = boot(tmp_path, lambda archive: archive.file("init", data, mode))
    assert result.status == 3, result
    assert seen(result, message) and seen(result, "No working init found"), result
    assert result.lines("/init cannot be run: "), result


def test_a_dynamic_program(tmp_path):
    result = boot(tmp_path, lambda archive: archive.host_path("/bin/true", "init"))
    assert result.status == 3 and seen(result, "dynamically linked: needs ...") and seen(result, "No working init found"), result
    assert "/lib64/ld-linux-x86-64.so.2" in result.output, result


def test_a_directory_and_nothing(tmp_path):
    result = boot(tmp_path, lambda archive: archive.directory("init"))
    assert result.status == 3 and seen(result, "it is no regular file, or not") and seen(result, "No working init found"), result
    result = boot(tmp_path, lambda archive: archive.symlink("init", "init"))
    assert result.status == 3 and seen(result, "or interpreters have no end"), result
    result = boot(tmp_path, lambda archive: None)
    assert result.status == 3 and seen(result, "there is no such file") and seen(result, "No working init found"), result


def test_the_init_that_was_asked_for_is_missing(tmp_path):
    result = boot(tmp_path, lambda archive: archive.file("init", bytes(image()), 0o755), append="init=/my/init")
    assert result.status == 3 and seen(result, "Requested init ... failed"), result
    assert "Requested init /my/init failed" in result.output, result
    assert result.lines("/my/init cannot be run: there is no such file"), result


def test_the_next_name_is_tried(tmp_path):
    def both(archive):
        archive.file("init", b"", 0o755)
        archive.file("bin/sh", bytes(image()), 0o755)
    result = boot(tmp_path, both)
    assert seen(result, "run: it is empty") and "Run /bin/sh as the first program" in result.output, result


def test_init_ends(tmp_path):
    def shell(archive, script):
        archive.host_path("/bin/busybox", "bin/sh")
        archive.file("init", script.encode(), 0o755)
    for script, code in (("exit 3", "00000300"), ("kill -9 0; exit 0", "00000000")):  # no signal of its own ends it
        result = boot(tmp_path, lambda archive: shell(archive, f"#!/bin/sh\n{script}\n"))
        assert result.status == 3 and seen(result, "Attempted to kill init!"), result
        assert f"exitcode=0x{code}" in result.output, (code, result)
    jump_to_nowhere = changed(24, "Q", 0x10000)
    result = boot(tmp_path, lambda archive: archive.file("init", jump_to_nowhere, 0o755))
    assert result.status == 3 and "Attempted to kill init! exitcode=0x0000000b" in result.output, result
