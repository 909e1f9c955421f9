// What the Linux entry point found. On ARM, bit 12 of the capabilities says NEON (HWCAP_NEON); on
// AArch64, bit 20 the dot product (HWCAP_ASIMDDP).
#pragma once

extern long linux_argument_count;
extern char **linux_arguments;
extern unsigned long linux_hardware_capabilities;
