# SPDX-License-Identifier: MIT
"""Address spaces with less memory than they want, and mapped disks. The programs check every word themselves."""
import re

from machine import program, run

PROGRAMS = ["vm_swap", "vm_model"]


def vmstat(result):
    return {name: int(value) for name, value in re.findall(r"(?m)^(\w+) (\d+)\r?$", result.output)}


def test_programs_under_pressure(debug, tmp_path):
    """Two that hold more than the RAM and six that remap at random, side by side; nothing is left behind."""
    script = tmp_path / "mix"
    script.write_text("#!/bin/busybox sh\n/vm_swap 60 & \n/vm_swap 30 &\n/vm_model 11 1500 6 || exit 1\nwait\n")
    script.chmod(0o755)
    result = run("--memory", "64M", "--swap", "256M", debug=debug, adds=[f"{script}:/bin/mix", *map(program, PROGRAMS)],
                 execs=["/bin/mix", "/bin/busybox cat /proc/vmstat"])
    assert result.status == 0, result
    assert "FAIL" not in result.output and len(result.lines(r"^PASS vm_")) == 3, result
    seen = vmstat(result)
    assert seen["pswpout"] > 1000 and seen["pswpin"] > 1000, seen
    # nr_mlock itself may be off by what the CPUs have not folded yet; events are summed up
    assert seen["unevictable_pgs_mlocked"] == seen["unevictable_pgs_munlocked"] + seen["unevictable_pgs_cleared"] > 0, seen
    assert seen["nr_mlock"] < 16 and seen["nr_anon_pages"] < 100, seen


def test_page_of_many_processes_leaves_them_all(debug):
    """150 users of a slot are more than its byte counts."""
    result = run("--memory", "64M", "--swap", "256M", debug=debug, adds=[program("vm_many")], execs=["/vm_many 150"])
    assert result.status == 0, result
    assert result.lines(r"^PASS vm_many"), result


def test_mapped_disk_larger_than_memory(debug, tmp_path):
    disk = tmp_path / "disk"
    with open(disk, "wb") as image:
        image.truncate(128 << 20)
    result = run("--memory", "48M", "--disk", disk, debug=debug, adds=[program("vm_disk")],
                 execs=["/vm_disk /dev/vda 96", "/bin/busybox cat /proc/vmstat"])
    assert result.status == 0, result
    assert result.lines(r"^PASS vm_disk"), result
    assert vmstat(result)["nr_written"] > 40000, result
