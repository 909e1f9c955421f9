// Opens the first model of the library, runs its self-test and prints what each operator took.

#include <octet.h>
#include <octet_models.h>

alignas(16) static uint8_t arena[OCTET_ARENA_BYTE_COUNT];
static octet_session session;

static uint32_t now(void *) { return micros(); }

void setup() {
  Serial.begin(115200);
  int error = octet_open(&session, {{model}}, {{MODEL}}_BYTE_COUNT, arena, sizeof arena);
  if (!error) error = octet_self_test(&session);
  Serial.println(octet_error_text(error));
}

void loop() {
  static uint32_t ticks[256];
  const size_t count = octet_operator_count(&session);
  if (count <= 256 && !octet_run_timed(&session, now, nullptr, ticks, count)) {
    for (size_t index = 0; index < count; index++) {
      Serial.print(octet_operator_name(&session, index));
      Serial.print(": ");
      Serial.print(ticks[index]);
      Serial.println(" us");
    }
  }
  delay(5000);
}
