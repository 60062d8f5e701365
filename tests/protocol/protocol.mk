# SPDX-License-Identifier: BSD-2-Clause
# A guest that writes registers rightly or not: check_guests.sh. With debug
# information, so that findings have its lines.

$(BUILD)/guests/obj/registers.o: tests/protocol/registers.c $(wildcard sim/guests/*.h)
	@mkdir -p $(@D)
	$(CROSS)gcc $(GUEST_CFLAGS) -g -ffile-prefix-map=$(CURDIR)=. -I. -c -o $@ $<
guests: $(BUILD)/guests/registers.elf
