// What the firmware's main.swift asks of a board, and what a board must bring.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: The seam. A real board replaces these two with its sensor and its UART.

// Fills `byte_count` bytes with the model's next input and returns how many it had: 0 when there is
// no more.
size_t board_read_input(void *bytes, size_t byte_count);

// Takes `byte_count` bytes of the model's output.
void board_write_output(const void *bytes, size_t byte_count);

// MARK: What emulation and tests add. A real board may leave them empty.

// Whether a host waits for each operator's output, to find the first that differs from its own.
bool board_is_tracing(void);

// Takes the output of one operator.
void board_write_trace(const void *bytes, size_t byte_count);

// Takes the time of one operator: what lies between the last two marks below. Called with
// BOARD_CLOCK only.
void board_write_time(void);

typedef struct {
  uint32_t magic;         // BOARD_REPORT_MAGIC
  uint32_t error_code;    // 0: none; 1…96: ModelError.Cause; 97…: ErrorCode
  uint32_t error_detail;  // the byte of the blob that is wrong, or the bytes that were needed
  uint32_t sample_count;
  uint32_t self_test;     // BOARD_SELF_TEST_…, or the index of the first operator that differs
  uint32_t arena_byte_count;
  uint32_t stack_byte_count;
  uint32_t nanoseconds;   // of the last inference, where the board has a clock; otherwise 0
} board_report;

#define BOARD_REPORT_MAGIC 0x52544F42u  // "BOTR"
// A file of the host could not be written; in emulation only.
#define BOARD_ERROR_FILE 97
// The stack used all memory that was free for it; error_detail says how many bytes.
#define BOARD_ERROR_STACK 98
// The core faulted, which is a defect of Octet.
#define BOARD_ERROR_FAULT 99
#define BOARD_SELF_TEST_PASSED 0xFFFFFFFFu
#define BOARD_SELF_TEST_SKIPPED 0xFFFFFFFEu

// Takes the text of an error, for a person.
void board_write_error(const uint8_t *text, size_t byte_count);

// Hands over the report and ends the program: on a real board, sleeps.
_Noreturn void board_finish(board_report *report);

// MARK: Memory

typedef struct {
  const void *bytes;
  size_t byte_count;
} board_model;

// The blob, read in place: linked into flash, or mapped from a file.
board_model board_load_model(void);

// The only memory that inference writes besides the stack. Its size is a constant of the build.
typedef struct {
  void *bytes;
  size_t byte_count;
} board_arena;

board_arena board_take_arena(void);

// Fills the unused stack with a pattern; afterwards, the bytes that were used since.
void board_stack_paint(void);
uint32_t board_stack_byte_count(void);

// Whether the pattern is gone down to its end: more was used, of the arena's memory too.
bool board_stack_is_exhausted(void);

// MARK: Marks around one inference, or when tracing around each operator, at which the emulator counts
// instructions and which read the board's clock.

void board_inference_begin(void);
void board_inference_end(void);
uint32_t board_nanoseconds(void);
