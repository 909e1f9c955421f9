// The seam of board.h on Linux: everything is a file.
//
//     firmware MODEL [INPUTS OUTPUTS [REPORT [TRACE]]]          "-" or nothing: without that file

#include "board.h"
#include "linux.h"
#include "port.h"
#include "system.h"

enum { MODEL = 1, INPUTS, OUTPUTS, REPORT, TRACE };
enum { AT_CURRENT_FOLDER = -100, READ_ONLY = 0, WRITE_CREATE_TRUNCATE = 01 | 0100 | 01000 };

// A file descriptor, or a negative number when the argument is missing or the file is not there.
static long open_argument(int index, int flags) {
  if (index >= linux_argument_count) return -1;
  const char *path = linux_arguments[index];
  if (path[0] == '-' && path[1] == 0) return -1;
  return system_call(SYS_OPENAT, AT_CURRENT_FOLDER, (long)path, flags, 0644, 0, 0);
}

// Descriptors plus 2, so that 0 stands for "not opened yet" and 1 or less for "not there".
static long inputs, outputs, trace;

// Fewer bytes than asked for only at the end of the file or at an error.
static size_t transfer(long number, long descriptor, const void *bytes, size_t byte_count) {
  size_t done = 0;
  while (done < byte_count) {
    long count = system_call(
        number, descriptor, (long)bytes + (long)done, (long)(byte_count - done), 0, 0, 0);
    if (count <= 0) break;
    done += (size_t)count;
  }
  return done;
}

size_t board_read_input(void *bytes, size_t byte_count) {
  if (!inputs) inputs = open_argument(INPUTS, READ_ONLY) + 2;
  return inputs > 1 ? transfer(SYS_READ, inputs - 2, bytes, byte_count) : 0;
}

void board_write_output(const void *bytes, size_t byte_count) {
  if (!outputs) outputs = open_argument(OUTPUTS, WRITE_CREATE_TRUNCATE) + 2;
  if (outputs > 1) transfer(SYS_WRITE, outputs - 2, bytes, byte_count);
}

bool board_is_tracing(void) {
  if (!trace) trace = open_argument(TRACE, WRITE_CREATE_TRUNCATE) + 2;
  return trace > 1;
}

void board_write_trace(const void *bytes, size_t byte_count) {
  transfer(SYS_WRITE, trace - 2, bytes, byte_count);
}

void board_write_error(const uint8_t *text, size_t byte_count) {
  transfer(SYS_WRITE, 2, text, byte_count);
  transfer(SYS_WRITE, 2, "\n", 1);
}

_Noreturn void board_finish(const board_report *report) {
  long descriptor = open_argument(REPORT, WRITE_CREATE_TRUNCATE);
  if (descriptor >= 0) transfer(SYS_WRITE, descriptor, report, sizeof *report);
  enum { EXIT_BAD_DATA = 65 };  // sysexits
  for (;;) system_call(SYS_EXIT, report->error_code ? EXIT_BAD_DATA : 0, 0, 0, 0, 0, 0);
}

// The whole file, mapped read-only: pages are read when they are used, and shared.
board_model board_load_model(void) {
  enum { PROTECTION_READ = 1, MAP_PRIVATE = 2, SEEK_END = 2 };
  board_model model = {0, 0};
  long descriptor = open_argument(MODEL, READ_ONLY);
  if (descriptor < 0) return model;
  long byte_count = system_call(SYS_LSEEK, descriptor, 0, SEEK_END, 0, 0, 0);
  if (byte_count <= 0) return model;
#if defined(__arm__)
  long bytes = system_call(SYS_MMAP2, 0, byte_count, PROTECTION_READ, MAP_PRIVATE, descriptor, 0);
#else
  long bytes = system_call(SYS_MMAP, 0, byte_count, PROTECTION_READ, MAP_PRIVATE, descriptor, 0);
#endif
  if ((unsigned long)bytes > -4096ul) return model;  // the last page holds error numbers
  return (board_model){(const void *)bytes, (size_t)byte_count};
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

uint32_t board_nanoseconds(void) {
  // Modulo 2³²: right for inferences of up to four seconds.
  return (uint32_t)(end.seconds - begin.seconds) * 1000000000u +
         (uint32_t)(end.nanoseconds - begin.nanoseconds);
}
