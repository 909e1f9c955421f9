@ What liboctet.a tells ARM linkers about itself; the linker takes the first object's word for all.
@
@ Of the run-time ABI's choices (ADDENDA32, 3.3.6) only the alignment of the stack is left to
@ agree on. octet.h passes no float, wide character or enumeration by value, so the library goes
@ into programs of either float ABI and of either size of enumerations.

  .eabi_attribute Tag_ABI_VFP_args, 3          @ compatible with both conventions
  .eabi_attribute Tag_ABI_align_needed, 1      @ eight bytes
  .eabi_attribute Tag_ABI_align_preserved, 1
