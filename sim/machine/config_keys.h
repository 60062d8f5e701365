/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every key of a machine file: its path, what it may hold, and where it goes
 * in struct machine_config. Sections are not listed; they follow from the
 * paths. Keys of IOMMUs stand there as the first unit's, once for each type
 * of unit if types differ. Private to sim/machine/config*.c and its tests.
 */
#ifndef SIM_MACHINE_CONFIG_KEYS_H
#define SIM_MACHINE_CONFIG_KEYS_H

#include "sim/machine/config.h"

enum config_kind {
	CONFIG_WHOLE,	/* integer, min to max; `size` bytes at `offset` */
	CONFIG_REAL,	/* number, min to max; a double */
	CONFIG_FIXED,	/* number, min to max; stored as uint64_t, 1/1024 */
	CONFIG_WORD,	/* one of `words`; its index as `size` bytes */
	CONFIG_TEXT,	/* string of 1 to size - 1 bytes */
	CONFIG_SIZES,	/* page sizes of the tlb_config at `offset` */
	CONFIG_SOURCES, /* where the figures come from */
	CONFIG_UNITS,	/* a list of IOMMUs */
};

#define CONFIG_NOWHERE SIZE_MAX /* checked, kept in the JSON only */

struct config_key {
	const char *path;
	enum config_kind kind;
	size_t offset, size;
	int64_t min, max;
	/* Separated by |; # stands for a whole number from 1, % for 0..100. */
	const char *words;
	const char *modelled;  /* the words that are; NULL: all */
	const char *reference; /* of an architectural choice, or NULL */
	uint8_t types; /* of units that have it, by bit; 0: no unit's key */
};

/* Ends with a NULL path. */
extern const struct config_key config_keys[];
/* Where the CPUs' TLBs and caches are: paths of sections, ending with NULL. */
extern const char *const config_tlb_sections[];
extern const char *const config_cache_sections[];

/* Keys of a unit are found under any unit's number, for the first type that
 * has them. */
const struct config_key *config_key_find(const char *path);

/* A unit's key as it is for unit `at`, if that is of a type that has it. */
#define CONFIG_UNIT_PATH_BYTES 64
struct config_unit_key {
	char path[CONFIG_UNIT_PATH_BYTES];
	struct config_key key; /* with this path, and the unit's offset */
};
bool config_unit_key(const struct config_key *key, uint32_t at, uint8_t type,
		     struct config_unit_key *out);

/* Which of `words` (with # and %) the text is, and its parameters (NULL:
 * not wanted); -1 if none. */
int config_word_index(const char *words, const char *text,
		      uint64_t parameters[2]);

/*
 * Help for a mistyped path: writes ", did you mean X?" or ", known here: ..."
 * `section` is the path of the section that was right ("" for the top),
 * `name` what is unknown in it, `known` the section itself.
 */
void config_key_suggest(const char *section, const char *name,
			const json_t *known, char *out, size_t bytes);

/* Sizes a TLB entry may have, by name: log2, or 0 for an unknown name. */
unsigned int config_size_lg2(const char *name);
extern const char config_size_names[]; /* "4K, 16K, ..." */

#endif
