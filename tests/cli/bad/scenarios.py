# SPDX-License-Identifier: BSD-2-Clause
"""Scenarios of explore that are none, and --set."""

HEAD = '{"format":"p2msim.scenario/1",'
DO = '"operation":{"do":"tick"}}'

# content, what the line says; exit code 3 unless given
FILES = [
    ("", "not JSON"),
    ("[]", "object"),
    ("7", "object"),
    (b"\xff{}", "not JSON"),
    ('{"operation":' * 50000, "not JSON"),
    ('{"format":"p2msim.machine/1"}', "format.*p2msim.scenario/1"),
    ('{"operation":{"do":"tick"}}', "format.*missing"),
    (HEAD + '"format":"p2msim.scenario/1",' + DO, "format.*repeated"),
    (HEAD + '"guest":{"granule":"4K","granule":"4K"},' + DO,
     "guest.granule.*repeated"),
    (HEAD + '"frob":1,' + DO, "frob: no such key; known here: .*bbm_level"),
    (HEAD + '"form":1,' + DO, "form: no such key"),
    (HEAD + '"name":1,' + DO, "name.*string"),
    (HEAD + '"guest":[],' + DO, "guest.*object"),
    (HEAD + '"guest":{"granule":"8K"},' + DO, "guest.granule.*4K.16K.64K"),
    (HEAD + '"guest":{"ipa_bits":53},' + DO, "guest.ipa_bits.*52"),
    (HEAD + '"guest":{"ipa_bits":20},' + DO, "makes no such address space"),
    (HEAD + '"guest":{"start_level":3},' + DO, "guest.start_level.*2"),
    (HEAD + '"bbm_level":3,' + DO, "bbm_level.*at most 2"),
    (HEAD + '"bbm_level":-1,' + DO, "bbm_level.*at most 2"),
    (HEAD + '"bbm_level":"0x",' + DO, "bbm_level.*at most 2"),
    (HEAD + '"policy":{"p2m":{"tlbi":"all"}},' + DO,
     "policy.p2m.tlbi.*vmid.ipa.range"),
    (HEAD + '"policy":{"p2m":{"frob":"all"}},' + DO,
     "policy.p2m.frob: no such key"),
    (HEAD + '"policy":{"iommu":{"clean":"none"}},' + DO,
     "policy.iommu.clean.*top-only"),
    (HEAD + '"observers":[],' + DO, "observers.*1 to 4"),
    (HEAD + '"observers":[{"kind":"gpu"}],' + DO, "observers.0.kind"),
    (HEAD + '"observers":[{"kind":"cpu","coherent":false}],' + DO,
     "observers.0.*coherent"),
    (HEAD + '"observers":[{"kind":"cpu","broadcast":false}],' + DO,
     "observers.0.*broadcast"),
    (HEAD + '"iommu":{},"observers":[{"kind":"iommu","broadcast":true}],' + DO,
     "observers.0.*queue"),
    (HEAD + '"observers":[{"kind":"iommu"},{"kind":"cpu"}],' + DO,
     "observers.1.*CPUs before"),
    (HEAD + '"without":["sleep"],' + DO, "without.0.*dsb"),
    (HEAD + '"start":[]}', "operation.*missing"),
    (HEAD + '"operation":[]}', "operation.*1 to 64"),
    (HEAD + '"operation":[' + ",".join(['{"do":"tick"}'] * 65) + "]}",
     "operation.*1 to 64"),
    (HEAD + '"operation":7}', "operation"),
    (HEAD + '"operation":[7]}', "operation.0.*do"),
    (HEAD + '"operation":{"do":"fly"}}', "operation.do.*map"),
    (HEAD + '"operation":{"do":"tick","gfn":1}}', "operation.gfn: no such key"),
    (HEAD + '"operation":{"do":"map","gfn":1,"frames":1}}',
     "operation.mfn.*missing"),
    (HEAD + '"operation":{"do":"remove","gfn":1,"frames":1e9}}',
     "operation.frames"),
    (HEAD + '"operation":{"do":"remove","gfn":1,"frames":99999999999}}',
     "operation.frames.*at most"),
    (HEAD + '"operation":{"do":"protect","gfn":1,"frames":1,"access":"rr"}}',
     "operation.access.*rwx"),
    (HEAD + '"operation":{"do":"map","gfn":1,"mfn":1,"frames":1,"type":"x"}}',
     "operation.type.*ram-rw"),
    (HEAD + '"operation":[{"do":"teardown"},{"do":"tick"}]}',
     "operation.*teardown"),
    (HEAD + '"operation":{"do":"map","gfn":"0xffffffffff","mfn":1,"frames":1}}',
     "operation.0.*beyond"),
    (HEAD + '"operation":{"do":"fault","gfn":1}}', "operation.0.*nothing mapped"),
    (HEAD + '"guest":{"granule":"64K"},"operation":'
     '{"do":"map","gfn":1,"mfn":1,"frames":1}}', "operation.0.*granules"),
    (HEAD + '"policy":{"p2m":{"contig_hint":"on"}},'
     '"operation":{"do":"setway-trap"}}', "set_way.*contig_hint"),
    (HEAD + '"observers":[{"kind":"iommu"}],"operation":{"do":"setway-trap"}}',
     "set_way.*IOMMU"),
    (HEAD + '"start":{"do":"map","gfn":0,"mfn":1,"frames":200000000},' + DO,
     "start.0.*no memory for its tables"),
    (HEAD + '"start":[{"do":"teardown"}],' + DO, "start.0.*teardown"),
    (HEAD + '"start":{"do":"map","gfn":0,"mfn":1,"frames":1048600},'
     '"operation":{"do":"remove","gfn":0,"frames":1048600}}',
     "operation.0: remove: more than 1048576 steps"),
    (HEAD + '"iommu":7,' + DO, "iommu.*object"),
    (HEAD + '"iommu":{"frob":1},' + DO, "iommu.frob: no such key"),
    (HEAD + '"iommu":{"type":"amd"},' + DO, "iommu.type.*vtd.smmuv3"),
    (HEAD + '"iommu":{"levels":2},' + DO, "iommu.levels.*3 to 5"),
    (HEAD + '"iommu":{"levels":3,"iova_bits":40},' + DO, "iommu.iova_bits"),
    (HEAD + '"iommu":{"pa_bits":20},' + DO, "iommu.pa_bits.*32 to 52"),
    (HEAD + '"iommu":{"largest_page":"16K"},' + DO, "iommu.largest_page.*1G"),
    (HEAD + '"iommu":{"snoop_control":"on"},' + DO,
     "iommu.snoop_control.*true or false"),
    (HEAD + '"iommu":{"type":"smmuv3","address_mask":9},' + DO,
     "iommu.address_mask: no such key"),
    (HEAD + '"iommu":{"granule":"16K"},' + DO, "iommu.granule: no such key"),
    (HEAD + '"iommu":{"type":"smmuv3","bbm_level":3},' + DO,
     "iommu.bbm_level.*at most 2"),
    (HEAD + '"iommu":{"type":"smmuv3","iova_bits":24},' + DO,
     "iommu.iova_bits.*25 to 52"),
    (HEAD + '"iommu":{"type":"smmuv3","levels":2,"iova_bits":48},' + DO,
     "makes no such domain"),
    (HEAD + '"iommu":{"type":"smmuv3","granule":"64K"},"operation":'
     '{"do":"map","dfn":1,"mfn":1,"frames":1}}', "operation.0.*granules"),
    (HEAD + '"iommu":{},"guest":{},' + DO, "guest.*not beside iommu"),
    (HEAD + '"iommu":{},"bbm_level":2,' + DO, "bbm_level.*not beside iommu"),
    (HEAD + '"iommu":{},"policy":{"p2m":{}},' + DO, "policy.p2m"),
    (HEAD + '"iommu":{},"policy":{"iommu":{"flush":"later"}},' + DO,
     "policy.iommu.flush.*deferred"),
    (HEAD + '"iommu":{},"policy":{"iommu":{"flush":"deferred:0"}},' + DO,
     "policy.iommu.flush"),
    (HEAD + '"iommu":{},"observers":[{"kind":"cpu"}],' + DO,
     "observers.0.*IOMMU"),
    (HEAD + '"iommu":{},"operation":{"do":"remove","gfn":1,"frames":1}}',
     "operation.do.*unmap"),
    (HEAD + '"iommu":{},"operation":{"do":"unmap","gfn":1,"frames":1}}',
     "operation.gfn: no such key"),
    (HEAD + '"iommu":{},"operation":{"do":"map","dfn":1,"mfn":1,"frames":1,'
     '"access":"rwx"}}', "operation.access.*r.w.rw"),
    (HEAD + '"iommu":{},"operation":{"do":"map","dfn":1,"mfn":"0xfffffffff",'
     '"frames":2}}', "operation.0.*beyond"),
    (HEAD + '"iommu":{},"operation":[{"do":"teardown"},{"do":"flush"}]}',
     "operation.0.*teardown"),
    (HEAD + '"iommu":{},"start":{"do":"map","dfn":0,"mfn":1,'
     '"frames":200000000},' + DO, "start.0.*no memory for its tables"),
    (HEAD + '"iommu":{},"start":{"do":"map","dfn":1,"mfn":2,"frames":1048600},'
     '"operation":{"do":"unmap","dfn":1,"frames":1048600}}',
     "operation.0: unmap: more than 1048576 steps"),
]

SETS = [
    ("bbm_level", "KEY=VALUE"),
    ("=1", "KEY=VALUE"),
    ("bbm_level=3", "bbm_level.*at most 2"),
    ("frob=1", "frob: no such key"),
    ("bbm_level.x=1", "bbm_level|no section"),
    ("guest=7", "guest.*object"),
    (b"name=\xff", "UTF-8"),
    ("k" * 50000 + "=1", "KEY=VALUE"),
    ("a." * 50 + "a=1", "no such key"),
]


def test(j):
    for n, (content, says, *code) in enumerate(FILES):
        path = j.write("s.json", content)
        j.case(f"scenario {n}: {says}", ["explore", path], *(code or [3]),
               "s.json", says)
    path = j.write("s.json", HEAD + DO)
    for n, (text, says) in enumerate(SETS):
        j.case(f"explore --set {n}: {says}",
               ["explore", "--set", text, path], 2, "--set", says)
    for where, says in (("none.json", "No such file"),
                        (j.folder, "Is a directory"),
                        ("/dev/null", "not JSON"),
                        ("/dev/zero", "too long")):
        j.case(f"explore {where}", ["explore", where], 3, where, says)
