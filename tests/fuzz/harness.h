/*
 * harness: what every fuzz_*.c offers. libFuzzer calls it with what it invents (make fuzz),
 * replay.c with the files of a corpus (make test).
 */
#ifndef SSHINIT_FUZZ_HARNESS_H
#define SSHINIT_FUZZ_HARNESS_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
