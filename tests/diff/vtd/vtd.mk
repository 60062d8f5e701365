# SPDX-License-Identifier: BSD-2-Clause
# The VT-d model against QEMU; included by the Makefile.
#   make conformance-vtd SEED=n COUNT=n [MUTATE=k]

CONFORMANCE_VTD_SRC := $(sort $(wildcard tests/diff/vtd/*.c tests/diff/qtest/*.c))
CONFORMANCE_VTD_OBJ := $(patsubst %.c,$(BUILD)/obj/%.o,$(CONFORMANCE_VTD_SRC))

$(BUILD)/conformance-vtd: $(CONFORMANCE_VTD_OBJ) $(BUILD)/libmodels.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

.PHONY: conformance-vtd-programs conformance-vtd
conformance-vtd-programs: $(BUILD)/conformance-vtd
conformance-vtd: conformance-vtd-programs
	@$(BUILD)/conformance-vtd --seed $(SEED) --count $(COUNT) --mutate $(MUTATE)
