// The size of the arena: what the blob asks for, read from it when this is compiled, so that it is
// the blob's own number whatever builds the firmware.
#pragma once

#if !__has_embed(BOARD_MODEL_FILE)
#error "there is no blob at BOARD_MODEL_FILE (Package.swift takes it from OCTET_MODEL)"
#endif

// BOARD_ARENA_BYTE_COUNT may be given instead, for models that a program gets later.
#ifndef BOARD_ARENA_BYTE_COUNT
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
// The blob's 32-bit word at this offset (TheBlob.md), lowest byte first.
enum {
  board_arena_byte_0 =
#embed BOARD_MODEL_FILE limit(1) clang::offset(64) if_empty(0)
  ,
  board_arena_byte_1 =
#embed BOARD_MODEL_FILE limit(1) clang::offset(65) if_empty(0)
  ,
  board_arena_byte_2 =
#embed BOARD_MODEL_FILE limit(1) clang::offset(66) if_empty(0)
  ,
  board_arena_byte_3 =
#embed BOARD_MODEL_FILE limit(1) clang::offset(67) if_empty(0)
  ,
};
#pragma clang diagnostic pop
#define BOARD_ARENA_BYTE_COUNT                                                     \
  (board_arena_byte_0 | board_arena_byte_1 << 8 | board_arena_byte_2 << 16 |      \
   board_arena_byte_3 << 24)
#endif

_Static_assert(
    BOARD_ARENA_BYTE_COUNT > 0 && BOARD_ARENA_BYTE_COUNT <= 1 << 28,
    "BOARD_MODEL_FILE is not an Octet blob: it asks for no arena, or for more than 256 MiB");
