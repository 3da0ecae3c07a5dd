// The entry of libFuzzer for programs with a main of their own; there when a program is linked with -sanitize=fuzzer.

#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*check)(const uint8_t *bytes, size_t count));
