// A device with two slots of flash, here a file each, and a public key.
//
//     device start [confirm]     what a start runs
//     device install UPDATE      what an update does

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>

#include "key.h"
#include "octet.h"
#include "octet_update.h"

enum { SLOT_BYTE_COUNT = 64 << 10 };

// Both slots as they would lie in mapped flash, aligned as its pages are.
static uint8_t slots[2][SLOT_BYTE_COUNT] __attribute__((aligned(64)));
static uint8_t arena[64 << 10] __attribute__((aligned(64)));

// MARK: The flash driver

static const char *file_name(int slot) { return slot ? "slot1" : "slot0"; }

static void load(int slot) {
  FILE *file = fopen(file_name(slot), "rb");
  if (!file || fread(slots[slot], 1, SLOT_BYTE_COUNT, file) != SLOT_BYTE_COUNT) {
    memset(slots[slot], 0xFF, SLOT_BYTE_COUNT);
  }
  if (file) fclose(file);
}

static int save(int slot) {
  FILE *file = fopen(file_name(slot), "wb");
  if (!file) return -1;
  const size_t count = fwrite(slots[slot], 1, SLOT_BYTE_COUNT, file);
  return fclose(file) || count != SLOT_BYTE_COUNT;
}

static int flash_read(void *context, int slot, size_t offset, void *bytes, size_t byte_count) {
  (void)context;
  if (offset + byte_count > SLOT_BYTE_COUNT) return -1;
  memcpy(bytes, slots[slot] + offset, byte_count);
  return 0;
}

static int flash_erase(void *context, int slot) {
  (void)context;
  memset(slots[slot], 0xFF, SLOT_BYTE_COUNT);
  return save(slot);
}

static int flash_program(
    void *context, int slot, size_t offset, const void *bytes, size_t byte_count) {
  (void)context;
  for (size_t index = 0; index < byte_count; index++) {
    if (slots[slot][offset + index] != 0xFF) return -1;  // it would be programmed twice
  }
  memcpy(slots[slot] + offset, bytes, byte_count);
  return save(slot);
}

// MARK: Who judges

// An ECDSA signature over SHA-256, in DER, stands behind the image. It says its own length.
static int authenticate(void *context, const octet_update_image *image) {
  (void)context;
  const uint8_t *start = slots[image->slot] + image->offset;
  const uint8_t *signature = start + image->byte_count;
  if (image->trailing_byte_count < 2 || signature[0] != 0x30 || signature[1] >= 0x80) return -1;
  const size_t length = (size_t)signature[1] + 2;
  if (length > image->trailing_byte_count) return -1;
  uint8_t digest[32];
  if (mbedtls_sha256_ret(start, image->byte_count, digest, 0)) return -1;
  mbedtls_pk_context key;
  mbedtls_pk_init(&key);
  int error = mbedtls_pk_parse_public_key(&key, key_der, key_der_len);
  if (!error) {
    error = mbedtls_pk_verify(&key, MBEDTLS_MD_SHA256, digest, sizeof digest, signature, length);
  }
  mbedtls_pk_free(&key);
  return error;
}

static int open_model(octet_session *session, const octet_update_image *image) {
  return octet_open(
      session, slots[image->slot] + image->blob_offset, image->blob_byte_count, arena,
      sizeof arena);
}

static int self_test(void *context, const octet_update_image *image) {
  (void)context;
  octet_session session;
  const int error = open_model(&session, image);
  return error ? error : octet_self_test(&session);
}

static const octet_update_platform platform = {
    .slot_byte_count = SLOT_BYTE_COUNT,
    .erased_value = 0xFF,
    .trial_limit = 3,
    .read = flash_read,
    .erase = flash_erase,
    .program = flash_program,
    .authenticate = authenticate,
    .self_test = self_test,
};

// MARK: What the device does

static int say(int error) {
  printf("%s\n", octet_error_text(error));
  return 1;
}

static int start(int is_good) {
  octet_update_image image;
  if (octet_update_start(&platform, &image)) return puts("no model"), 0;
  octet_session session;
  int error = open_model(&session, &image);
  if (error) return say(error);
  printf("running version %lu", (unsigned long)image.version);
  if (image.is_trial) printf(" on trial");
  if (image.is_fallback) printf(" after a newer one failed");
  if (is_good) {
    error = octet_update_confirm(&platform, &image);
    if (error) return say(error);
    printf(", confirmed");
  }
  puts("");
  // Which model runs now, for an update that comes while it does.
  FILE *file = fopen("running", "wb");
  if (file) {
    fwrite(&image, sizeof image, 1, file);
    fclose(file);
  }
  return 0;
}

static int install(const char *path) {
  octet_update_image running, image;
  FILE *file = fopen("running", "rb");
  const int runs = file && fread(&running, sizeof running, 1, file) == 1;
  if (file) fclose(file);

  octet_update update;
  octet_update_begin(&update, runs ? &running : NULL);
  file = fopen(path, "rb");
  if (!file) return puts("no such update"), 1;
  uint8_t piece[250];
  size_t count;
  int error = 0;
  while (!error && (count = fread(piece, 1, sizeof piece, file))) {
    error = octet_update_write(&platform, &update, piece, count);
  }
  fclose(file);
  if (!error) error = octet_update_finish(&platform, &update, &image);
  if (error) return say(error);
  printf("installed version %lu\n", (unsigned long)image.version);
  return 0;
}

int main(int argument_count, char **arguments) {
  load(0), load(1);
  if (argument_count >= 2 && !strcmp(arguments[1], "start")) return start(argument_count > 2);
  if (argument_count == 3 && !strcmp(arguments[1], "install")) return install(arguments[2]);
  puts("usage: device start [confirm] | install UPDATE");
  return 64;
}
