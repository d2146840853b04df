# SPDX-License-Identifier: MIT
"""The freezer: echo freeze > /sys/power/state stops everybody until a key is pressed; nothing is lost."""
import subprocess

import pytest

from machine import command

# A task that computes, one that sleeps, a pipeline, a parent in vfork, threads, and one that is stopped.
SCRIPT = """
stty -echo
sh -c 'while :; do :; done' & spin=$!
sleep 100000 &
(while :; do echo x; done) | cat > /dev/null &
sh -c 'kill -STOP $$; echo the stopped one goes on' & stopped=$!
hog --mib 8 --hold 100000 --report 0 &
until grep -q 'State:.T' /proc/$stopped/status; do sleep 0.1; done
ticks() { cut -d' ' -f14 /proc/$spin/stat; }
up() { cut -d. -f1 /proc/uptime; }
for round in 1 2; do
t=$(ticks) u=$(up)
echo freeze > /sys/power/state; echo "status $?"
t2=$(ticks) u2=$(up)
echo "round $round: frozen for $((u2 - u)) s, the spinning task ran $((t2 - t)) ticks"
done
echo mem > /sys/power/state 2>/dev/null || echo "no mem"; cat /sys/power/state
kill -CONT $stopped; wait $stopped
t=$(ticks); sleep 1; echo "alive $(($(ticks) > t))"
kill $spin; kill $(jobs -p); echo done
"""


@pytest.mark.parametrize("cpus", [1, 2])
def test_freeze_and_wake(tmp_path, debug, cpus):
    (tmp_path / "script").write_text(SCRIPT)
    machine = subprocess.Popen(command("--cpus", cpus, debug=debug, adds=[tmp_path / "script"],
                                       execs=["/bin/sh /script"]),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = b""
    for line in machine.stdout:
        output += line
        if b"press a key" in line:
            try:  # a second or two of frozen time, counted by the host: a lower bound is all that is asked
                machine.wait(2)
            except subprocess.TimeoutExpired:
                pass
            machine.stdin.write(b"k")
            machine.stdin.flush()
    text = output.decode(errors="replace").replace("\r\n", "\n")
    assert machine.wait() == 0, text
    assert text.count("\nstatus 0\n") == 2 and text.count("PM: woken after") == 2, text
    for round_ in (1, 2):
        words = text.split(f"round {round_}: frozen for ")[1].split()
        frozen, ticks = int(words[0]), int(words[6])
        assert frozen >= 1 and ticks < 100 * frozen / 8, text  # awake it gets a third
    for words in ("no mem", "\nfreeze\n", "the stopped one goes on", "alive 1", "\ndone\n"):
        assert words in text, text


def test_a_long_freeze_hangs_nobody(tmp_path):
    """Who is frozen waits for no disk and no lock: neither the watchdog nor the look for hung tasks minds."""
    script = "echo 1 > /proc/sys/kernel/hung_task_timeout_secs; sleep 100000 & echo freeze > /sys/power/state; echo status $?"
    machine = subprocess.Popen(command("--icount", watchdog=False, append="watchdog=5", execs=[f"/bin/sh -c '{script}'"]),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = b""
    for line in machine.stdout:
        output += line
        if b"press a key" in line:
            try:  # an idle guest's time runs as fast as its ticks can be had: many minutes
                machine.wait(3)
            except subprocess.TimeoutExpired:
                pass
            machine.stdin.write(b"k")
            machine.stdin.flush()
    text = output.decode(errors="replace").replace("\r\n", "\n")
    assert machine.wait() == 0 and "\nstatus 0\n" in text and "blocked for more than" not in text, text
    assert int(text.split("PM: woken after ")[1].split()[0]) > 30000, text
