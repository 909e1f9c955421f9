// Bare metal: reset, memory initialisation, faults. No board needs more to run a model.

#include <stdint.h>

#include "board.h"
#include "port.h"

// From the linker script.
extern uint32_t link_data_load[], link_data_start[], link_data_end[];
extern uint32_t link_bss_start[], link_bss_end[];
extern uint32_t link_stack_limit[], link_stack_top[];

uint32_t *board_stack_limit(void) { return link_stack_limit; }
uint32_t *board_stack_top(void) { return link_stack_top; }

int main(void);

// Calls main when memory is as C expects it. Reset comes here, with a stack.
__attribute__((used)) _Noreturn static void start(void) {
  const uint32_t *from = link_data_load;
  for (volatile uint32_t *word = link_data_start; word < link_data_end; word++) *word = *from++;
  for (volatile uint32_t *word = link_bss_start; word < link_bss_end; word++) *word = 0;
  main();
  for (;;) continue;
}

// Any fault: the report says so, instead of a core that hangs. A stack that ran out explains it:
// over its last word, or past it, where a large frame had nothing to write.
__attribute__((used)) _Noreturn void board_report_fault(uintptr_t stack_pointer) {
  // Without the eight registers that a Cortex-M saves.
  bool is_below = stack_pointer + 32 < (uintptr_t)link_stack_limit;
  bool is_exhausted = is_below || board_stack_is_exhausted();
  board_report report = {
      .magic = BOARD_REPORT_MAGIC,
      .error_code = is_exhausted ? BOARD_ERROR_STACK : BOARD_ERROR_FAULT,
      .error_detail = is_exhausted ? (uintptr_t)link_stack_top - (uintptr_t)link_stack_limit
                                   : board_stack_byte_count(),
  };
  board_finish(&report);
}

#if defined(__arm__)
// Cortex-M: the vector table gives the stack.

_Noreturn void board_reset(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  // Coprocessors 10 and 11, full access (Armv7-M ARM, B3.2.20), before any float register is used.
  *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
  __asm volatile("dsb\n isb" ::: "memory");
#endif
  start();
}

// Starts again from the top of the stack, of which nothing is needed any more: where it left RAM,
// not one register can be saved.
__attribute__((naked)) static void fault(void) {
  __asm volatile(
      "mov r0, sp\n ldr r1, =link_stack_top\n mov sp, r1\n bl board_report_fault\n"
      ".balign 4\n .ltorg\n");
}

// The first 16 vectors; nothing here enables an interrupt.
__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    link_stack_top, board_reset, fault, fault, fault, fault, fault, fault,
    0, 0, 0, fault, fault, 0, fault, fault,
};

#elif defined(__riscv)
// RISC-V: the core starts at the first address of the code, without a stack.

__attribute__((naked, aligned(4))) static void fault(void) {
  __asm volatile("mv a0, sp\n la sp, link_stack_top\n j board_report_fault\n");
}

__attribute__((naked, section(".vectors"), used)) void board_reset(void) {
  __asm volatile(
      "la sp, link_stack_top\n la t0, %0\n csrw mtvec, t0\n j start\n" ::"i"(fault));
}
#endif
