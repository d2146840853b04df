# SPDX-License-Identifier: MIT
"""Who maps a page: from struct page back to the page-table entries, by the kernel's own way (mm/rmap.h).

    anonymous    mapping - 1 = anon_vma -> its areas          file    mapping -> i_mmap, the areas of the file
    address in an area = vm_start + (index - vm_pgoff) pages, believed only when the entry there names the frame
"""
from gdbcmds import kernel, layout, pages, tables
from gdbcmds.kernel import Obj


def areas_of(page):
    """=> the areas that may map the page"""
    if page.is_anon:
        head = Obj("struct anon_vma", page.mapping & ~pages.ANON).at("head")
        yield from kernel.list_entries(head, "struct vm_area_struct", "anon_vma_node")
    elif page.mapping:
        head = Obj("struct address_space", page.mapping).at("i_mmap")
        yield from kernel.list_entries(head, "struct vm_area_struct", "shared_node")


def address_in(page, vma):
    """=> the address the page would have in the area, or None"""
    address = vma["vm_start"] + (page.index - vma["vm_pgoff"] << layout.PAGE_SHIFT)
    return address if vma["vm_start"] <= address < vma["vm_end"] else None


def mappers(page):
    """=> (tasks, area, address, Entry) of each page-table entry that maps the page"""
    spaces = tables.spaces()
    for vma in areas_of(page):
        address, mm = address_in(page, vma), vma["vm_mm"]
        if address is None or not mm:
            continue
        entry = list(tables.walk(Obj("struct mm_struct", mm)["pgd"], address))[-1]
        if entry.level == "pte" and (entry.present or entry.protnone) and entry.pfn == page.pfn:
            yield spaces.get(mm, []), vma, address, entry
