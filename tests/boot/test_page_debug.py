# SPDX-License-Identifier: MIT
"""page_owner: who has every page. kmemcheck: reads of pages before anybody has written them; a machine at work has none."""
import re

from machine import run

MOUNT = "mount -t debugfs none /sys/kernel/debug"


def test_a_read_is_found_and_a_write_is_not():
    script = f"{MOUNT}; cd /sys/kernel/debug/provoke-crash; echo READ_INIT > DIRECT; echo READ_UNINIT > DIRECT"
    result = run("--cpus", 2, debug=True, append="kmemcheck=on", execs=[f"/bin/sh -c '{script}'"])
    assert result.status == 0, result
    reports = result.lines(r"kmemcheck: read of uninitialised page pfn ([0-9a-f]+), byte (\d+), by (\w+)")
    assert [report[1:] for report in reports] == [("40", "do_read_uninit")], result
    text = result.output[result.output.index("kmemcheck: read"):]
    assert re.search(r"(?s)last allocated via order 0, mask 0x200d0, .*do_read_uninit\+.*Call trace:.*sys_write\+", text), result


def test_work_reads_nothing_unwritten():
    """Swap by the disk's DMA, files, forks, tens of thousands of pages: not one report."""
    result = run("--memory", "64M", "--swap", "128M", debug=True, append="kmemcheck=on loglevel=4",
                 execs=["/bin/soak --seed 1 --ops 300 --tasks 4", "/bin/sh -c 'dd if=/dev/vda of=/dev/null bs=64k count=9'"])
    assert result.status == 0 and "every page right" in result.output, result
    assert "kmemcheck:" not in result.output.replace("kmemcheck=on", ""), result


def test_release_says_that_it_has_none():
    result = run(append="kmemcheck=on", execs=["/bin/true"])
    assert result.status == 0 and "kmemcheck: only debug builds have it" in result.output, result


RECORD = re.compile(r"Page allocated via order (\d+), mask (0x[0-9a-f]+)\n"
                    r"PFN (\d+) Block (\d+) type (\d) (Fallback|        ) Flags ([K ][E ][R ][U ][D ][L ][A ][S ][W ][C ][B ][M ])\n"
                    r"((?: \[<[0-9a-f]{16}>\] \S+\+0x[0-9a-f]+/0x[0-9a-f]+\n)+)\n")


def test_page_owner(debug, tmp_path):
    """Every record in Linux's format, pages in order, none twice; the whole file has as many pages as are in use."""
    script = tmp_path / "owner"
    script.write_text(f"""#!/bin/sh
{MOUNT}
awk '/^pgalloc/ {{ n += $2 }} /^pgfree/ {{ n -= $2 }} END {{ print "used " n }}' /proc/vmstat
cat /sys/kernel/debug/page_owner > /tmp/owner
awk '/^Page/ {{ p = 1; for (i = $5 + 0; i > 0; i--) p *= 2; n += p }} END {{ print "pages " n }}' /tmp/owner
echo BEGIN
head -n 900 /tmp/owner
echo END
""")
    script.chmod(0o755)
    result = run("--memory", "64M", debug=debug, append="page_owner=on", adds=[f"{script}:/owner"], execs=["/owner"])
    assert result.status == 0, result
    text = result.output[result.output.index("BEGIN\n") + 6:result.output.index("END\n")]
    text = text[:text.rindex("Page allocated")]
    records = RECORD.findall(text)
    assert "".join(m.group(0) for m in RECORD.finditer(text)) == text and len(records) > 50, result
    end = 0
    for order, _, pfn, block, *_ in records:
        assert int(pfn) >= end and int(block) == int(pfn) >> 9, (pfn, result)
        end = int(pfn) + (1 << int(order))
    (pages,), (used,) = result.lines(r"^pages (\d+)$")[0], result.lines(r"^used (\d+)$")[0]
    assert abs(int(pages) - int(used)) < 200, (pages, used) # the copy in /tmp grew meanwhile
