// Runs a model from C: the blob's self-test, then one input of zeros, at once and in parts.
//
//     example M.oct

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "octet.h"

// The whole file at an address that malloc aligns.
static void *read_file(const char *path, size_t *byte_count) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  *byte_count = (size_t)ftell(file);
  rewind(file);
  void *bytes = malloc(*byte_count + 1);
  if (bytes && fread(bytes, 1, *byte_count, file) != *byte_count) *byte_count = 0;
  fclose(file);
  return bytes;
}

static int fail(const octet_session *session, int error) {
  const unsigned long detail = (unsigned long)session->error_detail;
  printf("error %d at %lu: %s\n", error, detail, octet_error_text(error));
  return 1;
}

// Whether the same values come out where the input is filled in place and each operator is run by
// itself, as a program does that takes times or looks inside.
static int runs_in_parts(octet_session *session, const int8_t *input, const int8_t *output) {
  octet_tensor tensor;
  for (size_t index = 0; !octet_input(session, index, &tensor); index++) {
    memcpy(octet_input_values(session, index), input, tensor.byte_count);
    input += tensor.byte_count;
  }
  const size_t count = octet_operator_count(session);
  for (size_t index = 0; index < count; index++) {
    if (octet_run_operator(session, index)) return 0;
  }
  // A model's first output is made by its last operator here.
  octet_operator_output(session, count - 1, 0, &tensor);
  const int8_t *values = octet_operator_output_values(session, count - 1, 0);
  return octet_output_values(session, 0) == values && !memcmp(values, output, tensor.byte_count);
}

// Counts its calls: a clock by which each operator takes one tick.
static uint32_t count_calls(void *context) { return ++*(uint32_t *)context; }

// Whether each operator took one tick.
static int runs_timed(octet_session *session) {
  uint32_t ticks[64], calls = 0;
  const size_t count = octet_operator_count(session);
  if (count > 64 || octet_run_timed(session, count_calls, &calls, ticks, count)) return 0;
  for (size_t index = 0; index < count; index++) {
    if (ticks[index] != 1) return 0;
  }
  return octet_run_timed(session, count_calls, &calls, ticks, count + 1) ==
         OCTET_ERROR_TENSOR_INDEX;
}

// Whether the same values come out by this machine's fastest instructions.
static int runs_fast(
    const void *blob, size_t blob_byte_count, void *arena, size_t arena_byte_count,
    const int8_t *input, const int8_t *output) {
  const size_t byte_count = octet_workspace_byte_count(blob, blob_byte_count);
  uint8_t *memory = malloc(byte_count + 64);
  void *workspace = memory + (64 - (uintptr_t)memory % 64) % 64;
  octet_session session;
  int8_t *values = malloc(1 << 12);
  int is_same = !octet_open_with_workspace(
      &session, blob, blob_byte_count, arena, arena_byte_count, workspace, byte_count);
  const size_t input_byte_count = octet_input_byte_count(&session);
  const size_t output_byte_count = octet_output_byte_count(&session);
  is_same = is_same && output_byte_count <= 1 << 12 && !octet_self_test(&session) &&
            !octet_run(&session, input, input_byte_count, values, output_byte_count) &&
            !memcmp(values, output, output_byte_count);
  if (byte_count) {
    is_same = is_same && octet_open_with_workspace(
                             &session, blob, blob_byte_count, arena, arena_byte_count, workspace,
                             byte_count - 1) == OCTET_ERROR_WORKSPACE_TOO_SMALL;
  }
  free(values), free(memory);
  return is_same;
}

int main(int argument_count, char **arguments) {
  size_t blob_byte_count = 0;
  void *blob = argument_count == 2 ? read_file(arguments[1], &blob_byte_count) : NULL;
  if (!blob) return puts("usage: example M.oct"), 64;

  size_t arena_byte_count = octet_arena_byte_count(blob, blob_byte_count);
  void *arena = malloc(arena_byte_count + 1);
  octet_session session;
  int error = octet_open(&session, blob, blob_byte_count, arena, arena_byte_count);
  if (error) return fail(&session, error);
  // Small C libraries know no %zu.
  printf("open: arena %lu bytes\n", (unsigned long)arena_byte_count);

  error = octet_self_test(&session);
  if (error) return fail(&session, error);
  puts("self-test: passed");

  size_t input_byte_count = octet_input_byte_count(&session);
  size_t output_byte_count = octet_output_byte_count(&session);
  int8_t *input = calloc(input_byte_count, 1), *output = calloc(output_byte_count, 1);
  error = octet_run(&session, input, input_byte_count, output, output_byte_count);
  if (error) return fail(&session, error);
  printf("output:");
  for (size_t index = 0; index < output_byte_count; index++) printf(" %d", output[index]);
  puts("");

  const int is_same = runs_in_parts(&session, input, output);
  printf("operator by operator: %s\n", is_same ? "the same" : "other");

  printf("timed: %s\n", runs_timed(&session) ? "each" : "not");
  const int is_fast =
      runs_fast(blob, blob_byte_count, arena, arena_byte_count, input, output);
  printf("with a workspace: %s\n", is_fast ? "the same" : "other");
  octet_header header;
  const int is_read = !octet_read_header(blob, blob_byte_count, &header) &&
                      header.byte_count == blob_byte_count &&
                      header.arena_byte_count == arena_byte_count &&
                      octet_version() == OCTET_VERSION;
  printf("header: %s\n", is_read ? "read" : "not");

  // What goes wrong says so.
  error = octet_run(&session, input, input_byte_count - 1, output, output_byte_count);
  printf("input one byte short: %d, %s\n", error, octet_error_text(error));
  error = octet_open(&session, blob, blob_byte_count, arena, arena_byte_count - 1);
  printf("arena one byte short: %d, %s\n", error, octet_error_text(error));
  ((uint8_t *)blob)[blob_byte_count / 2] ^= 1;
  error = octet_open(&session, blob, blob_byte_count, arena, arena_byte_count);
  printf("one bit flipped: %d, %s\n", error, octet_error_text(error));
  return 0;
}
