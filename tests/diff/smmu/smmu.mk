# SPDX-License-Identifier: BSD-2-Clause
# The SMMUv3 model against QEMU; included by the Makefile.
#   make conformance-smmu SEED=n COUNT=n [MUTATE=k]

CONFORMANCE_SMMU_SRC := $(sort $(wildcard tests/diff/smmu/*.c tests/diff/qtest/*.c))
CONFORMANCE_SMMU_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(CONFORMANCE_SMMU_SRC))

$(BUILD)/conformance-smmu: $(CONFORMANCE_SMMU_OBJ) $(BUILD)/libmodels.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

.PHONY: conformance-smmu-programs conformance-smmu
conformance-smmu-programs: $(BUILD)/conformance-smmu
conformance-smmu: conformance-smmu-programs
	@$(BUILD)/conformance-smmu --seed $(SEED) --count $(COUNT) --mutate $(MUTATE)
