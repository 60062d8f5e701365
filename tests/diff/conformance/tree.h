/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building the tables of one stage and half by hand: a path for an input
 * address, with attributes drawn at random. DDI0487 L.b D8.3.1.
 */
#ifndef TESTS_DIFF_CONFORMANCE_TREE_H
#define TESTS_DIFF_CONFORMANCE_TREE_H

#include "tests/diff/conformance/case.h"

/* How free the attributes of a leaf are. */
enum quality {
	QUALITY_SAFE,  /* all permitted, Normal Write-Back */
	QUALITY_TABLE, /* stage 2 below a stage-1 table: mostly readable */
	QUALITY_ANY,
};

#define TREE_TABLES_MAX 64
struct tree {
	struct test_case *c;
	struct tree *stage2; /* of a stage-1 tree: NULL, or what is below */
	const struct granule *g;
	uint8_t stage;
	int8_t root_level;
	bool wide;			 /* 52-bit addresses */
	uint8_t input_bits, output_bits; /* of addresses that make sense */
	uint64_t root;			 /* in the stage's output space */
	uint64_t recent;		 /* input address */
	/* where the tables really are */
	unsigned int tables;
	struct {
		uint64_t address, pa;
	} table[TREE_TABLES_MAX];
};

/* Allocates the root; false if the arena is full. The rest is filled in. */
bool tree_start(struct tree *tree, bool safe);

/*
 * Map `input` to `output` at `level` (or as the existing entries have it).
 * True: the path leads there, as far as the tables as written say.
 */
bool tree_map(struct tree *tree, uint64_t input, uint64_t output, int level,
	      enum quality quality, bool contiguous);

/* An input address for `output` that a leaf of 2^lg2 bytes can map. */
uint64_t tree_input(struct tree *tree, uint64_t output, unsigned int lg2);
/* The address in TTBR or VTTBR, where `size` is IPS or PS. */
uint64_t tree_root(const struct tree *tree, uint64_t size);
/* A level that a leaf may have, and the size of its leaf (or run). */
int tree_leaf_level(struct tree *tree);
unsigned int tree_leaf_lg2(const struct tree *tree, int level, bool contiguous);

#endif
