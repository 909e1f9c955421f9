// A plugin of QEMU's code generator: counts what is executed between two addresses, the marks
// around an inference, and prints each count. Built by the host's clang when it is needed; it
// declares what it uses, so that no headers need be installed.
//
//     qemu-… -plugin counter.so,begin=ADDRESS,end=ADDRESS[,base=ADDRESS,costs=FILE] …
//
// Addresses are decimal. FILE has two bytes for each two bytes of code from `base` on, for the
// instruction that starts there: its cycles; and what a jump from it takes more, plus 128 for a
// load, which takes one cycle less directly after another load. Without FILE there are no cycles.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// From qemu-plugin.h: what all versions of the interface have alike, 1 (QEMU 4.2 to 8), which
// QEMU 9 no longer takes, and 2 and later, which QEMU 8 does not take yet.
typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { QEMU_PLUGIN_CB_NO_REGS = 0 };
typedef void (*translated)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*executed)(unsigned int, void *);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, translated);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, executed, int, void *);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, executed, int, void *);

// New in version 2; only whether it is there matters.
__attribute__((weak)) void *qemu_plugin_scoreboard_new(size_t);

// From the C library that QEMU has loaded.
int dprintf(int, const char *, ...);
void *calloc(size_t, size_t);
void *realloc(void *, size_t);
int open(const char *, int, ...);
int close(int);
long read(int, void *, size_t);

#define EXPORTED __attribute__((visibility("default")))
EXPORTED int qemu_plugin_version = 1;

// QEMU reads the version after loading and before it calls anything.
__attribute__((constructor)) static void choose_version(void) {
  if (qemu_plugin_scoreboard_new) qemu_plugin_version = 2;
}

static uint64_t begin_address, end_address, base_address;
static uint8_t *costs;
static size_t cost_byte_count;

// Instructions that are always executed together: a translated block, or one instruction of a
// block with a mark in it.
typedef struct {
  uint64_t start, end;
  uint64_t instruction_count, cycle_count;
  // More cycles when what is executed next is not what follows.
  uint64_t jump_cycle_count;
  bool starts_with_load, ends_with_load;
} piece;

static uint64_t instruction_count, cycle_count;
static uint64_t instruction_count_at_begin, cycle_count_at_begin;
static const piece *last;

static void execute(unsigned int core, void *data) {
  (void)core;
  const piece *now = data;
  if (last && last->end != now->start) {
    cycle_count += last->jump_cycle_count;
  } else if (last && last->ends_with_load && now->starts_with_load) {
    cycle_count -= 1;
  }
  instruction_count += now->instruction_count;
  cycle_count += now->cycle_count;
  last = now;
}

static void at_begin(unsigned int core, void *data) {
  execute(core, data);
  instruction_count_at_begin = instruction_count;
  cycle_count_at_begin = cycle_count;
}

static void at_end(unsigned int core, void *data) {
  execute(core, data);
  unsigned long long instructions = instruction_count - instruction_count_at_begin;
  unsigned long long cycles = cycle_count - cycle_count_at_begin;
  if (costs) {
    dprintf(1, "instructions %llu cycles %llu\n", instructions, cycles);
  } else {
    dprintf(1, "instructions %llu\n", instructions);
  }
}

static bool is_mark(uint64_t address) {
  return address == begin_address || address == end_address;
}

static void append(piece *piece, const struct qemu_plugin_insn *instruction) {
  uint64_t address = qemu_plugin_insn_vaddr(instruction);
  uint64_t index = (address - base_address) & ~(uint64_t)1;
  bool is_known = address >= base_address && index + 1 < cost_byte_count;
  uint64_t cycles = is_known ? costs[index] : 0;
  bool is_load = is_known && costs[index + 1] & 128;
  if (piece->instruction_count == 0) {
    piece->start = address;
    piece->starts_with_load = is_load;
  } else if (piece->ends_with_load && is_load) {
    cycles -= 1;
  }
  piece->end = address + qemu_plugin_insn_size(instruction);
  piece->jump_cycle_count = is_known ? costs[index + 1] & 127 : 0;
  piece->ends_with_load = is_load;
  // The marks themselves are not counted.
  if (is_mark(address)) return;
  piece->instruction_count += 1;
  piece->cycle_count += cycles;
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  size_t count = qemu_plugin_tb_n_insns(tb);
  bool has_mark = false;
  for (size_t index = 0; index < count; index++) {
    has_mark |= is_mark(qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, index)));
  }
  // They live as long as the translation, which is not told when it ends.
  piece *pieces = calloc(has_mark ? count : 1, sizeof *pieces);
  if (!pieces) return;
  for (size_t index = 0; index < count; index++) {
    struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(tb, index);
    append(&pieces[has_mark ? index : 0], instruction);
    if (!has_mark) continue;
    uint64_t address = qemu_plugin_insn_vaddr(instruction);
    qemu_plugin_register_vcpu_insn_exec_cb(
        instruction,
        address == begin_address ? at_begin : address == end_address ? at_end : execute,
        QEMU_PLUGIN_CB_NO_REGS, &pieces[index]);
  }
  if (!has_mark) {
    qemu_plugin_register_vcpu_tb_exec_cb(tb, execute, QEMU_PLUGIN_CB_NO_REGS, pieces);
  }
}

// What follows "name=" in the argument; null when it has another name.
static const char *value(const char *argument, const char *name) {
  while (*name && *argument == *name) argument++, name++;
  return *name == 0 && *argument == '=' ? argument + 1 : NULL;
}

static void read_number(const char *argument, const char *name, uint64_t *number) {
  const char *digit = value(argument, name);
  if (!digit) return;
  for (*number = 0; *digit >= '0' && *digit <= '9'; digit++) {
    *number = *number * 10 + (uint64_t)(*digit - '0');
  }
}

// The whole file into `costs`; false when it cannot be read.
static bool read_costs(const char *path) {
  int file = open(path, 0);
  if (file < 0) return false;
  size_t capacity = 0;
  for (;;) {
    if (cost_byte_count == capacity) {
      capacity = capacity ? 2 * capacity : 65536;
      costs = realloc(costs, capacity);
      if (!costs) return false;
    }
    long count = read(file, costs + cost_byte_count, capacity - cost_byte_count);
    if (count <= 0) return close(file), count == 0;
    cost_byte_count += (size_t)count;
  }
}

EXPORTED int qemu_plugin_install(
    qemu_plugin_id_t id, const qemu_info_t *info, int argument_count, char **arguments) {
  (void)info;
  for (int index = 0; index < argument_count; index++) {
    read_number(arguments[index], "begin", &begin_address);
    read_number(arguments[index], "end", &end_address);
    read_number(arguments[index], "base", &base_address);
    const char *path = value(arguments[index], "costs");
    if (path && !read_costs(path)) {
      dprintf(2, "counter: cannot read %s\n", path);
      return 1;
    }
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  return 0;
}
