# SPDX-License-Identifier: MIT
"""The kernel's structures, read from the stopped machine with the offsets of DWARF.

    Obj("struct zone", address)["free_area[3].nr_free"]   -> a number, a string, or an Obj for a structure inside
    symbol("max_pfn"), address_of("zone_table"), per_cpu("runqueues", cpu)

Each read of the remote protocol costs a round trip, so memory comes in pieces of PIECE bytes which are kept until
forget() (each command begins with that), and what is large comes through QEMU's own file writer (bulk()).
"""
import os
import re
import struct
import tempfile

import gdb

PIECE = 2048  # what one packet of QEMU's stub carries
BULK = 1 << 18
SCALARS = {gdb.TYPE_CODE_INT, gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_CHAR}
FORMATS = {1: "b", 2: "h", 4: "i", 8: "q"}

pieces = {}
types, places, symbols = {}, {}, {}


class Unreadable(Exception):
    """Memory that nothing is mapped to."""

    def __init__(self, address):
        super().__init__(f"cannot read memory at {address:#x}: nothing is mapped there")
        self.address = address


def forget():
    pieces.clear()


# ---- Memory ------------------------------------------------------------------------------------------


def remote_read(address, size):
    try:
        return bytes(gdb.selected_inferior().read_memory(address, size))
    except (gdb.MemoryError, OverflowError):
        raise Unreadable(address) from None


def read(address, size):
    """=> bytes; Unreadable if some of them are not there"""
    first, out = address // PIECE, []
    for number in range(first, (address + size - 1) // PIECE + 1):
        if number not in pieces:
            pieces[number] = remote_read(number * PIECE, PIECE)
        out.append(pieces[number])
    start = address - first * PIECE
    return b"".join(out)[start : start + size]


def bulk(address, size):
    """=> the same for much memory at once; QEMU writes it to a file if it runs on this machine"""
    if size < BULK:
        return read(address, size)
    with tempfile.NamedTemporaryFile(prefix="tidemark-gdb.") as file:
        try:
            said = gdb.execute(f'monitor memsave {address:#x} {size} "{file.name}"', to_string=True)
        except gdb.error as error:
            said = str(error)
        written = os.path.getsize(file.name)
        if written == size:
            return file.read()
        if written or "Invalid addr" in said:
            raise Unreadable(address + written)
    return remote_read(address, size)


# ---- Types --------------------------------------------------------------------------------------------


def lookup_type(name):
    if name not in types:
        types[name] = gdb.lookup_type(name).strip_typedefs()
    return types[name]


def size_of(name):
    return lookup_type(name).sizeof


def enum(name):
    """=> {name: number} of an enumeration, in the order of the source"""
    return {field.name: field.enumval for field in lookup_type(f"enum {name}").fields()}


def enum_bit(name, member):
    """=> one number of an enumeration"""
    key = (name, member)
    if key not in places:
        places[key] = enum(name)[member]
    return places[key]


def plain(typ):
    """=> the type without typedefs; atomic_t and its like, structures of one number, as that number"""
    typ = typ.strip_typedefs()
    while typ.code == gdb.TYPE_CODE_STRUCT and len(typ.fields()) == 1 and typ.sizeof <= 8:
        inner = typ.fields()[0].type.strip_typedefs()
        if inner.code not in SCALARS and inner.code != gdb.TYPE_CODE_STRUCT:
            break
        typ = inner
    return typ


def place(typ, path):
    """=> (offset, type) of a path such as "lruvec.lists[2].first" inside a structure"""
    key = (typ.name or typ.tag or str(typ), path)
    if key not in places:
        offset = 0
        for name, index in re.findall(r"(\w+)|\[(\d+)\]", path):
            typ = typ.strip_typedefs()
            if name:
                field = typ[name]
                offset, typ = offset + field.bitpos // 8, field.type
            else:
                typ = typ.target()
                offset += int(index) * typ.strip_typedefs().sizeof
        places[key] = offset, plain(typ)
    return places[key]


def offset_of(type_name, path):
    return place(lookup_type(type_name), path)[0]


def is_signed(typ):
    return typ.code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_ENUM) and typ.is_signed


def load(address, typ):
    """=> what lies at address: a number, the text of a char array, or an Obj"""
    if typ.code in SCALARS:
        letter = FORMATS[typ.sizeof]
        return struct.unpack("<" + (letter if is_signed(typ) else letter.upper()), read(address, typ.sizeof))[0]
    if typ.code == gdb.TYPE_CODE_ARRAY and typ.target().strip_typedefs().sizeof == 1:
        return read(address, typ.sizeof).split(b"\0")[0].decode("utf-8", "replace")
    return Obj(typ, address)


class Obj:
    """A structure (or an array) of the kernel at an address."""

    __slots__ = ("type", "address")

    def __init__(self, typ, address):
        self.type = lookup_type(typ) if isinstance(typ, str) else typ
        self.address = address

    def __getitem__(self, path):
        offset, typ = place(self.type, path)
        return load(self.address + offset, typ)

    def at(self, path):
        """=> the address of a member"""
        return self.address + place(self.type, path)[0]

    def bytes(self):
        return read(self.address, self.type.sizeof)


# ---- Symbols --------------------------------------------------------------------------------------------


def kernel_objfile():
    return gdb.lookup_objfile("tidemark.elf")


def lookup(name):
    """=> (address, type) of a variable of the kernel, whatever a user program may call the same"""
    if name not in symbols:
        try:
            objfile = kernel_objfile()
            symbol = objfile.lookup_global_symbol(name) or objfile.lookup_static_symbol(name)
        except ValueError:
            raise gdb.GdbError("the kernel's symbols are missing: file build/tidemark.elf") from None
        if not symbol:
            raise gdb.GdbError(f"this kernel has no variable {name}")
        symbols[name] = int(symbol.value().address), plain(symbol.type)
    return symbols[name]


def symbol(name):
    return load(*lookup(name))


def address_of(name):
    return lookup(name)[0]


def text_symbol(name):
    """=> the address of a symbol of the linker script or of assembly"""
    symbols.setdefault(name, (int(gdb.parse_and_eval(f"(char *)&{name}")), None))
    return symbols[name][0]


def array(name):
    """=> the numbers or pointers in an array of 8-byte elements"""
    address, whole = lookup(name)
    return list(struct.unpack(f"<{whole.sizeof // 8}Q", read(address, whole.sizeof)))


def string(address, limit=256):
    out = b""
    while address and len(out) < limit:
        piece = read(address + len(out), min(32, PIECE - (address + len(out)) % PIECE))
        out += piece.split(b"\0")[0]
        if b"\0" in piece:
            break
    return out.decode("utf-8", "replace")


def strings(name):
    """=> the texts of an array of char pointers"""
    return [string(pointer) for pointer in array(name)]


def list_entries(head, type_name, member, limit=1 << 20):
    """=> the structures on a list_head list"""
    offset, link = offset_of(type_name, member), load(head, lookup_type("unsigned long"))
    while link and link != head and limit:
        yield Obj(type_name, link - offset)
        link, limit = load(link, lookup_type("unsigned long")), limit - 1


# ---- CPUs ------------------------------------------------------------------------------------------------


def per_cpu_offset(cpu):
    return array("__per_cpu_offset")[cpu]


def per_cpu(name, cpu):
    address, typ = lookup(name)
    return load((address + per_cpu_offset(cpu)) & 0xffffffffffffffff, typ)


def cpus():
    """=> numbers of the CPUs that have been started"""
    return [cpu for cpu in range(len(array("__per_cpu_offset"))) if per_cpu_offset(cpu) and
            per_cpu("runqueues", cpu)["idle"]]


def register(name):
    return int(gdb.selected_frame().read_register(name)) & 0xffffffffffffffff


def newest_register(name):
    return int(gdb.newest_frame().read_register(name)) & 0xffffffffffffffff


def selected_cpu():
    """=> the kernel's number of the CPU that gdb has selected"""
    bases = {newest_register(name) for name in ("gs_base", "k_gs_base")}
    for cpu in cpus():
        if per_cpu_offset(cpu) in bases:
            return cpu
    return gdb.selected_thread().ptid[1] - 1


def thread_of_cpu(cpu):
    """=> gdb's thread for a CPU of the machine: QEMU numbers them alike"""
    for thread in gdb.selected_inferior().threads():
        if thread.ptid[1] == cpu + 1:
            return thread
    raise gdb.GdbError(f"gdb has no thread for CPU {cpu}")


def in_user_mode():
    return newest_register("cs") & 3 == 3
