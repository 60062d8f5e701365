/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The main of a fuzz target built without libFuzzer: each file named on the
 * command line is one input. Included once, at the end of the target.
 */
#ifndef TESTS_FUZZ_REPLAY_MAIN_H
#define TESTS_FUZZ_REPLAY_MAIN_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* An exact-size copy, so that a read beyond the input is seen. */
static int replay_file(const char *path)
{
	FILE *stream = fopen(path, "rb");
	uint8_t *bytes = NULL;
	long size = -1;
	int status = 1;

	if (stream && fseek(stream, 0, SEEK_END) == 0)
		size = ftell(stream);
	if (size >= 0)
		bytes = malloc(size ? (size_t)size : 1);
	if (bytes && fseek(stream, 0, SEEK_SET) == 0 &&
	    fread(bytes, 1, (size_t)size, stream) == (size_t)size) {
		LLVMFuzzerTestOneInput(bytes, (size_t)size);
		status = 0;
	} else {
		perror(path);
	}
	free(bytes);
	if (stream)
		fclose(stream);
	return status;
}

int main(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++)
		status |= replay_file(argv[i]);
	return status;
}

#endif
