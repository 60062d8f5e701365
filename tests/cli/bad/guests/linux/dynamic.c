/* SPDX-License-Identifier: BSD-2-Clause */
/* Linked with an interpreter on purpose. */
void _start(void);

void _start(void)
{
	for (;;)
		;
}
