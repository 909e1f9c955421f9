// A plugin of QEMU's code generator: counts the instructions that are executed between two
// addresses, the marks around an inference, and prints each count. Built by the host's clang when
// it is needed; it declares what it uses, so that no headers need be installed.
//
//     qemu-… -plugin counter.so,begin=ADDRESS,end=ADDRESS …        addresses in decimal

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// From qemu-plugin.h, version 1 of the interface (QEMU 6 to 8).
typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { QEMU_PLUGIN_CB_NO_REGS = 0, QEMU_PLUGIN_INLINE_ADD_U64 = 0 };
typedef void (*translated)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*executed)(unsigned int, void *);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, translated);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, executed, int, void *);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int, void *, uint64_t);

// From the C library that QEMU has loaded.
int dprintf(int, const char *, ...);

#define EXPORTED __attribute__((visibility("default")))
EXPORTED int qemu_plugin_version = 1;

static uint64_t begin_address, end_address, count, count_at_begin;

static void at_begin(unsigned int core, void *data) {
  (void)core, (void)data;
  count_at_begin = count;
}

static void at_end(unsigned int core, void *data) {
  (void)core, (void)data;
  dprintf(1, "instructions %llu\n", (unsigned long long)(count - count_at_begin));
}

static void block(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  for (size_t index = 0; index < qemu_plugin_tb_n_insns(tb); index++) {
    struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(tb, index);
    uint64_t address = qemu_plugin_insn_vaddr(instruction);
    if (address == begin_address || address == end_address) {
      qemu_plugin_register_vcpu_insn_exec_cb(
          instruction, address == begin_address ? at_begin : at_end, QEMU_PLUGIN_CB_NO_REGS, NULL);
    } else {
      qemu_plugin_register_vcpu_insn_exec_inline(
          instruction, QEMU_PLUGIN_INLINE_ADD_U64, &count, 1);
    }
  }
}

// The number after "name=" when the argument has that name.
static void read(const char *argument, const char *name, uint64_t *value) {
  while (*name && *argument == *name) argument++, name++;
  if (*name || *argument++ != '=') return;
  for (*value = 0; *argument >= '0' && *argument <= '9'; argument++) {
    *value = *value * 10 + (uint64_t)(*argument - '0');
  }
}

EXPORTED int qemu_plugin_install(
    qemu_plugin_id_t id, const qemu_info_t *info, int argument_count, char **arguments) {
  (void)info;
  for (int index = 0; index < argument_count; index++) {
    read(arguments[index], "begin", &begin_address);
    read(arguments[index], "end", &end_address);
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, block);
  return 0;
}
