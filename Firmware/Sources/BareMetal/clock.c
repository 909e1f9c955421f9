// The marks, and with BOARD_CLOCK the core's cycles between them: by the cycle counter of Cortex-M's
// trace unit, by SysTick where there is none (Cortex-M0 and M0+, and emulators), by the counter of
// RISC-V. It runs only when the host asks for the time of operators.

#include "board.h"
#include "port.h"

#if !defined(BOARD_CLOCK)
#define IF_TIMED(statement)
#else
#define IF_TIMED(statement) if (board_is_tracing()) statement
#if defined(__arm__)
#define REGISTER(address) (*(volatile uint32_t *)(address))
#define DEBUG_CONTROL REGISTER(0xE000EDFC)
#define TRACE_CONTROL REGISTER(0xE0001000)
#define TRACE_CYCLES REGISTER(0xE0001004)
#define SYSTICK_CONTROL REGISTER(0xE000E010)
#define SYSTICK_RELOAD REGISTER(0xE000E014)
#define SYSTICK_VALUE REGISTER(0xE000E018)
enum { TRACE_ENABLE = 1 << 24, NO_CYCLES = 1 << 25, SYSTICK_WRAPPED = 1 << 16, SYSTICK_LIMIT = 0xFFFFFF };

static uint32_t begin, end;
static bool uses_systick, has_wrapped;

// Whether the cycle counter is there and counts.
static bool starts_cycle_counter(void) {
#if __ARM_ARCH >= 7
  DEBUG_CONTROL |= TRACE_ENABLE;
  if (TRACE_CONTROL & NO_CYCLES) return false;
  TRACE_CONTROL |= 1;
  uint32_t before = TRACE_CYCLES;
  __asm volatile("nop\n nop\n nop\n nop");
  return TRACE_CYCLES != before;
#else
  return false;
#endif
}

static void start_clock(void) {
  uses_systick = !starts_cycle_counter();
  if (uses_systick) {
    // Counts down from the limit, by the core's clock, without an interrupt.
    SYSTICK_RELOAD = SYSTICK_LIMIT;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 5;
    // It reloads with its next cycle, in an emulator when that gets round to it.
    for (int reads = 0; reads < 1 << 20; reads++) {
      begin = SYSTICK_VALUE;
      if (begin) break;
    }
  } else {
    begin = TRACE_CYCLES;
  }
}

static void stop_clock(void) {
  end = uses_systick ? SYSTICK_VALUE : TRACE_CYCLES;
  has_wrapped = uses_systick && SYSTICK_CONTROL & SYSTICK_WRAPPED;
}

uint64_t board_clock_count(void) {
  if (has_wrapped) return UINT64_MAX;
  return uses_systick ? (begin - end) & SYSTICK_LIMIT : end - begin;
}
#elif defined(__riscv)
static uint64_t begin, end;

static uint64_t cycles(void) {
  uint32_t low, high, again;
  do {
    __asm volatile("csrr %0, mcycleh\n csrr %1, mcycle\n csrr %2, mcycleh"
                   : "=r"(high), "=r"(low), "=r"(again));
  } while (high != again);
  return (uint64_t)high << 32 | low;
}

static void start_clock(void) { begin = cycles(); }
static void stop_clock(void) { end = cycles(); }
uint64_t board_clock_count(void) { return end - begin; }
#endif
#endif

__attribute__((noinline)) void board_inference_begin(void) {
  IF_TIMED(start_clock();)
  BOARD_MARK(board_count_begin);
}

__attribute__((noinline)) void board_inference_end(void) {
  BOARD_MARK(board_count_end);
  IF_TIMED(stop_clock();)
}

uint32_t board_nanoseconds(void) { return 0; }
