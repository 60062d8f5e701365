/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An IOMMU domain, and what becomes of it. Built with the core of an exhibit:
 *
 *   domain check    maps, protects, unmaps and promotes under the checker;
 *                   prints its first findings as `p2msim check` does
 *   domain lookup   every frame of a mapped run is looked up
 *
 * With `past`, on hardware whose walks read memory past the caches; with
 * `deferred`, flushes wait for one another. Exit code 0 or 1.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/bits.h"
#include "sim/study/code_lines.h"
#include "sim/study/study.h"
#include "tests/protocol/iommu_host.h"

#define DFN    UINT64_C(0x40000)
#define MFN    UINT64_C(0x80000)
#define FRAMES UINT64_C(512)
#define SHOWN  3

static const struct iommu_domain_config config = {
	.did = 1,
	.levels = 3,
	.output_bits = 46,
	.superpage_2m = true,
	.superpage_1g = true,
	.page_selective = true,
	.mask_max_lg2 = 18,
	.free_empty = true,
	.coalesce = { PT_COALESCE_EAGER, 0, 0 },
};

struct visit {
	struct iommu_host *host;
	struct iommu_domain d;
};

static void done(struct visit *v)
{
	iommu_host_done(v->host, &v->d);
}

static void map(struct visit *v, uint64_t at, uint64_t frames, uint64_t mfn)
{
	uint64_t mapped;

	iommu_host_begin(v->host, "iommu_map");
	if (iommu_map(&v->d, (dfn_t){ DFN + at }, (mfn_t){ mfn + at }, frames,
		      IOMMU_ACCESS_RW, &mapped))
		printf("FAIL a map is refused\n");
	done(v);
}

static void unmap(struct visit *v, uint64_t at, uint64_t frames)
{
	uint64_t gone;

	iommu_host_begin(v->host, "iommu_unmap");
	if (iommu_unmap(&v->d, (dfn_t){ DFN + at }, frames, &gone))
		printf("FAIL an unmap is refused\n");
	done(v);
}

/* A page is taken out of a superpage and given back, twice. */
static void operate(struct visit *v)
{
	map(v, 0, FRAMES, MFN);
	unmap(v, 5, 1);
	map(v, 5, 1, MFN);
	map(v, 9, 1, 2 * MFN);
	map(v, 9, 1, MFN);
	unmap(v, 0, FRAMES);
	map(v, 0, 3, MFN);
	unmap(v, 0, 3);
}

/* ---- findings ---- */

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static void print_finding(const json_t *f)
{
	const json_t *by = json_object_get(f, "by");
	const json_t *entry = json_object_get(f, "entry");

	printf("%s: %s\n", text(f, "rule"), text(f, "text"));
	printf("  rule       %s\n", text(f, "reference"));
	printf("  by         %s, %s:%lld (%s)\n", text(by, "operation"),
	       text(by, "file"),
	       (long long)json_integer_value(json_object_get(by, "line")),
	       text(by, "function"));
	if (*text(f, "detail"))
		printf("  case       %s\n", text(f, "detail"));
	printf("  entry      level %lld, domain %d, %s to %s; at %s %s, now "
	       "%s\n",
	       (long long)json_integer_value(json_object_get(entry, "level")),
	       config.did, text(entry, "input"), text(entry, "last"),
	       text(entry, "descriptor"), text(entry, "stale"),
	       text(entry, "now"));
	printf("  missing    %s\n", text(f, "missing"));
}

static int report(const struct checker *checker)
{
	json_t *all = check_report(checker, NULL);
	const json_t *findings = json_object_get(all, "findings");
	const size_t count = json_array_size(findings);

	for (size_t i = 0; i < count && i < SHOWN; i++)
		print_finding(json_array_get(findings, i));
	if (count)
		printf("%zu findings\n", count);
	else
		printf("no findings\n");
	json_decref(all);
	return count != 0;
}

static int look(struct visit *v)
{
	map(v, 0, FRAMES - 1, MFN);
	for (uint64_t i = 0; i < FRAMES - 1; i++) {
		struct iommu_entry e;

		iommu_lookup(&v->d, (dfn_t){ DFN + i }, &e);
		if (e.mfn.raw == MFN + i)
			continue;
		printf("FAIL looked up, another mfn is found: dfn 0x%llx, "
		       "0x%llx\n",
		       (unsigned long long)(DFN + i),
		       (unsigned long long)e.mfn.raw);
		return 1;
	}
	printf("OK\n");
	return 0;
}

int main(int argc, char **argv)
{
	struct iommu_hardware hardware = { .coherent = true,
					   .queued = true,
					   .levels = config.levels };
	struct iommu_domain_config c = config;
	struct visit v;
	int code;

	for (int i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "past")) {
			hardware.coherent = false;
			c.clean = PT_CLEAN_ENTRY;
		} else if (!strcmp(argv[i], "deferred")) {
			c.flush = IOMMU_FLUSH_DEFERRED;
			c.flush_calls = 4;
		}
	}
	v.host = iommu_host_new(&hardware, 1);
	iommu_host_begin(v.host, "iommu_domain_init");
	if (iommu_domain_init(&v.d, v.host, &c))
		return 70;
	iommu_host_attach(v.host, 8, &v.d, IOMMU_ATTACH_WHOLE);
	if (argc > 1 && !strcmp(argv[1], "lookup")) {
		code = look(&v);
	} else {
		operate(&v);
		code = report(iommu_host_checker(v.host));
	}
	iommu_host_free(v.host);
	return code;
}
