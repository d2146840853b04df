# SPDX-License-Identifier: MIT
"""Files: memory files that go to swap, disks as files, archives of every kind, the terminal's line editing."""
import gzip
import os
import subprocess
import time

import pytest

from machine import TOP, command, program, run

INITRD = os.path.join(TOP, "build", "initrd.cpio")


def test_memory_files_go_to_swap_and_back(debug):
    result = run("--memory", "128M", "--cpus", 2, "--swap", "512M", append="highmem=64M", debug=debug,
                 adds=[program("fs_swap")], execs=["/fs_swap 65"])
    assert result.status == 0 and result.lines("^PASS fs_swap$"), result


def test_block_devices_as_files(debug, tmp_path):
    disk = tmp_path / "disk.img"
    disk.write_bytes(bytes(8 << 20))
    result = run("--cpus", 2, "--disk", disk, append="ramdisk=16M", debug=debug, adds=[program("fs_block")],
                 execs=["/fs_block /dev/ram0", "/fs_block /dev/vda"])
    assert result.status == 0 and len(result.lines("^PASS fs_block$")) == 2, result
    data = disk.read_bytes()
    assert data[70000:70019] == b"through the mapping" and data[12345:12348] == b"odd"


def entry(name, mode, data=b"", nlink=1, ino=1):
    raw = name.encode() + b"\0"
    fields = (ino, mode, 0, 0, nlink, 0, len(data), 0, 0, 0, 0, len(raw), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


TRAILER = entry("TRAILER!!!", 0)


def plain():
    return open(INITRD, "rb").read()


@pytest.mark.parametrize("name,make,words", [
    ("gzip", lambda: gzip.compress(plain()), "compressed with gzip: unpack it first"),
    ("cut", lambda: plain()[:1000000], "(it was cut short|the archive is damaged)"),
    ("text", lambda: b"#!/bin/sh\n" * 100, "no cpio archive at offset 0: make one with: find"),
    ("damaged", lambda: plain()[:2000] + b"\xff" * 200 + plain()[2200:], "the archive is damaged"),
    ("many", lambda: plain() + b"".join(entry(f"f{i}", 0o100644, b"abcd", ino=i) for i in range(70000)) + TRAILER,
     "no memory for /f[0-9]+: give the machine more memory"),
])
def test_bad_archives_say_what_is_wrong(name, make, words, tmp_path):
    path = tmp_path / name
    path.write_bytes(make())
    result = run("--memory", "256M", "--initrd", path, execs=["/bin/true"], append="panic=-1")
    assert result.status == 3, result
    assert result.lines(f"initrd: .*{words}"), result


def test_a_large_file_and_hard_links(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(plain() + entry("big", 0o100644, b"\xaa" * (150 << 20)) + TRAILER + bytes(512) +
                     entry("one", 0o100644, b"", 2, 7) + entry("two", 0o100644, b"shared", 2, 7) +
                     entry("lnk", 0o120777, b"two") + entry("fifo", 0o010600) + TRAILER)
    result = run("--memory", "256M", "--initrd", path,
                 execs=["/bin/busybox stat -c '%n %s %h %F' /big /one /two /fifo", "/bin/busybox cat /one /lnk"])
    assert result.status == 0, result
    for line in (r"^/big 157286400 1 regular file$", r"^/one 6 2 regular file$", r"^/two 6 2 regular file$",
                 r"^/fifo 0 1 fifo$", r"^sharedshared"):
        assert result.lines(line), (line, result)


def test_line_editing_and_job_control():
    """Keys as a person presses them; each waits for what the one before must have caused."""
    keys = [(b"echo a\x7fb c\x15echo  w rong\x17right\n", b"w right\r\n"),
            (b"sleep 100\n", b"sleep 100\r\n"), (b"\x03", b"^C"), (b"echo after $?\n", b"after 130"),
            (b"cat > /tmp/x\n", b"/tmp/x\r\n"), (b"typed\n", b"typed"), (b"\x04", b"# "),
            (b"echo read $(cat /tmp/x)\n", b"read typed"), (b"sleep 50\n", b"sleep 50\r\n"), (b"\x1a", b"Stopped"),
            (b"kill %1; fg\n", b"Terminated"), (b"stty raw -echo; dd bs=1 count=2 2>/dev/null; stty sane\n", b"sane"),
            (b"\x03\r", b"# "), (b"poweroff\n", b"poweroff\r\n")]
    machine = subprocess.Popen(command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    os.set_blocking(machine.stdout.fileno(), False)
    output, end = b"", time.monotonic() + 250

    def wait_for(text, start):
        nonlocal output
        while text not in output[start:]:
            over = time.monotonic() > end or machine.poll() is not None
            output += machine.stdout.read() or b""
            assert not over or text in output[start:], output[-2000:]
            time.sleep(0.05)

    try:
        wait_for(b"tidemark:~# ", 0)
        for key, answer in keys:
            start = len(output)
            machine.stdin.write(key)
            machine.stdin.flush()
            wait_for(answer, start)
            time.sleep(0.2)
        assert machine.wait(30) == 0
    finally:
        machine.kill()
