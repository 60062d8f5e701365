# SPDX-License-Identifier: BSD-2-Clause
# The bare-metal AArch64 guests; included by the Makefile. `make guests`
# leaves them at $(BUILD)/guests/NAME.elf.

GUESTS := hello chase stream random balloon churn smp owntables hostile setway edu smmu
GUEST_SHARED := start.S runtime.c mmu.c
# Data is Device memory while the MMU is off: no unaligned accesses, and no
# vector registers behind our back. No debug information: it names paths.
GUEST_CFLAGS := -std=c11 -O2 $(WARN) -march=armv8-a -ffreestanding -nostdlib \
	-fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-tree-loop-distribute-patterns -fno-tree-vectorize \
	-mgeneral-regs-only -mstrict-align -mno-outline-atomics
GUEST_LDFLAGS := -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096 \
	-Wl,-z,noexecstack -Wl,-T,sim/guests/guest.ld

GUEST_ELFS := $(GUESTS:%=$(BUILD)/guests/%.elf)
GUEST_SHARED_OBJ := $(patsubst %,$(BUILD)/guests/obj/%.o,$(basename $(GUEST_SHARED)))

# Kept, so that a second make has nothing to do and says nothing.
.SECONDARY: $(GUESTS:%=$(BUILD)/guests/obj/%.o) $(GUEST_SHARED_OBJ)

.PHONY: guests
guests: $(GUEST_ELFS)

$(BUILD)/guests/obj/%.o: sim/guests/%.c $(wildcard sim/guests/*.h) sim/guests/guests.mk
	@mkdir -p $(@D)
	$(CROSS)gcc $(GUEST_CFLAGS) -c -o $@ $<

$(BUILD)/guests/obj/%.o: sim/guests/%.S sim/guests/guests.mk
	@mkdir -p $(@D)
	$(CROSS)gcc $(GUEST_CFLAGS) -c -o $@ $<

# What only some guests have: a later prerequisite is linked as well.
$(BUILD)/guests/edu.elf: $(BUILD)/guests/obj/edu_device.o
$(BUILD)/guests/smmu.elf: $(BUILD)/guests/obj/edu_device.o $(BUILD)/guests/obj/smmu_driver.o

$(BUILD)/guests/%.elf: $(BUILD)/guests/obj/%.o $(GUEST_SHARED_OBJ) sim/guests/guest.ld
	$(CROSS)gcc $(GUEST_CFLAGS) $(GUEST_LDFLAGS) -o $@ $(filter %.o,$^)
