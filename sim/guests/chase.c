/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pointer chase: `pages` nodes, `stride` bytes apart, visited in one fixed
 * cycle `rounds` times. Each step is one 8-byte load whose address is the
 * last one's value, so that nothing overlaps.
 *
 *   chase [pages=64] [stride=4096] [rounds=100] [order=random|sequential]
 *         [spread=0|1] [warm=1] [ram=256] [va_bits=48]
 *
 * The area is mapped in 4 KiB pages. spread=1 moves node i by (i mod 64)
 * lines, so that whole-page strides do not fall on the same few cache sets.
 * Between MARK 1 and MARK 2 stand exactly pages × rounds loads, and none
 * other; before them `warm` rounds have been walked.
 */
#include "mmu.h"

struct chase {
	uint64_t nodes, stride, rounds, warm;
	bool sequential, spread;
};

static uint64_t node_address(const struct chase *c, uint64_t i)
{
	return AREA_BASE + i * c->stride + (c->spread ? i % 64 * 64 : 0);
}

static volatile uint64_t *node(const struct chase *c, uint64_t i)
{
	return (volatile uint64_t *)node_address(c, i);
}

/* First each node holds a number, then the address of the next one.
 * Sattolo's shuffle gives a permutation that is one cycle. */
static void nodes_link(const struct chase *c)
{
	uint64_t state = 1, i, j, swap;

	for (i = 0; i < c->nodes; i++)
		*node(c, i) = c->sequential ? (i + 1) % c->nodes : i;
	for (i = c->nodes - 1; i > 0 && !c->sequential; i--) {
		j = lcg_below(&state, i);
		swap = *node(c, i);
		*node(c, i) = *node(c, j);
		*node(c, j) = swap;
	}
	for (i = 0; i < c->nodes; i++)
		*node(c, i) = node_address(c, *node(c, i));
}

/* One block, one load a step. */
static uint64_t walk(uint64_t at, uint64_t steps)
{
	if (!steps)
		return at;
	__asm__ volatile("1:	ldr	%0, [%0]\n"
			 "	subs	%1, %1, #1\n"
			 "	b.ne	1b\n"
			 : "+r"(at), "+r"(steps)
			 :
			 : "cc", "memory");
	return at;
}

/* The same between two MARKs, with no access of the compiler's in between. */
static uint64_t walk_marked(uint64_t start, uint64_t count)
{
	register uint64_t x0 __asm__("x0") = P2M_MARK;
	register uint64_t x1 __asm__("x1") = 1;
	register uint64_t at __asm__("x19") = start;
	register uint64_t steps __asm__("x20") = count;
	register uint64_t function __asm__("x21") = P2M_MARK;

	__asm__ volatile("	hvc	#0\n"
			 "1:	ldr	%2, [%2]\n"
			 "	subs	%3, %3, #1\n"
			 "	b.ne	1b\n"
			 "	mov	x0, %4\n"
			 "	mov	x1, #2\n"
			 "	hvc	#0\n"
			 : "+r"(x0), "+r"(x1), "+r"(at), "+r"(steps)
			 : "r"(function)
			 : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9",
			   "x10", "x11", "x12", "x13", "x14", "x15", "x16",
			   "x17", "cc", "memory");
	return at;
}

static void args_read(struct chase *c)
{
	args_load();
	c->nodes = args_number("pages", 0, 64);
	c->stride = args_number("stride", 1, 4096);
	c->rounds = args_number("rounds", 2, 100);
	c->sequential = args_is("order", 3, "sequential", false);
	c->spread = args_number("spread", ~0u, 0) != 0;
	c->warm = args_number("warm", ~0u, 1);
	if (!c->sequential && !args_is("order", 3, "random", true))
		args_wrong("order is random or sequential");
	if (!c->nodes || c->nodes > 1u << 27 || !c->rounds ||
	    c->rounds > 1u << 30 || c->warm > 1u << 30)
		args_wrong("pages and rounds start at 1");
	if (c->stride < 8 || c->stride % 8 || c->stride > 1u << 30 ||
	    (c->spread && c->stride < 4096))
		args_wrong("stride is a multiple of 8 (with spread, 4096 on)");
}

uint64_t guest_main(void)
{
	struct chase c;
	uint64_t bytes, at;

	args_read(&c);
	bytes = (c.nodes * c.stride + PAGE_BYTES + PAGE_BYTES - 1) &
		~(PAGE_BYTES - 1);
	mmu_start_with_args(bytes);
	mmu_map_pages(AREA_BASE, bytes);
	nodes_link(&c);
	at = walk(node_address(&c, 0), c.nodes * c.warm);
	at = walk_marked(at, c.nodes * c.rounds);
	print("chase: ");
	print_number(c.nodes);
	print(" nodes, stride ");
	print_number(c.stride);
	print(", ");
	print_number(c.nodes * c.rounds);
	print(" loads: ");
	print(at == node_address(&c, 0) ? "back at the start\n" : "LOST\n");
	return at != node_address(&c, 0);
}
