// The board's end of `octet diff --port` as a program: standard input and output are the line. On a
// board the loop reads its UART, and `send` writes it.
//
//     diff M.oct

#include <stdio.h>
#include <stdlib.h>

#include "octet.h"

static void send(void *context, const void *bytes, size_t byte_count) {
  fwrite(bytes, 1, byte_count, (FILE *)context);
  fflush((FILE *)context);
}

int main(int argument_count, char **arguments) {
  FILE *file = argument_count == 2 ? fopen(arguments[1], "rb") : NULL;
  if (!file) return 64;
  fseek(file, 0, SEEK_END);
  const size_t byte_count = (size_t)ftell(file);
  rewind(file);
  void *blob = malloc(byte_count + 1);
  if (!blob || fread(blob, 1, byte_count, file) != byte_count) return 66;
  fclose(file);
  const size_t arena_byte_count = octet_arena_byte_count(blob, byte_count);
  void *arena = malloc(arena_byte_count + 1);

  octet_diff diff;
  // A model that is refused can be looked at too.
  octet_diff_open(&diff, blob, byte_count, arena, arena_byte_count, send, stdout);
  for (int byte; (byte = getchar()) != EOF;) octet_diff_receive(&diff, (uint8_t)byte);
  return 0;
}
