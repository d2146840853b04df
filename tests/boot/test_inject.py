# SPDX-License-Identifier: MIT
"""Every place that allocates fails once: tests/user/inject; the boot; the knobs. `make inject` fails more requests of each."""
import os
import re
import subprocess
from random import Random

from machine import TOP, program, run

ALL = os.environ.get("TIDEMARK_INJECT") == "all"
ARGS = ("--memory", "48M", "--swap", "64M")
failed_in_debug = set()
WORDS = "loglevel=2 ramdisk=16M"
MKSWAP = "/bin/busybox mkswap /dev/ram0"


def random_of_commit():
    return Random(subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=TOP))


def inject(words, *args, **kwargs):
    """=> the set of failed sites, (address, address) each"""
    result = run(*ARGS, *args, append=WORDS, adds=[program("inject")], execs=[MKSWAP, f"/inject {words}"], **kwargs)
    assert result.status == 0, result
    assert result.lines("^PASS inject$") and not result.lines("FAIL|BUG|panic"), result
    (sites, injected), = result.lines(r"^(\d+) sites, (\d+) injected$")
    print(f"{sites} sites of the work, {injected} injected")
    pairs = set(result.lines("^failed (\\w{16}) (\\w+)$"))
    assert len(pairs) == int(injected), result
    return pairs


def test_every_site_fails_once():
    assert len(inject("--rounds 2", "--cpus", 1)) >= 150


def test_debug_build():
    """Fewer pairs there, since no call is a jump; with the boot's 150. All of it with TIDEMARK_INJECT=all."""
    if ALL:
        failed_in_debug.update(inject("--rounds 6", "--cpus", 2, debug=True, timeout=900))
        assert len(failed_in_debug) >= 110
    else:
        inject(f"--rounds 1 --slice {random_of_commit().randrange(3)}/3", "--cpus", 2, debug=True)


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


SITES = """#!/bin/sh
mount -t debugfs none /sys/kernel/debug
for i in failslab fail_page_alloc; do sed "s/^/site $i /" /sys/kernel/debug/$i/sites; done
"""
# what a boot may end with when it does not get its memory: a panic that says what was to be made
CLEAN_PANIC = re.compile(r"Kernel panic - not syncing: (?!Fatal exception|Watchdog).*"
                         r"(no memory|[Oo]ut of memory|[Nn]o (working )?init|is missing|could not|cannot|init)")


def boot_sites(tmp_path, debug):
    script = tmp_path / "sites"
    script.write_text(SITES)
    script.chmod(0o755)
    result = run(append="failslab_sites=on fail_page_alloc_sites=on", adds=[f"{script}:/sites"], execs=["/sites"], debug=debug)
    sites = result.lines(r"^site (\w+) ([0-9a-f]{16}) ([0-9a-f]{16}) \d+ \d+ (.*)$")
    assert result.status == 0 and len(sites) > 80, result
    return sites


def fail_at_boot(injector, ips, name, debug):
    """=> it failed; the machine came up all the same, or said why not."""
    result = run("--memory", "64M", append=f"{injector}_site={','.join(ips)},1", execs=["/bin/sh -c 'ls / | wc -l'"], debug=debug, timeout=60)
    what = (injector, ips, name, result)
    assert result.status in (0, 1) or result.status == 3 and CLEAN_PANIC.search(result.output), what
    assert not result.lines("BUG|WARNING:|Fatal exception|unable to handle"), what
    return "FAULT_INJECTION: forcing" in result.output


def test_boot_with_one_failure(tmp_path, debug):
    """From the first kmalloc to the first program: a few sites per commit, all with TIDEMARK_INJECT=all (make inject)."""
    sites = boot_sites(tmp_path, debug)
    if not ALL:
        sites = random_of_commit().sample(sites, 6)
    done = [site[1:3] for site in sites if fail_at_boot(site[0], site[1:3], site[3], debug)]
    print(f"{len(sites)} sites of a boot, {len(done)} injected")
    assert len(done) > len(sites) // 2
    if ALL and debug and failed_in_debug: # after test_debug_build, in the same process
        failed_in_debug.update(done)
        print(f"{len(failed_in_debug)} sites of both in the debug build")
        assert len(failed_in_debug) >= 150
