# SPDX-License-Identifier: BSD-2-Clause
# p2msim: one hand-written Makefile, non-recursive. `make help` lists targets.

VERSION := 0.1.0
BUILD   ?= build
CC      ?= gcc
PREFIX  ?= /usr/local
CROSS   ?= aarch64-linux-gnu-
ifeq ($(origin CC),default)
CC      := gcc
endif

WARN    := -Wall -Wextra -Wpedantic -Werror -Wshadow -Wstrict-prototypes \
           -Wmissing-prototypes -Wundef -Wvla
OPT     ?= -O2 -g
SAN     ?=
LTO     ?=
PKGS    := jansson libzstd libelf unicorn nettle
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
CPPFLAGS := -I. -DP2MSIM_VERSION='"$(VERSION)"' -D_GNU_SOURCE $(PKG_CFLAGS)
CFLAGS  := -std=c11 $(OPT) $(WARN) $(SAN) $(LTO) -MMD -MP
LDFLAGS := $(SAN) $(LTO)
# The core is freestanding everywhere, also where it is linked into us.
CORE_CFLAGS := -ffreestanding -fno-builtin-popcount

CORE_SRC   := $(sort $(wildcard core/*/*.c))
MODELS_SRC := $(sort $(wildcard models/*.c models/*/*.c))
TRACES_SRC := $(sort $(wildcard traces/*.c))
SIM_SRC    := $(sort $(wildcard sim/machine/*.c sim/guest/*.c sim/guest/linux/*.c sim/study/*.c))
CLI_SRC    := $(sort $(wildcard cli/*.c))

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

.PHONY: all
all: $(BUILD)/p2msim $(BUILD)/libp2m.a guests

$(BUILD)/obj/core/%.o: core/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(CORE_CFLAGS) -c -o $@ $<

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/libp2m.a: $(call obj,$(CORE_SRC))
$(BUILD)/libmodels.a: $(call obj,$(MODELS_SRC))
$(BUILD)/libtraces.a: $(call obj,$(TRACES_SRC))
$(BUILD)/libsim.a: $(call obj,$(SIM_SRC))
$(BUILD)/lib%.a:
	@mkdir -p $(@D)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/p2msim: $(call obj,$(CLI_SRC)) $(BUILD)/libsim.a $(BUILD)/libtraces.a $(BUILD)/libmodels.a $(BUILD)/libp2m.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm

# ---- unit tests: one cmocka program a file, linked with the rooms it may
# include, so that a room's tests build without the rooms above it.
UNIT_SRC  := $(sort $(wildcard tests/unit/*/*_test.c tests/layout/*_test.c tests/conform/*_test.c))
UNIT_BIN  := $(patsubst %.c,$(BUILD)/%,$(UNIT_SRC))
LIBS_core   := $(BUILD)/libp2m.a
LIBS_models := $(BUILD)/libmodels.a
LIBS_traces := $(BUILD)/libtraces.a
LIBS_sim    := $(BUILD)/libsim.a $(BUILD)/libtraces.a $(BUILD)/libmodels.a $(BUILD)/libp2m.a

$(BUILD)/tests/unit/core/%_test: $(LIBS_core)
$(BUILD)/tests/unit/models/%_test: $(LIBS_models)
$(BUILD)/tests/unit/traces/%_test: $(LIBS_traces)
$(BUILD)/tests/unit/sim/%_test: $(LIBS_sim)
$(BUILD)/tests/layout/%_test: $(LIBS_models) $(LIBS_core)
$(BUILD)/tests/conform/%_test: $(LIBS_models) $(LIBS_core)
$(UNIT_BIN): $(BUILD)/%: $(BUILD)/obj/%.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(filter %.a,$^) -lcmocka $(PKG_LIBS) -lm

.PHONY: unit
unit: $(UNIT_BIN)

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/obj/*/*/*.d $(BUILD)/obj/*/*/*/*.d)
