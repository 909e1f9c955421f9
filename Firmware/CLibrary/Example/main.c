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
