// The seam of board.h in emulation: files of the host by semihosting (Arm IHI 0057, and the same for
// RISC-V). A board with a seam.c of its own in its folder compiles that instead.

#include "board.h"
#include "port.h"

enum { SYS_OPEN = 1, SYS_WRITE = 5, SYS_READ = 6, SYS_EXIT = 0x18 };
enum { READ_BINARY = 1, READ_WRITE_BINARY = 3, WRITE_BINARY = 5 };
// The emulator ends with 0 and with 1.
enum { STOPPED_APPLICATION_EXIT = 0x20026, STOPPED_RUN_TIME_ERROR = 0x20023 };

static int call(int operation, const void *argument) {
#if defined(__arm__)
  register int result __asm("r0") = operation;
  register const void *block __asm("r1") = argument;
  __asm volatile("bkpt 0xAB" : "+r"(result) : "r"(block) : "memory");
#elif defined(__riscv)
  register int result __asm("a0") = operation;
  register const void *block __asm("a1") = argument;
  // These three, uncompressed and on one page, are the call.
  __asm volatile(
      ".balign 16\n .option push\n .option norvc\n"
      "slli zero, zero, 0x1f\n ebreak\n srai zero, zero, 7\n .option pop"
      : "+r"(result) : "r"(block) : "memory");
#endif
  return result;
}

// A handle, or −1.
static int open_file(const char *name, size_t name_byte_count, uintptr_t mode) {
  const uintptr_t arguments[3] = {(uintptr_t)name, mode, name_byte_count};
  return call(SYS_OPEN, arguments);
}
#define OPEN(name, mode) open_file(name, sizeof name - 1, mode)

// The bytes that were not read or written.
static size_t transfer(int operation, int handle, const void *bytes, size_t byte_count) {
  const uintptr_t arguments[3] = {(uintptr_t)handle, (uintptr_t)bytes, byte_count};
  return (size_t)call(operation, arguments);
}

// Whether part of a file was not written: the host must not take it for the whole.
static bool is_cut;

__attribute__((noinline)) static void write_all(int handle, const void *bytes, size_t byte_count) {
  if (transfer(SYS_WRITE, handle, bytes, byte_count) != 0) is_cut = true;
}

// Handles plus 2, so that 0 stands for "not opened yet" and 1 for "not there".
static int input, output, trace;

size_t board_read_input(void *bytes, size_t byte_count) {
  if (!input) input = OPEN("input.raw", READ_BINARY) + 2;
  return input > 1 ? byte_count - transfer(SYS_READ, input - 2, bytes, byte_count) : 0;
}

void board_write_output(const void *bytes, size_t byte_count) {
  if (!output) output = OPEN("output.raw", WRITE_BINARY) + 2;
  write_all(output - 2, bytes, byte_count);
}

// The host asks for a trace by putting the file there.
bool board_is_tracing(void) {
  if (!trace) trace = OPEN("trace.raw", READ_WRITE_BINARY) + 2;
  return trace > 1;
}

void board_write_trace(const void *bytes, size_t byte_count) {
  write_all(trace - 2, bytes, byte_count);
}

#if defined(BOARD_CLOCK)
void board_write_time(void) {
  static int times;
  if (!times) times = OPEN("times.raw", WRITE_BINARY) + 2;
  uint64_t count = board_clock_count();
  write_all(times - 2, &count, sizeof count);
}
#endif

void board_write_error(const uint8_t *text, size_t byte_count) {
  transfer(SYS_WRITE, OPEN(":tt", WRITE_BINARY), text, byte_count);
}

_Noreturn void board_finish(board_report *report) {
  if (is_cut) report->error_code = BOARD_ERROR_FILE;
  write_all(OPEN("report.raw", WRITE_BINARY), report, sizeof *report);
  // What the report itself cannot tell: the host has none, or half of one.
  int reason = is_cut ? STOPPED_RUN_TIME_ERROR : STOPPED_APPLICATION_EXIT;
  for (;;) call(SYS_EXIT, (const void *)reason);
}
