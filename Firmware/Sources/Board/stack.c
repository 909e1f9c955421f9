// How much stack the program uses: paint what is free, later look how far the paint is gone.

#include "board.h"
#include "port.h"

#define PATTERN 0x5AA5C33Cu

// Above this frame everything is in use; the callee's own frame needs a little room.
static uint32_t *free_top(void) {
  return (uint32_t *)(((uintptr_t)__builtin_frame_address(0) - 64) & ~(uintptr_t)3);
}

void board_stack_paint(void) {
  for (volatile uint32_t *word = board_stack_limit(); word < free_top(); word++) *word = PATTERN;
}

bool board_stack_is_exhausted(void) { return *(volatile uint32_t *)board_stack_limit() != PATTERN; }

uint32_t board_stack_byte_count(void) {
  const volatile uint32_t *word = board_stack_limit();
  while (word < free_top() && *word == PATTERN) word++;
  return (uint32_t)((uintptr_t)board_stack_top() - (uintptr_t)word);
}
