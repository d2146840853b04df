# SPDX-License-Identifier: MIT
"""Core files: written when they should be, readable by a stock gdb, and no danger when memory is short."""
import subprocess

import pytest

from machine import program, run

QUESTIONS = ["info threads", "bt", "thread 2", "bt", "thread 1", "print core_magic", "print core_heap[1000]",
             "print core_heap[number - 1]", "print core_heap[number]", "print $_siginfo._sifields._sigfault.si_addr"]


def crash(tmp_path, script, *args, size=32 << 20, **kwargs):
    """=> Result; the file `core` in the guest's /tmp ends up in tmp_path/core.img"""
    image = tmp_path / "core.img"
    with open(image, "wb") as f:
        f.truncate(size)
    (tmp_path / "script").write_text(f"mount -t tmpfs -o size=1g tmpfs /tmp\ncd /tmp\nulimit -c unlimited\n{script}\n")
    return run("--disk", image, *args, adds=[program("core_crash"), tmp_path / "script"],
               execs=["/bin/sh /script"], **kwargs)


def ask_gdb(tmp_path, mib):
    words = [word for q in QUESTIONS for word in ("-ex", q.replace("number", str(mib << 16)))]
    done = subprocess.run(["gdb", "-q", "-batch", *words, program("core_crash"), tmp_path / "core.img"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout


@pytest.mark.parametrize("memory,swap", [("128M", None), ("32M", "64M")])
def test_gdb_reads_it(tmp_path, debug, memory, swap):
    """Twice: with all pages in memory, and with most of them in the swap area."""
    mib = 8 if not swap else 40
    args = ["--memory", memory, "--cpus", 2] + (["--swap", swap] if swap else [])
    disk = "/dev/vdb" if swap else "/dev/vda"
    result = crash(tmp_path, f"/core_crash segv {mib}; echo status $?; dd if=core of={disk} bs=64k 2>&1; sync",
                   *args, size=64 << 20, debug=debug)
    assert "status 139" in result.output and "(core dumped)" in result.output, result
    assert result.status == 0, result
    text = ask_gdb(tmp_path, mib)
    assert "Program terminated with signal SIGSEGV" in text and f"`/core_crash segv {mib}'" in text, text
    assert text.count("crash_at_the_end (depth=depth@entry=") >= 4 and "main (argc" in text, text
    assert text.count("New LWP") == 3 and ("pause ()" in text or "pthread_barrier_wait ()" in text), text
    numbers = [line.split(" = ")[1] for line in text.splitlines() if line.startswith("$")]
    assert numbers == ['"the quick brown fox 4711"', "7001", str(((mib << 16) - 1) * 7 + 1), "0", "(void *) 0x8"], text


def test_who_leaves_none(tmp_path):
    """Which deaths leave a core file, and where."""
    script = """
    try() { rm -f core*; "$@"; echo "$* $? $(ls core* 2>/dev/null)"; }
    try /core_crash segv
    try /core_crash abort
    try /core_crash quit
    try /core_crash kill
    try /core_crash segv 1 nodump
    ulimit -S -c 0
    try /core_crash segv
    ulimit -S -c unlimited
    echo 'core.%e.%s.%%' > /proc/sys/kernel/core_pattern
    try /core_crash abort
    echo core > /proc/sys/kernel/core_pattern
    echo '|/bin/true' > /proc/sys/kernel/core_pattern || cat /proc/sys/kernel/core_pattern
    echo precious > kept; ln -s kept core; /core_crash segv; cat kept; rm core
    ln kept core; /core_crash segv; cat kept
    rm core; mkfifo core; /core_crash segv; echo nobody waited for a reader
    """
    result = crash(tmp_path, script)
    lines = [line for line in result.output.splitlines() if line.startswith("/core_crash")]
    assert lines == ["/core_crash segv 139 core", "/core_crash abort 134 core", "/core_crash quit 131 core",
                     "/core_crash kill 137 ", "/core_crash segv 1 nodump 139 ", "/core_crash segv 139 ",
                     "/core_crash abort 134 core.core_crash.6.%"], result
    assert result.lines(r"^core$") and len(result.lines(r"^precious$")) == 2, result
    assert result.lines("^nobody waited for a reader$"), result


def test_the_limit_cuts_it_short(tmp_path):
    result = crash(tmp_path, "ulimit -c 100\n/core_crash segv 8; ls -s core; wc -c < core")
    ((size,),) = result.lines(r"^(\d+)$")
    assert 0 < int(size) <= 100 * 1024 and "is cut short: error -27" in result.output, result


def test_nobody_is_killed_for_the_dead(tmp_path):
    """No room for the file: it is cut short. PF_DUMPCORE: the killer is not called for it."""
    script = """
    echo 1 > /proc/sys/vm/overcommit_memory
    hog --mib 12 --report 0 --hold 100000 &
    /core_crash segv 52; echo status $?
    kill -0 $! && echo alive; kill $!
    """
    result = crash(tmp_path, script, "--memory", "64M")
    assert "is cut short: error -12" in result.output and "status 139" in result.output, result
    assert result.lines(r"^alive$") and "Out of memory" not in result.output, result
