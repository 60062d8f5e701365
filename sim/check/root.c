/* SPDX-License-Identifier: BSD-2-Clause */
/* Base registers: who walks which tree. */
#include "sim/check/state.h"

void event_root(struct checker *c, const struct protocol_event *e)
{
	struct table_tree **at = &c->cpu[e->cpu].installed[e->root.base];
	struct table_tree *tree = NULL;

	if (e->root.on && c->config.discipline)
		discipline_root(c, e);
	if (e->root.on)
		tree = tables_tree(&c->tables, &e->root);
	if (*at)
		(*at)->installed &= ~BIT(e->cpu);
	*at = tree;
	if (!tree)
		return;
	tree->installed |= BIT(e->cpu);
	if (c->config.discipline && !tree->users)
		discipline_tree(c, tree, e);
	tree->users |= BIT(e->cpu);
	if (e->root.used_elsewhere)
		tree->users |= BIT(CHECKER_ELSEWHERE);
	tree->root.noncoherent |= e->root.noncoherent;
	if (!tree->geometry.stage2 && !e->el2) {
		c->not_judged[NOT_JUDGED_GUEST_ORDER] = true;
		c->not_judged[NOT_JUDGED_GUEST_BARRIERS] = true;
	}
}
