# SPDX-License-Identifier: MIT
"""Disks that fail, for the tests that need one."""


def faulty(path, *faults):
    """=> QEMU arguments of a disk with faults: pairs of iotype and the sector (None: any) at which that fails"""
    inject = "".join(f",inject-error.{i}.event=none,inject-error.{i}.iotype={iotype},inject-error.{i}.errno=5,"
                     f"inject-error.{i}.once=off" + ("" if sector is None else f",inject-error.{i}.sector={sector}")
                     for i, (iotype, sector) in enumerate(faults))
    return ["-blockdev", f"driver=file,filename={path},node-name=file0",
            "-blockdev", f"driver=blkdebug,image=file0,node-name=debug0{inject}",
            "-blockdev", "driver=raw,file=debug0,node-name=raw0",
            "-device", "virtio-blk-pci,drive=raw0,werror=report,rerror=report,request-merging=off"]
