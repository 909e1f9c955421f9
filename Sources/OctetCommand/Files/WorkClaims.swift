import Foundation
import OctetSystem

/// Who does which of some numbered pieces of work, where processes of several machines share a
/// folder.
///
/// The n-th claim to a piece is the file `PIECE.n`, made by O_CREAT and O_EXCL, which one process
/// alone can do, over NFS too since its version 3. The last claim counts. It is given up by
/// removing it; where its owner is dead, another makes the next. So nothing is ever taken away from
/// under somebody's feet: an owner that was only thought dead finds a later claim than its own.
///
/// An owner is dead when its journal (`LineFile`) is ours, when it was of this start of this
/// machine and nobody adds to its journal, or when it has not renewed its claim for
/// `secondsToDeath` by the clock of the file server.
package struct WorkClaims: Sendable {
  /// The folder of the claims.
  package let folder: String
  /// The name of this process's journal, in the folder above.
  package let journal: String
  package let secondsToDeath: Double

  /// Owners renew their claims at least this often, in seconds.
  package static let renewalSeconds = 10.0

  /// - Throws: status 73 when the folder cannot be made.
  package init(
    folder: String, journal: String, secondsToDeath: Double
  ) throws(CommandError) {
    self.folder = folder
    self.journal = journal
    self.secondsToDeath = secondsToDeath
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw CommandError(
        .cannotCreate, "\(folder): the folder cannot be made: \(error.localizedDescription)")
    }
  }

  /// A piece of work that is this process's.
  package struct Claim: Sendable {
    package let piece: Int
    fileprivate let number: Int
    fileprivate let path: String
    /// The journal of the dead owner that had it before.
    package let takenFrom: String?
  }

  /// Claims a piece; nil where another is at it.
  ///
  /// - Throws: status 73 or 74 when the claim cannot be written.
  package func take(_ piece: Int) throws(CommandError) -> Claim? {
    let last = lastNumber(of: piece)
    var former: String?
    if last > 0 {
      guard let owner = deadOwner("\(folder)/\(piece).\(last)") else { return nil }
      former = owner
    }
    let path = "\(folder)/\(piece).\(last + 1)"
    do throws(SystemError) {
      let descriptor = try Posix.open(path, O_WRONLY | O_CREAT | O_EXCL)
      defer { try? Posix.close(descriptor) }
      do throws(SystemError) {
        try Posix.write(Array("\(Self.machine)\n\(journal)\n".utf8), to: descriptor)
      } catch {
        Posix.remove(path)
        throw error
      }
    } catch {
      if error.code == EEXIST { return nil }
      throw CommandError(
        error.isDeviceFailure ? .inputOutput : .cannotCreate,
        "\(path): cannot be written: \(error)")
    }
    return Claim(piece: piece, number: last + 1, path: path, takenFrom: former)
  }

  /// Says that the owner lives.
  package func renew(_ claim: Claim) {
    guard let descriptor = try? Posix.open(claim.path, O_WRONLY) else { return }
    try? Posix.touch(descriptor)
    try? Posix.close(descriptor)
  }

  /// Whether nobody took the piece over.
  package func isOurs(_ claim: Claim) -> Bool { lastNumber(of: claim.piece) == claim.number }

  package func giveUp(_ claim: Claim) { Posix.remove(claim.path) }

  private func lastNumber(of piece: Int) -> Int {
    let prefix = "\(piece)."
    return Posix.names(in: folder).compactMap {
      $0.hasPrefix(prefix) ? Int($0.dropFirst(prefix.count)) : nil
    }.max() ?? 0
  }

  /// The journal of a claim's owner where it is dead; nil where it lives, or may.
  private func deadOwner(_ path: String) -> String? {
    // Opened, not looked at by name: over NFS that asks the server.
    guard let descriptor = try? Posix.open(path, O_RDONLY) else { return nil }
    defer { try? Posix.close(descriptor) }
    guard let status = try? Posix.status(of: descriptor),
      let bytes = try? Posix.read(descriptor, limit: 4096)
    else { return nil }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    if lines.count == 2 {
      let owner = lines[1]
      if owner == journal { return owner }
      if lines[0] == Self.machine, !owner.contains("/") {
        let file = URL(fileURLWithPath: folder).deletingLastPathComponent().path + "/" + owner
        return LineFile.isBeingAddedTo(file) ? nil : owner
      }
    }
    guard let now = serverTime(), now - status.modified > secondsToDeath else { return nil }
    return lines.count == 2 ? lines[1] : "somebody"
  }

  /// What time it is for the files of the folder.
  private func serverTime() -> Double? {
    let path = StaleFiles.newPath(in: folder)
    guard let descriptor = try? Posix.open(path, O_WRONLY | O_CREAT | O_EXCL) else { return nil }
    defer {
      try? Posix.close(descriptor)
      Posix.remove(path)
    }
    return try? Posix.status(of: descriptor).modified
  }

  /// This start of this machine; processes in other containers of it share it.
  private static let machine: String = {
    let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    return boot.map { $0.filter { !$0.isWhitespace } } ?? ProcessInfo.processInfo.hostName
  }()
}
