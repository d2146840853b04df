# SPDX-License-Identifier: MIT
"""Loaders that lie: a copy of the kernel that QEMU starts at a stub of ours, which then enters the kernel as a loader
would, with a block of our making. QEMU's own block still says where it has put the initrd and the command line.

    multiboot2(tags)  pvh(...)   the blocks          disguise(elf, out, entry, block)   the kernel with one of them
"""
import struct

BLOCK = 0x1000000  # physical: in RAM, behind the kernel, before the initrd
STUB = BLOCK + 0x40000
KERNEL_MAGIC = {"multiboot2": 0x36D76289, "pvh": 0x336EC578, "nobody": 0x2BADB002}
RAM, RESERVED = 1, 2


class Block:
    """Bytes at BLOCK, and the places where the stub writes what QEMU's block says."""

    def __init__(self):
        self.data = bytearray()
        self.initrd_at = None   # multiboot2: two words
        self.pvh = False

    def put(self, form, *values):
        self.data += struct.pack("<" + form, *values)


def multiboot2(tags=(), map_entries=(), initrd=True, total=None, end=True):
    """=> a tag list: `tags` (type, bytes[, size it claims]), then the map, then the initrd"""
    block = Block()
    block.put("II", 0, 0)

    def tag(kind, body, size=None):
        block.put("II", kind, 8 + len(body) if size is None else size)
        block.data += body + b"\0" * (-len(body) % 8)

    for each in tags:
        tag(*each)
    if map_entries is not None:
        tag(6, struct.pack("<II", 24, 0) + b"".join(struct.pack("<QQII", *e, 0xABCDEF00) for e in map_entries))
    if initrd:
        block.initrd_at = len(block.data) + 8
        tag(3, bytes(8) + b"\0")
    if end:
        tag(0, b"")
    struct.pack_into("<I", block.data, 0, len(block.data) if total is None else total)
    return block


def pvh(map_entries=(), magic=KERNEL_MAGIC["pvh"], version=1, initrd=True, **pointers):
    """=> a start block; pointers: modlist, cmdline, rsdp, memmap, nr_modules, memmap_entries override its fields"""
    fields = {"nr_modules": 0, "modlist": 0, "cmdline": 0, "rsdp": 0, "memmap": BLOCK + 64,
              "memmap_entries": len(map_entries), **pointers}
    block = Block()
    block.put("IIII", magic, version, 0, fields["nr_modules"])
    block.put("QQQQII", *(fields[n] for n in ("modlist", "cmdline", "rsdp", "memmap", "memmap_entries")), 0)
    block.data += bytes(64 - len(block.data))
    for addr, size, kind in map_entries:
        block.put("QQII", addr, size, kind, 0xABCDEF00)
    block.pvh = initrd
    return block


def stub(entry, magic, block, at):
    """=> 32-bit code: ebx is QEMU's start block"""
    code = b""
    if block.pvh:  # number and list of modules
        for offset in (12, 16):
            code += b"\x8b\x43" + bytes([offset]) + b"\xa3" + struct.pack("<I", at + offset)
    if block.initrd_at:
        code += b"\x8b\x4b\x10\x8b\x01\xa3" + struct.pack("<I", at + block.initrd_at)
        code += b"\x03\x41\x08\xa3" + struct.pack("<I", at + block.initrd_at + 4)
    return code + b"\xb8" + struct.pack("<I", magic) + b"\xbb" + struct.pack("<I", at) + \
        b"\xb9" + struct.pack("<I", entry) + b"\xff\xe1"


def entries(image):
    """=> file offset of the PVH note's address, and the entry of each loader"""
    note = image.index(struct.pack("<III", 4, 8, 18) + b"Xen\0") + 16
    header = image.index(struct.pack("<I", 0xE85250D6))
    (multiboot,) = struct.unpack_from("<I", image, header + 24)
    (from_qemu,) = struct.unpack_from("<Q", image, note)
    return note, {"multiboot2": multiboot, "nobody": multiboot, "pvh": from_qemu}


def disguise(elf, out, entry, block, at=BLOCK):
    """=> out: the kernel `elf`, entered through `entry` ("multiboot2", "pvh", "nobody") with `block` at `at`"""
    with open(elf, "rb") as source:
        image = bytearray(source.read())
    note, address = entries(image)
    struct.pack_into("<Q", image, note, STUB)
    (phoff,) = struct.unpack_from("<Q", image, 32)
    size, number = struct.unpack_from("<HH", image, 54)
    table = bytes(image[phoff:phoff + size * number])
    pieces = [(BLOCK, bytes(block.data)), (STUB, stub(address[entry], KERNEL_MAGIC[entry], block, at))]
    for physical, data in pieces:
        image += bytes(-len(image) % 4096)
        table += struct.pack("<IIQQQQQQ", 1, 7, len(image), physical, physical, len(data), len(data), 4096)
        image += data
    image += bytes(-len(image) % 8)
    struct.pack_into("<Q", image, 32, len(image))
    struct.pack_into("<H", image, 56, number + len(pieces))
    with open(out, "wb") as target:
        target.write(image + table)
    return str(out)
