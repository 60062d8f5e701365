# SPDX-License-Identifier: BSD-2-Clause
# The bug museum: for each exhibit our core with its one deviation, as a library
# for --core. An exhibit with a base.patch is a core of its own kind (one whose
# walker reads memory past the caches): NAME-fixed.so is that core without the
# deviation. Of all others the fixed core is ours as it is.

MUSEUM := tests/protocol/museum
MUSEUM_NAMES := $(notdir $(patsubst %/,%,$(dir $(wildcard $(MUSEUM)/exhibits/*/bug.patch))))
MUSEUM_BASED := $(notdir $(patsubst %/,%,$(dir $(wildcard $(MUSEUM)/exhibits/*/base.patch))))
MUSEUM_DOMAINS := $(notdir $(patsubst %/,%,$(dir $(shell grep -l '^domain:' $(MUSEUM)/exhibits/*/exhibit))))
MUSEUM_SO := $(patsubst %,$(BUILD)/museum/%.so,$(filter-out $(MUSEUM_DOMAINS),$(MUSEUM_NAMES)))
MUSEUM_PROGRAMS := $(MUSEUM_DOMAINS:%=$(BUILD)/museum/%.domain) $(BUILD)/museum/fixed.domain
MUSEUM_FIXED_SO := $(MUSEUM_BASED:%=$(BUILD)/museum/%-fixed.so)
# The shim's calls are jumps, so that the witness has the core's own lines.
MUSEUM_FLAGS := $(CORE_SO_FLAGS) -O1 -foptimize-sibling-calls $(CORE_CFLAGS)

$(MUSEUM_SO) $(MUSEUM_FIXED_SO): $(CORE_SRC) $(CORE_SHIM) $(CORE_HEADERS) \
		$(MUSEUM)/build.sh $(MUSEUM)/museum.mk
	@CC="$(CC)" $(MUSEUM)/build.sh $@ $(MUSEUM_FLAGS)

# Domains are no part of --core: they are visited by a program of their own.
$(MUSEUM_PROGRAMS): $(CORE_SRC) $(CORE_HEADERS) $(MUSEUM)/build.sh \
		$(MUSEUM)/museum.mk $(MUSEUM)/domain.c \
		tests/protocol/iommu_host.c tests/protocol/iommu_host.h $(LIBS_sim)
	@CC="$(CC)" $(MUSEUM)/build.sh $@ -std=c11 -g -O1 $(filter-out -I.,$(CPPFLAGS)) $(SAN) -- \
		-Wl,--start-group $(LIBS_sim) -Wl,--end-group $(PKG_LIBS) -lm

define museum_patches
$(BUILD)/museum/$(1).so $(BUILD)/museum/$(1).domain: $(wildcard $(MUSEUM)/exhibits/$(1)/*.patch)
$(BUILD)/museum/$(1)-fixed.so: $(wildcard $(MUSEUM)/exhibits/$(1)/base.patch)
endef
$(foreach name,$(MUSEUM_NAMES),$(eval $(call museum_patches,$(name))))

$(BUILD)/guests/obj/visitor.o: $(MUSEUM)/visitor.c $(wildcard sim/guests/*.h)
	@mkdir -p $(@D)
	$(CROSS)gcc $(GUEST_CFLAGS) -I. -c -o $@ $<

.PHONY: museum
museum: $(MUSEUM_SO) $(MUSEUM_FIXED_SO) $(MUSEUM_PROGRAMS) $(BUILD)/libp2m-core.so \
		$(BUILD)/guests/visitor.elf

$(BUILD)/museum/probe: $(MUSEUM)/probe.c tests/unit/core/port_array.h $(CORE_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -o $@ $<
museum: $(BUILD)/museum/probe
