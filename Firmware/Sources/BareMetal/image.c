// What the image holds for one model: the blob in flash and the arena in RAM.

#include "arena.h"
#include "board.h"
#include "port.h"

// The blob, from the file that the build names, aligned for the widest loads.
__asm(
    ".section .rodata.model, \"a\"\n"
    ".balign 64\n"
    "model_start: .incbin \"" BOARD_MODEL_FILE "\"\n"
    "model_end:\n"
    ".text\n");
extern const uint8_t model_start[], model_end[];

#ifdef BOARD_PREPARED_FILE
// Weights in the form that the core multiplies fastest: the runtime finds them by this name.
__asm(
    ".section .rodata.prepared, \"a\"\n"
    ".balign 4\n"
    ".global octet_prepared\n"
    "octet_prepared: .incbin \"" BOARD_PREPARED_FILE "\"\n"
    ".text\n");
#endif

board_model board_load_model(void) {
  return (board_model){model_start, (size_t)(model_end - model_start)};
}

// Not cleared at start: inference asks nothing of its contents.
__attribute__((section(".noinit"), aligned(16))) static uint8_t arena[BOARD_ARENA_BYTE_COUNT];

board_arena board_take_arena(void) { return (board_arena){arena, sizeof arena}; }
