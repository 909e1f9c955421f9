// Octet's field updates from C: two slots of flash, one of which always keeps the last good model.
// No heap, no libc. octet.h runs the model; neither header needs the other.
//
//     octet_update_image image;                           // at every start: what to run
//     if (octet_update_start(&platform, &image)) …        // the model that came with the program
//     if (image.is_trial && …) octet_update_confirm(&platform, &image);    // it has proved itself
//
//     octet_update update;                                // when a new model comes
//     octet_update_begin(&update, &image);
//     while (…) octet_update_write(&platform, &update, bytes, byte_count);
//     octet_update_finish(&platform, &update, &image);    // the next start tries it
//
// Power may fail at any moment. Functions that return int return 0 or an error code.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What the functions below return; octet_error_text says each in words. After an error the last
// good model is where it was.
enum {
  OCTET_ERROR_UPDATE_FLASH = 110,
  OCTET_ERROR_UPDATE_IMAGE = 111,
  OCTET_ERROR_UPDATE_TOO_LARGE = 112,
  OCTET_ERROR_UPDATE_VERSION = 113,
  OCTET_ERROR_UPDATE_NOT_AUTHENTIC = 114,
  OCTET_ERROR_UPDATE_SELF_TEST = 115,
  OCTET_ERROR_UPDATE_TRIAL = 116,
  OCTET_ERROR_UPDATE_NONE = 117,
};

// A model in a slot. Offsets count from the slot's first byte.
typedef struct {
  int slot;           // 0 or 1
  uint32_t version;   // as octet export --model-version wrote it
  size_t offset;      // of the image: what is signed, a header and the blob; 960
  size_t byte_count;  // of the image
  // Bytes of the slot behind the image: the signature, then whatever is left.
  size_t trailing_byte_count;
  size_t blob_offset;  // 1024
  size_t blob_byte_count;
  int is_trial;     // it has still to be confirmed
  int is_fallback;  // a newer model was there and is not run: damaged, refused or never confirmed
} octet_update_image;

// The flash and who judges. The functions return 0 when it is done or so, anything else when not.
typedef struct {
  void *context;            // handed to each of them
  size_t slot_byte_count;   // of each slot, whole pages
  uint8_t erased_value;     // 0xFF or 0x00
  uint8_t trial_limit;      // starts in which a new model has to be confirmed, 1…7
  uint8_t allows_downgrade; // 0: a new model's version is above that of the last good one
  uint32_t minimum_version; // lower ones never run: the platform's monotonic counter, or 0
  int (*read)(void *context, int slot, size_t offset, void *bytes, size_t byte_count);
  int (*erase)(void *context, int slot);  // the whole slot
  // Programs 64 erased bytes, at a multiple of 64, and never again before the slot is erased: for
  // flash that programs 1, 2, 4 … 64 bytes at once, with or without error correction.
  int (*program)(
      void *context, int slot, size_t offset, const void *bytes, size_t byte_count);
  // Whether the image is from whom it should be, by the signature behind it; its checksum is
  // right. Null: only the checksum protects it, against accidents.
  int (*authenticate)(void *context, const octet_update_image *image);
  // Whether the blob opens and passes octet_self_test; it is authentic. Null: not asked.
  int (*self_test)(void *context, const octet_update_image *image);
} octet_update_platform;

// An update that is coming in. Its contents belong to Octet.
typedef struct {
  uint64_t contents[16];
} octet_update;

// The model to run: the newest that is whole, authentic, and confirmed or on trial, of which a
// start is used up by this. OCTET_ERROR_UPDATE_NONE when no slot has any.
int octet_update_start(const octet_update_platform *platform, octet_update_image *image);

// Keeps a model on trial, from now on the last good one.
int octet_update_confirm(const octet_update_platform *platform, const octet_update_image *image);

// Ends a model's trial: the next start runs the last good one.
int octet_update_reject(const octet_update_platform *platform, const octet_update_image *image);

// Begins an update. `running` is what octet_update_start gave; null when it gave none.
void octet_update_begin(octet_update *update, const octet_update_image *running);

// Takes the next bytes: the file that octet export --to slot made, then its signature. Nothing is
// erased before the first 64 are there and acceptable.
int octet_update_write(
    const octet_update_platform *platform, octet_update *update, const void *bytes,
    size_t byte_count);

// Verifies what is in flash and runs the self-test; then, last of all, seals the slot.
int octet_update_finish(
    const octet_update_platform *platform, octet_update *update, octet_update_image *image);

#ifdef __cplusplus
}
#endif
