# SPDX-License-Identifier: MIT
"""The terminal from outside: keys, modes, flow control, pastes, its size, hangup and a new shell."""
import re
import subprocess
import threading

import pexpect

from machine import command, program, run
from terminal import NL, Terminal

PASTE = "".join(f"{n:010}\n" for n in range(20000)) + "end\n"
KEYS = {
    "ctrl": "\x03", "abc": "abc", "de": "de", "ab": "ab", "two lines": "one\ntwo\n", "ab ctrl-d": "ab\x04",
    "ctrl-d": "\x04", "x line": "x\n", "paste": PASTE, "full and ctrl-c": "never read\n" * 1000 + "\x03",
    "long line": "y" * 5000 + "\n", "partial": "all of it\x15left wrnog\x7fword\x17\x16\x03end\n",
}


def test_keys_in_every_mode(debug):
    """
    The keys come through a pipe: at a terminal QEMU's monitor sits in between (mux=on), which loses bytes of a paste
    of 200 KB on an idle host.
    """
    machine = subprocess.Popen(command("--cpus", 2, debug=debug, adds=[f"{program('tty_keys')}:/tty_keys"],
                                       execs=["/tty_keys"]),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = ""
    for line in machine.stdout:
        output += line.decode(errors="replace")
        asked = re.search(rb"KEYS ([^.]*)\.", line)
        if asked:  # in a thread: the guest may hold a paste back for as long as it likes
            threading.Thread(target=type_keys, args=(machine, KEYS[asked[1].decode()]), daemon=True).start()
    assert machine.wait() == 0 and "PASS tty_keys" in output, output[-2000:]


def type_keys(machine, keys):
    try:
        machine.stdin.write(keys.encode())
        machine.stdin.flush()
    except OSError:
        pass  # the machine has gone; its output says why


def test_pipes_are_pasted_without_loss(tmp_path):
    """No terminal at our end: a file as standard input is read by the guest as fast as it can, and whole."""
    path = tmp_path / "keys"
    path.write_text("stty -echo\nwc -l\n" + PASTE + "\x04poweroff\n")
    with open(path, encoding="utf-8") as keys:
        result = run(stdin=keys)
    assert result.status == 0 and result.lines(r"20001$"), result


def test_flow_and_hangup():
    with Terminal(append="loglevel=3") as machine:
        machine.prompt()
        machine.keys("yes | cat -n\r", rf"  100\ty{NL}")
        machine.keys("\x13")
        while machine.child.expect([r"[\r\n]", pexpect.TIMEOUT], timeout=2) == 0:
            pass  # what was on its way; then nothing comes for as long as one likes
        machine.keys("\x11", rf"\ty{NL}")
        machine.keys("\x03", r"\^C")
        machine.prompt()
        # A shell that ends hangs up: a job goes on without terminal, nohup or not, and reads end of file.
        assert machine.run("tty") == ["/dev/ttyS0"]
        machine.run("(trap '' HUP; sleep 1; cat; echo status $? > /tmp/after) &")
        machine.keys("exit\r", "BusyBox")
        machine.prompt()
        machine.run("while ! [ -s /tmp/after ]; do sleep 1; done")
        assert machine.run("cat /tmp/after") == ["status 0"]
        machine.keys("stty -icanon -echo; exit\r", "BusyBox")  # the next shell finds the terminal in order
        machine.prompt()
        assert any(" icanon" in line for line in machine.run("stty -a </dev/console"))
        machine.keys("poweroff\r")
        assert machine.end() == 0


def test_size():
    with Terminal(rows=33, columns=101) as machine:
        machine.prompt()
        assert machine.run("stty size") == ["33 101"]
        machine.keys("resize\r", re.escape("\x1b[6n"))  # asks the terminal where its last corner is
        machine.keys("\x1b[40;120R", "40 rows, 120 columns")
        machine.prompt()
        assert machine.run("stty size") == ["40 120"]
        assert machine.run("""sh -c "trap 'echo resized' WINCH; stty rows 50; :" """) == ["resized"]
        machine.keys("reboot\r")
        assert machine.end() == 0


def test_a_shell_that_cannot_start_is_not_started_in_a_loop():
    """What cannot be executed is no shell. init says so, and once in a second of the guest's time only."""
    with Terminal(watchdog=False, adds=["/dev/null:/bin/sh"]) as machine:
        for _ in range(4):
            machine.expect("init: /bin/sh: Permission denied")
            machine.expect(r"init: /bin/sh ended at once with wait status 0x7e00; the next one in a second")
