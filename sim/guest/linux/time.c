/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time and chance, both functions of the machine alone: every clock counts
 * modelled cycles from one fixed moment, and random numbers come from the
 * machine's seed.
 */
#include <string.h>

#include "sim/guest/linux/process.h"
#include "sim/guest/linux/syscalls.h"

/* 2024-01-01 00:00:00 UTC. */
#define EPOCH UINT64_C(1704067200)

uint64_t time_epoch(void)
{
	return EPOCH;
}

uint64_t time_ns(const struct linux_kernel *k)
{
	uint64_t cycles = machine_cycles(k->cpu) >> CYCLE_LG2;
	uint64_t mhz = k->m->config.mhz;

	return cycles / mhz * 1000 + cycles % mhz * 1000 / mhz;
}

/* splitmix64. */
uint64_t random_next(struct linux_kernel *k)
{
	uint64_t z = k->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void random_fill(struct linux_kernel *k, void *to, size_t bytes)
{
	uint8_t *out = to;
	uint64_t value;
	size_t n;

	for (; bytes; bytes -= n, out += n) {
		value = random_next(k);
		n = bytes < 8 ? bytes : 8;
		memcpy(out, &value, n);
	}
}

static bool clock_known(uint64_t clock)
{
	return clock <= 11 && clock != 10;
}

static uint64_t clock_ns(struct linux_kernel *k, uint64_t clock)
{
	enum {
		REALTIME = 0,
		PROCESS_CPU = 2,
		THREAD_CPU = 3,
		REALTIME_COARSE = 5,
		TAI = 11
	};

	switch (clock) {
	case REALTIME:
	case REALTIME_COARSE:
	case TAI:
		return EPOCH * 1000000000 + time_ns(k);
	case PROCESS_CPU:
	case THREAD_CPU:
		return (schedule_cycles(k, k->current) >> CYCLE_LG2) * 1000 /
		       k->m->config.mhz;
	default:
		return time_ns(k);
	}
}

static int timespec_write(struct linux_kernel *k, uint64_t va, uint64_t ns)
{
	struct guest_timespec ts = { (int64_t)(ns / 1000000000),
				     (int64_t)(ns % 1000000000) };

	return user_write(k, va, &ts, sizeof(ts));
}

int64_t sys_clock_gettime(struct linux_kernel *k, const uint64_t a[6])
{
	if (!clock_known(a[0]))
		return -EINVAL;
	return timespec_write(k, a[1], clock_ns(k, a[0]));
}

int64_t sys_clock_getres(struct linux_kernel *k, const uint64_t a[6])
{
	if (!clock_known(a[0]))
		return -EINVAL;
	return a[1] ? timespec_write(k, a[1], 1) : 0;
}

int64_t sys_gettimeofday(struct linux_kernel *k, const uint64_t a[6])
{
	uint64_t ns = clock_ns(k, 0);
	int64_t tv[2] = { (int64_t)(ns / 1000000000),
			  (int64_t)(ns % 1000000000 / 1000) };
	const int32_t zone[2] = { 0, 0 };

	if (a[0] && user_write(k, a[0], tv, sizeof(tv)))
		return -EFAULT;
	return a[1] ? user_write(k, a[1], zone, sizeof(zone)) : 0;
}

/* The deadline is set once; made again, the call is over when it passed. */
static int64_t sleep_until(struct linux_kernel *k, uint64_t request,
			   uint64_t start_ns)
{
	struct process *p = k->current;
	struct guest_timespec ts;

	if (p->call.deadline_ns)
		return 0;
	if (user_read(k, &ts, request, sizeof(ts)))
		return -EFAULT;
	if (ts.sec < 0 || ts.nsec < 0 || ts.nsec >= 1000000000)
		return -EINVAL;
	if (ts.sec > INT64_C(1000000000))
		ts.sec = INT64_C(1000000000);
	p->call.deadline_ns =
		start_ns + (uint64_t)ts.sec * 1000000000 + (uint64_t)ts.nsec;
	if (p->call.deadline_ns <= time_ns(k))
		return 0;
	p->wait.until_ns = p->call.deadline_ns;
	return process_block(k, WAIT_UNTIL, NULL);
}

int64_t sys_nanosleep(struct linux_kernel *k, const uint64_t a[6])
{
	return sleep_until(k, a[0], time_ns(k));
}

int64_t sys_clock_nanosleep(struct linux_kernel *k, const uint64_t a[6])
{
	uint64_t epoch_ns = EPOCH * 1000000000, start = time_ns(k);

	if (!clock_known(a[0]))
		return -EINVAL;
	if (a[1] & 1) /* absolute: 0 is the clock's own beginning */
		start = a[0] == 0 ? UINT64_C(0) - epoch_ns : 0;
	return sleep_until(k, a[2], start);
}

/* Interval timers: read as disarmed; arming one is accepted only to disarm. */
int64_t sys_getitimer(struct linux_kernel *k, const uint64_t a[6])
{
	const uint64_t none[4] = { 0 };

	return user_write(k, a[1], none, sizeof(none));
}

int64_t sys_setitimer(struct linux_kernel *k, const uint64_t a[6])
{
	uint64_t value[4];

	if (user_read(k, value, a[1], sizeof(value)))
		return -EFAULT;
	if (value[2] || value[3])
		return -ENOSYS;
	return a[2] ? sys_getitimer(k, (uint64_t[6]){ a[0], a[2] }) : 0;
}
