// What the Linux entry point found.
#pragma once

extern long linux_argument_count;
extern char **linux_arguments;
