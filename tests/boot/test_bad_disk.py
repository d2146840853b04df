# SPDX-License-Identifier: MIT
"""Disks and swap areas that are not as they should be: each is answered by an error and a message that says what to
do; what lies beside it does not suffer."""
import struct
import subprocess

import pytest

import machine
from bad_input import seen
from disks import faulty
from machine import program
from test_disk import digest, image
from test_swap import Qmp, make_swap

PAGE = 4096
SH = "/bin/busybox sh -c '{}'"


def run(*qemu, args=(), **kwargs):
    """=> machine.run() with QEMU's own arguments behind"""
    done = subprocess.run(machine.command(*args, **kwargs) + ["--", *qemu], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return machine.Result(done.returncode, done.stdout.decode(errors="replace").replace("\r\n", "\n"))


def disk(path, name, drive=""):
    return ["-drive", f"file={path},format=raw,if=none,id={name}{drive}", "-device", f"virtio-blk-pci,drive={name}"]


def area(path, pages=512, version=1, last_page=None, bad=(), nr_bad=None, magic=b"SWAPSPACE2", order="<", size=None):
    """A swap area as mkswap makes it, or not quite."""
    header = bytearray(PAGE)
    struct.pack_into(order + "3I", header, 1024, version, pages - 1 if last_page is None else last_page,
                     len(bad) if nr_bad is None else nr_bad)
    if bad:
        struct.pack_into(f"{order}{len(bad)}I", header, 1536, *bad)
    header[4086:] = magic
    with open(path, "wb") as out:
        out.truncate(pages * PAGE if size is None else size)
        out.write(header[: pages * PAGE if size is None else size])
    return path


REFUSED = {  # what is wrong with the area: what the log says
    "nothing": (dict(magic=bytes(10)), "Unable to find swap-space signature"),
    "old": (dict(magic=b"SWAP-SPACE"), "Unable to find swap-space signature"),
    "version": (dict(version=2), "Unable to handle swap header version"),
    "empty": (dict(last_page=0), "Empty swap-file"),
    "longer": (dict(last_page=512), "Swap area shorter than signature indicates"),
    "huge": (dict(last_page=0xFFFFFFFF), "Empty swap-file"),
    "many-bad": (dict(nr_bad=638), "Swap header names too many bad pages"),
    "most-bad": (dict(nr_bad=0xFFFFFFFF), "Swap header names too many bad pages"),
    "bad-0": (dict(bad=[0]), "a bad page of the header lies outside"),
    "bad-behind": (dict(bad=[5, 512]), "a bad page of the header lies outside"),
    "all-bad": (dict(bad=list(range(1, 512))), "no good page is left"),
    "one-page": (dict(pages=1), "too small for a swap area"),
    "short": (dict(pages=2, size=4608), "too small for a swap area"),
    "no-bytes": (dict(size=0), "too small for a swap area"),
}
ACCEPTED = {  # and what /proc/swaps then shows
    "turned": (dict(order=">", bad=[3, 4]), 509 * 4),
    "some-bad": (dict(bad=[1, 511, 7, 7]), 508 * 4),
    "part": (dict(last_page=99), 99 * 4),
    "odd": (dict(size=512 * PAGE + 3 * 512), 511 * 4),
}


def test_areas_with_a_bad_header(tmp_path, debug):
    cases = [*REFUSED.items(), *ACCEPTED.items()]
    disks = [arg for name, (how, _) in cases for arg in ("--disk", area(tmp_path / name, **how))]
    names = [f"vd{chr(ord('a') + i)}" for i in range(len(cases))]
    result = machine.run("--memory", "64M", *disks, debug=debug, execs=[SH.format(
        f"for d in {' '.join(names)}; do swapon /dev/$d; echo $d $?; done; cat /proc/swaps; "
        "for d in $(tail -n +2 /proc/swaps | cut -d\" \" -f1); do swapoff $d || echo bad swapoff; done; free")])
    assert result.status == 0, result
    for device, (name, (_, expected)) in zip(names, cases):
        refused = name in REFUSED
        assert result.lines(rf"^{device} {int(refused)}$"), (name, result)
        if refused:
            assert result.lines(rf"swap: /dev/{device}: .*{expected}"), (name, result)
        else:
            assert result.lines(rf"^/dev/{device} +partition\t{expected}\t0\t-\d+$"), (name, result)
    assert "bad swapoff" not in result.output and result.lines(r"^Swap: +0 +0 +0$"), result


def test_bad_pages_are_never_written(tmp_path):
    """Every 20th page is bad and holds a pattern that is still there when the area has been full."""
    bad = list(range(20, 8192, 20))
    swap = area(tmp_path / "swap", pages=8192, bad=bad)
    with open(swap, "r+b") as out:
        for page in bad:
            out.seek(page * PAGE)
            out.write(struct.pack("<I", page) * 1024)
    result = machine.run("--memory", "48M", "--swap", swap, execs=[SH.format(
        "pages --mib 56 --rounds 2 --rewrite || exit 1; hog --mib 400 --report 0; echo hog $?; grep pswpout /proc/vmstat")])
    assert result.status == 0 and result.lines(r"^hog 137$"), result
    (written,) = result.lines(r"^pswpout (\d+)$")
    assert int(written[0]) > 8192 - len(bad), result
    data = swap.read_bytes()
    assert all(data[p * PAGE : (p + 1) * PAGE] == struct.pack("<I", p) * 1024 for p in bad)


def test_what_is_no_swap_area(tmp_path):
    """Everything that swapon and swapoff can be given; tests/user/bad_swap.c has the list."""
    swap, readonly = make_swap(tmp_path / "swap", 32), make_swap(tmp_path / "readonly", 16)
    result = run(*disk(swap, "swap"), *disk(readonly, "readonly", ",readonly=on"), adds=[program("bad_swap")],
                 execs=["/bad_swap /dev/vda /dev/vdb"])
    assert result.status == 0 and "PASS bad_swap" in result.output, result
    assert seen(result, "is read-only: pages could not be written to it")
    assert seen(result, "stays on: there is no room for its N kB") and seen(result, "is not swapped on (/proc/swaps")
    assert seen(result, "is no disk: swap areas are block devices")
    for path in ("/tmp", "/dev/null", "/tmp/area"):
        assert f"swap: {path} is no disk" in result.output, (path, result)


def test_thirty_disks(tmp_path):
    """More disks than letters, and one more swap area than there may be."""
    args = []
    for i in range(31):
        path = area(tmp_path / f"swap{i}", pages=16)
        with open(path, "r+b") as out:
            out.seek(8192)
            out.write(f"disk {i:02}\n".encode())
        args += ["-drive", f"file={path},format=raw,if=none,id=many{i}",
                 "-device", f"virtio-blk-pci,drive=many{i},multifunction=on,addr={8 + i // 8:#x}.{i % 8}"]
    result = run(*args, execs=[SH.format(
        "for d in $(ls /dev | grep ^vd); do dd if=/dev/$d bs=8 skip=1024 count=1 2>/dev/null; echo at $d; done; "
        "for d in a b c d e f g h i j k l m n o p q r s t u v w x y z aa ab ac ad; do swapon /dev/vd$d || echo no $d; done; "
        "wc -l < /proc/swaps; swapoff /dev/vdaa && swapon /dev/vdad && echo taken")])
    assert result.status == 0, result
    names = [f"vd{a}{b}" for a in ("", "a") for b in "abcdefghijklmnopqrstuvwxyz"][:31]
    for i, name in enumerate(names):
        assert f"disk {i:02}\nat {name}\n" in result.output, (name, result)
    assert result.lines(r"^no (\w+)$") == [("ad",)] and result.lines("^30$") and result.lines("^taken$"), result
    assert seen(result, "areas are in use; swapoff one first")


def test_a_disk_without_sectors_and_a_small_one(tmp_path):
    (tmp_path / "none").write_bytes(b"")
    data = image(tmp_path / "small", 3 * 512)
    result = machine.run("--disk", tmp_path / "none", "--disk", tmp_path / "small", execs=[SH.format(
        "wc -c /dev/vda; dd if=/dev/zero of=/dev/vda bs=1 count=1; echo write $?; md5sum /dev/vdb; "
        "dd if=/dev/zero of=/dev/vdb bs=2k; echo write $?; md5sum /dev/vdb")])
    assert result.status == 0, result
    assert result.lines("^0 /dev/vda$") and result.lines(r"^write (\d)$") == [("1",), ("1",)], result
    assert digest(data) in result.output and digest(bytes(3 * 512)) in result.output, result
    assert result.output.count("No space left on device") == 2, result


BAD_READ, BAD_WRITE = 8 * 300, 8 * 200


@pytest.mark.parametrize("cpus", [1, 2])
def test_errors_reach_the_program_that_asked(tmp_path, cpus):
    """tests/user/bad_disk.c: read, write, fsync, O_SYNC, mmap, msync, close over sectors that fail."""
    data = image(tmp_path / "disk", 4 << 20)
    read, write = BAD_READ // 8, BAD_WRITE // 8
    result = run(*faulty(tmp_path / "disk", ("read", BAD_READ), ("write", BAD_WRITE)), args=["--cpus", cpus],
                 adds=[program("bad_disk")], execs=[f"/bad_disk /dev/vda {read} {write}"])
    assert result.status == 0 and "PASS bad_disk" in result.output, result
    assert seen(result, "vda: read error at sector N") and seen(result, "vda: write error at sector N: data is lost")
    assert {sector for (sector,) in result.lines(r"error at sector (\d+)")} == {str(BAD_READ), str(BAD_WRITE)}, result
    after = (tmp_path / "disk").read_bytes()
    assert after[write * PAGE : (write + 1) * PAGE] == data[write * PAGE : (write + 1) * PAGE]
    assert after[(write - 1) * PAGE : write * PAGE] == b"B" * PAGE == after[(write + 1) * PAGE : (write + 2) * PAGE]


def test_a_swap_disk_that_takes_nothing(tmp_path):
    """No page can be written: what is in memory stays there whole, and whoever wants too much is killed."""
    swap = make_swap(tmp_path / "swap", 64)
    result = run(*faulty(swap, ("write", None)), args=["--memory", "64M"], execs=[SH.format(
        "swapon /dev/vda; pages --mib 24 --rounds 30 --rewrite --quiet & p=$!; hog --mib 400 --report 0; echo hog $?; wait $p; "
        "echo pages $?; swapoff /dev/vda; echo off $?; pages --mib 20 --rounds 2; echo last $?")])
    assert result.status == 0 and "Write-error on swap-device" in result.output, result
    for line in ("^hog 137$", "^pages 0$", "^off 0$", "^last 0$"):
        assert result.lines(line), (line, result)


def test_a_swap_disk_that_cannot_be_read(tmp_path):
    swap = make_swap(tmp_path / "swap", 64)
    result = run(*faulty(swap, ("read", None)), args=["--memory", "64M"], execs=[SH.format(
        "swapon /dev/vda; echo on $?; pages --mib 20 --rounds 2; echo pages $?")])
    assert result.status == 0, result
    assert seen(result, "the header cannot be read (error N)")
    assert result.lines("^on 1$") and result.lines("^pages 0$"), result


def stalling(path, allowed=512):
    """=> QEMU arguments of a disk that moves so many bytes and then, for hours, no more (UNLIMITED by QMP)"""
    return ["-drive", f"file={path},format=raw,if=none,id=slow,throttling.bps-total=1,throttling.bps-total-max={allowed}",
            "-device", "virtio-blk-pci,drive=slow"]


UNLIMITED = {"device": "slow", **dict.fromkeys(("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)}
STALLED = r"vda: a (?:read|write) of \d+ sectors from sector \d+ has waited \d+ s: the disk does not answer"


def test_a_disk_that_never_answers(tmp_path):
    """Under icount minutes of the guest's time pass in a second, and none for the disk."""
    image(tmp_path / "stuck", 4 << 20)
    data = image(tmp_path / "other", 1 << 20, seed=2)
    script = ("dd if=/dev/vda of=/dev/null bs=4k count=1 & first=$!; sleep 1; "
              "dd if=/dev/vda of=/dev/null bs=4k count=1 skip=500 & second=$!; "
              "dd if=/dev/zero of=/dev/vda bs=4k count=1 seek=700 & sleep 40; md5sum /dev/vdb; "
              "kill -9 $first $second; wait $second; echo reader $?; sleep 120; pages --mib 8 --rounds 1; echo pages $?")
    result = run(*stalling(tmp_path / "stuck"), *disk(tmp_path / "other", "other"), args=["--icount"], watchdog=False,
                 timeout=90, execs=[SH.format(script)])
    assert result.status == 0 and result.lines(STALLED) and seen(result, "the disk does not answer. N requests are"), result
    assert seen(result, "blocked for more than N seconds.") and digest(data) in result.output and result.lines("^reader 137$") and result.lines("^pages 0$"), result
    assert {name for (name,) in result.lines(r"INFO: task (\S+):\d+ blocked for more than 120 seconds\.")} == {"dd"}, result
    assert "init: a disk does not answer: going on without what it has not written" in result.output, result


def test_swap_that_never_answers(tmp_path):
    """Pages on their way out are stuck: who waits for memory can be killed, who is in memory works on."""
    result = run(*stalling(make_swap(tmp_path / "swap", 64), 1 << 20), args=["--icount", "--memory", "48M"],
                 watchdog=False, timeout=90, adds=[program("swap_stall")], execs=["swapon /dev/vda", "/swap_stall 60"])
    assert result.status == 0 and "PASS swap_stall" in result.output and result.lines(STALLED), result


def test_a_header_that_never_comes(tmp_path):
    """swapon of a silent disk can be killed, and nobody else waits for it; then the disk is free for another."""
    good = make_swap(tmp_path / "good", 16)
    result = run(*stalling(make_swap(tmp_path / "stuck", 16)), *disk(good, "good"), args=["--icount"], watchdog=False,
                 timeout=90, execs=[SH.format(
                     "dd if=/dev/vda of=/dev/null bs=4k count=1 skip=9 & swapon /dev/vda & p=$!; sleep 1; "
                     "swapon /dev/vda; echo second $?; swapon /dev/vdb; echo other $?; wc -l < /proc/swaps; "
                     "kill -9 $p; wait $p; echo killed $?; swapon /dev/vda & p=$!; sleep 1; kill -9 $p; wait $p; echo again $?; "
                     "swapoff /dev/vdb; echo off $?")])
    for line in ("second 1", "other 0", "2", "killed 137", "again 137", "off 0"):
        assert result.lines(f"^{line}$"), (line, result)
    assert result.status == 0 and result.output.count("vda: Device or resource busy") == 1, result
    assert result.lines(r"swap: /dev/vda: the header cannot be read \(error -4\)"), result


def test_a_disk_that_answers_late(tmp_path):
    """Forty seconds late, nothing is lost: the reader gets its data, the writer's data arrives."""
    data = image(tmp_path / "late", 4 << 20)
    command = machine.command("--icount", "--qmp", tmp_path / "qmp", watchdog=False, timeout=90, execs=[SH.format(
        "md5sum /dev/vda & m=$!; sleep 1; wait $m; "
        "dd if=/dev/zero of=/dev/vda bs=64k count=1 conv=fsync,notrunc 2>/dev/null; echo write $?")])
    vm = subprocess.Popen(command + ["--", *stalling(tmp_path / "late")], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    qmp, seen = Qmp(tmp_path / "qmp"), ""
    for line in vm.stdout:
        seen += line
        if "the disk does not answer" in line:
            break
    qmp.command("block_set_io_throttle", **UNLIMITED)
    seen += vm.stdout.read()
    assert vm.wait() == 0, seen
    assert "vda: the disk answers again" in seen and digest(data) in seen and "write 0" in seen, seen
    assert (tmp_path / "late").read_bytes() == bytes(65536) + data[65536:]


def test_a_disk_pulled_out(tmp_path):
    """device_del asks the guest, which has no hot plug: the disk stays and works on."""
    data = image(tmp_path / "disk", 4 << 20)
    command = machine.command("--qmp", tmp_path / "qmp", execs=["/bin/busybox echo ready", "sleep 1", "md5sum /dev/vda"])
    command += ["--", "-drive", f"file={tmp_path}/disk,format=raw,if=none,id=d", "-device", "virtio-blk-pci,drive=d,id=pulled"]
    vm = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace")
    qmp, seen = Qmp(tmp_path / "qmp"), ""
    for line in vm.stdout:
        seen += line
        if "exec: /bin/busybox" in line:
            break
    qmp.command("device_del", id="pulled")
    seen += vm.stdout.read()
    assert vm.wait() == 0 and digest(data) in seen, seen
