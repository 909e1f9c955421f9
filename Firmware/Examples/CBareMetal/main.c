// Two models in one arena, one after the other: self-test, an inference on zeros, and what each
// operator took.

#include "octet.h"
#include "octet_models.h"

static uint8_t arena[OCTET_ARENA_BYTE_COUNT] __attribute__((aligned(16)));

// Semihosting: the debugger, or QEMU, prints.
static void semihost(uint32_t operation, const void *argument) {
  register uint32_t r0 __asm("r0") = operation;
  register const void *r1 __asm("r1") = argument;
  __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

static void print(const char *text) { semihost(4, text); }

static void print_number(uint32_t number) {
  char digits[11], *start = digits + sizeof digits - 1;
  *start = 0;
  do *--start = (char)('0' + number % 10);
  while (number /= 10);
  print(start);
}

// SysTick counts the core's cycles down in 24 bits; read often enough, in 32 bits up. (A part with
// DWT has it simpler: return DWT->CYCCNT.)
#define SYSTICK ((volatile uint32_t *)0xE000E010)

static uint32_t cycles(void *context) {
  uint32_t *state = context;
  const uint32_t now = SYSTICK[2];
  state[1] += (state[0] - now) & 0xFFFFFF;
  state[0] = now;
  return state[1];
}

static void run(const char *name, const uint8_t *blob, size_t byte_count) {
  octet_session session;
  int error = octet_open(&session, blob, byte_count, arena, sizeof arena);
  if (!error) error = octet_self_test(&session);
  print(name), print(": "), print(octet_error_text(error)), print("\n");
  if (error) return;

  octet_tensor input;
  for (size_t index = 0; !octet_input(&session, index, &input); index++) {
    int8_t *values = octet_input_values(&session, index);
    for (size_t position = 0; position < input.byte_count; position++) values[position] = 0;
  }
  static uint32_t ticks[64];
  uint32_t state[2] = {0, 0};
  const size_t count = octet_operator_count(&session);
  if (count > 64 || octet_run_timed(&session, cycles, state, ticks, count)) return;
  for (size_t index = 0; index < count; index++) {
    print("  "), print(octet_operator_name(&session, index)), print(": ");
    print_number(ticks[index]), print(" ticks\n");
  }
}

int main(void) {
  SYSTICK[1] = 0xFFFFFF;
  SYSTICK[0] = 5;  // on, by the core's clock
  run("first", first, FIRST_BYTE_COUNT);
  run("second", second, SECOND_BYTE_COUNT);
  print("done\n");
  semihost(0x18, (const void *)0x20026);  // ends QEMU, as after main
  return 0;
}
