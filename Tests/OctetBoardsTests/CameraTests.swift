import Foundation
import OctetBoards
import OctetCompiler
import Testing

/// octet-run's camera: a driver of our own stands in for the kernel's, since no machine that tests
/// has the same camera, or any.
@Suite(.enabled(if: isInstalled("qemu-aarch64"), "QEMU is not installed"))
struct CameraTests {
  /// A camera of 6×4 pixels in YUYV whose rows are padded to 16 bytes; every third frame is cut
  /// short. What is asked of it in a wrong order, or with a wrong value, fails.
  private static let driver = """
    #include "device.h"
    #include "video.h"
    enum { WIDTH = 6, HEIGHT = 4, STRIDE = 16, BYTES = STRIDE * HEIGHT, WRONG = -22 };
    static unsigned char frames[4][BYTES];
    static unsigned queued[4], count, next, taken, started, held;
    static int same(const char *a, const char *b) {
      while (*a && *a == *b) a++, b++;
      return *a == *b;
    }
    long device_open(const char *path) {
      return same(path, "/dev/video0") ? 7 : same(path, "/dev/jpeg") ? 8 : -2;
    }
    long device_map(long descriptor, size_t byte_count, uint32_t offset) {
      if (descriptor != 7 || byte_count != BYTES || offset % 4096) return WRONG;
      return (long)frames[offset / 4096];
    }
    static void fill(unsigned index) {
      for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < STRIDE; x++)
          frames[index][y * STRIDE + x] =
              x >= 2 * WIDTH ? 255 : x % 2 ? 128 : (unsigned char)(16 + 9 * (y * WIDTH + x / 2));
    }
    long device_control(long descriptor, unsigned long request, void *argument) {
      if (request == VIDEO_QUERY_CAPABILITY) {
        video_capability *a = argument;
        a->capabilities = (uint32_t)VIDEO_HAS_CAPS;
        a->device_capabilities = VIDEO_CAPTURE | VIDEO_STREAMING;
      } else if (request == VIDEO_DESCRIBE_FORMAT) {
        video_description *a = argument;
        if (a->type != VIDEO_CAPTURE || a->index > (descriptor == 7)) return WRONG;
        a->format = a->index ? 0x56595559 : 0x47504A4D;  // MJPG, then YUYV
      } else if (request == VIDEO_GET_FORMAT) {
        ((video_format *)argument)->picture.width = WIDTH;
        ((video_format *)argument)->picture.height = HEIGHT;
      } else if (request == VIDEO_SET_FORMAT) {
        video_format *a = argument;
        if (a->type != VIDEO_CAPTURE || a->picture.format != 0x56595559) return WRONG;
        a->picture.width = WIDTH, a->picture.height = HEIGHT, a->picture.stride = STRIDE;
      } else if (request == VIDEO_REQUEST_BUFFERS) {
        video_request *a = argument;
        count = a->count = a->count > 2 ? 2 : a->count;
      } else if (request == VIDEO_QUERY_BUFFER) {
        video_buffer *a = argument;
        if (a->index >= count || a->memory != VIDEO_MAPPED) return WRONG;
        a->byte_count = BYTES, a->offset = a->index * 4096;
      } else if (request == VIDEO_QUEUE) {
        video_buffer *a = argument;
        if (a->index >= count || queued[a->index]++) return WRONG;
        if (started && a->index != held) return WRONG;
      } else if (request == VIDEO_DEQUEUE) {
        video_buffer *a = argument;
        if (!started || !queued[next]) return WRONG;
        if (++taken > 7) return -19;
        queued[next] = 0;
        fill(next);
        a->index = held = next;
        a->used_byte_count = taken % 3 ? BYTES : BYTES - 1;
        next = (next + 1) % count;
      } else if (request == VIDEO_START) {
        started = *(int *)argument == VIDEO_CAPTURE && count == 2;
        return started ? 0 : WRONG;
      } else {
        return WRONG;
      }
      return 0;
    }
    """

  @Test("Frames of a camera are the picture that they show")
  func camera() throws {
    try withTemporaryFolder { folder in
      let driver = folder.appendingPathComponent("driver.c")
      try Data(Self.driver.utf8).write(to: driver)
      var builder = try RunnerBuilder(try Board.named("linux-aarch64"))
      builder.device = driver
      let program = try builder.build(into: folder)[0].path
      var layers = GraphOfLayers(height: 4, width: 6, channels: 1)
      layers.fullyConnected(outputs: 3)
      let blob = try Compiler.compile(layers.finished()).blob
      try Data(blob.bytes).write(to: folder.appendingPathComponent("m.oct"))
      // Luma 16 + 9n of limited range.
      let pixels = (0..<24).map { UInt8((76309 * 9 * $0 + 32768) >> 16) }
      try Data(Array("P5 6 4 255\n".utf8) + pixels)
        .write(to: folder.appendingPathComponent("picture.pgm"))
      func octetRun(_ arguments: String...) throws -> [[Substring]] {
        try run("qemu-aarch64", [program, "m.oct"] + arguments, in: folder)
          .split(separator: "\n").map { $0.split(separator: "\t") }
      }
      let picture = try octetRun("--top", "3", "picture.pgm")
      let frames = try octetRun("--top", "3", "--camera", "/dev/video0", "--count", "4")
      #expect(frames.count == 4 && picture.count == 1)
      for frame in frames { #expect(frame[1..<7] == picture[0][1..<7]) }
      // The driver's end, and a camera with nothing but JPEG.
      func failure(_ path: String) throws -> String {
        try run(
          "sh", ["-c", "qemu-aarch64 \(program) m.oct --camera \(path) 2>&1 >/dev/null; echo $?"],
          in: folder)
      }
      #expect(
        try failure("/dev/video0")
          == "octet-run: no frame came from '/dev/video0': this is not a regular file, "
          + "which can be mapped\n74\n")
      #expect(try failure("/dev/jpeg").contains("has none of the formats gray, rgb, bgr, yuyv"))
    }
  }

  @Test(
    "The kernel's structures are laid out as in its own header",
    .enabled(if: FileManager.default.fileExists(atPath: "/usr/include/linux/videodev2.h")),
    arguments: ["cc", "arm-linux-gnueabihf-gcc"].filter(isInstalled))
  func layout(compiler: String) throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Firmware/Sources/Run/video.h").standardizedFileURL.path
    let fields = [
      ("sizeof(video_format)", "sizeof(struct v4l2_format)"),
      ("offsetof(video_format, picture)", "offsetof(struct v4l2_format, fmt)"),
      ("sizeof(video_buffer)", "sizeof(struct v4l2_buffer)"),
      ("offsetof(video_buffer, offset)", "offsetof(struct v4l2_buffer, m)"),
      ("offsetof(video_buffer, byte_count)", "offsetof(struct v4l2_buffer, length)"),
      ("offsetof(video_description, format)", "offsetof(struct v4l2_fmtdesc, pixelformat)"),
      (
        "offsetof(video_capability, device_capabilities)",
        "offsetof(struct v4l2_capability, device_caps)"
      ),
      ("VIDEO_QUERY_CAPABILITY", "VIDIOC_QUERYCAP"), ("VIDEO_DESCRIBE_FORMAT", "VIDIOC_ENUM_FMT"),
      ("VIDEO_GET_FORMAT", "VIDIOC_G_FMT"), ("VIDEO_SET_FORMAT", "VIDIOC_S_FMT"),
      ("VIDEO_REQUEST_BUFFERS", "VIDIOC_REQBUFS"), ("VIDEO_QUERY_BUFFER", "VIDIOC_QUERYBUF"),
      ("VIDEO_QUEUE", "VIDIOC_QBUF"), ("VIDEO_DEQUEUE", "VIDIOC_DQBUF"),
      ("VIDEO_START", "VIDIOC_STREAMON"), ("VIDEO_STREAMING", "V4L2_CAP_STREAMING"),
      ("VIDEO_HAS_CAPS", "V4L2_CAP_DEVICE_CAPS"), ("VIDEO_CAPTURE", "V4L2_CAP_VIDEO_CAPTURE"),
    ]
    let text =
      "#include <stddef.h>\n#include <linux/videodev2.h>\n#include \"\(sources)\"\n"
      + fields.map { "_Static_assert((unsigned)(\($0.0)) == (unsigned)(\($0.1)), \"\($0.0)\");\n" }
      .joined()
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("layout.c")
      try Data(text.utf8).write(to: file)
      try run(compiler, ["-fsyntax-only", file.path])
    }
  }
}
