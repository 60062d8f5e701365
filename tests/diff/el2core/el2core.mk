# SPDX-License-Identifier: BSD-2-Clause
# The EL2 program with the core linked in, and the guests that are its own;
# included by the Makefile.
#   make el2core

EL2CORE_DIR := tests/diff/el2core
# Where the core's sources are: the check gives altered copies.
EL2CORE_CORE ?= .
EL2CORE_OUT ?= $(BUILD)/el2core
EL2CORE_OPT ?= -O2
EL2CORE_CFLAGS := -std=c11 $(EL2CORE_OPT) $(WARN) -I$(EL2CORE_CORE) -I. -I$(EL2CORE_DIR) \
	-march=armv8-a -ffreestanding -nostdlib -fno-pic \
	-fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-tree-loop-distribute-patterns -fno-tree-vectorize \
	-fno-builtin-popcount -mgeneral-regs-only -mstrict-align \
	-mno-outline-atomics
EL2CORE_SRC := $(wildcard $(EL2CORE_DIR)/*.c)
EL2CORE_OBJ := $(patsubst %.c,$(EL2CORE_OUT)/%.o,$(notdir $(EL2CORE_SRC))) \
	$(EL2CORE_OUT)/start.o
# The p2m alone: there is no IOMMU here.
EL2CORE_CORE_OBJ := $(patsubst %.c,$(EL2CORE_OUT)/%.o,$(filter-out core/p2m/ops.c core/p2m/share.c,$(filter core/p2m/%,$(CORE_SRC))))
EL2CORE_HEADERS := $(wildcard $(EL2CORE_DIR)/*.h core/*.h core/*/*.h) \
	models/replacement.h $(EL2CORE_DIR)/el2core.mk

$(EL2CORE_OUT)/%.o: $(EL2CORE_DIR)/%.c $(EL2CORE_HEADERS)
	@mkdir -p $(@D)
	$(CROSS)gcc $(EL2CORE_CFLAGS) -c -o $@ $<

$(EL2CORE_OUT)/%.o: $(EL2CORE_DIR)/%.S $(EL2CORE_HEADERS)
	@mkdir -p $(@D)
	$(CROSS)gcc $(EL2CORE_CFLAGS) -c -o $@ $<

$(EL2CORE_OUT)/core/%.o: $(EL2CORE_CORE)/core/%.c $(EL2CORE_HEADERS)
	@mkdir -p $(@D)
	$(CROSS)gcc $(EL2CORE_CFLAGS) -c -o $@ $<

$(EL2CORE_OUT)/el2core.ld: $(EL2CORE_DIR)/el2core.ld.S $(EL2CORE_HEADERS)
	@mkdir -p $(@D)
	$(CROSS)gcc -E -P -x assembler-with-cpp -I$(EL2CORE_DIR) -o $@ $<

$(EL2CORE_OUT)/el2core.elf: $(EL2CORE_OBJ) $(EL2CORE_CORE_OBJ) $(EL2CORE_OUT)/el2core.ld
	$(CROSS)gcc $(EL2CORE_CFLAGS) -static -no-pie -Wl,--build-id=none \
		-Wl,-z,max-page-size=4096 -Wl,-z,noexecstack \
		-Wl,--no-warn-rwx-segments \
		-Wl,-T,$(EL2CORE_OUT)/el2core.ld -o $@ $(filter %.o,$^)

# Guests for hypercalls that only a p2m answers; they run on p2msim, too.
EL2CORE_GUESTS := churn setway
EL2CORE_GUEST_ELFS := $(EL2CORE_GUESTS:%=$(BUILD)/el2core/guest/%.elf)

$(BUILD)/el2core/guest/%.o: $(EL2CORE_DIR)/guest/%.c $(wildcard sim/guests/*.h)
	@mkdir -p $(@D)
	$(CROSS)gcc $(GUEST_CFLAGS) -I. -c -o $@ $<

$(BUILD)/el2core/guest/%.elf: $(BUILD)/el2core/guest/%.o $(GUEST_SHARED_OBJ) sim/guests/guest.ld
	$(CROSS)gcc $(GUEST_CFLAGS) $(GUEST_LDFLAGS) -o $@ $(filter %.o,$^)

.PRECIOUS: $(BUILD)/el2core/guest/%.o
.PHONY: el2core el2core-program
el2core: el2core-program $(EL2CORE_GUEST_ELFS) guests
el2core-program: $(EL2CORE_OUT)/el2core.elf
