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
# One spelling of the folder, however it was given: the .d files name it.
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))
.DELETE_ON_ERROR:

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

# core/shim is for libraries that are loaded (--core), no part of ours.
CORE_SRC   := $(sort $(filter-out core/shim/%,$(wildcard core/*/*.c)))
MODELS_SRC := $(sort $(wildcard models/*.c models/*/*.c))
TRACES_SRC := $(sort $(wildcard traces/*.c traces/import/*.c))
SIM_SRC    := $(sort $(wildcard sim/check/*.c sim/machine/*.c sim/explore/*.c sim/guest/*.c sim/guest/linux/*.c sim/study/*.c))
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
UNIT_SRC  := $(sort $(wildcard tests/unit/*/*_test.c tests/layout/*_test.c tests/conform/*_test.c tests/protocol/*_test.c))
UNIT_BIN  := $(patsubst %.c,$(BUILD)/%,$(UNIT_SRC))
LIBS_core   := $(BUILD)/libp2m.a
LIBS_models := $(BUILD)/libmodels.a
LIBS_traces := $(BUILD)/libtraces.a
LIBS_sim    := $(BUILD)/libsim.a $(BUILD)/libtraces.a $(BUILD)/libmodels.a $(BUILD)/libp2m.a

$(filter $(BUILD)/tests/unit/core/%_test,$(UNIT_BIN)): $(LIBS_core)
$(filter $(BUILD)/tests/unit/models/%_test,$(UNIT_BIN)): $(LIBS_models)
$(filter $(BUILD)/tests/unit/traces/%_test,$(UNIT_BIN)): $(LIBS_traces)
$(filter $(BUILD)/tests/unit/sim/%_test,$(UNIT_BIN)): $(LIBS_sim)
$(filter $(BUILD)/tests/protocol/%_test,$(UNIT_BIN)): $(LIBS_sim)
$(filter $(BUILD)/tests/layout/%_test,$(UNIT_BIN)): $(LIBS_models) $(LIBS_core)
$(filter $(BUILD)/tests/conform/%_test,$(UNIT_BIN)): $(LIBS_models) $(LIBS_core)
$(BUILD)/tests/protocol/core_test: $(BUILD)/obj/tests/protocol/core_host.o
$(BUILD)/tests/protocol/iommu_test: $(BUILD)/obj/tests/protocol/iommu_host.o
$(UNIT_BIN): $(BUILD)/%: $(BUILD)/obj/%.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lcmocka $(PKG_LIBS) -lm

.PHONY: unit
unit: $(UNIT_BIN)

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/obj/*/*/*.d $(BUILD)/obj/*/*/*/*.d)

# ---- presets are part of the command ----
PRESETS := $(sort $(wildcard models/presets/*.json))
$(BUILD)/gen/presets.c: sim/machine/presets_embed.sh $(PRESETS)
	@mkdir -p $(@D)
	sh sim/machine/presets_embed.sh $(PRESETS) >$@.tmp
	mv $@.tmp $@
$(BUILD)/obj/gen/presets.o: $(BUILD)/gen/presets.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
$(BUILD)/libsim.a: $(BUILD)/obj/gen/presets.o

include sim/guests/guests.mk
include tests/diff/conformance/conformance.mk
include tests/diff/smmu/smmu.mk
include tests/diff/el2core/el2core.mk
include tests/cores/cores.mk
include tests/protocol/protocol.mk
include tests/protocol/museum/museum.mk
include tests/diff/vtd/vtd.mk

# ---- the two commands of a newcomer ----
.PHONY: install-build install-check demo check
install-build:
	@.ci/install build
install-check:
	@.ci/install check

demo: install-build
	@$(MAKE) --no-print-directory all
	@mkdir -p $(BUILD)/demo
	$(BUILD)/p2msim run --trace $(BUILD)/demo/chase.trace.zst --stats $(BUILD)/demo/chase.json $(BUILD)/guests/chase.elf
	@echo
	@echo "The trace is $(BUILD)/demo/chase.trace.zst. Try it on another machine:"
	@echo "  $(BUILD)/p2msim replay --machine cortex-a53 $(BUILD)/demo/chase.trace.zst"

check: install-check
	@tests/check.sh $(BUILD)

.PHONY: check-long
check-long: install-check
	@tests/check.sh $(BUILD) long

# ---- the same under sanitizers, in a directory of its own ----
.PHONY: asan cover
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
asan:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan CC=clang OPT="-O1 -g" SAN="$(ASAN)" all unit

cover:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/cover OPT="-O0 -g" SAN="--coverage" all unit
	@tests/cover.sh $(BUILD)/cover

# ---- fuzzing: one target a parser; FUZZ_SECONDS each ----
FUZZ_SRC := $(sort $(wildcard tests/fuzz/*_fuzz.c))
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))
FUZZ_SECONDS ?= 60
.PHONY: fuzz
fuzz: install-check
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzzing CC=clang OPT="-O1 -g" SAN="-fsanitize=fuzzer-no-link,address,undefined" FUZZ=1 fuzz-run
.PHONY: fuzz-run
fuzz-run: $(FUZZ_BIN)
	@for f in $(FUZZ_BIN); do \
		n=$$(basename $$f); mkdir -p $(BUILD)/corpus/$$n; \
		$$f -max_total_time=$(FUZZ_SECONDS) $(BUILD)/corpus/$$n $$([ -d tests/fuzz/corpus/$$n ] && echo tests/fuzz/corpus/$$n) || exit 1; \
	done
# Without FUZZ the same programs replay the corpus.
FUZZ_FLAGS := $(if $(FUZZ),-fsanitize=fuzzer,-DFUZZ_REPLAY)
$(FUZZ_BIN): $(BUILD)/fuzz/%: tests/fuzz/%.c $(LIBS_sim)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(FUZZ_FLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(LIBS_sim) -Wl,--end-group $(PKG_LIBS) -lm
.PHONY: fuzz-replay
fuzz-replay: $(FUZZ_BIN)

# ---- benchmarks ----
BENCH_SRC := $(sort $(wildcard tests/bench/*_bench.c))
BENCH_BIN := $(patsubst %.c,$(BUILD)/%,$(BENCH_SRC))
# The core as a hypervisor builds it: its own port, link-time optimisation.
CORE_BENCH := $(BUILD)/tests/bench/p2m_bench $(BUILD)/tests/bench/iommu_bench
$(CORE_BENCH): $(BUILD)/tests/bench/%_bench: tests/bench/%_bench.c tests/bench/array_host.h $(CORE_SRC) $(wildcard core/*.h core/*/*.h)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(filter-out -MMD -MP,$(CFLAGS)) -fno-builtin-popcount -flto -o $@ $< $(CORE_SRC)
$(filter-out $(CORE_BENCH),$(BENCH_BIN)): $(BUILD)/%: $(BUILD)/obj/%.o $(LIBS_sim)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(LIBS_sim) -Wl,--end-group $(PKG_LIBS) -lm
.PHONY: bench bench-programs
bench-programs: $(BENCH_BIN)
bench: install-check
	@$(MAKE) --no-print-directory all bench-programs
	@tests/bench/run.sh $(BUILD)

# ---- the house ----
.PHONY: layers fmt tidy install help clean
layers:
	@tests/layers.sh

fmt:
	clang-format -i $$(git ls-files '*.c' '*.h')

tidy:
	@command -v clang-tidy >/dev/null || { echo "tidy: needs clang-tidy (Debian: apt-get install clang-tidy)" >&2; exit 1; }
	clang-tidy --quiet $(CORE_SRC) $(MODELS_SRC) $(TRACES_SRC) $(SIM_SRC) $(CLI_SRC) -- -std=c11 $(CPPFLAGS)

INSTALL_HEADERS := $(sort $(wildcard core/base/*.h core/port.h core/port_ops.h core/p2m/ops.h core/p2m/p2m.h core/p2m/setway.h core/p2m/share.h core/iommu/domain.h core/iommu/ste.h core/pt/policy.h core/pt/stats.h core/pt/gather.h))
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig \
		$(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/p2msim/presets \
		$(DESTDIR)$(PREFIX)/share/p2msim/guests \
		$(DESTDIR)$(PREFIX)/share/p2msim/shim
	install -m 755 $(BUILD)/p2msim $(DESTDIR)$(PREFIX)/bin/
	install -m 644 $(BUILD)/libp2m.a $(DESTDIR)$(PREFIX)/lib/
	for h in $(INSTALL_HEADERS); do \
		install -D -m 644 $$h $(DESTDIR)$(PREFIX)/include/p2m/$$h; \
	done
	install -m 644 core/shim/port_shim.c $(DESTDIR)$(PREFIX)/share/p2msim/shim/
	printf 'shim=%s/share/p2msim/shim/port_shim.c\nName: p2m\nDescription: Arm stage-2 page tables, freestanding\nVersion: %s\nLibs: -L%s/lib -lp2m\nCflags: -I%s/include/p2m\n' \
		$(PREFIX) $(VERSION) $(PREFIX) $(PREFIX) >$(DESTDIR)$(PREFIX)/lib/pkgconfig/p2m.pc
	install -m 644 cli/man/p2msim.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 cli/completions/p2msim.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/p2msim
	install -m 644 $(PRESETS) $(DESTDIR)$(PREFIX)/share/p2msim/presets/
	install -m 644 $(GUEST_ELFS) $(DESTDIR)$(PREFIX)/share/p2msim/guests/

clean:
	rm -rf $(BUILD)

help:
	@echo "all         the command, the library and the guests, below $(BUILD)/"
	@echo "demo        install what is missing, build, run a guest, show what it cost"
	@echo "check       install what is missing, run every test"
	@echo "check-long  the same with the long campaigns"
	@echo "conformance the Arm MMU model against QEMU: SEED=n COUNT=n MUTATE=k"
	@echo "conformance-smmu  the SMMUv3 model against QEMU's, likewise"
	@echo "el2core     the core at EL2 on QEMU, and its guests: tests/diff/el2core/boot.sh"
	@echo "conformance-vtd  the VT-d model against QEMU: SEED=n COUNT=n MUTATE=k"
	@echo "bench       measure, as ratios in one run"
	@echo "asan        everything built with clang, ASan and UBSan, below $(BUILD)/asan/"
	@echo "cover       line coverage of the tests"
	@echo "fuzz        fuzz every parser, FUZZ_SECONDS=$(FUZZ_SECONDS) each"
	@echo "layers      check who includes whom"
	@echo "fmt         clang-format all sources"
	@echo "tidy        clang-tidy all sources"
	@echo "install     to PREFIX=$(PREFIX)"
