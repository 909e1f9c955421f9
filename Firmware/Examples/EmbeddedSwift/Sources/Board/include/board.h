// What this board can say: text, through the debugger.
#pragma once

#include <stdint.h>

void print_text(const void *text);
void print_number(int32_t number);
_Noreturn void stop(void);
