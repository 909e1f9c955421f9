import OctetONNX

/// The bytes of TensorBoard's event files: records of TFRecord, each a message `Event`.
///
/// A record is the length of its data (8 bytes), that length's masked CRC-32C (4), the data, and
/// the data's (4), all little-endian (tensorflow/core/lib/io/record_writer.h). Field numbers are
/// those of `event.proto`, `summary.proto` and `tensor.proto`.
package struct EventRecords {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// What a file begins with.
  package mutating func begin(at time: Double) {
    add(at: time, step: 0) { $0.string(3, "brain.Event:2") }
  }

  /// Says that a run goes on from a step: readers forget what an older file has from there on.
  package mutating func resume(from step: Int, at time: Double) {
    add(at: time, step: step) { event in
      event.message(7) { $0.integer(1, 1) }
    }
  }

  /// Values of one step.
  package mutating func add(_ values: [EventValue], step: Int, at time: Double) {
    guard !values.isEmpty else { return }
    add(at: time, step: step) { event in
      event.message(5) { summary in
        for value in values { summary.message(1) { value.write(to: &$0) } }
      }
    }
  }

  private mutating func add(
    at time: Double, step: Int, _ write: (inout ProtobufWriter) -> Void
  ) {
    var event = ProtobufWriter()
    event.double(1, time)
    event.integer(2, Int64(step))
    write(&event)
    append(event.bytes)
  }

  /// One record.
  package mutating func append(_ data: [UInt8]) {
    let length = (0..<8).map { UInt8(truncatingIfNeeded: UInt64(data.count) >> (8 * $0)) }
    bytes += length
    append(CRC32C.masked(length))
    bytes += data
    append(CRC32C.masked(data))
  }

  private mutating func append(_ number: UInt32) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }
}
