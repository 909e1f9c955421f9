// What the files of a family of boards tell each other; main.swift does not see it.
#pragma once

#include <stdint.h>

// The stack's ends: it grows down from `top`; below `limit` nothing is painted.
uint32_t *board_stack_limit(void);
uint32_t *board_stack_top(void);

// A symbol at this very instruction: the emulator counts the instructions from one to the other.
#define BOARD_MARK(name) __asm volatile(".global " #name "\n" #name ": nop")

// Between the last two marks: nanoseconds where there is a system, cycles of the core on bare metal.
// All ones where the clock cannot tell.
uint64_t board_clock_count(void);
