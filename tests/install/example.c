/* SPDX-License-Identifier: BSD-2-Clause */
/* libp2m outside its tree: a host of arrays, one mapping, one look-up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/p2m/p2m.h>
#include <core/port.h>

static struct host {
	_Alignas(16 * 4096) uint64_t page[64][512];
	uint64_t meta[64][PORT_TABLE_META_BYTES / 8], used;
} host; /* a table's address is its number in pages */

void port_bug(void *h, const char *file, int line, const char *what)
{
	exit(fprintf(stderr, "%s:%d: %s\n", file, line, what));
}

int port_table_alloc(void *h, unsigned int g, unsigned int order, pa_t *table)
{
	const uint64_t count = UINT64_C(1) << order << (g - FRAME_LG2);

	host.used = (host.used + count - 1) & ~(count - 1);
	if (host.used + count > 64)
		return ERR_NOMEM;
	table->raw = host.used << FRAME_LG2;
	host.used += count;
	return 0;
}

void port_table_free(void *h, unsigned int g, unsigned int o, pa_t t) {}
void *port_table_meta(void *h, pa_t t) { return host.meta[t.raw >> FRAME_LG2]; }
uint64_t *port_table_map(void *h, pa_t t) { return host.page[t.raw >> FRAME_LG2]; }
void port_table_unmap(void *h, uint64_t *e) {}
uint64_t port_pte_read(void *h, const uint64_t *pte) { return *pte; }
void port_pte_write(void *h, uint64_t *pte, uint64_t value) { *pte = value; }
void port_table_zero(void *h, uint64_t *e, size_t n) { memset(e, 0, n); }
void port_pte_clean(void *h, const uint64_t *e, size_t n) {}
void port_barrier(void *h, enum port_barrier kind) {}
void port_tlbi(void *h, const struct port_tlbi *request) {}
bool port_preempt(void *h) { return false; }
uint64_t port_time(void *h) { return 0; }

int main(void)
{
	const struct p2m_config config = { .ipa_bits = 40, .granule_lg2 = 12,
					   .start_level = -1, .vmid = 1 };
	struct p2m_entry found;
	struct p2m p2m;
	uint64_t done;

	if (p2m_init(&p2m, &host, &config) ||
	    p2m_map(&p2m, (gfn_t){ 0x40000 }, (mfn_t){ 0x80000 }, 1024,
		    P2M_RAM_RW, P2M_ACCESS_RWX, &done))
		return 1;
	p2m_lookup(&p2m, (gfn_t){ 0x40123 }, &found);
	printf("gfn 0x40123 -> mfn 0x%llx, order %u\n", (unsigned long long)found.mfn.raw, found.order);
	return p2m_fini(&p2m);
}
