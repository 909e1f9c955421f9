import Foundation
import OctetSystem

/// What the compilers made before, by what they made it of: sources, flags, toolchain and model.
///
/// It is in `octet` in the user's folder of caches (`XDG_CACHE_HOME`, or `~/.cache`); `OCTET_CACHE`
/// names another folder, and empty none. Each entry is a folder that is renamed to its place when
/// it is whole, so any number of processes share it and none sees what another was stopped in.
/// What its checksums do not confirm is made again.
package struct BuildCache {
  /// The entries of longest ago are removed above this.
  package static let limitByteCount = 256 << 20

  /// Nil: nothing is kept.
  let folder: URL?

  package init(folder: URL?) { self.folder = folder }

  /// The user's.
  init() {
    let environment = ProcessInfo.processInfo.environment
    func path(_ name: String) -> String? {
      environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
    if let named = environment["OCTET_CACHE"] {
      folder = named.isEmpty ? nil : URL(fileURLWithPath: named)
    } else {
      let caches = path("XDG_CACHE_HOME") ?? path("HOME").map { $0 + "/.cache" }
      folder = caches.map { URL(fileURLWithPath: $0).appendingPathComponent("octet") }
    }
  }

  /// Puts the files `names` into `target`, from the cache or by `make`, which makes them there.
  package func take(
    _ names: [String], for key: Digest, into target: URL, make: () throws(BoardError) -> Void
  ) throws(BoardError) {
    guard let folder else { return try make() }
    let entry = folder.appendingPathComponent(key.text)
    if let files = Self.read(names, in: entry) {
      for (name, bytes) in zip(names, files) {
        let file = target.appendingPathComponent(name)
        try file.write(bytes)
        // Programs stay executable.
        let kept = entry.appendingPathComponent(name).path
        if let mode = try? FileManager.default.attributesOfItem(atPath: kept)[.posixPermissions] {
          try? FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
        }
      }
      // The entry was used now.
      try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: entry.path)
      return
    }
    try make()
    // A cache that cannot be written to is none.
    try? store(names, of: target, as: entry)
  }

  private static let manifestName = "files"

  /// The files, or nil unless all are there and whole.
  private static func read(_ names: [String], in entry: URL) -> [[UInt8]]? {
    guard let manifest = try? entry.appendingPathComponent(manifestName).read() else { return nil }
    let digests = String(decoding: manifest, as: UTF8.self).split(separator: "\n")
    guard digests.count == names.count else { return nil }
    var files: [[UInt8]] = []
    for (name, digest) in zip(names, digests) {
      guard let bytes = try? entry.appendingPathComponent(name).read(),
        Digest(of: bytes).text == digest
      else { return nil }
      files.append(bytes)
    }
    return files
  }

  private func store(_ names: [String], of target: URL, as entry: URL) throws {
    guard let folder else { return }
    try folder.makeFolder()
    let part = folder.appendingPathComponent("\(Self.partPrefix)\(UUID().uuidString)")
    defer { part.remove() }
    try part.makeFolder()
    var digests: [String] = []
    for name in names {
      let bytes = try target.appendingPathComponent(name).read()
      digests.append(Digest(of: bytes).text)
      let kept = part.appendingPathComponent(name)
      try FileManager.default.copyItem(at: target.appendingPathComponent(name), to: kept)
    }
    let manifest = digests.joined(separator: "\n")
    try part.appendingPathComponent(Self.manifestName).write(Array(manifest.utf8))
    // One that is there is damaged, or another process was quicker with the same.
    entry.remove()
    try FileManager.default.moveItem(at: part, to: entry)
    Self.trim(folder)
  }

  private static let partPrefix = "part-"
  /// No build takes longer: what is older was left by a process that was killed.
  private static let partSeconds: TimeInterval = 86_400

  /// Removes what was used longest ago until `limitByteCount` holds.
  private static func trim(_ folder: URL) {
    var entries: [(path: String, date: Date, byteCount: Int)] = []
    for name in Posix.names(in: folder.path) {
      let path = folder.path + "/" + name
      let date =
        (try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate]) as? Date
      guard let date else { continue }
      if name.hasPrefix(partPrefix) {
        if date < Date() - partSeconds { URL(fileURLWithPath: path).remove() }
        continue
      }
      let byteCount = Posix.names(in: path).reduce(0) { sum, file in
        let attributes = try? FileManager.default.attributesOfItem(atPath: "\(path)/\(file)")
        return sum + (attributes?[.size] as? Int ?? 0)
      }
      entries.append((path, date, byteCount))
    }
    var total = entries.reduce(0) { $0 + $1.byteCount }
    for entry in entries.sorted(by: { $0.date < $1.date }) where total > limitByteCount {
      URL(fileURLWithPath: entry.path).remove()
      total -= entry.byteCount
    }
  }
}

/// 128 bits that stand for what was added, in that order: for finding things again, not against
/// somebody who forges them.
package struct Digest {
  private var a: UInt64 = 0x243F_6A88_85A3_08D3
  private var b: UInt64 = 0x1319_8A2E_0370_7344

  package init() {}

  package init(of bytes: [UInt8]) { add(bytes) }

  package var text: String {
    [a, b].map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  package mutating func add(_ text: String) { add(Array(text.utf8)) }

  package mutating func add(_ texts: [String]) {
    add(word: UInt64(texts.count))
    for text in texts { add(text) }
  }

  mutating func add(_ other: Digest) {
    add(word: other.a)
    add(word: other.b)
  }

  package mutating func add(_ bytes: [UInt8]) {
    add(word: UInt64(bytes.count))
    var index = 0
    while index < bytes.count {
      var word: UInt64 = 0
      let end = min(index + 8, bytes.count)
      while index < end {
        word = word << 8 | UInt64(bytes[index])
        index += 1
      }
      add(word: word)
    }
  }

  /// Name and contents of files.
  mutating func add(files: [URL]) throws(BoardError) {
    for file in files {
      add(file.lastPathComponent)
      add(try file.read())
    }
  }

  private mutating func add(word: UInt64) {
    a = Self.mixed(a ^ word, 0x9E37_79B9_7F4A_7C15)
    b = Self.mixed((b ^ word) &+ a, 0xD6E8_FEB8_6659_FD93)
  }

  /// Both halves of the product, and an addend so that zero is no trap.
  private static func mixed(_ x: UInt64, _ factor: UInt64) -> UInt64 {
    let (high, low) = x.multipliedFullWidth(by: factor)
    return (high ^ low) &+ factor
  }
}
