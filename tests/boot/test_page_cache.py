# SPDX-License-Identifier: MIT
"""The page cache of disks: fast, slow, silent and read-only ones. The programs count pages, not seconds."""
import re

import pytest

from machine import program
from test_bad_disk import SH, STALLED, disk, run, stalling
from test_disk import image


def sized(path, mib):
    with open(path, "wb") as out:
        out.truncate(mib << 20)
    return path


@pytest.mark.parametrize("cpus", [1, 2])
def test_everything_beside_a_slow_disk(tmp_path, cpus):
    """tests/user/page_cache.c: coherence, readahead, throttling, expiry, drop_caches, a stream beside a hot set."""
    result = run(*disk(sized(tmp_path / "fast", 256), "fast"),
                 *disk(sized(tmp_path / "slow", 16), "slow", ",throttling.bps-write=16000000"),
                 args=["--memory", "64M", "--cpus", cpus], adds=[program("page_cache")],
                 execs=["/page_cache /dev/vda /dev/vdb"])
    assert result.status == 0 and "PASS page_cache" in result.output, result
    after = (tmp_path / "slow").read_bytes()
    assert after == b"s" * (10 << 20) + bytes(6 << 20)


def test_a_silent_disk_stops_its_writers_only(tmp_path):
    """One disk never answers: its writer waits at the dirty limit and can be killed, another disk's writes get through."""
    sized(tmp_path / "stuck", 32)
    sized(tmp_path / "good", 32)
    result = run(*stalling(tmp_path / "stuck"), *disk(tmp_path / "good", "good"), args=["--icount", "--memory", "64M"],
                 watchdog=False, timeout=120, execs=[SH.format(
                     "echo 1048576 > /proc/sys/vm/dirty_bytes; dd if=/dev/zero of=/dev/vda bs=64k count=400 & w=$!; "
                     "sleep 20; grep -E \"nr_dirty |nr_writeback \" /proc/vmstat; "
                     "yes good | dd of=/dev/vdb bs=64k count=256 iflag=fullblock conv=fsync 2>/dev/null; echo good $?; "
                     "kill -9 $w; wait $w; echo stuck $?; md5sum /dev/vdb; pages --mib 8 --rounds 1; echo pages $?")])
    assert result.status == 0 and result.lines("^good 0$") and result.lines("^stuck 137$"), result
    assert result.lines("^pages 0$") and result.lines(STALLED), result
    dirty, writeback = (int(n) for (n,) in result.lines(r"^nr_(?:dirty|writeback) (\d+)$"))
    assert 128 <= dirty + writeback <= 256 + 32 + 64, result
    assert (tmp_path / "good").read_bytes()[: 16 << 20] == (b"good\n" * (4 << 20))[: 16 << 20]


def test_a_read_only_disk(tmp_path):
    """Read, mapped and read ahead like any other; nothing of it ever becomes dirty."""
    data = image(tmp_path / "disk", 4 << 20)
    result = run(*disk(tmp_path / "disk", "ro", ",readonly=on"), execs=[SH.format(
        "cat /sys/block/vda/ro /sys/block/vda/size /sys/block/vda/queue/read_ahead_kb; dd if=/dev/vda of=/copy bs=1M; "
        "cmp /copy /dev/vda && echo same; echo x > /dev/vda; echo write $?; sync; grep -E \"nr_dirtied|nr_written\" /proc/vmstat; "
        "echo 1 > /proc/sys/vm/drop_caches; cmp /copy /dev/vda && echo again")])
    assert result.status == 0 and result.lines("^same$") and result.lines("^again$") and result.lines("^write 1$"), result
    assert result.lines(r"^1$") and result.lines("^8192$") and result.lines("^128$"), result
    assert re.findall(r"(?m)^nr_(?:dirtied|written) (\d+)$", result.output) == ["0", "0"], result
    assert (tmp_path / "disk").read_bytes() == data
