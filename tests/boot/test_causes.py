# SPDX-License-Identifier: MIT
"""Every branch of the slow path has a cause in real life: real-time tasks, drivers' interrupts, disks that are full of requests."""
import os
import re

from machine import program, run


def floors(result):
    """=> the least free pages each rt_floor saw; sum of the zones' min; what the zones keep back from Normal"""
    text = result.output
    least = [int(n) for n in re.findall(r"(?m)^floor: (\d+) pages free$", text)]
    mins = sum(int(n) for n in re.findall(r"(?m)^ +min +(\d+)$", text))
    kept = sum(int(words.split(",")[1]) for words in re.findall(r"protection: \(([^)]*)\)", text))
    return least, mins, kept


def test_a_real_time_task_gets_further_than_others():
    """ALLOC_HARDER: a FIFO task gets pages down to 3/4 of min where a normal one has long had to reclaim."""
    result = run("--memory", "64M", "--cpus", 1, adds=[program("rt_floor")], execs=[
        "/bin/sh -c 'echo 8192 > /proc/sys/vm/min_free_kbytes; cat /proc/zoneinfo'",
        "/rt_floor", "/bin/chrt -f 50 /rt_floor", "/bin/chrt -r 1 /rt_floor", "/bin/chrt -o 0 /rt_floor"])
    assert result.status == 0, result
    (normal, fifo, rr, other), mins, kept = floors(result)
    assert 2000 <= mins <= 2100, result
    for least, floor in ((normal, mins), (fifo, mins * 3 // 4), (rr, mins * 3 // 4), (other, mins)):
        assert floor + kept - 64 <= least <= floor + kept + 64, (least, floor, kept, result)


def test_chrt():
    """As util-linux has it: a command, a process, and what is refused."""
    script = ("chrt -p $$; chrt -f -p 7 $$; chrt -p $$; chrt -r 5 chrt -p 0; chrt --other -p 0 $$; chrt -p $$; chrt -f 100 true; echo $?;"
              " chrt -f 1 /nowhere; echo $?; chrt -f; echo $?; chrt -p 31999; echo $?; chrt -fr 1 true; echo $?; chrt -f -r 1 true; echo $?")
    result = run(execs=[f"/bin/sh -c '{script}'"])
    assert result.lines(r"^pid \d+'s scheduling policy: (\w+)$") == [(name,) for name in (
        "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_OTHER")], result
    assert result.lines(r"^pid \d+'s scheduling priority: (\d+)$") == [("0",), ("7",), ("5",), ("0",)], result
    assert result.lines(r"^(\d+)$") == [("2",), ("127",), ("2",), ("1",), ("2",), ("2",)], result
    assert "a priority from 1 to 99 is wanted here" in result.output and "No such process" in result.output, result


def test_an_interrupt_handler_allocates(debug):
    """virtio-rng takes its buffers GFP_ATOMIC, in its interrupt and in softirq; without a page it recovers by itself."""
    result = run("--memory", "64M", debug=debug, adds=[program("hwrng")], execs=["/hwrng device", "/bin/cat /proc/interrupts"],
                 qemu=["--", "-device", "virtio-rng-pci,disable-legacy=on"])
    assert result.status == 0, result
    assert "PASS hwrng" in result.output and result.lines(r"^ *\d+: +([1-9]\d*) .*virtio_rng$"), result
    reports = result.lines(r"([\w/.-]+): page allocation failure: order:0, mode:0x20$")
    assert 1 <= len(reports) <= 30, result
    assert re.search(r"(?s)page allocation failure.*?refill.*?(rng_timer|rng_interrupt)", result.output), result


CONGEST = """
echo 90 > /proc/sys/vm/dirty_ratio; echo 5 > /proc/sys/vm/dirty_background_ratio
cat /proc/tidemark/trace > /trace &
/congest /dev/vda 72 || exit 1
sleep 0.2; kill %1
grep congested_wait /trace; grep allocstall /proc/vmstat
"""


def test_reclaim_waits_for_a_disk_that_is_full_of_requests(tmp_path):
    """More dirty pages than the disk takes: its queue is congested, the zone is marked, wait_iff_congested() sleeps."""
    disk, script = tmp_path / "disk", tmp_path / "congest.sh"
    disk.write_bytes(b"")
    os.truncate(disk, 80 << 20)
    script.write_text(CONGEST)
    result = run("--memory", "64M", adds=[program("congest"), script], execs=["/bin/sh /congest.sh"], qemu=[
        "--", "-drive", f"file={disk},format=raw,if=none,id=slow,throttling.iops-total=1500", "-device", "virtio-blk-pci,drive=slow"])
    assert result.status == 0 and "PASS congest" in result.output, result
    slept = [int(ticks) for (ticks,) in result.lines(r"^[\d.]+ congested_wait zone=[01] ticks=(\d+) pid=\d+$")]
    assert sum(ticks > 0 for ticks in slept) >= 3, result  # up to HZ/10, or until the queue has room
    assert int(result.lines(r"^allocstall (\d+)$")[0][0]) > 0, result


CRASHES = """
ulimit -c 0
crash() { echo "--- $1 of $2"; i=0; while [ $i -lt $2 ]; do /core_crash segv 2>/dev/null; i=$((i + 1)); done; }
echo 0 > /proc/sys/kernel/printk_ratelimit
crash all 12
echo 1000 > /proc/sys/kernel/printk_ratelimit
echo 13 > /proc/sys/kernel/printk_ratelimit_burst
crash some 20
echo "--- end"
"""


def test_faulting_programs_share_a_limit_of_messages(tmp_path):
    """printk_ratelimit(): as many lines as its knobs let through; 0 seconds is no limit."""
    script = tmp_path / "crashes.sh"
    script.write_text(CRASHES)
    result = run(adds=[program("core_crash"), script], execs=["/bin/sh /crashes.sh"])
    assert result.status == 0, result
    lines = [len(re.findall(r"core_crash\[\d+\]: segfault at 8 ip", part)) for part in result.output.split("--- ")]
    assert lines[1:] == [12, 13, 0], (lines, result)
