# SPDX-License-Identifier: MIT
"""SysRq, from /proc/sysrq-trigger and by BREAK on the serial line, at a loglevel that hides everything else."""
import json
import os
import re
import socket
import subprocess
import tempfile
import time

import pytest

from machine import Result, command, run
from test_swap import Qmp

HELP = ("HELP : loglevel(0-9) reboot(b) crash(c) memory-full-oom-kill(f) show-backtrace-all-active-cpus(l) "
        "show-memory-usage(m) poweroff(o) show-task-states(t) ")
QUIET = "loglevel=1"


def order(keys, *args, **kwargs):
    echo = "; ".join(f"echo {key} > /proc/sysrq-trigger" for key in keys)
    return run(*args, append=QUIET, execs=[f"/bin/sh -c '{kwargs.pop('before', 'true')}; {echo}; {kwargs.pop('after', 'echo after')}'"], **kwargs)


def test_orders_that_only_tell(debug):
    result = order("hmtlz3", "--cpus", 2, debug=debug, after="echo after")
    assert result.status == 0, result
    out = result.output
    assert len(result.lines(r"SysRq : " + re.escape(HELP))) == 2, result  # h and z: unknown keys help
    assert result.lines(r"SysRq : Show Memory\n.*Mem-Info:\n") and result.lines(r"Node 0 Normal: .* = \d+kB$"), result
    assert result.lines(r"SysRq : Changing Loglevel\n.*Loglevel set to 3$"), result
    tasks = out[out.index("SysRq : Show State") : out.index("SysRq : Show backtrace")]
    assert re.search(r"kswapd0 +S +\d+ +0 0x0+\n.*Call trace:\n(.*\] +\[<[0-9a-f]{16}>\] \S+\n)*.*kswapd\+0x", tasks), result
    assert re.search(r"sh +R +\d+ +1 0x[0-9a-f]+\n.*running on CPU \d", tasks), result
    cpus = out[out.index("SysRq : Show backtrace") : out.index("SysRq : Changing Loglevel")]
    assert sorted(re.findall(r"\] CPU: (\d) PID: ", cpus)) == ["0", "1"], result
    assert "sys_write+0x" in cpus and "arch_idle" in cpus, result
    assert "after" in out.splitlines(), result


def test_kill(debug):
    """The largest program dies, though nothing is short of memory."""
    result = order("f", debug=debug, before="hog --mib 40 --hold 1 --report 0 & sleep 1", after="wait; echo after; dmesg | grep Killed")
    assert result.status == 0, result
    assert result.lines(r"SysRq : Manual OOM execution$"), result
    assert result.lines(r"Killed process \d+ \(hog\) total-vm:\d+kB"), result
    assert "after" in result.output.splitlines(), result


def test_kill_with_nobody_to_kill():
    """Neither a panic nor a death, even if the policy for true shortage is to panic."""
    result = order("f", before="echo -1000 > /proc/self/oom_score_adj; echo 2 > /proc/sys/vm/panic_on_oom", after="sleep 1; echo after")
    assert result.status == 0, result
    assert result.lines(r"OOM request ignored. No task eligible$") and "after" in result.output.splitlines(), result


@pytest.mark.parametrize("key, status", [("o", 0), ("b", 0), ("c", 3)])
def test_orders_that_end_the_machine(key, status):
    result = order(key, "--cpus", 2)
    assert result.status == status, result
    assert "after" not in result.output.splitlines(), result
    assert ("Kernel panic - not syncing: sysrq triggered crash" in result.output) == (key == "c"), result


# ---- BREAK ---------------------------------------------------------------------------------------


class Typist:
    """A machine whose serial line we hold: bytes through its standard input, BREAK through QEMU's monitor."""

    def __init__(self, script, *args, **kwargs):
        self.scratch = tempfile.TemporaryDirectory()
        path = os.path.join(self.scratch.name, "qmp")
        words = command("--qmp", path, *args, append=QUIET, timeout=60, execs=[f"/bin/sh -c '{script}'"], **kwargs)
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.path, self.output = path, ""

    def until(self, text):
        start = len(self.output)
        while text not in self.output[start:]:
            data = os.read(self.process.stdout.fileno(), 65536)
            assert data, (text, self.output)
            self.output += data.decode(errors="replace").replace("\r", "")

    def monitor(self, name, **arguments):
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(self.path)
            stream = line.makefile("rw", encoding="utf-8")
            stream.readline()
            for request in ({"execute": "qmp_capabilities"}, {"execute": name, "arguments": arguments}):
                stream.write(json.dumps(request) + "\n")
                stream.flush()
                while "return" not in (answer := json.loads(stream.readline())):
                    assert "error" not in answer, answer

    def press(self, key):
        self.monitor("chardev-send-break", id="console")
        self.type(key)

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def end(self):
        rest, _ = self.process.communicate()
        self.scratch.cleanup()
        return Result(self.process.returncode, self.output + rest.decode(errors="replace").replace("\r", ""))


def test_break_and_a_key(debug):
    line = Typist("echo ready; read x; echo got=$x; read x", "--cpus", 2, debug=debug)
    line.until("ready\n")
    line.type("be")
    line.until("be")  # echoed: BREAK goes by another way and would overtake it
    line.press("h")
    line.until("SysRq : " + HELP)
    line.type("fore\n")
    line.until("got=before\n")  # neither the BREAK nor the key has reached the program
    line.press("l")
    line.until("SysRq : Show backtrace")
    line.press("c")  # in a hard interrupt
    result = line.end()
    assert result.status == 3, result
    assert result.lines(r"Kernel panic - not syncing: sysrq triggered crash$"), result
    assert result.lines(r"serial_interrupt\+0x") and "Mem-Info:" in result.output, result


def test_break_reaches_a_machine_that_does_not_read():
    """The terminal is full, its bytes are held back in the port and on the line: the next one is an order."""
    line = Typist("stty -icanon -echo; echo ready; while :; do :; done")
    line.until("ready\n")
    line.type("o" * 30000)
    time.sleep(1)
    line.monitor("chardev-send-break", id="console")
    result = line.end()
    assert result.status == 0 and result.lines("SysRq : Power Off$"), result


def test_the_mask():
    """kernel.sysrq: 0 nothing, else a sum of rights; /proc/sysrq-trigger is always heard."""
    line = Typist("echo 8 > /proc/sys/kernel/sysrq; echo ready; read x; echo 0 > /proc/sys/kernel/sysrq; echo off; read x; "
                  "echo m > /proc/sysrq-trigger; cat /proc/sys/kernel/sysrq")
    line.until("ready\n")
    line.press("m")
    line.until("SysRq : Show Memory\n")
    line.press("o")
    line.until("SysRq : This sysrq operation is disabled.\n")
    line.type("\n")
    line.until("off\n")
    line.press("b")
    time.sleep(0.2)
    line.type("\n")
    result = line.end()
    assert result.status == 0 and len(result.lines("SysRq : Show Memory$")) == 2, result
    assert "Resetting" not in result.output and result.lines(r"^0$"), result


def test_an_nmi_in_the_middle_of_printing(tmp_path):
    """An NMI that nobody asked for is told, but not in the NMI: the CPU may be under the serial port's lock."""
    script = "i=0; while [ $i -lt 300 ]; do cat /proc/meminfo; i=$((i+1)); done; echo all printed"
    vm = subprocess.Popen(command("--cpus", 2, "--qmp", tmp_path / "qmp", timeout=90, execs=[f"/bin/sh -c '{script}'"]),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace")
    qmp, seen = Qmp(tmp_path / "qmp"), ""
    for line in vm.stdout:
        seen += line
        if "MemFree" in line:
            qmp.command("inject-nmi")
    good = vm.wait() == 0 and "all printed" in seen and "NMI of unknown origin on CPU" in seen
    assert good, seen[-3000:]
