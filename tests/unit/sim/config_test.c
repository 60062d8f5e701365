/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine files, presets and --set: what is accepted, what it becomes, and
 * what a person is told. DESIGN §4, §5; issue A, "Bad input".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/machine/config_json.h"
#include "sim/machine/config_keys.h"
#include "sim/machine/digest.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define SETS(...)                                 \
	(const struct config_set[]){__VA_ARGS__}, \
		COUNT(((const struct config_set[]){__VA_ARGS__}))

/* ---- help ---- */

struct file {
	char path[32];
};

static struct file file_write(const char *text, size_t bytes)
{
	struct file file = {"/tmp/machineXXXXXX"};
	int fd = mkstemp(file.path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, bytes), (ssize_t)bytes);
	close(fd);
	return file;
}

static bool load(struct machine_config *config, const char *machine,
		 const char *set, struct error_line *error)
{
	const struct config_set sets[] = {{set}};

	memset(error, 0, sizeof(*error));
	return config_load(config, machine, NULL, sets, set ? 1 : 0, NULL,
			   error);
}

static void must_load(struct machine_config *config, const char *machine,
		      const struct config_set *sets, size_t count)
{
	struct error_line error;

	if (!config_load(config, machine, NULL, sets, (unsigned int)count, NULL,
			 &error))
		fail_msg("%s", error.text);
}

/* `parts`: substrings separated by |, all of which must be there. */
static void check_line(const struct error_line *error, int code,
		       const char *parts, const char *what)
{
	char copy[256], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", parts);
	if (error->exit_code != code)
		fail_msg("%s: exit code %d, want %d: %s", what,
			 error->exit_code, code, error->text);
	if (strchr(error->text, '\n'))
		fail_msg("%s: more than a line: %s", what, error->text);
	for (char *part = strtok_r(copy, "|", &save); part;
	     part = strtok_r(NULL, "|", &save))
		if (!strstr(error->text, part))
			fail_msg("%s: \"%s\" lacks \"%s\"", what, error->text,
				 part);
}

/* ---- bad files ---- */

static void bad_files_are_refused_with_path_and_remedy(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *parts;
	} cases[] = {
		/* not JSON, or no object */
		{"", 3, ":1:|not JSON"},
		{"{\"cpu\": {\n\"count\": }}", 3, ":2:|not JSON"},
		{"{} {}", 3, "not JSON"},
		{"[]", 3, "[] where an object"},
		{"17", 3, "17 where an object"},
		{"{\"seed\": 99999999999999999999}", 3, "not JSON|big"},
		/* repeated keys, by path */
		{"{\"seed\": 1, \"seed\": 1}", 3, ":1: seed: |repeated"},
		{"{\"cpu\": {\"l2\": {\"ways\": 1},\n\"l2_tlb\":\n"
		 "{\"entries\": 4, \"page_sizes\": [\"4K\", \"2M\"],\n"
		 "\"entries\": 4}}}",
		 3, ":4: cpu.l2_tlb.entries: |repeated"},
		{"{\"cpu\": {}, \"dram\": {\"latency_ns\": 1}, \"cpu\": {}}", 3,
		 ": cpu: |repeated"},
		{"{\"sources\": [{}, {\"keys\": [1, {\"a\": 0}], "
		 "\"keys\": 0}]}",
		 3, ": sources.1.keys: |repeated"},
		{"{\"se\\u0065d\": 1, \"seed\": 1}", 3, ": seed: |repeated"},
		{"{\"name\": \"a,{[\\\"\", \"cpu\": {\"x\": 1, \"x\": 1}}", 3,
		 ": cpu.x: |repeated"},
		/* unknown keys */
		{"{\"cpus\": {}}", 3, "cpus: no such key|did you mean cpu?"},
		{"{\"cpu\": {\"l2_tbl\": {}}}", 3,
		 "cpu.l2_tbl: no such|did you mean cpu.l2_tlb?"},
		{"{\"cpu\": {\"l2_tlb\": {\"entires\": 4}}}", 3,
		 "cpu.l2_tlb.entires: no such|mean cpu.l2_tlb.entries?"},
		{"{\"l1d_tlb\": {}}", 3,
		 "l1d_tlb: no such|did you mean cpu.l1d_tlb?"},
		{"{\"cpu\": {\"zzzzzzzz\": 1}}", 3,
		 "known here: count, mhz, base_cpi"},
		{"{\"a\\nb\": 1}", 3, "a?b: no such key"},
		{"{\"\": 1}", 3, "no such key"},
		/* mistyped */
		{"{\"cpu\": 3}", 3, ": cpu: 3 where a section"},
		{"{\"cpu\": {\"l1d\": []}}", 3, ": cpu.l1d: [] where a sec"},
		{"{\"cpu\": {\"count\": \"2\"}}", 3,
		 ": cpu.count: \"2\" is not a whole number from 1 to 64"},
		{"{\"cpu\": {\"count\": 1.5}}", 3, "1.5 is not a whole"},
		{"{\"cpu\": {\"count\": {}}}", 3, "{} is not a whole"},
		{"{\"cpu\": {\"count\": null}}", 3, "null is not a whole"},
		{"{\"cpu\": {\"base_cpi\": true}}", 3,
		 "true is not a number from 0 to 1000"},
		{"{\"name\": \"\"}", 3, ": name: \"\" is not a text"},
		{"{\"name\": \"a\\u001bb\"}", 3, "control character"},
		{"{\"iommu\": {}}", 3, ": iommu: {} is not a list"},
		{"{\"sources\": {}}", 3, ": sources: {} is not a list"},
		{"{\"sources\": [{\"keys\": [\"cpu.mhz\"]}]}", 3,
		 ": sources: entry 0 is neither"},
		{"{\"sources\": [{\"keys\": [\"cpu.mzh\"], "
		 "\"source\": \"s\"}]}",
		 3, "entry 0: no such key: \"cpu.mzh\""},
		/* out of range, unknown words */
		{"{\"format\": \"p2msim.machine/2\"}", 3,
		 ": format: \"p2msim.machine/2\" is none of: p2msim.mach"},
		{"{\"cpu\": {\"count\": 0}}", 3, "0 is not|from 1 to 64"},
		{"{\"cpu\": {\"count\": -1}}", 3, "-1 is not"},
		{"{\"cpu\": {\"mlp\": 0.5}}", 3, "0.5 is not|from 1 to"},
		{"{\"cpu\": {\"pa_bits\": 39}}", 3,
		 "39 is none of: 32, 36, 40, 42, 44, 48"},
		{"{\"cpu\": {\"walk_entry\": \"l3\"}}", 3,
		 "\"l3\" is none of: l1d, l2, none"},
		{"{\"llc\": {\"replacement\": \"mru\"}}", 3,
		 "llc.replacement|lru, plru, fifo, random"},
		{"{\"cpu\": {\"l2_tlb\": {\"page_sizes\": []}}}", 3,
		 "must have \"4K\""},
		{"{\"cpu\": {\"l2_tlb\": {\"page_sizes\": [\"2M\"]}}}", 3,
		 "must have \"4K\""},
		{"{\"cpu\": {\"l2_tlb\": {\"page_sizes\": [\"4K\", \"3M\"]"
		 "}}}",
		 3, "\"3M\" is none of: 4K, 16K"},
		{"{\"cpu\": {\"l2_tlb\": {\"page_sizes\": [\"4K\", \"4K\"]"
		 "}}}",
		 3, "listed twice"},
		{"{\"cpu\": {\"l2_tlb\": {\"page_sizes\": [\"4K\",\"4K\","
		 "\"4K\",\"4K\",\"4K\",\"4K\",\"4K\",\"4K\",\"4K\"]}}}",
		 3, "list of 1 to 8"},
		{"{\"guest\": {\"backing\": \"fragmented\"}}", 3,
		 "contiguous, fragmented:PERCENT, random"},
		{"{\"guest\": {\"backing\": \"fragmented:101\"}}", 3,
		 "guest.backing"},
		{"{\"guest\": {\"backing\": \"fragmented:-1\"}}", 3,
		 "guest.backing"},
		{"{\"policy\": {\"p2m\": {\"coalesce\": \"scan:1\"}}}", 3,
		 "coalesce|after-ops:N|scan:N,N"},
		{"{\"policy\": {\"p2m\": {\"coalesce\": \"after-ops:0\"}}}", 3,
		 "policy.p2m.coalesce"},
		{"{\"policy\": {\"p2m\": {\"coalesce\": "
		 "\"after-ops:99999999999999999999\"}}}",
		 3, "policy.p2m.coalesce"},
		{"{\"policy\": {\"p2m\": {\"coalesce\": \"never \"}}}", 3,
		 "policy.p2m.coalesce"},
		/* impossible together */
		{"{\"cpu\": {\"l2_tlb\": {\"ways\": 7}}}", 3,
		 ": cpu.l2_tlb.ways: 7 ways do not divide 1280"},
		{"{\"cpu\": {\"l2_tlb\": {\"ways\": 0}}}", 3, "0 ways do"},
		{"{\"cpu\": {\"l1d\": {\"ways\": 0}}}", 3, "0 ways of"},
		{"{\"cpu\": {\"l1d\": {\"ways\": 512}}}", 3,
		 "cpu.l1d.ways: 512 is not a whole number from 1 to 256"},
		{"{\"cpu\": {\"l1d_tlb\": {\"entries\": 8193}}}", 3,
		 "8193 is not a whole number from 0 to 8192"},
		{"{\"cpu\": {\"l1d\": {\"bytes\": 65537}}}", 3,
		 "4 ways of 64-byte lines do not divide 65537"},
		{"{\"cpu\": {\"l1d\": {\"line\": 48}}}", 3,
		 ": cpu.l1d.line: 48 is not a power of two"},
		{"{\"cpu\": {\"l2\": {\"line\": 128}}}", 3,
		 ": cpu.l2.line: 128 differs from 64 of cpu.l1i"},
		{"{\"cpu\": {\"l2\": {\"latency\": 2}}}", 3,
		 ": cpu.l2.latency: 2 cycles are fewer than the 4 of"},
		{"{\"dram\": {\"latency_ns\": 1}}", 3,
		 ": dram.latency_ns: 1 ns at 2500 MHz are 2.5 cycles"},
		{"{\"guest\": {\"ipa_bits\": 32, \"ram_mib\": 3073}}", 3,
		 ": guest.ram_mib: 3073 MiB|at most 3072"},
		{"{\"guest\": {\"ipa_bits\": 31}}", 3, "from 32 to 52"},
		{"{\"guest\": {\"ipa_bits\": 52}, \"cpu\": {\"pa_bits\": 52}}",
		 3, ": guest.ipa_bits: 52 bits need the 64K granule"},
		{"{\"cpu\": {\"pa_bits\": 50}}", 3,
		 ": cpu.pa_bits: 50 is none of|48, 52"},
		{"{\"guest\": {\"granule\": \"8K\"}}", 3,
		 ": guest.granule: |4K, 16K, 64K"},
		{"{\"guest\": {\"granule\": \"16K\"}, "
		 "\"choices\": {\"granule_16k\": \"absent\"}}",
		 3, ": guest.granule: |has not that granule|want 4K or 64K"},
		{"{\"guest\": {\"granule\": \"64K\", \"start_level\": 0}}", 3,
		 ": guest.start_level: level 0 starts no walk of 64K|1 to 3"},
		{"{\"guest\": {\"granule\": \"16K\", \"start_level\": 3}}", 3,
		 ": guest.start_level: level 3 starts no walk of 16K|1 or 2"},
		{"{\"guest\": {\"granule\": \"64K\", \"start_level\": 3}}", 3,
		 "level 3 cannot|takes 32 to 33"},
		{"{\"guest\": {\"granule\": \"16K\", \"start_level\": 2, "
		 "\"ipa_bits\": 41}}",
		 3, "level 2 cannot|takes 32 to 40"},
		{"{\"guest\": {\"granule\": \"64K\", \"start_level\": 1}}", 3,
		 "level 1 cannot|takes 43 to 48"},
		{"{\"guest\": {\"granule\": \"16K\", \"start_level\": 1}, "
		 "\"cpu\": {\"pa_bits\": 40}}",
		 3, "level 1 needs|42"},
		{"{\"guest\": {\"ram_mib\": 0}}", 3, "0 is not a whole"},
		{"{\"guest\": {\"ipa_bits\": 48}, \"cpu\": {\"pa_bits\": 44}}",
		 3, ": guest.ipa_bits: 48 bits|44 physical"},
		{"{\"guest\": {\"start_level\": 2}}", 3,
		 ": guest.start_level: level 2 cannot|takes 32 to 34"},
		{"{\"guest\": {\"start_level\": 1, \"ipa_bits\": 44}}", 3,
		 "level 1 cannot|takes 32 to 43"},
		{"{\"guest\": {\"start_level\": 0, \"ipa_bits\": 39}}", 3,
		 "level 0 cannot|takes 40 to 48"},
		{"{\"guest\": {\"start_level\": 0}, "
		 "\"cpu\": {\"pa_bits\": 42}}",
		 3, "level 0 needs|44"},
		/* of the design, not of the models yet */
		{"{\"policy\": {\"iommu\": {\"coalesce\": \"after-ops:0\"}}}", 3,
		 "policy.iommu.coalesce: \"after-ops:0\" is none of: never"},
		{"{\"policy\": {\"iommu\": {\"flush\": \"deferred\"}}}", 3,
		 "policy.iommu.flush: \"deferred\" is none of|deferred:N"},
		{"{\"policy\": {\"shadow\": {\"rmap\": \"desc4\"}}}", 5,
		 "policy.shadow.rmap|not modelled"},
		{"{\"iommu\": [{}]}", 3, "iommu.0.type: |is none of: vtd, smmuv3"},
		{"{\"iommu\": [{\"type\": \"gart\"}]}", 3,
		 "iommu.0.type: \"gart\" is none of: vtd, smmuv3"},
		{"{\"iommu\": [5]}", 3, "iommu.0: 5 where an object"},
		{"{\"iommu\": \"vtd-p4\"}", 3, "iommu: \"vtd-p4\" is not a list"},
		{"{\"iommu\": [{\"type\": \"vtd\", \"ways\": 1}]}", 3,
		 "iommu.0.ways: no such key"},
		{"{\"iommu\": [\"tiny\", \"vtd-p4\"]}", 3,
		 "iommu.0: \"vtd-p4\" where an object {...} or a preset's"},
		{"{\"iommu\": [\"vtd-broadwell\", \"vtd-broadwell\", "
		 "\"vtd-broadwell\", \"vtd-broadwell\", "
		 "\"vtd-broadwell\"]}",
		 5, "iommu: 5 IOMMUs: at most 4 are modelled"},
		{"{\"iommu\": [{\"type\": \"vtd\", \"devices\": 20}, "
		 "{\"type\": \"smmuv3\", \"devices\": 9}]}",
		 3, "iommu.1.devices: 9 and|are 29 devices; want at most 28"},
		{"{\"iommu\": [\"vtd-broadwell\", {\"type\": \"smmuv3\", "
		 "\"iotlb\": {\"ways\": 7}}]}",
		 3, "iommu.1.iotlb.ways: 7 ways do not divide 512"},
		{"{\"iommu\": [{\"type\": \"smmuv3\", \"levels\": 4}]}", 3,
		 "iommu.0.levels: no such key"},
		{"{\"iommu\": [{\"type\": \"smmuv3\", \"stalss\": 4}]}", 3,
		 "iommu.0.stalss: no such key; did you mean iommu.0.stalls?"},
		{"{\"iommu\": [{\"type\": \"smmuv3\", "
		 "\"mode\": \"legacy\"}]}",
		 3, "iommu.0.mode: \"legacy\" is none of: off, pass-through"},
		{"{\"iommu\": [{\"type\": \"smmuv3\", "
		 "\"stage1\": \"off\", \"stage2\": \"off\"}]}",
		 3, "iommu.0.stage2: \"off\", and so is stage 1"},
		{"{\"iommu\": [{\"type\": \"smmuv3\", "
		 "\"stream_bits\": 4, \"devices\": 2}]}",
		 3, "iommu.0.stream_bits: 4 bits|0x10; want at least 5"},
		{"{\"iommu\": [{\"type\": \"smmuv3\", \"stalls\": 0}]}", 3,
		 "iommu.0.stalls: 0: a unit that can stall"},
		{"{\"iommu\": [{\"type\": \"smmuv3\", \"walks\": 65}]}", 3,
		 "iommu.0.walks: 65 is not a whole number from 1 to 64"},
		{"{\"iommu\": [{\"type\": \"smmuv3\"}], "
		 "\"cpu\": {\"pa_bits\": 36}, \"guest\": "
		 "{\"ipa_bits\": 36}}",
		 3, "iommu.0.iova_bits: 40 bits|36 physical address bits"},
		{"{\"iommu\": [{\"type\": \"smmuv3\", "
		 "\"granule\": \"64K\"}], "
		 "\"guest\": {\"backing\": \"random\"}}",
		 3, "iommu.0.granule: the guest's memory|at most 4K"},
		{"{\"iommu\": [{\"type\": \"smmuv3\", "
		 "\"granule\": \"16K\", \"populate\": \"guest\"}]}",
		 3, "iommu.0.granule: the guest's memory|at most 4K"},
		{"{\"iommu\": [{\"type\": \"vtd\", \"iotlb\": {\"ways\": 7}}]}",
		 3, "iommu.0.iotlb.ways: 7 ways do not divide 115"},
		{"{\"iommu\": [{\"type\": \"vtd\", \"mode\": \"scalable\"}]}",
		 3, "iommu.0.mode: |iommu.0.scalable_mode"},
		{"{\"iommu\": [{\"type\": \"vtd\", \"levels\": 3}]}", 3,
		 "iommu.0.iova_bits: 48 bits need more than 3 levels|39"},
		{"{\"iommu\": [{\"type\": \"vtd\", \"address_mask\": 60}]}", 3,
		 "iommu.0: no such unit: mamv"},
		{"{\"choices\": {\"tlb_multiple_match\": "
		 "\"conflict-abort\"}}",
		 5, "choices.tlb_multiple_match|not modelled|RFVQCK"},
		{"{\"choices\": {\"tlb_multiple_match\": \"last\"}}", 3,
		 "choices.tlb_multiple_match|first, conflict-abort"},
		{"{\"choices\": {\"smmu_tlbi_ttl\": \"used\"}}", 5,
		 "choices.smmu_tlbi_ttl|not modelled|4.4.1.1"},
		{"{\"iommu\": [{\"type\": \"smmuv3\", \"bbm_level\": 2}], "
		 "\"choices\": {\"smmu_tlb_multiple_match\": "
		 "\"conflict\"}}",
		 3, "iommu.0: |bbm_level|choices.smmu_tlb_multiple_match"},
		{"{\"cpu\": {\"s2_tlb\": {\"latency\": 1}}}", 5,
		 "cpu.s2_tlb.latency|cost nothing"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct file file =
			file_write(cases[i].text, strlen(cases[i].text));
		struct machine_config config;
		struct error_line error;

		if (load(&config, file.path, NULL, &error))
			fail_msg("accepted: %s", cases[i].text);
		check_line(&error, cases[i].code, cases[i].parts,
			   cases[i].text);
		check_line(&error, cases[i].code, file.path, cases[i].text);
		assert_null(config.json);
		unlink(file.path);
	}
}

static void bad_sets_are_usage_errors_that_quote_themselves(void **state)
{
	static const struct {
		const char *set;
		int code;
		const char *parts;
	} cases[] = {
		{"", 2, "--set : want KEY=VALUE"},
		{"cpu.count", 2, "--set cpu.count: want KEY=VALUE"},
		{"=3", 2, "want KEY=VALUE"},
		{"cpu.cuont=2", 2,
		 "--set cpu.cuont=2: cpu.cuont: no such key|cpu.count?"},
		{"l2_tlb.entries=0", 2, "did you mean cpu.l2_tlb?"},
		{"cpu..count=2", 2, "no such key"},
		{"cpu.count.x=2", 2, "cpu.count has no part \"x\""},
		{"cpu=2", 2, "cpu is a section"},
		{"cpu.l2_tlb=off", 2, "cpu.l2_tlb is a section"},
		{"cpu.l2_tlb={\"entires\":0}", 2,
		 "cpu.l2_tlb.entires: no such key|cpu.l2_tlb.entries?"},
		{"cpu.l2_tlb={\"ways\":5,\"ways\":5}", 2, "not JSON|dupl"},
		{"cpu.l2_tlb={", 2, "cpu.l2_tlb: not JSON"},
		{"cpu.count=two", 2,
		 "--set cpu.count=two: cpu.count: \"two\" is not a whole"},
		{"cpu.count=", 2, "\"\" is not a whole"},
		{"cpu.count=0", 2, "0 is not a whole number from 1 to 64"},
		{"cpu.count=1e1", 2, "10.0 is not a whole"},
		{"cpu.base_cpi=-0.1", 2, "cpu.base_cpi|is not a number"},
		{"cpu.base_cpi=NaN", 2, "\"NaN\" is not a number"},
		{"guest.backing=fragmented:1x", 2, "guest.backing|PERCENT"},
		{"cpu.l2_tlb.entries=7", 2,
		 "--set cpu.l2_tlb.entries=7: cpu.l2_tlb.ways: 5 ways do"},
		{"cpu.l2_tlb={\"ways\":3}", 2,
		 "--set cpu.l2_tlb={|cpu.l2_tlb.ways: 3 ways do"},
		{"cpu.l2_tlb.page_sizes.2=3M", 2, "\"3M\" is none of"},
		{"cpu.l2_tlb.page_sizes.9=2M", 2, "no part \"9\""},
		{"iommu.0.type=x", 2, "iommu has no part \"0\""},
		{"iommu=[\"smmu-mmu600\",{\"type\":\"vtd\",\"utlb\":1}]",
		 2, "iommu.1.utlb: no such key"},
		{"iommu=[{\"type\":\"smmuv3\",\"x\":1}]", 2,
		 "known here: type, |eventq_lg2, iotlb, utlb, ipa_tlb, ste_cache|, ..."},
		{"iommu=[\"smmu-mmu600\",5]", 2,
		 "iommu.1: 5 where an object {...} or a preset's name"},
		{"iommu=[{\"type\":\"smmuv3\",\"cmdq_lg2\":20}]", 2,
		 "iommu.0.cmdq_lg2: 20 is not a whole number from 1 to 19"},
		{"iommu=[\"smmu-guest\",\"smmu-guest\"]", 2,
		 "iommu.1.mode: \"guest\", and so is iommu.0"},
		{"iommu=[\"smmu-guest\",{\"type\":\"vtd\",\"mode\":\"guest\"}]",
		 2, "iommu.1.mode: \"guest\" is none of"},
		{"iommu=[{\"type\":\"smmuv3\",\"mode\":\"guest\"}]", 5,
		 "iommu.0.broadcast_tlbi|iommu.0.mode|want off"},
		{"iommu=[{\"type\":\"smmuv3\",\"mode\":\"guest\",\"broadcast_tlbi\":\"off\"}]",
		 5, "iommu.0.stall_model|want terminate"},
		{"iommu=[{\"type\":\"smmuv3\",\"mode\":\"guest\",\"coherent\":\"off\"}]",
		 5, "iommu.0.coherent|want on"},
		{"cpu.mhz=100", 2, "--set cpu.mhz=100: dram.latency_ns"},
		{"cpu.pa_bits=36", 2, "guest.ipa_bits: 40 bits"},
		{"guest.ram_mib=1048576", 2, "at most 1047552"},
		{"cpu.name=\xff\xfe", 2, "no such key"},
		{"name=\xff\xfe", 2, "not UTF-8"},
		{"policy.iommu.coalesce=scan:9", 2,
		 "--set policy.iommu.coalesce=scan:9|is none of"},
		{"iommu=[{\"type\":\"vtd\",\"walks\":0}]", 2,
		 "iommu.0.walks: 0 is not a whole number from 1"},
		{"policy.p2m.set_way=never", 2, "full, track, track-late"},
		{"policy.p2m.table_access=mapcache", 5, "directmap"},
		{"policy.iommu.share_pt=on", 2, "no IOMMU to share"},
		{"guest.granule=2M", 2, "--set guest.granule=2M|4K, 16K, 64K"},
		{"choices.asid_bits=8", 5, "not modelled|ASIDBits"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct machine_config config;
		struct error_line error;

		if (load(&config, NULL, cases[i].set, &error))
			fail_msg("accepted: %s", cases[i].set);
		check_line(&error, cases[i].code, cases[i].parts, cases[i].set);
		assert_null(config.json);
	}
}

/* Its memory begins at 1 GiB: 3 GiB end where 32 bits do. */
static void devices_that_reach_the_guests_memory_reach_all_of_it(void **state)
{
	struct config_set sets[] = { { "iommu=smmu-mmu600" },
				     { "iommu.0.iova_bits=32" },
				     { "iommu.0.populate=guest" },
				     { "guest.ram_mib=3072" } };
	struct machine_config config;
	struct error_line error;

	(void)state;
	assert_true(config_load(&config, NULL, NULL, sets, COUNT(sets), NULL,
				&error));
	config_fini(&config);
	sets[3].key_value = "guest.ram_mib=3073";
	assert_false(config_load(&config, NULL, NULL, sets, COUNT(sets), NULL,
				 &error));
	check_line(&error, 2, "iommu.0.iova_bits: 32 bits|want at least 33",
		   sets[3].key_value);
	/* VT-d, in each mode: 39 bits. */
	sets[0].key_value = "iommu=[{\"type\":\"vtd\",\"mode\":\"scalable\",\"scalable_mode\":\"on\"}]";
	sets[1].key_value = "iommu.0.iova_bits=39";
	sets[3].key_value = "guest.ram_mib=523265";
	assert_false(config_load(&config, NULL, NULL, sets, COUNT(sets), NULL,
				 &error));
	check_line(&error, 2, "iommu.0.iova_bits: 39 bits|want at least 40",
		   sets[3].key_value);
	sets[2].key_value = "iommu.0.populate=none";
	assert_true(config_load(&config, NULL, NULL, sets, COUNT(sets), NULL,
				&error));
	config_fini(&config);
}

static void a_missing_machine_is_told_apart_from_an_unknown_preset(void **state)
{
	static const struct {
		const char *machine;
		int code;
		const char *parts;
	} cases[] = {
		{"neoverse-n9", 2,
		 "neoverse-n9: no such preset|neoverse-n1, "
		 "neoverse-v2, smmu-guest, smmu-mmu600, tiny"},
		{"", 2, "no such preset"},
		{"/nonexistent/machine", 3, "/nonexistent/machine: cannot"},
		{"nonexistent.json", 3, "cannot read|No such file"},
		{"/tmp", 3, "/tmp: cannot read|directory"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct machine_config config;
		struct error_line error;

		assert_false(load(&config, cases[i].machine, NULL, &error));
		check_line(&error, cases[i].code, cases[i].parts,
			   cases[i].machine);
	}
}

static void a_hostile_name_still_makes_one_short_line(void **state)
{
	char text[20000];
	struct file file;
	struct machine_config config;
	struct error_line error;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "{\"\\n\\u001b", 10);
	memcpy(text + sizeof(text) - 5, "\": 1}", 5);
	file = file_write(text, sizeof(text));
	assert_false(load(&config, file.path, NULL, &error));
	check_line(&error, 3, "no such key|known here", "long name");
	assert_null(strchr(error.text, '\033'));
	unlink(file.path);

	memset(text, '[', sizeof(text));
	file = file_write(text, sizeof(text));
	assert_false(load(&config, file.path, NULL, &error));
	check_line(&error, 3, "not JSON|depth", "deep nesting");
	unlink(file.path);
}

/* ---- what a good one becomes ---- */

static void the_default_machine_is_what_the_design_says(void **state)
{
	struct machine_config c;

	(void)state;
	must_load(&c, NULL, NULL, 0);
	assert_string_equal(c.name, "neoverse-n1");
	assert_int_equal(c.cpus, 1);
	assert_int_equal(c.ram_mib, 256);
	assert_int_equal(c.ipa_bits, 40);
	assert_int_equal(c.backing, BACKING_CONTIGUOUS);
	assert_int_equal(c.populate, POPULATE_EAGER);
	assert_int_equal(c.p2m.ipa_bits, 40);
	assert_int_equal(c.p2m.granule_lg2, 12);
	assert_int_equal(c.p2m.start_level, -1);
	assert_true(c.p2m.free_empty);
	assert_int_equal(c.p2m.tlbi, P2M_TLBI_IPA);
	assert_int_equal(c.p2m.order, P2M_ORDER_GREEDY);
	/* FACTS of the core */
	assert_int_equal(c.mmu.l1d_tlb.entries, 48);
	assert_int_equal(c.mmu.l1d_tlb.ways, 48);
	assert_int_equal(c.mmu.l2_tlb.entries, 1280);
	assert_int_equal(c.mmu.l2_tlb.ways, 5);
	assert_int_equal(c.mmu.l2_tlb.latency, 5);
	assert_int_equal(c.mmu.pa_bits, 48);
	assert_int_equal(c.memory.cpus, 1);
	assert_int_equal(c.memory.l1d.bytes, 65536);
	assert_int_equal(c.memory.l1d.ways, 4);
	assert_int_equal(c.memory.l1d.latency, 4);
	assert_int_equal(c.memory.l2.bytes, 1048576);
	assert_int_equal(c.memory.l2.latency, 11);
	assert_int_equal(c.memory.walk_entry, MEMORY_ENTRY_L1D);
	assert_true(c.dram_latency_ns == 82.0);
	config_fini(&c);
}

static void coalescing_policies_reach_the_p2m(void **state)
{
	static const struct {
		const char *set;
		struct pt_coalesce want;
	} cases[] = {
		{"policy.p2m.coalesce=never", {PT_COALESCE_NEVER, 0, 0}},
		{"policy.p2m.coalesce=eager", {PT_COALESCE_EAGER, 0, 0}},
		{"policy.p2m.coalesce=after-ops:7",
		 {PT_COALESCE_AFTER_OPS, 7, 0}},
		{"policy.p2m.coalesce=after-cycles:9",
		 {PT_COALESCE_AFTER_CYCLES, 9, 0}},
		{"policy.p2m.coalesce=hysteresis:2",
		 {PT_COALESCE_HYSTERESIS, 2, 0}},
		{"policy.p2m.coalesce=scan:5000,64",
		 {PT_COALESCE_SCAN, 5000, 64}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct config_set set = {cases[i].set};
		struct machine_config config;
		struct error_line error;

		assert_true(config_load(&config, NULL, NULL, &set, 1, NULL,
					&error));
		assert_int_equal(config.p2m.coalesce.policy,
				 cases[i].want.policy);
		assert_int_equal(config.p2m.coalesce.n, cases[i].want.n);
		assert_int_equal(config.p2m.coalesce.budget,
				 cases[i].want.budget);
		config_fini(&config);
	}
}

static void every_policy_default_of_the_design_is_in_the_json(void **state)
{
	static const char *const want[][2] = {
		{"policy.p2m.coalesce", "never"},
		{"policy.p2m.free_empty", "eager"},
		{"policy.p2m.tlbi", "ipa"},
		{"policy.p2m.order", "greedy"},
		{"policy.p2m.contig_hint", "off"},
		{"policy.p2m.populate", "eager"},
		{"policy.p2m.set_way", "track"},
		{"policy.p2m.table_access", "directmap"},
		{"policy.iommu.coalesce", "never"},
		{"policy.iommu.flush", "strict"},
		{"policy.iommu.clean", "entry"},
		{"policy.iommu.share_pt", "off"},
		{"policy.shadow.rmap", "desc14"},
		{"guest.granule", "4K"},
		{"guest.backing", "contiguous"},
		{"format", "p2msim.machine/1"},
	};

	(void)state;
	for (const char *const *p = config_presets(); *p; p++) {
		struct machine_config c;

		must_load(&c, *p, NULL, 0);
		for (size_t i = 0; i < COUNT(want); i++)
			assert_string_equal(json_string_value(
						    config_at(c.json,
							      want[i][0])),
					    want[i][1]);
		config_fini(&c);
	}
}

static void the_struct_holds_what_the_keys_say(void **state)
{
	struct machine_config c;
	struct tlb_config *tlb = &c.mmu.s2_tlb;

	(void)state;
	must_load(&c, "tiny",
		  SETS({"cpu.count=3"}, {"cpu.base_cpi=1.2504"},
		       {"cpu.mlp=1.5"}, {"cpu.mhz=2000"},
		       {"cpu.slice_cycles=77"}, {"cpu.syscall=78"},
		       {"cpu.walk_entry=none"}, {"cpu.pa_bits=44"},
		       {"cpu.s2_tlb.entries=12"}, {"cpu.s2_tlb.ways=3"},
		       {"cpu.s2_tlb.replacement=fifo"},
		       {"cpu.s2_tlb.page_sizes=[\"1G\",\"4K\",\"64K\"]"},
		       {"llc={\"bytes\":98304,\"ways\":3,"
			"\"replacement\":\"random\"}"},
		       {"hypervisor.trap=1"}, {"hypervisor.hypercall=2"},
		       {"hypervisor.mmio=3"}, {"hypervisor.tlbi=4"},
		       {"hypervisor.barrier=5"}, {"hypervisor.clean=6"},
		       {"guest.ram_mib=17"}, {"guest.ipa_bits=42"},
		       {"guest.backing=fragmented:30"}, {"guest.start_level=1"},
		       {"policy.p2m.free_empty=never"},
		       {"policy.p2m.tlbi=range"}, {"policy.p2m.order=mask"},
		       {"policy.p2m.populate=fault"}, {"seed=9"}, {"name=53"}));
	assert_string_equal(c.name, "53");
	assert_int_equal(c.seed, 9);
	assert_int_equal(c.cpus, 3);
	assert_int_equal(c.memory.cpus, 3);
	assert_int_equal(c.base_cpi_fp, 1280); /* 1.2504 x 1024 = 1280.4 */
	assert_true(c.mlp == 1.5);
	assert_int_equal(c.mhz, 2000);
	assert_int_equal(c.slice_cycles, 77);
	assert_int_equal(c.syscall_cycles, 78);
	assert_int_equal(c.memory.walk_entry, MEMORY_ENTRY_NONE);
	assert_int_equal(c.mmu.pa_bits, 44);
	assert_int_equal(tlb->entries, 12);
	assert_int_equal(tlb->ways, 3);
	assert_int_equal(tlb->replacement, REPLACEMENT_FIFO);
	assert_int_equal(tlb->size_count, 3);
	assert_int_equal(tlb->sizes_lg2[0], 12);
	assert_int_equal(tlb->sizes_lg2[1], 16);
	assert_int_equal(tlb->sizes_lg2[2], 30);
	assert_int_equal(c.memory.llc.bytes, 98304);
	assert_int_equal(c.memory.llc.ways, 3);
	assert_int_equal(c.memory.llc.line, 64);
	assert_int_equal(c.memory.llc.replacement, REPLACEMENT_RANDOM);
	assert_int_equal(c.trap_cycles, 1);
	assert_int_equal(c.hypercall_cycles, 2);
	assert_int_equal(c.mmio_cycles, 3);
	assert_int_equal(c.tlbi_cycles, 4);
	assert_int_equal(c.barrier_cycles, 5);
	assert_int_equal(c.clean_cycles, 6);
	assert_int_equal(c.ram_mib, 17);
	assert_int_equal(c.backing, BACKING_FRAGMENTED);
	assert_int_equal(c.fragmented_percent, 30);
	assert_int_equal(c.populate, POPULATE_FAULT);
	assert_int_equal(c.p2m.ipa_bits, 42);
	assert_int_equal(c.p2m.start_level, 1);
	assert_false(c.p2m.free_empty);
	assert_int_equal(c.p2m.tlbi, P2M_TLBI_RANGE);
	assert_int_equal(c.p2m.order, P2M_ORDER_MASK);
	assert_int_equal(c.p2m.granule_lg2, 12);
	assert_false(c.p2m.contig_hint);
	assert_false(c.p2m.lpa);
	assert_int_equal(c.mmu.contiguous_bit, ARM_CONTIGUOUS_USED);
	assert_int_equal(c.mmu.granule_16k, ARM_GRANULE_16K_PRESENT);
	config_fini(&c);
}

static void granules_and_the_hint_reach_the_p2m(void **state)
{
	struct machine_config c;

	(void)state;
	must_load(&c, NULL,
		  SETS({"guest.granule=16K"}, {"policy.p2m.contig_hint=on"},
		       {"choices.contiguous_bit=ignored"}));
	assert_int_equal(c.p2m.granule_lg2, 14);
	assert_true(c.p2m.contig_hint);
	assert_int_equal(c.mmu.contiguous_bit, ARM_CONTIGUOUS_IGNORED);
	config_fini(&c);
	must_load(&c, "cortex-a53", SETS({"guest.granule=64K"}));
	assert_int_equal(c.p2m.granule_lg2, 16);
	assert_int_equal(c.mmu.granule_16k, ARM_GRANULE_16K_ABSENT);
	config_fini(&c);
	must_load(&c, NULL,
		  SETS({"guest.granule=64K"}, {"cpu.pa_bits=52"},
		       {"guest.ipa_bits=52"}, {"guest.start_level=1"}));
	assert_true(c.p2m.lpa);
	assert_int_equal(c.p2m.ipa_bits, 52);
	config_fini(&c);
}

static void sets_apply_in_order_and_are_judged_together(void **state)
{
	struct machine_config c;

	(void)state;
	must_load(&c, NULL,
		  SETS({"cpu.l1d_tlb.entries=16"}, {"cpu.l1d_tlb.ways=3"},
		       {"cpu.l1d_tlb.ways=16"}));
	assert_int_equal(c.mmu.l1d_tlb.ways, 16);
	config_fini(&c);
}

static void an_absent_tlb_or_cache_needs_no_sensible_ways(void **state)
{
	struct machine_config c;

	(void)state;
	must_load(&c, NULL,
		  SETS({"cpu.l2_tlb.entries=0"}, {"cpu.l2_tlb.ways=0"},
		       {"llc.bytes=0"}, {"llc.ways=7"}, {"llc.line=48"},
		       {"llc.latency=0"}));
	assert_int_equal(c.mmu.l2_tlb.entries, 0);
	assert_int_equal(c.memory.llc.bytes, 0);
	config_fini(&c);
}

static void a_partial_file_takes_the_rest_from_the_default(void **state)
{
	static const char text[] = "{\"cpu\": {\"l1d_tlb\": {\"entries\": 32,"
				   " \"ways\": 32}}}";
	struct file file = file_write(text, sizeof(text) - 1);
	struct machine_config c, n1;

	(void)state;
	must_load(&c, file.path, NULL, 0);
	must_load(&n1, NULL, NULL, 0);
	assert_int_equal(c.mmu.l1d_tlb.entries, 32);
	assert_int_equal(c.mmu.l2_tlb.entries, n1.mmu.l2_tlb.entries);
	/* its name, and no claim that its figures are the preset's */
	assert_string_equal(c.name, strrchr(file.path, '/') + 1);
	assert_int_equal(json_array_size(json_object_get(c.json, "sources")),
			 0);
	config_fini(&c);
	config_fini(&n1);
	unlink(file.path);
}

/* ---- the digest ---- */

static void sha256_is_the_standards(void **state)
{
	char hex[65];

	(void)state;
	sha256_hex("abc", 3, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
				 "b00361a396177a9cb410ff61f20015ad");
	sha256_hex("", 0, hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb924"
				 "27ae41e4649b934ca495991b7852b855");
}

static void equal_machines_have_equal_digests_however_written(void **state)
{
	static const char *const same[] = {
		"cpu.mlp=2",
		"cpu.mlp=2.0",
		"cpu={\"mlp\":2}",
		"cpu.mlp=2e0",
	};
	struct machine_config a, b;

	(void)state;
	must_load(&a, NULL, SETS({same[0]}));
	for (size_t i = 1; i < COUNT(same); i++) {
		must_load(&b, NULL, SETS({same[i]}));
		assert_string_equal(a.digest, b.digest);
		config_fini(&b);
	}
	must_load(&b, NULL, SETS({"cpu.mlp=2.25"}));
	assert_string_not_equal(a.digest, b.digest);
	config_fini(&b);
	config_fini(&a);

	must_load(&a, NULL, SETS({"cpu.s2_tlb.page_sizes=[\"4K\",\"2M\"]"}));
	must_load(&b, NULL, SETS({"cpu.s2_tlb.page_sizes=[\"2M\",\"4K\"]"}));
	assert_string_equal(a.digest, b.digest);
	config_fini(&b);
	config_fini(&a);
}

static void a_traces_machine_loads_to_the_same_digest(void **state)
{
	for (const char *const *p = config_presets(); *p; p++) {
		const struct config_set more[] = {{"cpu.count=2"}};
		struct machine_config a, b, c;
		struct error_line error;
		uint64_t seed = 12345;

		(void)state;
		assert_true(config_load(&a, *p, NULL, NULL, 0, &seed, &error));
		assert_int_equal(a.seed, 12345);
		assert_true(
			config_load(&b, NULL, a.json, NULL, 0, NULL, &error));
		assert_string_equal(a.digest, b.digest);
		assert_int_equal(b.seed, 12345);
		/* a --set on top leaves the caller's JSON alone */
		assert_true(
			config_load(&c, NULL, a.json, more, 1, NULL, &error));
		assert_string_not_equal(a.digest, c.digest);
		assert_int_equal(json_integer_value(
					 config_at(a.json, "cpu.count")),
				 1);
		config_fini(&a);
		config_fini(&b);
		config_fini(&c);
	}
}

static void a_traces_machine_is_not_trusted(void **state)
{
	json_t *base = json_pack("{s{si}}", "cpu", "count", 0);
	json_t *list = json_array();
	struct machine_config c;
	struct error_line error;

	(void)state;
	assert_false(config_load(&c, NULL, base, NULL, 0, NULL, &error));
	check_line(&error, 3, "the trace's machine: cpu.count: 0", "base");
	assert_false(config_load(&c, NULL, list, NULL, 0, NULL, &error));
	check_line(&error, 3, "the trace's machine: []", "base");
	json_decref(base);
	json_decref(list);
}

/* ---- the presets and the table of keys ---- */

static void presets_are_sorted_and_all_there(void **state)
{
	static const char *const want[] = {
		"cortex-a53",  "cortex-a72",  "cortex-a76",
		"neoverse-n1", "neoverse-v2", "tiny",
		"vtd-broadwell", "vtd-haswell", "vtd-ivybridge",
		"smmu-guest",
	};
	const char *const *p = config_presets();
	size_t found = 0;

	(void)state;
	for (size_t i = 0; p[i]; i++) {
		struct machine_config c;

		if (i > 0)
			assert_true(strcmp(p[i - 1], p[i]) < 0);
		for (size_t j = 0; j < COUNT(want); j++)
			found += strcmp(p[i], want[j]) == 0;
		must_load(&c, p[i], NULL, 0);
		assert_string_equal(c.name, p[i]);
		assert_int_equal(strlen(c.digest), 64);
		config_fini(&c);
	}
	assert_int_equal(found, COUNT(want));
}

/* Calls visit for every leaf, with its path. */
static void each_leaf(const json_t *node, const char *path,
		      void (*visit)(void *context, const char *path),
		      void *context)
{
	const char *name;
	json_t *value;

	size_t i;

	/* Of lists only units have members. */
	if (json_is_object(json_array_get(node, 0)) &&
	    strcmp(path, "iommu") == 0) {
		visit(context, path);
		json_array_foreach(node, i, value)
		{
			char below[40];

			snprintf(below, sizeof(below), "iommu.%u", (unsigned)i);
			each_leaf(value, below, visit, context);
		}
		return;
	}
	if (!json_is_object(node)) {
		visit(context, path);
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)node, name, value)
	{
		char below[200];

		snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "",
			 name);
		each_leaf(value, below, visit, context);
	}
}

static void expect_key(void *context, const char *path)
{
	size_t *count = context;

	if (!config_key_find(path))
		fail_msg("%s is not in the table of keys", path);
	++*count;
}

static void every_key_exists_in_every_machine(void **state)
{
	(void)state;
	for (const char *const *p = config_presets(); *p; p++) {
		struct machine_config c;
		size_t leaves = 0, keys = 0;

		must_load(&c, *p, NULL, 0);
		each_leaf(c.json, "", expect_key, &leaves);
		for (const struct config_key *k = config_keys; k->path; k++) {
			if (k->types &&
			    !(c.iommus && k->types >> c.iommu[0].type & 1))
				continue;
			keys++;
			if (!config_at(c.json, k->path))
				fail_msg("%s has no %s", *p, k->path);
		}
		assert_int_equal(leaves, keys);
		config_fini(&c);
	}
}

static void expect_one_source(void *context, const char *path)
{
	static const char *const figures[] = {"cpu.", "llc.", "dram.",
					      "hypervisor.", "iommu."};
	const json_t *config = context;
	size_t index, inner, found = 0;
	json_t *entry, *key;
	bool is_figure = false;

	for (size_t i = 0; i < COUNT(figures); i++)
		is_figure |= strncmp(path, figures[i], strlen(figures[i])) == 0;
	if (!is_figure)
		return;
	json_array_foreach(json_object_get(config, "sources"), index, entry)
	{
		json_array_foreach(json_object_get(entry, "keys"), inner, key)
		{
			size_t length = json_string_length(key);

			found += strncmp(json_string_value(key), path,
					 length) == 0 &&
				 (path[length] == '\0' || path[length] == '.');
		}
	}
	if (found != 1)
		fail_msg("%s of %s has %zu sources, want 1", path,
			 json_string_value(json_object_get(config, "name")),
			 found);
}

static void every_figure_of_a_preset_has_one_source_or_is_assumed(void **state)
{
	(void)state;
	for (const char *const *p = config_presets(); *p; p++) {
		struct machine_config c;

		must_load(&c, *p, NULL, 0);
		each_leaf(c.json, "", expect_one_source, c.json);
		config_fini(&c);
	}
}

static void tiny_is_for_counting_by_hand(void **state)
{
	struct machine_config c;

	(void)state;
	must_load(&c, "tiny", NULL, 0);
	assert_int_equal(c.mmu.l1d_tlb.entries, 2);
	assert_int_equal(c.mmu.l1d_tlb.ways, 2);
	assert_int_equal(c.mmu.l1d_tlb.replacement, REPLACEMENT_LRU);
	assert_int_equal(c.mmu.l2_tlb.entries, 0);
	assert_int_equal(c.mmu.s2_tlb.entries, 0);
	assert_int_equal(c.mmu.walk_cache_s1.entries, 0);
	assert_int_equal(c.mmu.walk_cache_s2.entries, 0);
	config_fini(&c);
}

/* ---- IOMMUs ---- */

static void a_unit_takes_the_rest_from_its_types_default(void **state)
{
	static const struct config_set sets[] = {
		{"iommu=vtd-ivybridge"},
		{"iommu.0.walks=3"},
		{"policy.iommu.coalesce=scan:70,80"},
		{"policy.iommu.flush=deferred:250"},
		{"policy.iommu.clean=top-only"},
	};
	static const struct config_set list[] = {
		{"iommu=[{\"type\":\"vtd\",\"iotlb\":{\"entries\":64}}]"},
		{"iommu.0.iotlb.ways=4"},
	};
	struct machine_config c;

	(void)state;
	must_load(&c, NULL, sets, COUNT(sets));
	assert_int_equal(c.iommus, 1);
	assert_string_equal(c.name, "neoverse-n1");
	assert_false(c.iommu[0].vtd.coherent);
	assert_int_equal(c.iommu[0].largest_page, IOMMU_LARGEST_4K);
	assert_int_equal(c.iommu[0].vtd.superpages, 0);
	assert_int_equal(c.iommu[0].vtd.walks, 3);
	assert_int_equal(c.iommu[0].vtd.levels_mask, 4);
	assert_int_equal(c.iommu_policy.coalesce.policy, PT_COALESCE_SCAN);
	assert_int_equal(c.iommu_policy.coalesce.n, 70);
	assert_int_equal(c.iommu_policy.coalesce.budget, 80);
	assert_int_equal(c.iommu_policy.flush, IOMMU_FLUSH_DEFERRED);
	assert_int_equal(c.iommu_policy.flush_calls, 250);
	assert_int_equal(c.iommu_policy.clean, 2);
	config_fini(&c);
	must_load(&c, "tiny", list, COUNT(list));
	assert_int_equal(c.iommu[0].vtd.iotlb.entries, 64);
	assert_int_equal(c.iommu[0].vtd.iotlb.ways, 4);
	assert_int_equal(c.iommu[0].vtd.walks, 6);
	assert_int_equal(c.iommu[0].vtd.superpages, 3);
	config_fini(&c);
	must_load(&c, NULL, NULL, 0);
	assert_int_equal(c.iommus, 0);
	config_fini(&c);
}

static void choices_reach_the_smmu(void **state)
{
	static const struct config_set sets[] = {
		{"iommu=[\"smmu-mmu600\"]"},
		{"choices.smmu_ste_cont=used"},
		{"choices.smmu_tlb_multiple_match=conflict"},
		{"choices.smmu_invalid_configuration=not-cached"},
		{"choices.smmu_prefetch=ignored"},
	};
	struct machine_config c;

	(void)state;
	must_load(&c, NULL, sets, 1);
	assert_int_equal(c.iommu[0].smmu.choices.smmu_ste_cont,
			 SMMU_STE_CONT_IGNORED);
	assert_int_equal(c.iommu[0].smmu.choices.smmu_prefetch,
			 SMMU_PREFETCH_USED);
	config_fini(&c);
	must_load(&c, NULL, sets, COUNT(sets));
	assert_int_equal(c.iommu[0].smmu.choices.smmu_ste_cont,
			 SMMU_STE_CONT_USED);
	assert_int_equal(c.iommu[0].smmu.choices.smmu_ste_multiple_match,
			 SMMU_STE_MATCH_SMALLEST);
	assert_int_equal(c.iommu[0].smmu.choices.smmu_tlb_multiple_match,
			 SMMU_TLB_MATCH_CONFLICT);
	assert_int_equal(c.iommu[0].smmu.choices.smmu_invalid_configuration,
			 SMMU_INVALID_NOT_CACHED);
	assert_int_equal(c.iommu[0].smmu.choices.smmu_prefetch,
			 SMMU_PREFETCH_IGNORED);
	config_fini(&c);
}

static void units_stand_side_by_side(void **state)
{
	static const struct config_set sets[] = {
		{"iommu=[\"smmu-mmu600\",\"vtd-broadwell\"]"},
		{"iommu.1.devices=3"},
		{"iommu.0.devices=2"},
		{"iommu.0.iotlb.entries=64"},
		{"iommu.1.iotlb.ways=23"},
		{"iommu.1.walks=2"},
	};
	struct machine_config c;

	(void)state;
	must_load(&c, NULL, sets, COUNT(sets));
	assert_int_equal(c.iommus, 2);
	assert_int_equal(c.iommu[0].type, IOMMU_SMMUV3);
	assert_int_equal(c.iommu[1].type, IOMMU_VTD);
	assert_int_equal(c.iommu[0].first_device, 0);
	assert_int_equal(c.iommu[1].first_device, 2);
	assert_int_equal(c.iommu[1].devices, 3);
	assert_int_equal(c.iommu[0].smmu.tlb.entries, 64);
	assert_int_equal(c.iommu[0].smmu.walks, 64);
	assert_int_equal(c.iommu[0].smmu.eventq_lg2, 19);
	assert_int_equal(c.iommu[0].smmu.sid_bits, 24);
	assert_int_equal(c.iommu[0].smmu.stalls, 4);
	assert_true(c.iommu[0].smmu.cohacc && c.iommu[0].smmu.btm);
	assert_false(c.iommu[0].smmu.ril);
	assert_int_equal(c.iommu[1].vtd.iotlb.ways, 23);
	assert_int_equal(c.iommu[1].vtd.walks, 2);
	assert_int_equal(c.iommu[1].vtd.mgaw_bits, 48);
	config_fini(&c);
}

/* Another type is another unit: what was set of the old one is gone. */
static void a_unit_whose_type_changes_is_that_types_default(void **state)
{
	static const struct config_set sets[] = {
		{"iommu=vtd-ivybridge"},
		{"iommu.0.iotlb.entries=64"},
		{"iommu.0.iotlb.ways=64"},
		{"iommu.0.type=smmuv3"},
		{"iommu.0.walks=5"},
	}, same[] = {
		{"iommu=vtd-ivybridge"},
		{"iommu.0.type=vtd"},
	};
	struct machine_config c, again;
	struct error_line error;

	(void)state;
	must_load(&c, NULL, sets, COUNT(sets));
	assert_int_equal(c.iommu[0].type, IOMMU_SMMUV3);
	assert_int_equal(c.iommu[0].smmu.tlb.entries, 512);
	assert_int_equal(c.iommu[0].smmu.walks, 5);
	config_fini(&c);
	must_load(&c, NULL, same, COUNT(same));
	assert_int_equal(c.iommu[0].largest_page, IOMMU_LARGEST_4K);
	config_fini(&c);
	/* Nor has it sources any more: the machine loads from its own JSON. */
	must_load(&c, "vtd-broadwell", sets + 3, 2);
	assert_true(config_load(&again, NULL, c.json, NULL, 0, NULL, &error));
	assert_string_equal(again.digest, c.digest);
	config_fini(&again);
	config_fini(&c);
}

/* ---- words ---- */

static void words_with_numbers_match_exactly(void **state)
{
	static const struct {
		const char *text;
		int index;
		uint64_t first, second;
	} cases[] = {
		{"off", 0, 0, 0},
		{"n:1", 1, 1, 0},
		{"n:0", -1, 0, 0},
		{"n:", -1, 0, 0},
		{"n:01", -1, 0, 0},
		{"n:+1", -1, 0, 0},
		{"n:1 ", -1, 0, 0},
		{"two:7,8", 2, 7, 8},
		{"two:7", -1, 0, 0},
		{"two:7,", -1, 0, 0},
		{"p:0", 3, 0, 0},
		{"p:100", 3, 100, 0},
		{"p:101", -1, 0, 0},
		{"of", -1, 0, 0},
		{"offf", -1, 0, 0},
		{"", -1, 0, 0},
		{"n:9223372036854775807", 1, INT64_MAX, 0},
		{"n:9223372036854775808", -1, 0, 0},
		{"off|n:1", -1, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t got[2] = {0, 0};
		int index = config_word_index("off|n:#|two:#,#|p:%",
					      cases[i].text, got);

		if (index != cases[i].index)
			fail_msg("\"%s\" is word %d", cases[i].text, index);
		if (index < 0)
			continue;
		assert_int_equal(got[0], cases[i].first);
		assert_int_equal(got[1], cases[i].second);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_files_are_refused_with_path_and_remedy),
		cmocka_unit_test(
			bad_sets_are_usage_errors_that_quote_themselves),
		cmocka_unit_test(
			devices_that_reach_the_guests_memory_reach_all_of_it),
		cmocka_unit_test(
			a_missing_machine_is_told_apart_from_an_unknown_preset),
		cmocka_unit_test(a_hostile_name_still_makes_one_short_line),
		cmocka_unit_test(the_default_machine_is_what_the_design_says),
		cmocka_unit_test(coalescing_policies_reach_the_p2m),
		cmocka_unit_test(
			every_policy_default_of_the_design_is_in_the_json),
		cmocka_unit_test(the_struct_holds_what_the_keys_say),
		cmocka_unit_test(granules_and_the_hint_reach_the_p2m),
		cmocka_unit_test(sets_apply_in_order_and_are_judged_together),
		cmocka_unit_test(an_absent_tlb_or_cache_needs_no_sensible_ways),
		cmocka_unit_test(
			a_partial_file_takes_the_rest_from_the_default),
		cmocka_unit_test(sha256_is_the_standards),
		cmocka_unit_test(
			equal_machines_have_equal_digests_however_written),
		cmocka_unit_test(a_traces_machine_loads_to_the_same_digest),
		cmocka_unit_test(a_traces_machine_is_not_trusted),
		cmocka_unit_test(presets_are_sorted_and_all_there),
		cmocka_unit_test(every_key_exists_in_every_machine),
		cmocka_unit_test(
			every_figure_of_a_preset_has_one_source_or_is_assumed),
		cmocka_unit_test(tiny_is_for_counting_by_hand),
		cmocka_unit_test(a_unit_takes_the_rest_from_its_types_default),
		cmocka_unit_test(choices_reach_the_smmu),
		cmocka_unit_test(units_stand_side_by_side),
		cmocka_unit_test(
			a_unit_whose_type_changes_is_that_types_default),
		cmocka_unit_test(words_with_numbers_match_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
