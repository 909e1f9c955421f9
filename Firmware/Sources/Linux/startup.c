// Linux: the entry point, which finds the arguments on the stack and calls main.

#include <stdint.h>

#include "linux.h"
#include "port.h"

// Painted below the entry's frame; the kernel gives 8 MiB unless told otherwise.
enum { PAINTED_STACK_BYTE_COUNT = 16384 };

long linux_argument_count;
char **linux_arguments;
static const long *auxiliary_vector;
static uint32_t *stack_top;

uint32_t *board_stack_limit(void) { return stack_top - PAINTED_STACK_BYTE_COUNT / 4; }
uint32_t *board_stack_top(void) { return stack_top; }

// As in a C library: an entry of what the kernel tells about the machine; 0 without one.
unsigned long getauxval(unsigned long type) {
  enum { AT_NULL = 0 };
  const long *entry = auxiliary_vector;
  while (entry[0] != AT_NULL && (unsigned long)entry[0] != type) entry += 2;
  return entry[0] == AT_NULL ? 0 : (unsigned long)entry[1];
}

int main(void);

// `stack` as the kernel leaves it: argc, argv…, 0, environment…, 0, auxiliary vector.
__attribute__((used)) _Noreturn static void start(long *stack) {
  stack_top = (uint32_t *)stack;
  linux_argument_count = stack[0];
  linux_arguments = (char **)(stack + 1);
  long *next = stack + 1 + linux_argument_count + 1;
  while (*next) next++;
  auxiliary_vector = next + 1;
  main();
  for (;;) continue;
}

__attribute__((naked, noreturn)) void _start(void) {
#if defined(__aarch64__)
  __asm volatile("mov x0, sp\n mov x29, #0\n mov x30, #0\n b start");
#elif defined(__arm__)
  __asm volatile("mov r0, sp\n mov lr, #0\n b start");
#elif defined(__riscv)
  __asm volatile(
      ".option push\n .option norelax\n"
      "la gp, __global_pointer$\n"
      ".option pop\n"
      "mv a0, sp\n tail start");
#endif
}
