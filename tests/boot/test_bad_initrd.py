# SPDX-License-Identifier: MIT
"""Archives that are damaged, compressed, strange or too large: docs/bad-input.md. What was unpacked before the damage is there."""
import bz2
import gzip
import hashlib
import lzma
import os
import stat
import subprocess
import sys

import pytest

from bad_input import seen
from machine import TOP, run

sys.path.insert(0, os.path.join(TOP, "scripts"))
import newc

INIT = os.path.join(TOP, "build", "user", "init")
REG, DIR, LNK, SOCK = stat.S_IFREG | 0o644, stat.S_IFDIR | 0o755, stat.S_IFLNK | 0o777, stat.S_IFSOCK | 0o600


def base(*commands):
    """=> an archive that runs the commands, each as one shell command line"""
    archive = newc.Archive()
    archive.host_path(INIT, "init")
    archive.host_path("/bin/busybox", "bin/busybox")
    archive.symlink("bin/sh", "busybox")
    archive.file(".exec", "".join(f"/bin/sh -c '{command}'\n" for command in commands or ["true"]).encode())
    return archive.bytes()


def entry(name, mode=REG, data=b"", ino=7, nlink=1, size=None, namesize=None, magic=b"070701"):
    name = os.fsencode(name) + b"\0"
    fields = (ino, mode, 0, 0, nlink, 0, len(data) if size is None else size, 0, 0, 0, 0, namesize or len(name), 0)
    head = magic + b"".join(b"%08x" % field for field in fields) + name
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


TRAILER = entry("TRAILER!!!", 0)


def boot(tmp_path, data, memory="64M"):
    path = tmp_path / "initrd.cpio"
    path.write_bytes(data)
    return run("--initrd", path, "--memory", memory, append="init=/init", watchdog=False, timeout=60)


# What follows a good archive -> a part of the page's message. The machine lives on what came before.
DAMAGED = {
    "magic": (entry("x", magic=b"070709") + TRAILER, "no entry where one should be"),
    "magic-inside": (entry("x") + b"q" * 112 + TRAILER, "no entry where one should be"),
    "cut-in-header": (entry("x")[:60], "without its last entry"),
    "cut-in-name": (entry("a-long-name" * 9)[:150], "without its last entry"),
    "cut-in-contents": (entry("x", data=b"d" * 5000)[:3000], "bytes before its end: it was cut short"),
    "no-trailer": (entry("x", data=b"d"), "without its last entry"),
    "size-4G": (entry("x", size=0xFFFFFFFF, data=b"d" * 99), "bytes before its end: it was cut short"),
    "name-4G": (entry("x", namesize=0xFFFFFFFF), "is said to be"),
    "name-0": (b"070701" + b"0" * 104, "is said to be"),
    "name-with-nul": (entry("x\0y") + TRAILER, "does not end where it should"),
    "name-overlong": (entry("x" * 5000) + TRAILER, "is said to be"),
    "digits": (entry("x").replace(b"00000007", b"0000zz07") + TRAILER, "is no hexadecimal number"),
    "check-sum": (entry("x", data=b"abc", magic=b"070702") + TRAILER, "do not have their check sum"),
    "gzip": (gzip.compress(entry("x") + TRAILER), "is compressed with ..."),
    "xz": (lzma.compress(entry("x") + TRAILER), "is compressed with ..."),
    "bzip2": (bz2.compress(entry("x") + TRAILER), "is compressed with ..."),
    "old-format": (b"070707" + b"0" * 100, "has an old cpio format"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_behind_a_good_archive(name, tmp_path):
    data, message = DAMAGED[name]
    good = base("ls -l /x; echo lives")
    result = boot(tmp_path, good + b"\0" * 8 + data)
    assert result.status == 0 and result.lines("^lives$") and seen(result, message), result
    assert result.lines(r"initrd: \d+ entries of \d+ archives?, "), result


@pytest.mark.parametrize("data, message", [(gzip.compress(base()), "is compressed with ..."), (b"\0" * 4096, "it is empty (N bytes"),
                                           (b"\x7fELF" + b"\2" * 500, "no cpio archive at offset")], ids=["gzip", "zeroes", "elf"])
def test_no_archive_at_all(data, message, tmp_path):
    result = boot(tmp_path, data)
    assert result.status == 3 and seen(result, message) and "Requested init /init failed" in result.output, result


def packed(data):
    return subprocess.run(["lz4", "-l", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def test_packed_archives(tmp_path):
    """Two archives packed together; random bytes, which are packed into more."""
    noise = os.urandom(1 << 20)
    archives = base("md5sum /noise /runs") + entry("noise", data=noise) + entry("runs", data=b"run " * 200000) + TRAILER
    result = boot(tmp_path, packed(archives))
    assert result.status == 0 and result.lines(r"initrd: \d+ entries of 2 archives, "), result
    assert hashlib.md5(noise).hexdigest() + "  /noise" in result.output, result
    assert hashlib.md5(b"run " * 200000).hexdigest() + "  /runs" in result.output, result


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: data[:4] + b"\xff" + data[5:], lambda data: data[:-30] + b"\x10a\0\0" * 9],
                         ids=["cut", "size", "distance"])
def test_damaged_packed_archives(damage, tmp_path):
    """What came before the damage is there."""
    result = boot(tmp_path, damage(packed(base("echo lives") + entry("x", data=os.urandom(500)) + TRAILER)))
    assert seen(result, "packed with LZ4"), result
    assert result.status == 3 or result.lines("^lives$"), result


def test_strange_entries(tmp_path):
    """All in one archive: each bad entry is named, the good ones are made."""
    strange = b"".join([
        entry("/absolute", data=b"1"), entry("../../up", data=b"2"), entry("d", DIR), entry("./d/../dotted", data=b"3"),
        entry("orphan/file", data=b"4"), entry("d/" + "n" * 300, data=b"5"),
        entry("file", data=b"6"), entry("file/below", data=b"7"),
        entry("full", DIR), entry("full/inside", data=b"8"), entry("full", stat.S_IFREG | 0o600, data=b"9"),
        entry("socket", SOCK), entry("typeless", 0o644), entry("nowhere", LNK), entry("endless", LNK, b"t" * 4500),
        entry("ring1", LNK, b"ring2"), entry("ring2", LNK, b"ring1"), entry("ring1/x", data=b"10"),
        entry("one", ino=40, nlink=2), entry("two", ino=40, nlink=2, data=b"linked"),
        entry("dev", DIR), entry("nodev", stat.S_IFCHR | 0o600), entry(".", DIR),
        entry("inner.cpio", data=entry("nested", data=b"n") + TRAILER), TRAILER, bytes(500), entry("last", data=b"behind zeroes"), TRAILER])
    listing = ["cat /absolute /up /file /two /last; echo", "ls -d /dotted /d /nodev /full/inside", "stat -c %a-%F /full",
               "test /one -ef /two && echo same", "cat /ring1", "ls /nested"]
    result = boot(tmp_path, base(*listing) + strange)
    for message in ("before it (error N)", "a part of its path is no directory (error N)", "something else has its name",
                    "is too long or empty", "nobody knows its type", "a ring of symbolic links"):
        seen(result, message)
    for name in ("/orphan/file", "/file/below", "/full", "/socket", "/typeless", "/nowhere", "/endless", "/ring1/x"):
        assert result.lines(rf"initrd: cannot make {name}: "), (name, result)
    for line in ("126linkedbehind zeroes", ".*/full/inside.*", "755-directory", "same", "/d .*/dotted.*"):
        assert result.lines(rf"^{line}$"), (line, result)
    assert "/ring1: Too many levels" in result.output or "/ring1': Too many" in result.output, result
    assert "/nested: No such file" in result.output, result


def test_an_archive_larger_than_the_memory(tmp_path):
    many = b"".join(entry(f"f{i}", data=b"x", ino=i + 100) for i in range(12000))
    result = boot(tmp_path, base("echo lives; grep MemTotal /proc/meminfo") + many + TRAILER, memory="32M")
    assert result.status == 0 and result.lines("^lives$") and seen(result, "initrd: no memory for"), result


def test_an_archive_of_hard_links_takes_no_time(tmp_path):
    links = b"".join(entry(f"h{i}", ino=i + 100, nlink=2) for i in range(20000))
    result = boot(tmp_path, base("ls / | wc -l") + links + TRAILER, memory="256M")
    assert result.status == 0 and result.lines(r"^20\d\d\d$"), result


def test_an_archive_that_fills_its_machine(tmp_path):
    """Frames are given back as they are read: 40 MiB of contents fit into 64."""
    data = os.urandom(1 << 20) * 40
    result = boot(tmp_path, base("md5sum /big") + entry("big", data=data) + TRAILER)
    assert result.status == 0 and hashlib.md5(data).hexdigest() in result.output, result
