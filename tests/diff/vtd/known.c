/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of known differences; VT-d 4.1 against QEMU 10.0. */
#include "tests/diff/vtd/known.h"

#include "core/base/bits.h"

static bool faults(const struct dispute *d, enum vtd_reason reason)
{
	return d->adjusted.out.result == VTD_FAULTED &&
	       d->adjusted.out.reason == reason;
}

static void refault(struct dispute *d, enum vtd_reason reason)
{
	struct verdict *v = &d->adjusted;

	v->out.result = VTD_FAULTED;
	v->out.reason = reason;
	v->passes = false;
	v->updates = 0;
	v->frcd[0] = d->vector->iova & ~MASK(0, 12);
	v->frcd[1] = d->sid | (uint64_t)reason << 32 |
		     (d->vector->write ? 0 : BIT(62)) | BIT(63);
}

static bool has_read(const struct dispute *d, enum vtd_read_kind kind)
{
	const struct vtd_outcome *out = &d->adjusted.out;

	for (unsigned int i = 0; i < out->reads; i++)
		if (out->read[i].kind == kind)
			return true;
	return false;
}

/* FPD of any entry on the way. */
static bool fpd(const struct dispute *d)
{
	const struct vtd_outcome *out = &d->adjusted.out;

	for (unsigned int i = 0; i < out->reads; i++)
		if (out->read[i].kind >= VTD_READ_CONTEXT &&
		    out->read[i].kind <= VTD_READ_PASID &&
		    (out->read[i].raw >> 1 & 1))
			return true;
	return false;
}

/* The first paging entry that forbids the request by itself. */
static const struct vtd_read *forbidding(const struct dispute *d, bool first)
{
	const struct vtd_outcome *out = &d->adjusted.out;
	uint64_t need = first		   ? 1 | 4 | (d->vector->write ? 2 : 0)
			: d->vector->write ? 2
					   : 1;

	for (unsigned int i = 0; i < out->reads; i++)
		if (out->read[i].kind ==
			    (first ? VTD_READ_FIRST : VTD_READ_SECOND) &&
		    (out->read[i].raw & need) != need)
			return &out->read[i];
	return NULL;
}

/* QEMU looks at R and W of an entry before its reserved bits, and ends the
 * walk at the first that forbids. Here permissions are the walk's last. */
static bool second_rights_first(struct dispute *d)
{
	if (!faults(d, VTD_LSS_2) && !faults(d, VTD_LSS_1) &&
	    !faults(d, VTD_SSS_3) && !faults(d, VTD_SSS_1))
		return false;
	if (!forbidding(d, false))
		return false;
	refault(d, d->vector->write ? VTD_LGN_2 : VTD_LGN_3);
	return true;
}

/* FPD is looked at first of all in an entry. QEMU heeds it for P = 0 of a
 * context entry, but not for its reserved bits, nor for what is wrong with
 * the PASID tables. */
static bool reported_in_spite_of_fpd(struct dispute *d)
{
	static const enum vtd_reason reasons[] = {
		VTD_LCT_3, VTD_SCT_3, VTD_SPD_2,
		VTD_SPD_3, VTD_SPT_2, VTD_SPT_4,
	};

	if (!d->adjusted.out.suppressed)
		return false;
	for (unsigned int i = 0; i < sizeof(reasons) / sizeof(reasons[0]);
	     i++) {
		if (!faults(d, reasons[i]))
			continue;
		d->adjusted.out.suppressed = false;
		refault(d, reasons[i]);
		return true;
	}
	return false;
}

/* Reserved bits of the half of a root entry that is not used. */
static bool other_half_of_root(struct dispute *d)
{
	unsigned int haw = d->flavour->aw_bits, half = d->sid >> 7 & 1;
	uint64_t root = d->batch->rtaddr & ~MASK(0, 12), word[2];

	if (!d->flavour->scalable || root >= RAM_BYTES ||
	    faults(d, VTD_SRT_2) || faults(d, VTD_SRT_3))
		return false;
	word[0] = ram_get(d->batch->ram, root);
	word[1] = ram_get(d->batch->ram, root + 8);
	if (!(word[!half] & (MASK(1, 11) | MASK(haw, 64 - haw))))
		return false;
	d->adjusted.out.suppressed = false;
	refault(d, VTD_LRT_3);
	return true;
}

/* Pass-through beyond the host's width goes through. */
static bool pass_through_width(struct dispute *d)
{
	const struct vtd_outcome *out = &d->adjusted.out;

	if (!faults(d, VTD_SGN_4) &&
	    (d->flavour->scalable || !faults(d, VTD_LGN_1)))
		return false;
	if (faults(d, VTD_LGN_1) &&
	    (!out->reads || (out->read[out->reads - 1].raw >> 2 & 3) != 2))
		return false;
	d->adjusted.out.result = VTD_TRANSLATED;
	d->adjusted.passes = true;
	return true;
}

/* In scalable mode QEMU gives the tables' faults their legacy reasons. */
static bool legacy_reasons(struct dispute *d)
{
	bool write = d->vector->write;
	const struct {
		enum vtd_reason scalable, legacy;
	} pairs[] = {
		{ VTD_SRT_1, VTD_LRT_1 },
		{ VTD_SRT_2, VTD_LRT_2 },
		{ VTD_SRT_3, VTD_LRT_3 },
		{ VTD_SCT_1, VTD_LCT_1 },
		{ VTD_SCT_2, VTD_LCT_2 },
		{ VTD_SCT_3, VTD_LCT_3 },
		{ VTD_SSS_1, VTD_LSS_1 },
		{ VTD_SSS_3, VTD_LSS_2 },
		{ VTD_SSS_4, VTD_LCT_4 },
		{ VTD_SGN_5, VTD_LGN_1 },
		{ VTD_SSS_2, write ? VTD_LGN_2 : VTD_LGN_3 },
		{ VTD_SGN_6, VTD_LGN_2 },
		{ VTD_SGN_7, VTD_LGN_3 },
	};

	if (!d->flavour->scalable || d->adjusted.out.result != VTD_FAULTED ||
	    has_read(d, VTD_READ_FIRST))
		return false;
	for (unsigned int i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (d->adjusted.out.reason != pairs[i].scalable)
			continue;
		refault(d, pairs[i].legacy);
		return true;
	}
	return false;
}

/* QEMU takes a first stage's width from AW, a field of the second stage. */
static bool first_width_from_aw(struct dispute *d)
{
	unsigned int bits = 30 + 9 * d->vector->aw;
	uint64_t top;

	if (bits > 48 ||
	    (!has_read(d, VTD_READ_FIRST) && !faults(d, VTD_SFS_4)))
		return false;
	top = d->vector->iova >> (bits - 1);
	if (top == 0 || top == MASK(0, 64 - (bits - 1)))
		return false;
	refault(d, VTD_SGN_1);
	d->adjusted.out.suppressed = fpd(d);
	return true;
}

/* QEMU asks what a PASID entry's PGTT and AW are before it is present. */
static bool type_before_present(struct dispute *d)
{
	const struct vtd_outcome *out = &d->adjusted.out;
	uint64_t raw, pgtt, aw;

	if (!faults(d, VTD_SPT_2))
		return false;
	raw = out->read[out->reads - 1].raw;
	pgtt = raw >> 6 & 7;
	aw = raw >> 2 & 7;
	if (pgtt == 4 || (d->flavour->first && pgtt == 1))
		return false;
	if (!d->flavour->first && pgtt == 2 && (aw == 1 || aw == 2))
		return false;
	d->adjusted.out.suppressed = false;
	refault(d, VTD_SPT_4);
	return true;
}

/* The walk as QEMU makes it: P, U/S, R/W of each entry in turn. */
static bool first_rights_first(struct dispute *d)
{
	const struct vtd_outcome *out = &d->adjusted.out;
	enum vtd_reason reason = VTD_NO_FAULT;

	if (out->result != VTD_FAULTED || faults(d, VTD_SGN_1))
		return false;
	for (unsigned int i = 0; i < out->reads && !reason; i++) {
		uint64_t raw = out->read[i].raw;

		if (out->read[i].kind != VTD_READ_FIRST)
			continue;
		if (!(raw & 1))
			return false;
		if (!(raw & 4))
			reason = VTD_SGN_2;
		else if (d->vector->write && !(raw & 2))
			reason = VTD_SGN_6;
	}
	if (!reason || reason == out->reason)
		return false;
	refault(d, reason);
	return true;
}

/* QEMU sets A and D of a leaf only if it finds both clear. */
static bool leaf_bits_together(struct dispute *d)
{
	const struct vtd_outcome *out = &d->adjusted.out;
	bool changed = false;

	for (unsigned int i = 0; i < d->adjusted.updates; i++) {
		struct update *u = &d->adjusted.update[i];

		/* The leaf is the last that was read. */
		if (!out->reads || u->pa != out->read[out->reads - 1].pa ||
		    u->value == u->before || !(u->before & MASK(5, 2)))
			continue;
		u->value = u->before;
		changed = true;
	}
	return changed;
}

/* FI ends with the widest tables that the unit has; QEMU keeps the rest. */
static bool address_recorded_whole(struct dispute *d)
{
	if (d->adjusted.out.result != VTD_FAULTED ||
	    !(d->vector->iova >> d->flavour->aw_bits))
		return false;
	d->adjusted.frcd[0] = d->vector->iova & ~MASK(0, 12);
	return true;
}

/* FRCD of a request without PASID: PP and PV are 0. QEMU has RID_PASID there
 * once it knows it, in legacy mode 16 ones. */
static bool pasid_recorded(struct dispute *d)
{
	uint64_t pv = d->vector->rid_pasid & 0xffff;

	if (d->adjusted.out.result != VTD_FAULTED)
		return false;
	if (d->flavour->scalable)
		d->adjusted.frcd[1] |= BIT(31) | pv << 40;
	else
		d->adjusted.frcd[1] |= MASK(40, 16);
	return true;
}

const struct known known_differences[] = {
	{ "type-before-present",
	  "§9.6 P: nothing else counts while it is clear",
	  type_before_present },
	{ "other-half-of-root", "§9.2: the half in use matters",
	  other_half_of_root },
	{ "second-rights-first",
	  "§7.1.3: reserved bits are looked at where an entry is used; QEMU "
	  "judges each entry's R and W before",
	  second_rights_first },
	{ "first-rights-first",
	  "§3.6.1: rights are all entries' together; QEMU judges each by "
	  "itself, before reserved bits",
	  first_rights_first },
	{ "reported-in-spite-of-FPD",
	  "§9.3 to §9.6 FPD: evaluated whatever else the entry says",
	  reported_in_spite_of_fpd },
	{ "legacy-reasons", "§7.1.3: scalable mode has reasons of its own",
	  legacy_reasons },
	{ "first-width-from-AW", "§3.6, §9.6: AW is the second stage's",
	  first_width_from_aw },
	{ "pass-through-width",
	  "§7.1.3 LGN.1, SGN.4: QEMU does not bound pass-through",
	  pass_through_width },
	{ "leaf-bits-together", "§3.6.2: each of A and D is set if clear",
	  leaf_bits_together },
	{ "address-recorded-whole",
	  "§11.4.7.6 FI: reserved above SAGAW's widest",
	  address_recorded_whole },
	{ "PASID-recorded", "§11.4.7.6: PP and PV are for requests with PASID",
	  pasid_recorded },
};
const unsigned int known_count =
	sizeof(known_differences) / sizeof(known_differences[0]);
