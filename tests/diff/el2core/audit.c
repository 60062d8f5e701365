/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * After the guest: is what the hardware makes of the core's tables what the
 * hypervisor asked of the core? Each page of RAM is translated by AT with the
 * guest's stage 1 off, and looked up in the p2m, and both are held against
 * the notes, which know nothing of tables.
 *
 * Left out: AT for what a page's access forbids, because QEMU 10.0 stops at an
 * assertion where AT ends in a stage-2 permission fault. Guests find out about
 * permissions by real accesses.
 */
#include "console.h"
#include "hardware.h"
#include "host.h"

#define SAID_MAX 4 /* mismatches spelt out */

struct want {
	uint64_t gfn, mfn;
	unsigned int access; /* 0: nothing is mapped */
	bool mapped;
};

static uint64_t translate(uint64_t ipa, bool write)
{
	if (write)
		SYSTEM("at s12e1w", ipa);
	else
		SYSTEM("at s12e1r", ipa);
	BARRIER("isb");
	return SYSREG_READ(par_el1);
}

/* Set/way tracking may have taken the valid bits on the way: a level each. */
static uint64_t translate_tracked(struct host *h, uint64_t ipa, bool write)
{
	uint64_t par = translate(ipa, write);

	for (int i = 0; i < 4 && (par & PAR_F); i++) {
		if (h->options.setway == SETWAY_OFF ||
		    p2m_setway_fault(&h->setway, (gfn_t){ ipa >> FRAME_LG2 }))
			break;
		par = translate(ipa, write);
	}
	return par;
}

static bool hardware_agrees(struct host *h, const struct want *w, bool write)
{
	const unsigned int needs = write ? P2M_ACCESS_W : P2M_ACCESS_R;
	uint64_t par;

	if (w->mapped && !(w->access & needs))
		return true;
	par = translate_tracked(h, w->gfn << FRAME_LG2, write);
	if (par & PAR_F)
		return !w->mapped;
	return w->mapped && (par & PAR_ADDRESS) >> FRAME_LG2 == w->mfn;
}

static bool core_agrees(struct host *h, const struct want *w)
{
	struct p2m_entry e;

	p2m_lookup(&h->p2m, (gfn_t){ w->gfn }, &e);
	if (!w->mapped)
		return e.type == P2M_INVALID;
	return e.type == P2M_RAM_RW && e.mfn.raw == w->mfn &&
	       e.access == w->access;
}

static void say(const struct want *w, const char *who)
{
	report("el2core: page ");
	report_hex(w->gfn << FRAME_LG2);
	report(w->mapped ? " is mapped to " : " is not mapped; frame ");
	report_hex(w->mfn << FRAME_LG2);
	report(", access ");
	report_number(w->access);
	report(": ");
	report(who);
	report(" disagrees\n");
}

static uint64_t audit_page(struct host *h, const struct want *w, bool loud)
{
	const char *who = NULL;

	if (!core_agrees(h, w))
		who = "the look-up";
	else if (!hardware_agrees(h, w, false))
		who = "the hardware, for loads,";
	else if (!hardware_agrees(h, w, true))
		who = "the hardware, for stores,";
	if (who && loud)
		say(w, who);
	return who != NULL;
}

uint64_t audit_all(struct host *h, uint64_t *asked)
{
	const uint64_t step = UINT64_C(1)
			      << (h->options.p2m.granule_lg2 - FRAME_LG2);
	uint64_t wrong = 0;

	SYSREG_WRITE(sctlr_el1, 0);
	BARRIER("isb");
	for (*asked = 0; *asked * step < h->ram_frames; ++*asked) {
		const uint64_t index = *asked * step;
		const unsigned int is = h->note[index];
		const struct want w = {
			.gfn = h->ram_first + index,
			.mfn = backing_frame(h, h->ram_first + index).raw,
			.access = is & NOTE_PRESENT ? is & NOTE_ACCESS : 0,
			.mapped = is & NOTE_PRESENT,
		};

		wrong += audit_page(h, &w, wrong < SAID_MAX);
	}
	return wrong;
}
