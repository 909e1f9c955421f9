// Octet from C: run an int8 model in memory that you give. No heap, no libc, no start-up work.
//
//     octet_session session;
//     int error = octet_open(&session, blob, blob_byte_count, arena, sizeof arena);
//     if (!error) error = octet_run(&session, input, input_byte_count, scores, sizeof scores);
//     if (error) puts(octet_error_text(error));
//
// Functions that return int return 0 or an error code. Sessions are independent of each other; one
// session is for one thread at a time.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Octet's version: 10,000 · major + 100 · minor + patch.
#define OCTET_VERSION 100

// A model and the memory it runs in. Its members belong to Octet, but for error_detail.
typedef struct {
  const void *blob;
  size_t blob_byte_count;
  void *arena;
  size_t arena_byte_count;
  // After an error: the byte of the blob that is wrong, or the bytes that were needed.
  size_t error_detail;
  void *workspace;
  int backend;
} octet_session;

// How int8 or int16 values stand for real ones: real = scale * (value - zero_point). Functions take
// and give int16 values as pairs of int8_t, the lower byte first.
typedef struct {
  size_t byte_count;
  int32_t dimensions[4];  // N, H, W, C
  float scale;
  int32_t zero_point;
  int32_t element_byte_count;  // 1 for int8, 2 for int16
} octet_tensor;

// What the functions below return; octet_error_text says each in words.
enum {
  OCTET_OK = 0,
  // 1…96: what is wrong with the blob, of which octet_read_header gives these.
  OCTET_ERROR_MISALIGNED = 1,
  OCTET_ERROR_TRUNCATED = 2,
  OCTET_ERROR_MAGIC = 3,
  OCTET_ERROR_ARENA_TOO_SMALL = 100,
  OCTET_ERROR_ARENA_MISALIGNED = 101,
  OCTET_ERROR_TENSOR_INDEX = 102,  // or there is no such operator
  OCTET_ERROR_INPUT_BYTE_COUNT = 103,
  OCTET_ERROR_WORKSPACE_TOO_SMALL = 104,
  OCTET_ERROR_WORKSPACE_MISALIGNED = 105,
  OCTET_ERROR_OUTPUT_BYTE_COUNT = 107,
  OCTET_ERROR_NOT_OPEN = 108,
  OCTET_ERROR_SELF_TEST = 109,
};

// The arena that a blob needs, in bytes; 0 when it is not a valid blob.
size_t octet_arena_byte_count(const void *blob, size_t blob_byte_count);

// Validates the blob (4-aligned, e.g. in flash or mapped) and ties it to the arena (4-aligned).
// Both must outlive the session; the blob must not change.
int octet_open(
    octet_session *session, const void *blob, size_t blob_byte_count, void *arena,
    size_t arena_byte_count);

// The memory beside the arena with which a model runs by this machine's fastest instructions, in
// bytes: AVX2 and AVX-512 keep their own copy of the weights there. 0 where none is needed, as on
// all ARM and RISC-V cores, or for what is not a valid blob.
size_t octet_workspace_byte_count(const void *blob, size_t blob_byte_count);

// octet_open with a workspace (64-aligned), which must outlive the session too.
int octet_open_with_workspace(
    octet_session *session, const void *blob, size_t blob_byte_count, void *arena,
    size_t arena_byte_count, void *workspace, size_t workspace_byte_count);

// One inference: the values of all inputs end to end, then those of all outputs.
int octet_run(
    octet_session *session, const int8_t *input, size_t input_byte_count, int8_t *output,
    size_t output_byte_count);

// MARK: In place, and operator by operator

// The values of input `index`, in the arena: to be filled before octet_run_in_place or the first
// octet_run_operator, each time anew, since results use the memory again. Null when there is none.
int8_t *octet_input_values(const octet_session *session, size_t index);

// One inference with the inputs as they lie in the arena.
int octet_run_in_place(octet_session *session);

// The values of output `index`, in the arena, until the next run. Null when there is none.
const int8_t *octet_output_values(const octet_session *session, size_t index);

// How many operators the model has; 0 for a session that is not open.
size_t octet_operator_count(const octet_session *session);

// Runs operator `index` alone; an inference is all of them in order, from 0. A clock read before
// and after it gives its time.
int octet_run_operator(octet_session *session, size_t index);

// One inference with the inputs as they lie in the arena, which reads `clock` before the first
// operator and after each of them: `ticks[index]` is what operator `index` took, in 32 bits of
// whatever the clock counts (DWT's cycles, nanoseconds). `count` is that of the operators.
int octet_run_timed(
    octet_session *session, uint32_t (*clock)(void *context), void *context, uint32_t *ticks,
    size_t count);

// How many outputs operator `index` has; 0 when there is none.
size_t octet_operator_output_count(const octet_session *session, size_t index);

// Describes an output of operator `index`.
int octet_operator_output(
    const octet_session *session, size_t index, size_t output, octet_tensor *tensor);

// Its values, from when the operator ran until a later one uses the memory. Null when there is
// none.
const int8_t *octet_operator_output_values(
    const octet_session *session, size_t index, size_t output);

// The operator's name in the model, zero-terminated UTF-8 inside the blob; null when there is none.
const char *octet_operator_name(const octet_session *session, size_t index);

// MARK: Looked at by a host

// The board's end of `octet diff --port`: a serial line, or any other that carries bytes both ways.
// The host reads the blob's bytes and the arena over it, sends inputs and runs operators, so link
// it for development only. Its memory belongs to Octet; it takes no other.
typedef struct {
  void *memory[48];
} octet_diff;

// Opens the model for a host to look at; nothing else may run in the arena meanwhile. `write` sends
// `byte_count` bytes. Returns what octet_open would: with an error, too, the host can look why.
int octet_diff_open(
    octet_diff *diff, const void *blob, size_t blob_byte_count, void *arena,
    size_t arena_byte_count, void (*write)(void *context, const void *bytes, size_t byte_count),
    void *context);

// Takes a byte from the host; the one that ends a request does the work and calls `write`.
void octet_diff_receive(octet_diff *diff, uint8_t byte);

// MARK: What the model is

// What the first bytes of a blob say of it, before anything is checked: in flash, how long it is;
// on a device in the field, which one.
typedef struct {
  size_t byte_count;  // of the whole blob; bytes behind it are not its own
  uint32_t checksum;  // CRC-32 of the blob, which names the model
  uint16_t format_version;
  size_t arena_byte_count;
} octet_header;

// Reads a blob's header: 0, or OCTET_ERROR_TRUNCATED, OCTET_ERROR_MISALIGNED or OCTET_ERROR_MAGIC.
int octet_read_header(const void *bytes, size_t byte_count, octet_header *header);

// OCTET_VERSION of the library that is linked.
int octet_version(void);

// The blob's self-test: 0, or OCTET_ERROR_SELF_TEST with the first operator that differs in
// error_detail.
int octet_self_test(octet_session *session);

// The size of all inputs end to end; 0 for a session that is not open.
size_t octet_input_byte_count(const octet_session *session);

// The size of all outputs end to end; 0 for a session that is not open.
size_t octet_output_byte_count(const octet_session *session);

// Describes input `index`, counted from 0; OCTET_ERROR_TENSOR_INDEX when there is none.
int octet_input(const octet_session *session, size_t index, octet_tensor *tensor);

// Describes output `index`, counted from 0; OCTET_ERROR_TENSOR_INDEX when there is none.
int octet_output(const octet_session *session, size_t index, octet_tensor *tensor);

// The name of class `index`, zero-terminated UTF-8 inside the blob; null when there is none.
const char *octet_label(const octet_session *session, size_t index);

// One sentence part for a person, for every code.
const char *octet_error_text(int code);

#ifdef __cplusplus
}
#endif
