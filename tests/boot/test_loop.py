# SPDX-License-Identifier: MIT
"""Loop devices: two over one disk; and swap through one when memory is short, which is what PF_MEMALLOC_NOIO is for."""
import os

from machine import program, run


def disk(path, mib):
    path.write_bytes(b"")
    os.truncate(path, mib << 20)
    return path


def test_two_over_one_disk(tmp_path, debug):
    result = run("--disk", disk(tmp_path / "disk", 8), debug=debug, adds=[program("fs_loop")], execs=["/fs_loop /dev/vda"])
    assert result.status == 0 and "PASS fs_loop" in result.output, result


SWAP = """
losetup /dev/loop0 2>/dev/null || losetup -f
losetup -o 1048576 /dev/loop0 /dev/vda || exit 1
mkswap /dev/loop0 > /dev/null && swapon /dev/loop0 || exit 1
losetup -d /dev/loop0 && echo "loop0 let go while it is in use"
pages --mib 36 --rounds 1 || exit 1
grep -E "^(pswpin|pswpout|allocstall) " /proc/vmstat
swapoff /dev/loop0 && losetup -d /dev/loop0 && echo all done
"""


def test_swap_through_a_loop_device(tmp_path):
    """The device's thread needs pages when there are none: whatever it frees, it starts no swap-out, which would wait for itself."""
    script = tmp_path / "swap.sh"
    script.write_text(SWAP)
    result = run("--memory", "32M", "--cpus", 2, "--disk", disk(tmp_path / "disk", 64), append="watchdog=60",
                 adds=[script], execs=["/bin/sh /swap.sh"], timeout=120)
    assert result.status == 0 and result.lines("^all done$") and "let go" not in result.output, result
    counts = dict(result.lines(r"^(\w+) (\d+)$"))
    assert int(counts["pswpout"]) > 2500 and int(counts["pswpin"]) > 1000, result
