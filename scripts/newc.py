# SPDX-License-Identifier: MIT
"""cpio archives in the "newc" format, the one the kernel unpacks: a writer, and a reader of the names.

The owner is root unless said and the time 0, so that the same files give the same bytes. Archives may follow one
another; each starts at a multiple of 4.
"""
import os
import stat

TRAILER = "TRAILER!!!"


class Archive:
    """=> known: paths an earlier archive has; their directories are not made again."""

    def __init__(self, known=()):
        self.entries = {}
        self.known = set(known)

    def _add(self, path, mode, data=b"", rdev=(0, 0), owner=0):
        path = path.strip("/")
        parent = os.path.dirname(path)
        if parent and parent not in self.entries and parent not in self.known:
            self.directory(parent)
        self.entries.pop(path, None)
        self.entries[path] = (mode, data, rdev, owner)

    def directory(self, path, mode=0o755, owner=0):
        self._add(path, stat.S_IFDIR | mode, owner=owner)

    def file(self, path, data, mode=0o644):
        self._add(path, stat.S_IFREG | mode, data)

    def symlink(self, path, target):
        self._add(path, stat.S_IFLNK | 0o777, os.fsencode(target))

    def char_device(self, path, major, minor, mode=0o600):
        self._add(path, stat.S_IFCHR | mode, rdev=(major, minor))

    def host_path(self, host, path):
        """=> the host's file, symlink or whole directory under the guest's path"""
        if os.path.isdir(host):
            self.directory(path, stat.S_IMODE(os.stat(host).st_mode))
            for name in sorted(os.listdir(host)):
                self.host_path(os.path.join(host, name), f"{path}/{name}")
            return
        with open(host, "rb") as source:
            self.file(path, source.read(), stat.S_IMODE(os.stat(host).st_mode))

    def bytes(self):
        out, inode = [], 0
        for path, (mode, data, rdev, owner) in self.entries.items():
            inode += 1
            out.append(_record(path, inode, mode, data, rdev, owner))
        out.append(_record(TRAILER, 0, 0, b"", (0, 0)))
        return b"".join(out)


def _pad(data):
    return data + b"\0" * (-len(data) % 4)


def _record(path, inode, mode, data, rdev, owner=0):
    name = os.fsencode(path) + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, owner, owner, links, 0, len(data), 0, 0, rdev[0], rdev[1], len(name), 0)
    header = b"070701" + b"".join(b"%08x" % field for field in fields)
    return _pad(header + name) + _pad(data)


def names(data):
    """=> the paths in an archive (or several in a row), without leading slashes; stops at what is not newc"""
    found, at = set(), 0
    while at + 110 <= len(data):
        if data[at : at + 6] not in (b"070701", b"070702"):
            if data[at : at + 4] != b"\0\0\0\0":
                break
            at += 4
            continue
        try:
            size, namesize = int(data[at + 54 : at + 62], 16), int(data[at + 94 : at + 102], 16)
        except ValueError:
            break  # damaged: the kernel says where
        name = os.fsdecode(data[at + 110 : at + 110 + namesize - 1])
        if name != TRAILER:
            found.add(os.path.normpath(name).lstrip("/"))
        at += (110 + namesize + 3) & ~3
        at += (size + 3) & ~3
    return found
