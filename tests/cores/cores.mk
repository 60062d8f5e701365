# SPDX-License-Identifier: BSD-2-Clause
# Page-table libraries for --core: ours, a naive one, and hostile ones. They are
# built as somebody else would, without our sanitizers.

CORE_SO_FLAGS := -std=gnu11 -O2 -g $(WARN) -I. -fPIC -fvisibility=hidden -shared
CORE_HEADERS := $(wildcard core/*.h core/*/*.h)
CORE_SHIM := core/shim/port_shim.c

# The p2m, and how it tells an SMMU that shares its tables: the table of
# functions has no place for what an IOMMU domain asks beyond that.
P2M_SRC := $(filter core/p2m/% core/iommu/flush_arm.c,$(CORE_SRC))
$(BUILD)/libp2m-core.so: $(P2M_SRC) $(CORE_SHIM) $(CORE_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CORE_SO_FLAGS) $(CORE_CFLAGS) -Wl,-z,defs -o $@ $(P2M_SRC) $(CORE_SHIM)

$(BUILD)/cores/naive.so: tests/cores/naive/naive.c $(CORE_SHIM) $(CORE_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CORE_SO_FLAGS) -std=c11 -Wl,-z,defs -o $@ $< $(CORE_SHIM)

HOSTILE_SRC := $(sort $(wildcard tests/cores/hostile/*.c))
HOSTILE_SO := $(patsubst tests/cores/hostile/%.c,$(BUILD)/cores/hostile/%.so,$(HOSTILE_SRC))
# Their warnings are about what they do wrong on purpose.
$(HOSTILE_SO): $(BUILD)/cores/hostile/%.so: tests/cores/hostile/%.c \
		tests/cores/hostile/naive_parts.h tests/cores/hostile/table.h \
		tests/cores/naive/naive.c $(CORE_SHIM) $(CORE_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CORE_SO_FLAGS) -Wno-pedantic -Wno-infinite-recursion -o $@ $< \
		$$(grep -q 'shim: none' $< || echo $(CORE_SHIM))

.PHONY: cores
cores: $(BUILD)/libp2m-core.so $(BUILD)/cores/naive.so $(HOSTILE_SO)
