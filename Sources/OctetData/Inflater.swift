import CZlib
import Foundation

/// What a stream of zlib's inflate is wrapped in; `deflate` is the bare stream, as zip has it.
enum InflateContainer { case gzip, zlib, deflate }

enum InflateFailure: Error {
  /// The stream ends before its end mark.
  case truncated
  /// The bytes are no such stream, or a check sum does not hold; with zlib's own words.
  case corrupt(String)
}

/// A stream of zlib's inflate over bytes in memory, read in pieces, so that no more is ever
/// unpacked than the caller has asked for: a small file that claims or holds gigabytes costs
/// nothing.
///
/// gzip files of several members, one after the other, read as one stream (RFC 1952, 2.2).
@safe final class Inflater<Bytes: RandomAccessCollection<UInt8> & ContiguousBytes>
where Bytes.Index == Int, Bytes.SubSequence == Bytes {
  private let container: InflateContainer
  private let bytes: Bytes
  /// The stream's state, on the heap because zlib keeps its address.
  private let stream: UnsafeMutablePointer<z_stream>
  private var isFinished = false
  private var isOpen: Bool
  /// Bytes of input used up so far.
  private(set) var consumedByteCount = 0

  init(_ bytes: Bytes, as container: InflateContainer) {
    self.container = container
    self.bytes = bytes
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    // 15 bits of window; 16 more ask for a gzip header and its CRC-32, a minus for no header.
    let windowBits: Int32 =
      switch container {
      case .gzip: 15 + 16
      case .zlib: 15
      case .deflate: -15
      }
    let status = unsafe inflateInit2_(
      stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    isOpen = status == Z_OK
  }

  deinit {
    if isOpen { unsafe inflateEnd(stream) }
    unsafe stream.deinitialize(count: 1)
    unsafe stream.deallocate()
  }

  /// Appends up to `count` bytes to `output`; fewer only where the stream ends, whose check sum
  /// has then been compared.
  func read(_ count: Int, into output: inout [UInt8]) throws(InflateFailure) {
    var wanted = count
    var chunk = [UInt8](repeating: 0, count: min(max(count, 1), 1 << 16))
    while wanted > 0 && !isFinished {
      let produced = try step(into: &chunk, count: min(wanted, chunk.count))
      output.append(contentsOf: chunk[..<produced])
      wanted -= produced
    }
  }

  /// True where nothing is left to unpack. Reads the rest of the stream's end mark.
  func isAtEnd() throws(InflateFailure) -> Bool {
    var extra: [UInt8] = []
    try read(1, into: &extra)
    return extra.isEmpty
  }

  private func step(into chunk: inout [UInt8], count: Int) throws(InflateFailure) -> Int {
    guard isOpen else { throw .corrupt("zlib has no memory") }
    // zlib counts in 32 bits: at most 1 GiB is offered at once.
    let offered = min(bytes.count - consumedByteCount, 1 << 30)
    let start = bytes.startIndex + consumedByteCount
    var produced = 0
    var used = 0
    let status = unsafe bytes[start..<start + offered].withUnsafeBytes { input in
      unsafe chunk.withUnsafeMutableBufferPointer { output in
        unsafe stream.pointee.next_in = UnsafeMutablePointer(
          mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        unsafe stream.pointee.avail_in = UInt32(offered)
        unsafe stream.pointee.next_out = output.baseAddress
        unsafe stream.pointee.avail_out = UInt32(count)
        let status = unsafe inflate(stream, Z_NO_FLUSH)
        used = unsafe offered - Int(stream.pointee.avail_in)
        produced = unsafe count - Int(stream.pointee.avail_out)
        unsafe stream.pointee.next_in = nil
        unsafe stream.pointee.next_out = nil
        return status
      }
    }
    consumedByteCount += used
    switch status {
    case Z_OK: return produced
    case Z_STREAM_END:
      if container == .gzip && consumedByteCount < bytes.count {
        guard unsafe inflateReset(stream) == Z_OK else { throw .corrupt("zlib cannot go on") }
      } else {
        isFinished = true
      }
      return produced
    case Z_BUF_ERROR: throw .truncated
    default:
      let message = unsafe stream.pointee.msg.map { unsafe String(cString: $0) }
      throw .corrupt(message ?? "zlib status \(status)")
    }
  }
}
