/* SPDX-License-Identifier: MIT */
/*
 * Slab checks of debug builds: red zones, poison, history.
 *
 *   | object (poisoned while free) | red zone | last allocated by | last freed by | link with a ctor |
 *
 * A wrong red zone is an overflow or a double free, a changed poison byte a write after free. Each is
 * a panic that names the object, its cache and who had it last. Test: tests/host/test_slab.c.
 */
#include "mm/slab_internal.h"

#include "kernel/base/printk.h"

#define REDZONE_ACTIVE	 0xa5a5f00dcafe1dd1UL
#define REDZONE_INACTIVE 0x5a5a0ff0deadd00dUL
#define POISON_FREE	 0x6b
#define POISON_FRESH	 0x5a

static struct object_trailer *trailer(const struct kmem_cache *cache, void *object)
{
	return object + ALIGN(cache->object_size, 8);
}

static void object_bug(struct kmem_cache *cache, void *object, const char *what, void *caller)
{
	struct object_trailer *t = trailer(cache, object);

	pr_emerg("slab: %s: cache %s, object %p of %u bytes, called from %pS\n", what, cache->name,
		 object, cache->object_size, caller);
	pr_emerg("slab: red zone %lx, last allocated by %pS, last freed by %pS\n",
		 (unsigned long)t->redzone, t->allocated_by, t->freed_by);
	dump_page(virt_to_head_page(object), "slab");
	panic("slab corruption: %s in %s", what, cache->name);
}

static bool poison_intact(const struct kmem_cache *cache, const u8 *object)
{
	for (unsigned int i = 0; i < cache->object_size; i++) {
		if (i >= cache->link_offset && i < cache->link_offset + sizeof(void *))
			continue;
		if (object[i] != POISON_FREE)
			return false;
	}
	return true;
}

void slab_debug_format(struct kmem_cache *cache, void *object)
{
	*trailer(cache, object) = (struct object_trailer){ REDZONE_INACTIVE, NULL, NULL };
	if (!cache->ctor)
		memset(object, POISON_FREE, cache->object_size);
}

void slab_debug_alloc(struct kmem_cache *cache, void *object, void *caller)
{
	struct object_trailer *t = trailer(cache, object);

	if (t->redzone != REDZONE_INACTIVE)
		object_bug(cache, object, "free object overwritten behind its end", caller);
	if (!cache->ctor && !poison_intact(cache, object))
		object_bug(cache, object, "write after free", caller);
	t->redzone = REDZONE_ACTIVE;
	t->allocated_by = caller;
	if (!cache->ctor)
		memset(object, POISON_FRESH, cache->object_size);
}

void slab_debug_free(struct kmem_cache *cache, void *object, void *caller)
{
	struct object_trailer *t = trailer(cache, object);
	void *base = lowmem_page_address(virt_to_head_page(object));

	if ((unsigned long)(object - base) % cache->size)
		object_bug(cache, object, "free of an address inside an object", caller);
	if (t->redzone == REDZONE_INACTIVE)
		object_bug(cache, object, "double free", caller);
	if (t->redzone != REDZONE_ACTIVE)
		object_bug(cache, object, "overflow behind the object", caller);
	t->redzone = REDZONE_INACTIVE;
	t->freed_by = caller;
	if (!cache->ctor)
		memset(object, POISON_FREE, cache->object_size);
}
