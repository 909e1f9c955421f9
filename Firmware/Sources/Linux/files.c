// The seam of board.h on Linux: everything is a file.
//
//     firmware MODEL [INPUTS OUTPUTS [REPORT [TRACE [TIMES]]]]     "-": without that file
//
// Without INPUTS the model's self-test runs. Ends with 0, or says why not and ends with 1 when the
// self-test failed, 64 for wrong arguments, 65 for a model or inputs that are refused, 66 for a
// file that cannot be read, 73 for one that cannot be made, 74 for one that fails later (sysexits).

#include "arena.h"
#include "board.h"
#include "kernel.h"
#include "linux.h"
#include "port.h"
#include "system.h"

enum { MODEL = 1, INPUTS, OUTPUTS, REPORT, TRACE, TIMES, ARGUMENT_LIMIT };
enum { AT_CURRENT_FOLDER = -100, READ_ONLY = 0, WRITE_CREATE_TRUNCATE = 01 | 0100 | 01000 };
enum { STANDARD_OUTPUT = 1, STANDARD_ERROR = 2 };
enum {
  EXIT_SELF_TEST = 1, EXIT_USAGE = 64, EXIT_BAD_DATA = 65, EXIT_NO_INPUT = 66,
  EXIT_CANNOT_CREATE = 73, EXIT_IO = 74,
};

_Noreturn static void exit_with(int status) {
  for (;;) system_call(SYS_EXIT, status, 0, 0, 0, 0, 0);
}

static void print(long descriptor, const char *text) {
  size_t count = 0;
  while (text[count]) count++;
  system_call(SYS_WRITE, descriptor, (long)text, (long)count, 0, 0, 0);
}

_Noreturn static void fail(int status, const char *doing, int argument, const char *why) {
  const char *const parts[] = {
    "firmware: ", doing, " ", linux_arguments[argument], ": ", why, "\n"};
  for (size_t index = 0; index < sizeof parts / sizeof *parts; index++) {
    print(STANDARD_ERROR, parts[index]);
  }
  exit_with(status);
}

static bool is_given(int index) {
  if (index >= linux_argument_count) return false;
  const char *path = linux_arguments[index];
  return !(path[0] == '-' && path[1] == 0);
}

// The descriptor of a file that is given.
static long open_argument(int index, int flags) {
  long descriptor =
      system_call(SYS_OPENAT, AT_CURRENT_FOLDER, (long)linux_arguments[index], flags, 0644, 0, 0);
  if (descriptor >= 0) return descriptor;
  bool is_input = flags == READ_ONLY;
  fail(
      is_input ? EXIT_NO_INPUT : EXIT_CANNOT_CREATE, is_input ? "cannot open" : "cannot write",
      index, linux_meaning(descriptor));
}

// Fewer bytes than asked for only at the end of a file that is read.
static size_t transfer(
    long number, long descriptor, int argument, const void *bytes, size_t byte_count) {
  enum { INTERRUPTED = -4 };
  size_t done = 0;
  while (done < byte_count) {
    long count = system_call(
        number, descriptor, (long)bytes + (long)done, (long)(byte_count - done), 0, 0, 0);
    if (count == INTERRUPTED) continue;
    if (count < 0) {
      const char *doing = number == SYS_READ ? "cannot read" : "cannot write";
      fail(EXIT_IO, doing, argument, linux_meaning(count));
    }
    if (count == 0) break;
    done += (size_t)count;
  }
  return done;
}

// Descriptors plus 1, so that 0 stands for "not opened yet".
static long inputs, outputs, trace, times;
static bool has_read;

size_t board_read_input(void *bytes, size_t byte_count) {
  if (!is_given(INPUTS)) return 0;
  if (!inputs) inputs = open_argument(INPUTS, READ_ONLY) + 1;
  size_t count = transfer(SYS_READ, inputs - 1, INPUTS, bytes, byte_count);
  if (!count && !has_read) fail(EXIT_BAD_DATA, "cannot run", INPUTS, "there is no sample in it");
  has_read = true;
  return count;
}

void board_write_output(const void *bytes, size_t byte_count) {
  if (!is_given(OUTPUTS)) return;
  if (!outputs) outputs = open_argument(OUTPUTS, WRITE_CREATE_TRUNCATE) + 1;
  transfer(SYS_WRITE, outputs - 1, OUTPUTS, bytes, byte_count);
}

bool board_is_tracing(void) { return is_given(TRACE); }

void board_write_trace(const void *bytes, size_t byte_count) {
  if (!trace) trace = open_argument(TRACE, WRITE_CREATE_TRUNCATE) + 1;
  transfer(SYS_WRITE, trace - 1, TRACE, bytes, byte_count);
}

void board_write_time(void) {
  if (!is_given(TIMES)) return;
  if (!times) times = open_argument(TIMES, WRITE_CREATE_TRUNCATE) + 1;
  uint64_t count = board_clock_count();
  transfer(SYS_WRITE, times - 1, TIMES, &count, sizeof count);
}

void board_write_error(const uint8_t *text, size_t byte_count) {
  print(STANDARD_ERROR, "firmware: ");
  system_call(SYS_WRITE, STANDARD_ERROR, (long)text, (long)byte_count, 0, 0, 0);
  print(STANDARD_ERROR, "\n");
}

_Noreturn void board_finish(board_report *report) {
  if (is_given(REPORT)) {
    long descriptor = open_argument(REPORT, WRITE_CREATE_TRUNCATE);
    transfer(SYS_WRITE, descriptor, REPORT, report, sizeof *report);
  }
  if (report->error_code) exit_with(EXIT_BAD_DATA);
  if (report->self_test == BOARD_SELF_TEST_SKIPPED) exit_with(0);
  if (report->self_test == BOARD_SELF_TEST_PASSED) {
    print(STANDARD_OUTPUT, "self-test passed\n");
    exit_with(0);
  }
  print(STANDARD_ERROR, "firmware: the self-test gave other bytes than on the host\n");
  exit_with(EXIT_SELF_TEST);
}

board_model board_load_model(void) {
    bool has_inputs_alone = linux_argument_count == INPUTS + 1 && is_given(INPUTS);
  if (!is_given(MODEL) || has_inputs_alone || linux_argument_count > ARGUMENT_LIMIT) {
    print(STANDARD_ERROR, "usage: firmware MODEL [INPUTS OUTPUTS [REPORT [TRACE [TIMES]]]]\n");
    exit_with(EXIT_USAGE);
  }
  long descriptor = open_argument(MODEL, READ_ONLY);
  size_t byte_count = 0;
  long bytes = linux_map_file(descriptor, &byte_count);
  if (linux_is_error(bytes)) fail(EXIT_NO_INPUT, "cannot map", MODEL, linux_meaning(bytes));
  return (board_model){(const void *)bytes, byte_count};
}

__attribute__((aligned(64))) static uint8_t arena[BOARD_ARENA_BYTE_COUNT];

board_arena board_take_arena(void) { return (board_arena){arena, sizeof arena}; }

// MARK: The clock

typedef struct {
  long seconds, nanoseconds;
} time;
static time begin, end;

static void now(time *value) {
  enum { CLOCK_MONOTONIC = 1 };
  system_call(SYS_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)value, 0, 0, 0, 0);
}

__attribute__((noinline)) void board_inference_begin(void) {
  now(&begin);
  BOARD_MARK(board_count_begin);
}

__attribute__((noinline)) void board_inference_end(void) {
  BOARD_MARK(board_count_end);
  now(&end);
}

uint64_t board_clock_count(void) {
  return (uint64_t)(end.seconds - begin.seconds) * 1000000000u +
         (uint64_t)(end.nanoseconds - begin.nanoseconds);
}

// Right for inferences of up to four seconds.
uint32_t board_nanoseconds(void) { return (uint32_t)board_clock_count(); }
