// Runs the linked model on raw int8 values from a file, by this machine's fastest instructions.
//
//     classify INPUT [OUTPUT]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

#include "octet.h"
#include "octet_models.h"

namespace {

// A model and its memory, which live and die together.
class Model {
 public:
  Model(const void *blob, size_t byte_count)
      : arena_(octet_arena_byte_count(blob, byte_count)),
        workspace_(octet_workspace_byte_count(blob, byte_count)) {
    require(octet_open_with_workspace(
        &session_, blob, byte_count, arena_.start, arena_.byte_count, workspace_.start,
        workspace_.byte_count));
  }

  octet_session *session() { return &session_; }

  std::vector<int8_t> run(const std::vector<int8_t> &input) {
    std::vector<int8_t> output(octet_output_byte_count(&session_));
    require(octet_run(&session_, input.data(), input.size(), output.data(), output.size()));
    return output;
  }

  static void require(int error) {
    if (error) throw std::runtime_error(octet_error_text(error));
  }

 private:
  // 64-aligned, as the workspace has to be.
  struct Memory {
    explicit Memory(size_t count)
        : byte_count(count), start(std::aligned_alloc(64, (count + 64) / 64 * 64)) {}
    ~Memory() { std::free(start); }
    Memory(const Memory &) = delete;
    Memory &operator=(const Memory &) = delete;
    size_t byte_count;
    void *start;
  };

  Memory arena_, workspace_;
  octet_session session_ = {};
};

uint32_t nanoseconds(void *) {
  return static_cast<uint32_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

}  // namespace

int main(int argument_count, char **arguments) try {
  if (argument_count < 2) {
    std::fputs("usage: classify INPUT [OUTPUT]\n", stderr);
    return 64;
  }
  Model loaded(model, MODEL_BYTE_COUNT);
  octet_session *session = loaded.session();
  std::printf("self-test: %s\n", octet_error_text(octet_self_test(session)));
  std::printf("input: %u\n", MODEL_INPUT_BYTE_COUNT);

  std::ifstream file(arguments[1], std::ios::binary);
  std::vector<int8_t> input{std::istreambuf_iterator<char>(file), {}};
  if (input.size() < MODEL_INPUT_BYTE_COUNT) throw std::runtime_error("the input is too short");
  input.resize(MODEL_INPUT_BYTE_COUNT);
  const std::vector<int8_t> output = loaded.run(input);
  for (size_t index = 0; index < output.size() && index < 10; index++) {
    const char *label = octet_label(session, index);
    std::printf("%s: %d\n", label ? label : "-", output[index]);
  }
  if (argument_count > 2) {
    std::ofstream(arguments[2], std::ios::binary)
        .write(reinterpret_cast<const char *>(output.data()), output.size());
  }

  octet_tensor tensor;
  for (size_t index = 0; !octet_input(session, index, &tensor); index++) {
    int8_t *values = octet_input_values(session, index);
    std::fill(values, values + tensor.byte_count, 0);
  }
  std::vector<uint32_t> ticks(octet_operator_count(session));
  Model::require(octet_run_timed(session, nanoseconds, nullptr, ticks.data(), ticks.size()));
  for (size_t index = 0; index < ticks.size(); index++) {
    std::printf("%s: %u ns\n", octet_operator_name(session, index), ticks[index]);
  }
  return 0;
} catch (const std::exception &error) {
  std::fprintf(stderr, "classify: %s\n", error.what());
  return 1;
}
