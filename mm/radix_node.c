/* SPDX-License-Identifier: MIT */
/* Memory for radix tree nodes, which kernel/base cannot get by itself. */
#include "kernel/base/radix_tree.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "mm/workingset.h"

static struct kmem_cache *node_cache;

static void *node_alloc(gfp_t gfp)
{
	return kmem_cache_zalloc(node_cache, gfp);
}

static void node_free(void *node)
{
	workingset_node_gone(node);
	kmem_cache_free(node_cache, node);
}

void radix_tree_init(void)
{
	node_cache = kmem_cache_create("radix_tree_node", sizeof(struct radix_tree_node), 0,
				       SLAB_PANIC | SLAB_RECLAIM_ACCOUNT, NULL);
	radix_tree_set_allocator(node_alloc, node_free);
	workingset_init();
}
