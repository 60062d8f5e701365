/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Base64 by 24 bytes at a time, where the CPU has AVX2; elsewhere, and for
 * what is left at the end, base64.c does it all.
 */
#include "traces/base64_vector.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* Per group of three bytes, in each half of the register: a 32-bit number of
 * them, the first on top. */
static inline AVX2 __m256i order(void)
{
	return _mm256_setr_epi8(2, 1, 0, -1, 5, 4, 3, -1, 8, 7, 6, -1, 11, 10,
				9, -1, 2, 1, 0, -1, 5, 4, 3, -1, 8, 7, 6, -1,
				11, 10, 9, -1);
}

/* `to` in the bytes above `limit`, else 0. */
static inline AVX2 __m256i above(__m256i value, char limit, int to)
{
	return _mm256_and_si256(_mm256_cmpgt_epi8(value,
						  _mm256_set1_epi8(limit)),
				_mm256_set1_epi8((char)to));
}

/* 0..63 to its character, in each byte: the distance between the two changes
 * four times. */
static inline AVX2 __m256i digits(__m256i value)
{
	const int upper = 'A', lower = 'a' - 26, figure = '0' - 52;
	const int plus = '+' - 62, slash = '/' - 63;
	__m256i a = above(value, 25, lower - upper);
	__m256i b = above(value, 51, figure - lower);
	__m256i c = above(value, 61, plus - figure);
	__m256i d = above(value, 62, slash - plus);

	value = _mm256_add_epi8(value, _mm256_set1_epi8((char)upper));
	return _mm256_add_epi8(value, _mm256_add_epi8(_mm256_add_epi8(a, b),
						      _mm256_add_epi8(c, d)));
}

static AVX2 size_t encode(char *to, const uint8_t *from, size_t bytes)
{
	const __m256i six = _mm256_set1_epi32(0x3f);
	size_t done = 0;

	/* Of the second load's 16 bytes 12 are used. */
	for (; bytes - done >= 28; done += 24, to += 32) {
		__m128i low = _mm_loadu_si128((const void *)(from + done));
		__m128i high =
			_mm_loadu_si128((const void *)(from + done + 12));
		__m256i n = _mm256_shuffle_epi8(_mm256_set_m128i(high, low),
						order());
		__m256i a = _mm256_and_si256(_mm256_srli_epi32(n, 18), six);
		__m256i b = _mm256_and_si256(_mm256_srli_epi32(n, 4),
					     _mm256_slli_epi32(six, 8));
		__m256i c = _mm256_and_si256(_mm256_slli_epi32(n, 10),
					     _mm256_slli_epi32(six, 16));
		__m256i d = _mm256_and_si256(_mm256_slli_epi32(n, 24),
					     _mm256_slli_epi32(six, 24));

		_mm256_storeu_si256(
			(void *)to,
			digits(_mm256_or_si256(_mm256_or_si256(a, b),
					       _mm256_or_si256(c, d))));
	}
	return done;
}

/* Adds to *distance, and sets in *any, where c is in first..last. */
static inline AVX2 void class(__m256i c, char first, char last, int value,
			      __m256i *distance, __m256i *any)
{
	__m256i in = _mm256_and_si256(
		_mm256_cmpgt_epi8(c, _mm256_set1_epi8((char)(first - 1))),
		_mm256_cmpgt_epi8(_mm256_set1_epi8((char)(last + 1)), c));

	*any = _mm256_or_si256(*any, in);
	*distance = _mm256_or_si256(
		*distance,
		_mm256_and_si256(in, _mm256_set1_epi8((char)(value - first))));
}

/* Characters to 0..63; a byte that is none clears its bits in *good. */
static inline AVX2 __m256i values(__m256i c, __m256i *good)
{
	__m256i distance = _mm256_setzero_si256(), any = distance;

	class(c, 'A', 'Z', 0, &distance, &any);
	class(c, 'a', 'z', 26, &distance, &any);
	class(c, '0', '9', 52, &distance, &any);
	class(c, '+', '+', 62, &distance, &any);
	class(c, '/', '/', 63, &distance, &any);
	*good = _mm256_and_si256(*good, any);
	return _mm256_add_epi8(c, distance);
}

static AVX2 size_t decode(uint8_t *to, const char *from, size_t count,
			  bool *good)
{
	const __m256i pair = _mm256_set1_epi16(0x0140);	    /* 64 and 1 */
	const __m256i both = _mm256_set1_epi32(0x00011000); /* 4096 and 1 */
	const __m256i whole = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
	__m256i all = _mm256_set1_epi8(-1);
	size_t done = 0;

	/* A store writes 32 bytes, 8 more than it means. */
	for (; count - done >= 48; done += 32, to += 24) {
		__m256i c = _mm256_loadu_si256((const void *)(from + done));
		__m256i n = values(c, &all);

		n = _mm256_madd_epi16(_mm256_maddubs_epi16(n, pair), both);
		n = _mm256_shuffle_epi8(n,
					_mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10,
							 9, 8, 14, 13, 12, -1,
							 -1, -1, -1, 2, 1, 0, 6,
							 5, 4, 10, 9, 8, 14, 13,
							 12, -1, -1, -1, -1));
		_mm256_storeu_si256((void *)to,
				    _mm256_permutevar8x32_epi32(n, whole));
	}
	*good = _mm256_movemask_epi8(all) == -1;
	return done;
}

size_t base64_encode_vector(char *to, const uint8_t *from, size_t bytes)
{
	return __builtin_cpu_supports("avx2") ? encode(to, from, bytes) : 0;
}

size_t base64_decode_vector(uint8_t *to, const char *from, size_t count,
			    bool *good)
{
	*good = true;
	return __builtin_cpu_supports("avx2") ? decode(to, from, count, good)
					      : 0;
}

#else

size_t base64_encode_vector(char *to, const uint8_t *from, size_t bytes)
{
	(void)to;
	(void)from;
	(void)bytes;
	return 0;
}

size_t base64_decode_vector(uint8_t *to, const char *from, size_t count,
			    bool *good)
{
	(void)to;
	(void)from;
	(void)count;
	*good = true;
	return 0;
}

#endif
