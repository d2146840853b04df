# SPDX-License-Identifier: MIT
"""Every place that allocates fails once: tests/user/inject. `make inject` fails more requests of each."""
import os
import re

from machine import program, run

ARGS = ("--memory", "48M", "--swap", "64M")
WORDS = "loglevel=2 ramdisk=16M"
MKSWAP = "/bin/busybox mkswap /dev/ram0"


def inject(words, *args, **kwargs):
    result = run(*ARGS, *args, append=WORDS, adds=[program("inject")], execs=[MKSWAP, f"/inject {words}"], **kwargs)
    assert result.status == 0, result
    assert result.lines("^PASS inject$") and not result.lines("FAIL|BUG|panic"), result
    (sites, injected), = result.lines(r"^(\d+) sites, (\d+) injected$")
    assert int(sites) >= 150 and int(injected) >= 150, result


def test_every_site_fails_once():
    inject("--rounds 2", "--cpus", 1)


DEFAULTS = {"probability": "0", "interval": "1", "times": "1", "space": "0", "verbose": "2", "task-filter": "N",
            "ignore-gfp-wait": "Y", "ignore-gfp-highmem": "Y", "min-order": "1", "site": "none"}
MALFORMED = ("probability 101", "probability -1", "interval x", "times -2", "space -1", "verbose 3", "min-order 11",
             "task-filter maybe", "ignore-gfp-wait 7x", "site 12", "site x y", "sites maybe", "stacktrace-depth 33")
KNOBS = f"""#!/bin/sh
mount -t debugfs none /sys/kernel/debug
cd /sys/kernel/debug/fail_page_alloc
show() {{ for f in {" ".join(DEFAULTS)}; do echo "$1 $f=$(cat $f)"; done; }}
show before
try() {{ echo "$2" > $1 && echo "ACCEPTED $*"; }}
for bad in {" ".join(f'"{bad}"' for bad in MALFORMED)}; do try ${{bad%% *}} "${{bad#* }}" 2>/dev/null; done
echo 2 > /proc/self/make-it-fail && echo ACCEPTED make-it-fail
show after
echo 1 > /proc/$$/make-it-fail
cd ../failslab
echo N > ignore-gfp-wait; echo Y > task-filter; echo 0 > verbose; echo 1 > sites
work() {{ for i in 1 2 3 4 5 6; do mkdir /tmp/d; rmdir /tmp/d; done; }}
work 2> /dev/null
set -- $(grep " new_inode+" sites | head -n 1)
echo chosen $1 $2
echo "$1 $2" > site; echo 1 > sites; echo -1 > times; echo 2 > interval; echo 100 > probability
work 2> /tmp/complaints
echo 0 > probability
awk '$4 {{ print "failed", $1, $2, "met", $3, "times", $4 }}' sites
grep -c "Cannot allocate memory" /tmp/complaints
"""


def test_knobs(tmp_path):
    """Linux's defaults; what is malformed is refused and changes nothing; a site, every second request: that and no other."""
    script = tmp_path / "knobs"
    script.write_text(KNOBS)
    script.chmod(0o755)
    result = run(adds=[f"{script}:/knobs"], execs=["/knobs"])
    assert result.status == 0 and "ACCEPTED" not in result.output, result
    for when in ("before", "after"):
        assert dict(result.lines(rf"^{when} ([\w-]+)=(.*)$")) == DEFAULTS, result
    (chosen,), failed = result.lines("^chosen (.*)$"), result.lines(r"^failed (\w+ \w+) met (\d+) times (\d+)$")
    assert len(failed) == 1 and failed[0][0] == chosen[0], result
    assert int(failed[0][2]) == int(failed[0][1]) // 2 > 1, result
