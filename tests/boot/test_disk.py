# SPDX-License-Identifier: MIT
"""Disks seen from both sides: what the guest reads is in the image, what it writes arrives there, and a bad
sector fails what lies in it and nothing else."""
import hashlib
import random
import re
import subprocess

import pytest

import machine

SECTOR = 512
BAD_SECTOR = 8 * 808


def image(path, size, seed=1):
    data = random.Random(seed).randbytes(size)
    path.write_bytes(data)
    return data


def digest(data):
    return hashlib.md5(data).hexdigest()


def run(*qemu, **kwargs):
    """=> machine.run() with QEMU's own arguments behind"""
    done = subprocess.run(machine.command(**kwargs) + ["--", *qemu], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return machine.Result(done.returncode, done.stdout.decode(errors="replace").replace("\r\n", "\n"))


def disk(path, device="", drive=""):
    return ["-drive", f"file={path},format=raw,if=none,id=extra{drive}", "-device", f"virtio-blk-pci,drive=extra{device}"]


@pytest.mark.parametrize("device", ["", ",vectors=0", ",disable-legacy=on", ",queue-size=16"],
                         ids=["msix", "pin", "modern", "short-ring"])
def test_every_byte_is_read(tmp_path, device):
    data = image(tmp_path / "disk", 12 << 20)
    result = run(*disk(tmp_path / "disk", device), execs=["md5sum /dev/vda"])
    assert result.status == 0 and digest(data) in result.output, result


def test_a_size_that_is_no_multiple_of_a_page(tmp_path, debug):
    data = image(tmp_path / "disk", 4096 * 100 + 3 * SECTOR)
    result = machine.run("--disk", tmp_path / "disk", debug=debug, execs=["md5sum /dev/vda", "wc -c /dev/vda"])
    assert result.status == 0 and digest(data) in result.output, result
    assert result.lines(f"^{len(data)} /dev/vda"), result


def test_what_is_written_is_in_the_image(tmp_path, debug):
    data = image(tmp_path / "from", 8 << 20)
    before = image(tmp_path / "to", 10 << 20, seed=2)
    result = machine.run("--disk", tmp_path / "from", "--disk", tmp_path / "to", "--cpus", 2, debug=debug,
                         execs=["dd if=/dev/vda of=/dev/vdb bs=64k seek=16 conv=fsync,notrunc"])
    assert result.status == 0, result
    after = (tmp_path / "to").read_bytes()
    assert after[1 << 20 : 9 << 20] == data
    assert after[: 1 << 20] == before[: 1 << 20] and after[9 << 20 :] == before[9 << 20 :]


def test_a_read_only_disk_is_not_opened_for_writing(tmp_path):
    data = image(tmp_path / "disk", 1 << 20)
    result = run(*disk(tmp_path / "disk", drive=",readonly=on"),
                 execs=["dd if=/dev/zero of=/dev/vda bs=4k count=1", "md5sum /dev/vda"])
    assert result.lines(r"^exec: dd exited with status 1"), result
    assert digest(data) in result.output and (tmp_path / "disk").read_bytes() == data


def test_a_bad_sector_fails_what_lies_in_it(tmp_path):
    data = image(tmp_path / "disk", 8 << 20)
    (tmp_path / "fault").write_text(
        f'[inject-error]\nevent = "none"\niotype = "read"\nerrno = "5"\nsector = "{BAD_SECTOR}"\n')
    page = BAD_SECTOR // 8
    result = run("-blockdev", f"driver=file,filename={tmp_path}/disk,node-name=file",
                 "-blockdev", f"driver=blkdebug,config={tmp_path}/fault,image=file,node-name=fault",
                 "-blockdev", "driver=raw,file=fault,node-name=raw",
                 "-device", "virtio-blk-pci,drive=raw,werror=report,rerror=report,request-merging=off",
                 execs=["md5sum /dev/vda", f"dd if=/dev/vda of=/before bs=4k count={page}", "md5sum /before",
                        f"dd if=/dev/vda of=/behind bs=4k skip={page + 1}", "md5sum /behind"])
    assert result.lines(r"^exec: md5sum exited with status 1"), result
    assert digest(data[: page * 4096]) in result.output, result
    assert digest(data[(page + 1) * 4096 :]) in result.output, result


def test_swaps_come_before_disks(tmp_path):
    data = image(tmp_path / "disk", 1 << 20)
    result = machine.run("--disk", tmp_path / "disk", "--swap", "8M", "--swap", "16M", execs=["md5sum /dev/vdc"])
    assert result.status == 0 and digest(data) in result.output, result
    assert [name for (name,) in result.lines(r"Adding \d+k swap on (\S+?)\.")] == ["/dev/vda", "/dev/vdb"]


def test_swapping_to_the_ram_disk_repeats_to_the_instruction():
    def once():
        result = machine.run("--icount", "--memory", "128M", append="ramdisk=64M",
                             execs=["mkswap /dev/ram0", "swapon /dev/ram0", "pages --mib 80 --rounds 2"])
        assert result.status == 0, result
        return re.sub(r"(?m)^.*UUID.*$", "", result.output)

    assert once() == once()


def test_a_dead_guest_times_out():
    assert machine.run(execs=["sleep 1000"], timeout=8, watchdog=False).status == 124


@pytest.mark.parametrize("words", [["--disk", "/nowhere"], ["--swap", "much"], ["--memory", "lots"], ["--what"]])
def test_usage(words):
    done = subprocess.run([machine.RUN, *words], stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == 2 and done.stderr
