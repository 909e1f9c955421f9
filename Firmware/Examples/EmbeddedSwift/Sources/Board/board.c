// Start-up of a Cortex-M4, and its output by semihosting.

#include "board.h"

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];

int main(void);

_Noreturn void reset(void) {
  *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;  // The floating-point unit.
  __asm volatile("dsb\n isb" ::: "memory");
  const uint32_t *from = data_load;
  for (volatile uint32_t *word = data_start; word < data_end; word++) *word = *from++;
  for (volatile uint32_t *word = bss_start; word < bss_end; word++) *word = 0;
  main();
  stop();
}

static void fault(void) {
  print_text("fault\n");
  stop();
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stack_top, reset, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, fault,
};

static void call_host(int operation, const void *argument) {
  register int r0 __asm("r0") = operation;
  register const void *r1 __asm("r1") = argument;
  __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

void print_text(const void *text) { call_host(4, text); }

void print_number(int32_t number) {
  char digits[12];
  char *first = digits + 11;
  uint32_t rest = number < 0 ? -(uint32_t)number : (uint32_t)number;
  *first = 0;
  do {
    *--first = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest);
  if (number < 0) *--first = '-';
  print_text(first);
}

_Noreturn void stop(void) {
  for (;;) call_host(0x18, (const void *)0x20026);
}
