/* SPDX-License-Identifier: MIT */
/* Working-set detection: what the page cache remembers of file pages that were evicted. See workingset.c. */
#ifndef MM_WORKINGSET_H
#define MM_WORKINGSET_H

#include "mm/address_space.h"
#include "mm/page.h"

struct radix_tree_node;

/*
 * => the shadow entry (exceptional) that takes the place of page, which is just being evicted: the note of its policy
 *    (policy_shadow()), or, when that keeps none (0), the age of this moment
 */
void *workingset_eviction(struct page *page, u32 note);
/* => the note of a shadow, 0: it has an age */
u32 workingset_note(void *shadow);
/* => a page whose shadow this is has come back; true: by its age it should start on the active list */
bool workingset_refault(void *shadow);
/* => a file page becomes active */
void workingset_activation(struct page *page);
/* Pages of one zone that were evicted or activated between the two moments a shadow tells apart (pure). */
unsigned long workingset_distance(void *shadow, unsigned long age);

/* ---- Nodes of a mapping's tree that hold shadows and nothing else: tree_lock held, interrupts off ---- */

/* => something changed in node: on the list of shadow nodes if it belongs there, else off it */
void workingset_update_node(struct address_space *mapping, struct radix_tree_node *node);
/* => node is about to be freed */
void workingset_node_gone(struct radix_tree_node *node);
unsigned long workingset_shadow_nodes(void);

void workingset_init(void);

#endif
