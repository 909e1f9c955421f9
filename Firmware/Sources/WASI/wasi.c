// The seam of board.h in WebAssembly: a WASI program (wasi_snapshot_preview1) whose files are in the
// first folder that it is given, by the names that bare metal uses too. The model is in the module.

#include "arena.h"
#include "board.h"
#include "port.h"

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
typedef struct {
  const void *bytes;
  size_t byte_count;
} span;
IMPORT(path_open)
int wasi_path_open(
    int folder, int lookup, const char *path, size_t path_byte_count, int open_flags,
    uint64_t rights, uint64_t inherited, int flags, int *descriptor);
IMPORT(fd_read) int wasi_fd_read(int descriptor, const span *spans, size_t count, size_t *done);
IMPORT(fd_write) int wasi_fd_write(int descriptor, const span *spans, size_t count, size_t *done);
IMPORT(clock_time_get) int wasi_clock_time_get(int clock, uint64_t precision, uint64_t *time);
IMPORT(proc_exit) _Noreturn void wasi_proc_exit(int status);

enum { STANDARD_ERROR = 2, FOLDER = 3 };
enum { CREATE = 1, TRUNCATE = 8 };
enum { RIGHT_READ = 1 << 1, RIGHT_WRITE = 1 << 6 };

// What Swift and clang call a main with arguments.
int __main_argc_argv(int, char **);
void _start(void) { __main_argc_argv(0, 0); }

// A handle, or −1.
static int open_file(const char *name, size_t name_byte_count, int flags, uint64_t rights) {
  int descriptor;
  int error =
      wasi_path_open(FOLDER, 0, name, name_byte_count, flags, rights, 0, 0, &descriptor);
  return error ? -1 : descriptor;
}
#define OPEN_INPUT(name) open_file(name, sizeof name - 1, 0, RIGHT_READ)
#define OPEN_OUTPUT(name) open_file(name, sizeof name - 1, CREATE | TRUNCATE, RIGHT_WRITE)

// Whether part of a file was not written: the host must not take it for the whole.
static bool is_cut;

static void write_all(int descriptor, const void *bytes, size_t byte_count) {
  while (byte_count) {
    size_t done = 0;
    if (wasi_fd_write(descriptor, &(span){bytes, byte_count}, 1, &done) || !done) {
      is_cut = true;
      return;
    }
    bytes = (const uint8_t *)bytes + done;
    byte_count -= done;
  }
}

// Handles plus 2, so that 0 stands for "not opened yet" and 1 for "not there".
static int input, output, trace, times;

size_t board_read_input(void *bytes, size_t byte_count) {
  if (!input) input = OPEN_INPUT("input.raw") + 2;
  if (input < 2) return 0;
  size_t all = 0;
  while (all < byte_count) {
    size_t done = 0;
    if (wasi_fd_read(input - 2, &(span){(uint8_t *)bytes + all, byte_count - all}, 1, &done)) break;
    if (!done) break;
    all += done;
  }
  return all;
}

void board_write_output(const void *bytes, size_t byte_count) {
  if (!output) output = OPEN_OUTPUT("output.raw") + 2;
  write_all(output - 2, bytes, byte_count);
}

// The host asks for a trace by putting the file there.
bool board_is_tracing(void) {
  if (!trace) {
    trace = OPEN_INPUT("trace.raw") + 2;
    if (trace > 1) trace = OPEN_OUTPUT("trace.raw") + 2;
  }
  return trace > 1;
}

void board_write_trace(const void *bytes, size_t byte_count) {
  write_all(trace - 2, bytes, byte_count);
}

void board_write_error(const uint8_t *text, size_t byte_count) {
  write_all(STANDARD_ERROR, text, byte_count);
}

_Noreturn void board_finish(board_report *report) {
  if (is_cut) report->error_code = BOARD_ERROR_FILE;
  write_all(OPEN_OUTPUT("report.raw"), report, sizeof *report);
  wasi_proc_exit(is_cut);
}

// MARK: Memory

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
__attribute__((aligned(64))) static const uint8_t model[] = {
#embed BOARD_MODEL_FILE
};
#pragma clang diagnostic pop

board_model board_load_model(void) { return (board_model){model, sizeof model}; }

__attribute__((aligned(64))) static uint8_t arena[BOARD_ARENA_BYTE_COUNT];

board_arena board_take_arena(void) { return (board_arena){arena, sizeof arena}; }

// The part of the stack that is in memory, from the linker. What engines hold is not in it.
extern uint32_t __stack_low[], __stack_high[];

uint32_t *board_stack_limit(void) { return __stack_low; }
uint32_t *board_stack_top(void) { return __stack_high; }

// MARK: The clock

static uint64_t begin, end;

static void now(uint64_t *time) {
  enum { CLOCK_MONOTONIC = 1 };
  wasi_clock_time_get(CLOCK_MONOTONIC, 1, time);
}

__attribute__((noinline)) void board_inference_begin(void) { now(&begin); }
__attribute__((noinline)) void board_inference_end(void) { now(&end); }
uint64_t board_clock_count(void) { return end - begin; }

// Right for inferences of up to four seconds.
uint32_t board_nanoseconds(void) { return (uint32_t)(end - begin); }

void board_write_time(void) {
  if (!times) times = OPEN_OUTPUT("times.raw") + 2;
  uint64_t count = board_clock_count();
  write_all(times - 2, &count, sizeof count);
}
