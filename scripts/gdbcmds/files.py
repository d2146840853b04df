# SPDX-License-Identifier: MIT
"""Names of files: from a struct file its path; from a page cache the file whose pages it holds."""
from gdbcmds import kernel
from gdbcmds.kernel import Obj

MAX_DEPTH = 64


def path_of(mount, dentry):
    """=> the path of a dentry, mounts crossed; both are addresses"""
    names = []
    for _ in range(MAX_DEPTH):
        entry = Obj("struct dentry", dentry)
        if mount and dentry == Obj("struct vfsmount", mount)["mnt_root"]:
            here = Obj("struct vfsmount", mount)
            if not here["mnt_parent"]:
                break
            mount, dentry = here["mnt_parent"], here["mnt_mountpoint"]
            continue
        if entry["d_parent"] == dentry:
            name = kernel.string(entry["d_name"])
            if not names and name not in ("", "/"):
                return f"{name} (in no directory)"
            break
        names.append(kernel.string(entry["d_name"]))
        dentry = entry["d_parent"]
    return "/" + "/".join(reversed(names))


def file_path(address):
    """=> the path of a struct file"""
    file = Obj("struct file", address)
    if not file["f_path.dentry"]:
        return f"inode {Obj('struct inode', file['f_inode'])['i_ino']} without a name"
    return path_of(file["f_path.mnt"], file["f_path.dentry"])


def search(dentry, inode, depth=0):
    """=> the first dentry below this one that stands for the inode, or 0"""
    entry = Obj("struct dentry", dentry)
    if entry["d_inode"] == inode:
        return dentry
    if depth < MAX_DEPTH:
        for child in kernel.list_entries(entry.at("d_subdirs"), "struct dentry", "d_child"):
            found = search(child.address, inode, depth + 1)
            if found:
                return found
    return 0


def mapping_name(address):
    """=> what a struct address_space holds the pages of"""
    mapping = Obj("struct address_space", address)
    host = mapping["host"]
    if not host:
        return "a file without an inode"
    for node in kernel.list_entries(mapping.at("i_mmap"), "struct vm_area_struct", "shared_node"):
        if node["vm_file"]:
            return file_path(node["vm_file"])
    inode = Obj("struct inode", host)
    block = inode["i_sb"]
    if block:
        root = Obj("struct super_block", block)["s_root"]
        found = search(root, host) if root else 0
        kind = kernel.string(Obj("struct file_system_type", Obj("struct super_block", block)["s_type"])["name"])
        if found:
            return f"{path_of(0, found)} ({kind})"
        return f"inode {inode['i_ino']} of a {kind}"
    return f"inode {inode['i_ino']}"
