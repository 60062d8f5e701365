# SPDX-License-Identifier: BSD-2-Clause
# The Arm MMU model against QEMU; included by the Makefile.
#   make conformance SEED=n COUNT=n [MUTATE=k]

EL2_DIR := tests/diff/el2
EL2_CFLAGS := -std=c11 -O2 $(WARN) -I. -I$(EL2_DIR) -march=armv8-a \
	-ffreestanding -nostdlib -fno-pic -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns \
	-fno-tree-vectorize -mgeneral-regs-only -mstrict-align \
	-mno-outline-atomics
EL2_HEADERS := $(wildcard $(EL2_DIR)/*.h)

$(BUILD)/el2/%.o: $(EL2_DIR)/%.c $(EL2_HEADERS)
	@mkdir -p $(@D)
	$(CROSS)gcc $(EL2_CFLAGS) -c -o $@ $<

$(BUILD)/el2/%.o: $(EL2_DIR)/%.S $(EL2_HEADERS)
	@mkdir -p $(@D)
	$(CROSS)gcc $(EL2_CFLAGS) -c -o $@ $<

$(BUILD)/el2/el2.ld: $(EL2_DIR)/el2.ld.S $(EL2_HEADERS)
	@mkdir -p $(@D)
	$(CROSS)gcc -E -P -x assembler-with-cpp -I$(EL2_DIR) -o $@ $<

$(BUILD)/el2/vectors.elf: $(BUILD)/el2/start.o $(BUILD)/el2/serve.o $(BUILD)/el2/el2.ld
	$(CROSS)gcc $(EL2_CFLAGS) -static -no-pie -Wl,--build-id=none \
		-Wl,-z,max-page-size=4096 -Wl,-z,noexecstack \
		-Wl,--no-warn-rwx-segments \
		-Wl,-T,$(BUILD)/el2/el2.ld -o $@ $(filter %.o,$^)

CONFORMANCE_SRC := $(sort $(wildcard tests/diff/conformance/*.c))
CONFORMANCE_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(CONFORMANCE_SRC))

$(BUILD)/conformance: $(CONFORMANCE_OBJ) $(BUILD)/libmodels.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

SEED ?= 1
COUNT ?= 5000
MUTATE ?= 0
.PHONY: conformance-programs conformance
conformance-programs: $(BUILD)/conformance $(BUILD)/el2/vectors.elf
conformance: conformance-programs
	@$(BUILD)/conformance --program $(BUILD)/el2/vectors.elf \
		--seed $(SEED) --count $(COUNT) --mutate $(MUTATE)
