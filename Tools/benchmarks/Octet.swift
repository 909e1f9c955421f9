// A session behind a few C functions, for Tools/benchmarks/inference.py. Compiled together with the
// sources of OctetRuntime into one shared library.

import Glibc

/// A model in memory of its own with a session on it.
final class Peer {
  let bytes: UnsafeMutableRawBufferPointer
  let arena: UnsafeMutableRawBufferPointer
  let workspace: UnsafeMutableRawBufferPointer
  // In memory of this object, which is never released.
  let session: SessionState

  init(_ source: UnsafeRawBufferPointer, backend: Backend) throws {
    bytes = .allocate(byteCount: source.count, alignment: 64)
    bytes.copyMemory(from: source)
    let blob = try BlobView(validating: UnsafeRawBufferPointer(bytes))
    arena = .allocate(byteCount: max(64, blob.arenaByteCount), alignment: 64)
    workspace = .allocate(
      byteCount: max(64, blob.workspaceByteCount(for: backend)), alignment: 64)
    session = try SessionState(blob, arena: arena, backend: backend, workspace: workspace)
  }
}

extension SessionState {
  /// Output 0.
  fileprivate var output: UnsafeBufferPointer<Int8> { elements(of: blob.output(0)) }
}

/// Nil when the bytes are no model or the machine has no such backend.
@_cdecl("octet_peer_open")
public func open(
  _ bytes: UnsafeRawPointer, _ byteCount: Int, _ backend: UnsafePointer<CChar>
) -> UnsafeMutableRawPointer? {
  let name = String(cString: backend)
  guard let backend = Backend.available.first(where: { $0.name == name }),
    let peer = try? Peer(
      UnsafeRawBufferPointer(start: bytes, count: byteCount), backend: backend)
  else { return nil }
  return Unmanaged.passRetained(peer).toOpaque()
}

@_cdecl("octet_peer_input")
public func input(_ peer: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Int8> {
  Unmanaged<Peer>.fromOpaque(peer).takeUnretainedValue().session.input(0).baseAddress!
}

@_cdecl("octet_peer_output")
public func output(_ peer: UnsafeMutableRawPointer) -> UnsafePointer<Int8>? {
  Unmanaged<Peer>.fromOpaque(peer).takeUnretainedValue().session.output.baseAddress
}

@_cdecl("octet_peer_run")
public func run(_ peer: UnsafeMutableRawPointer) {
  Unmanaged<Peer>.fromOpaque(peer).takeUnretainedValue().session.run()
}

/// Whether every operator gives the checksum that the blob has of it.
@_cdecl("octet_peer_passes_self_test")
public func passesSelfTest(_ peer: UnsafeMutableRawPointer) -> Bool {
  Unmanaged<Peer>.fromOpaque(peer).takeUnretainedValue().session.selfTest() == nil
}

/// Nanoseconds of `count` runs on the input, copied anew before each unless there are no values.
@_cdecl("octet_peer_time")
public func time(
  _ peer: UnsafeMutableRawPointer, _ values: UnsafePointer<Int8>?, _ count: Int
) -> Int {
  let session = Unmanaged<Peer>.fromOpaque(peer).takeUnretainedValue().session
  let target = session.input(0).baseAddress!
  let byteCount = session.blob.input(0).byteCount
  let start = clock_gettime_nsec()
  for _ in 0..<count {
    if let values { target.update(from: values, count: byteCount) }
    session.run()
  }
  return clock_gettime_nsec() - start
}

/// Runs `count` inputs, end to end, and writes the outputs likewise. For threads, each with a peer.
@_cdecl("octet_peer_evaluate")
public func evaluate(
  _ peer: UnsafeMutableRawPointer, _ values: UnsafePointer<Int8>, _ count: Int,
  _ results: UnsafeMutablePointer<Int8>
) {
  let session = Unmanaged<Peer>.fromOpaque(peer).takeUnretainedValue().session
  let target = session.input(0).baseAddress!
  let byteCount = session.blob.input(0).byteCount
  for index in 0..<count {
    target.update(from: values + index * byteCount, count: byteCount)
    session.run()
    let output = session.output
    if let start = output.baseAddress {
      (results + index * output.count).update(from: start, count: output.count)
    }
  }
}

private func clock_gettime_nsec() -> Int {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return now.tv_sec * 1_000_000_000 + now.tv_nsec
}
