# SPDX-License-Identifier: BSD-2-Clause
"""Machine files and --set that are none."""

HEAD = '{"format":"p2msim.machine/1",'

# content, what the line says; exit code 3 unless given
FILES = [
    ("", "not JSON"),
    ("[]", "object"),
    ("1", "object"),
    ("\xff\xfe", "not JSON|object"),
    (b"\xff\xfe{}", "m.json:1.*not JSON"),
    (b'{"format":"\xc3("}', "m.json:1.*not JSON"),
    ("{" * 3000, "m.json:1.*not JSON"),
    ("[" * 100000, "m.json:1.*not JSON.*depth"),
    ('{"cpu":' * 100000, "m.json:1.*not JSON.*depth"),
    ('{"name":"x"} {}', "m.json:1.*not JSON"),
    ('{"name":"x",\n"seed":1,}', "m.json:2.*not JSON"),
    ('{"format":"p2msim.machine/2"}', "format.*p2msim.machine/1"),
    ('{"format":1}', "format"),
    (HEAD + '"cpus":{}}', "cpus: no such key; "),
    (HEAD + '"cpu":{"cuont":1}}', "cpu.cuont: no such key.*cpu.count"),
    (HEAD + '"cpu":{"count":1,"count":1}}', "cpu.count.*repeated"),
    (HEAD + '"cpu":{},"cpu":{}}', "cpu.*repeated"),
    (HEAD + '"cpu":[]}', r"cpu: .*section \{"),
    (HEAD + '"cpu":null}', r"cpu: .*section \{"),
    (HEAD + '"cpu":{"count":null}}', "cpu.count: .*1 to 64"),
    (HEAD + '"cpu":{"count":"1"}}', "cpu.count: .*1 to 64"),
    (HEAD + '"cpu":{"count":1.5}}', "cpu.count: .*1 to 64"),
    (HEAD + '"cpu":{"count":true}}', "cpu.count: .*1 to 64"),
    (HEAD + '"cpu":{"count":0}}', "cpu.count: .*1 to 64"),
    (HEAD + '"cpu":{"count":-1}}', "cpu.count: .*1 to 64"),
    (HEAD + '"cpu":{"count":65}}', "cpu.count: .*1 to 64"),
    (HEAD + '"cpu":{"count":4294967297}}', "cpu.count: .*1 to 64"),
    (HEAD + '"cpu":{"count":9223372036854775807}}', "cpu.count: .*1 to 64"),
    (HEAD + '"cpu":{"count":18446744073709551617}}', "too big"),
    (HEAD + '"cpu":{"count":1e999}}', "overflow"),
    (HEAD + '"cpu":{"mlp":0}}', "cpu.mlp: .*1 to 1000"),
    (HEAD + '"cpu":{"mlp":1e300}}', "cpu.mlp: .*1 to 1000"),
    (HEAD + '"cpu":{"pa_bits":33}}', "cpu.pa_bits: .*32, 36, 40"),
    (HEAD + '"cpu":{"l2_tlb":{"entries":1280,"ways":3}}}',
     "cpu.l2_tlb.ways: .*divide"),
    (HEAD + '"cpu":{"l2_tlb":{"entries":1280,"ways":0}}}',
     "cpu.l2_tlb.ways: "),
    (HEAD + '"cpu":{"l1d_tlb":{"entries":1000000000}}}',
     "cpu.l1d_tlb.entries: .*0 to "),
    (HEAD + '"cpu":{"l1d_tlb":{"replacement":"mru"}}}',
     "cpu.l1d_tlb.replacement: .*lru"),
    (HEAD + '"cpu":{"l1d_tlb":{"page_sizes":[]}}}',
     "cpu.l1d_tlb.page_sizes: .*4K"),
    (HEAD + '"cpu":{"l1d_tlb":{"page_sizes":["4K","4K"]}}}', "twice"),
    (HEAD + '"cpu":{"l1d_tlb":{"page_sizes":["4K",7]}}}', "7 is none of"),
    (HEAD + '"cpu":{"l1d":{"line":48}}}', "cpu.l1d.line: .*power of two"),
    (HEAD + '"cpu":{"l1d":{"bytes":1}}}', "cpu.l1d.*divide"),
    (HEAD + '"cpu":{"l1d":{"bytes":4611686018427387904}}}',
     "cpu.l1d.bytes: .*0 to"),
    (HEAD + '"cpu":{"l1d":{"ways":1048576}}}', "cpu.l1d.ways: "),
    (HEAD + '"cpu":{"l1d":{"line":128}}}', "one line size"),
    (HEAD + '"dram":{"latency_ns":0}}', "dram.latency_ns: .*at least"),
    (HEAD + '"guest":{"ram_mib":0}}', "guest.ram_mib: "),
    (HEAD + '"guest":{"ram_mib":16777216}}', "guest.ram_mib: .*at most"),
    (HEAD + '"guest":{"ipa_bits":53}}', "guest.ipa_bits: .*32 to 52"),
    (HEAD + '"cpu":{"pa_bits":52},"guest":{"ipa_bits":49}}',
     "guest.ipa_bits: .*need the 64K granule"),
    (HEAD + '"guest":{"backing":"fragmented:101"}}',
     "guest.backing: .*fragmented:PERCENT"),
    (HEAD + '"guest":{"start_level":2}}', "guest.start_level: "),
    (HEAD + '"choices":{"none":"x"}}', "choices.none: no such key"),
    (HEAD + '"sources":{}}', "sources: "),
    (HEAD + '"sources":[{"keys":["cpu.none"],"source":"x"}]}', "cpu.none"),
    (HEAD + '"name":""}', "name: .*1 to 63"),
    (HEAD + '"name":"' + "x" * 100000 + '"}', "name: .*1 to 63"),
    (HEAD + '"name":"a\\nb"}', "name: .*control"),
    (HEAD + '"seed":-1}', "seed: "),
    (HEAD + '"' + "k" * 100000 + '":1}', "no such key"),
    (HEAD + '"guest":{"granule":"8K"}}', "guest.granule: .*4K, 16K, 64K"),
    (HEAD + '"guest":{"granule":"16K"},"choices":{"granule_16k":"absent"}}',
     "guest.granule: .*has not that granule"),
    (HEAD + '"iommu":[{}]}', "iommu.0.type.*is none of: vtd", 3),
    (HEAD + '"iommu":[{"type":"vtd"},{"type":"vtd"}]}', "only one is modelled", 5),
    (HEAD + '"policy":{"p2m":{"contig_hint":"yes"}}}', "off, on"),
]

SETS = [
    ("cpu.count", "KEY=VALUE"),
    ("", "KEY=VALUE"),
    ("=1", "KEY=VALUE"),
    ("cpu.count=", "cpu.count: .*1 to 64"),
    ("cpu.count=-1", "cpu.count: .*1 to 64"),
    ("cpu.count=18446744073709551617", "cpu.count: .*1 to 64"),
    ("cpu.count=0x2", "cpu.count: .*1 to 64"),
    ("cpu.cout=1", "cpu.cout: no such key"),
    ("cpu=1", "section"),
    ("cpu.count.x=1", "no part"),
    ("cpu.count=[", "not JSON"),
    ("cpu={\"count\":1,\"count\":2}", "cpu.*(repeated|duplicate)"),
    ("cpu=" + "[" * 50000, "depth|not JSON"),
    (b"cpu.count=\xff", "UTF-8"),
    (b"\xff=1", "no such key|UTF-8"),
    ("k" * 50000 + "=1", "no such key"),
    ("a." * 50000 + "=1", "no such key"),
    ("cpu.l2_tlb.ways=7", "cpu.l2_tlb.ways: .*divide"),
    ("guest.backing=fragmented:1000", "PERCENT"),
    ("iommu.0.type=smmu", "iommu has no part"),
]


def test(j):
    for n, (content, says, *code) in enumerate(FILES):
        path = j.write("m.json", content)
        j.case(f"machine file {n}: {says}", ["machine", "check", path],
               *(code or [3]), "m.json", says)
    for n, (text, says) in enumerate(SETS):
        j.case(f"--set {n}: {says}", ["machine", "show", "--set", text], 2,
               "--set", says)
    for command in ("run", "replay", "walk"):
        more = ["0x0"] if command == "walk" else []
        path = j.write("m.json", "{")
        j.case(f"{command} --machine of a broken file",
               [command, "--machine", path, "x"] + more, 3, "m.json:1")
        j.case(f"{command} --machine of no file",
               [command, "--machine", "bogus", "x"] + more, 2,
               "bogus.*neoverse-n1")
    for path, says in (("none.json", "No such file"), ("none", "No such file"),
                       (j.folder, "Is a directory"),
                       ("/dev/null", "not JSON"),
                       ("/dev/zero", "not JSON|larger|too")):
        j.case(f"machine check of {path}", ["machine", "check", path], 3,
               path, says)
