# SPDX-License-Identifier: MIT
"""gdb sessions from begin to end: programs that come and go, a machine that runs, that has panicked, that waits for
somebody's own gdb; and docs/gdb.md, whose session is replayed."""
import os
import re
import shlex
import signal
import socket
import subprocess
import time

import pexpect
import pytest

from gdb_driver import GDB, session
from machine import TOP, program

# ---- Programs ----------------------------------------------------------------------------------------------

PIE = r"""
int counter = 41;
__attribute__((noinline)) int where_it_happens(int n) { return counter += n; }
int main(void) { return where_it_happens(1) != 42; }
"""

FOLLOW = r"""
note("count", 0)
until("where_it_happens"); do("bt"); do("p counter"); do("program")
do("finish"); do("p counter")
until("known_state"); do("program"); do("info symbol where_it_happens")
do("program /etc/hostname"); do(f"program {other}"); do(f"program {own}"); do("program auto")
do("continue")
"""


def test_programs_are_followed(tmp_path):
    """A position independent program at the address it was given, then the symbols of the next one instead."""
    pie = tmp_path / "pie"
    (tmp_path / "pie.c").write_text(PIE)
    subprocess.run(["gcc", "-g", "-O1", "-static-pie", "-fPIE", tmp_path / "pie.c", "-o", pie], check=True)
    script = f"own = {program('gdb_state')!r}; other = {program('vm_map')!r}\n" + FOLLOW
    seen = session(str(tmp_path), script, "--add", f"{pie}:/opt/other-name", "--add", program("gdb_state"),
                   "--exec", "/opt/other-name", "--exec", "/gdb_state")
    assert re.match(r"#0  where_it_happens \(n=(n@entry=)?1\) at .*pie.c:3\n#1 .* in main \(\) at .*pie.c:4", seen["bt"]), seen
    assert [text.split()[-1] for text in seen.every("p counter")] == ["41", "42"], seen
    programs = seen.every("program")
    assert programs[0].startswith(f"symbols of {pie} for /opt/other-name") and "gdb_state" in programs[1], seen
    assert "No symbol" in seen["info symbol where_it_happens"], seen
    assert "no ELF file" in seen["program /etc/hostname"] and "kept until" in seen[f"program {program('gdb_state')}"], seen
    assert "is not the program of the current task: /gdb_state starts at" in seen[f"program {program('vm_map')}"], seen
    assert "exec: /opt/other-name exited with status 0" in seen.console, seen


# ---- Running and panicked ------------------------------------------------------------------------------------


class Person:
    """Somebody at gdb's prompt."""

    def __init__(self, *words):
        self.gdb = pexpect.spawn(GDB, list(words), timeout=60, encoding="utf-8", codec_errors="replace", echo=False,
                                 env=dict(os.environ, TERM="dumb"))
        self.prompt()

    def interrupt(self):
        """One Ctrl-C, when gdb has had the time to wait for the machine: an earlier one is lost, a second gives up."""
        time.sleep(3)
        self.gdb.sendintr()
        self.prompt()

    def prompt(self):
        self.gdb.expect_exact("(gdb) ")
        return self.gdb.before

    def say(self, line):
        self.gdb.sendline(line)
        return self.prompt()

    def until(self, line, pattern):
        """Says line again and again until the answer matches: the guest goes on meanwhile."""
        for _ in range(200):
            text = self.say(line)
            if re.search(pattern, text):
                return text
            time.sleep(0.1)
        pytest.fail(f"{line} never told {pattern}: {text}")

    def leave(self):
        self.gdb.sendline("quit")
        self.gdb.expect(pexpect.EOF)
        self.gdb.close()


def test_while_the_kernel_runs(tmp_path):
    """`continue &`: each command interrupts the machine, answers, and lets it go on. Ctrl-C in the foreground."""
    person = Person("--console", str(tmp_path / "console"), "--cpus", "2")
    person.say("continue &")
    person.until("console 3", r"tidemark\S*# ")
    for command, words in (("mm zones", "zone HighMem.*per-CPU"), ("tasks", "kswapd0 +kswapd_try_to_sleep"),
                           ("mm check", r"\d+ free blocks, 65536 pages checked, \d+ errors")):
        person.gdb.sendline(command)
        person.gdb.expect("(?s)" + words)
    person.until("python print('it', 'runs' if gdb.selected_thread().is_running() else 'stands')", "it runs")
    person.say("console echo $((6*7))x")
    person.until("console 3", "42x")
    person.gdb.sendline("interrupt")
    person.gdb.expect("received signal SIGINT")
    person.until("python print('it', 'runs' if gdb.selected_thread().is_running() else 'stands')", "it stands")
    person.gdb.sendline("continue")
    person.gdb.expect("Continuing")
    person.interrupt()
    assert "mm check: " in person.say("mm check")
    assert "mm buddy" in person.say("complete mm bu")
    assert {"bt 1", "bt 2"} <= set(person.say("complete bt ").split("\r\n"))
    assert "mm pte 0x400000 1" in person.say("complete mm pte 0x400000 ")
    assert "every free list, per-CPU list and LRU list" in person.say("help mm check")
    person.leave()


def test_after_a_panic(tmp_path, debug):
    """Both builds: the machine waits in the panic, the commands know it, and going on ends it."""
    script = """
do("continue")
for command in ("bt", "tasks", "mm zones", "mm buddy", "mm check", "mm page zero_page", "mm lru", "p panic_cpu", "bt 5", "mm page $task(1)"):
    do(command)
do("continue")
"""
    seen = session(str(tmp_path), script, *(["--debug"] if debug else []), "--cpus", "2", "--append", "init=/bin/false")
    assert "The kernel has panicked on CPU" in seen.every("continue")[0] + seen.output, seen
    assert re.search(r"(?s)in panic \(.*do_exit", seen["bt"]), seen
    assert re.search(r"(?m)^ *1 +1 R .*running on CPU", seen["tasks"]), seen
    assert "kswapd_try_to_sleep" in seen["bt 5"] and "the zero page" in seen["mm page zero_page"], seen
    assert "zone HighMem" in seen["mm zones"] and "zone HighMem" in seen["mm buddy"] and "unevictable" in seen["mm lru"], seen
    assert re.search(r"pages checked, 0 errors", seen["mm check"]), seen
    assert "Backtrace stopped" not in seen["bt"], seen
    owner = re.search(r"owner +allocated with order \d+, mask 0x\w+, by pid \d+, at\n  owner +0xf+8\w+ \w+", seen["mm page $task(1)"])
    assert bool(owner) == debug, "a debug build keeps who allocated each page"
    assert "Kernel panic - not syncing" in seen.console, seen


def waiting_machine(folder, *words):
    """=> (scripts/run that waits for a debugger, its port)"""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    out = open(os.path.join(folder, "out"), "wb")
    run = subprocess.Popen([os.path.join(TOP, "scripts", "run"), "--boot", "direct", "--gdb", str(port), "--timeout", "200",
                            *words], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    return run, port


@pytest.mark.parametrize("how", ["detach", "kill", "before"])
def test_a_panic_waits_for_any_debugger_and_ends_when_it_leaves(tmp_path, how):
    """One's own gdb without our commands: stopped by the panic; when it leaves, scripts/run ends with status 3."""
    run, port = waiting_machine(str(tmp_path), "--append", "init=/bin/false")
    gdb = pexpect.spawn("gdb", ["-q", "-nx", "-ex", "set confirm off", "-ex", "set tcp connect-timeout 30", "-ex",
                                f"target remote :{port}", os.path.join(TOP, "build", "tidemark.elf")], timeout=60,
                        encoding="utf-8", env=dict(os.environ, TERM="dumb"))
    gdb.expect_exact("(gdb) ")
    if how != "before":
        gdb.sendline("continue")
        gdb.expect("received signal")
        gdb.expect_exact("(gdb) ")
        time.sleep(1)
        assert run.poll() is None, "the machine did not wait"
        gdb.sendline("p panic_in_progress")
        gdb.expect("= 1")
    if how == "kill":
        gdb.kill(signal.SIGKILL)
    else:
        gdb.sendline("detach")
    assert run.wait(60) == 3
    gdb.close(force=True)


def test_attach_to_a_machine_that_waits(tmp_path):
    """`scripts/gdb --attach PORT` beside `scripts/run --gdb PORT`: the commands, and the machine lives on without gdb."""
    run, port = waiting_machine(str(tmp_path), "--exec", "/bin/echo alive")
    script = tmp_path / "script"
    script.write_text("hbreak kernel_main\ncontinue\nprogram\ndetach\n")
    done = subprocess.run([GDB, "--attach", str(port), "--script", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=100)
    assert "kernel_main (" in done.stdout and "no program's symbols" in done.stdout, done.stdout
    assert run.wait(60) == 0
    assert "alive" in (tmp_path / "out").read_text()


def test_a_port_in_use_is_told(tmp_path):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        done = subprocess.run([GDB, "--port", str(s.getsockname()[1]), "--console", str(tmp_path / "console")],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    assert done.returncode and "port" in done.stdout.lower() and "Traceback" not in done.stdout, done.stdout


# ---- docs/gdb.md ---------------------------------------------------------------------------------------------


def shape(line):
    """=> a pattern for the line with other numbers, addresses and bars"""
    parts = re.split(r"0x[0-9a-f]+|\d+|#{2,}|\.{4,}", re.sub(r"\s+", " ", line.strip()))
    return r"[#.0-9a-fx]*".join(re.escape(part).replace(r"\ ", r"\s*") for part in parts)


def test_the_session_of_the_page(tmp_path):
    with open(os.path.join(TOP, "docs", "gdb.md"), encoding="utf-8") as f:
        page = f.read()
    steps = [step.rstrip("\n").split("\n") for step in re.search(r"(?s)```gdb\n\(gdb\) (.*?)```", page)[1].split("(gdb) ")]
    words = re.search(r"After `make gdb RUNFLAGS='(.*?)'`", page)[1]
    seen = session(str(tmp_path), "".join(f"do({step[0]!r})\n" for step in steps), "--swap", "512M", *shlex.split(words))
    for command, *lines in steps:
        pattern = "".join(r"(?:.*\n)*?" if line == "..." else rf"\s*{shape(line)}\s*?\n" for line in lines)
        assert re.match(pattern, seen[command]), (command, lines, seen[command])


def test_the_commands_of_the_page_exist(tmp_path):
    with open(os.path.join(TOP, "docs", "gdb.md"), encoding="utf-8") as f:
        table = re.search(r"(?s)## The commands\n(.*?)\n\*\*What", f.read())[1]
    names = re.findall(r"(?m)^\| `((?:mm )?[a-z]+)", table)
    assert {"tasks", "bt", "mm zones", "mm page", "mm check", "program", "console"} <= set(names)
    seen = session(str(tmp_path), "".join(f"do('help {name}')\n" for name in names if name != "p") + "do('help mm')\n")
    for name in names:
        if name != "p":
            assert seen[f"help {name}"].startswith(name) and name in seen["help mm"] + "tasks bt program console", seen


def test_make_gdb_with_the_source_above():
    """`make gdb TUI=1 GDB_PORT=n` at a terminal."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    gdb = pexpect.spawn("make", ["gdb", "TUI=1", f"GDB_PORT={port}", "SETUP=no", "APPEND=quiet", "CPUS=2"], cwd=TOP, timeout=200,
                        encoding="utf-8", codec_errors="replace", dimensions=(40, 120), env=dict(os.environ, TERM="xterm"))
    gdb.expect("kernel/main.c")
    gdb.expect(r"\(gdb\) ")
    gdb.sendline("p 6*7")
    gdb.expect("= 42")
    gdb.sendline("info threads")
    gdb.expect("CPU#1")
    gdb.sendline("quit")
    gdb.expect(pexpect.EOF)
    gdb.close()
    assert gdb.exitstatus == 0
