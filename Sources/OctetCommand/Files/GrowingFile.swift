import Foundation
import OctetSystem

/// A new file that grows while a verb runs, in a folder of its run: `DIR/RUN/FILE`. No file of
/// anybody is opened or replaced; what was appended stays, however the process ends.
package final class GrowingFile {
  /// The folder of the run.
  package let folder: String
  private let path: String
  private let descriptor: Int32
  private var byteCount = 0

  /// Whether `init` has a chance; for verbs that work for minutes before they write.
  package static func checkCanMake(in folder: OutputFolderPath) throws(CommandError) {
    let place = URL(fileURLWithPath: folder.path).standardizedFileURL
    // The nearest that is there decides.
    var nearest = place
    while (try? Posix.status(of: nearest.path, followsLinks: true)) == nil, nearest.path != "/" {
      nearest.deleteLastPathComponent()
    }
    let status = try? Posix.status(of: nearest.path, followsLinks: true)
    guard status?.kind == .folder else {
      let what = nearest == place ? "this is" : "'\(nearest.lastPathComponent)' is"
      throw CommandError(.cannotCreate, "\(folder.path): \(what) a file; a folder is needed")
    }
    guard Posix.isWritable(nearest.path) else {
      throw CommandError(.cannotCreate, "\(folder.path): cannot be written: Permission denied")
    }
  }

  /// Makes the file and the folders around it.
  ///
  /// - Parameters:
  ///   - run: the name of the run; with a number after it where there is such a run already.
  ///   - continues: takes the last run of that name instead.
  /// - Throws: status 73 when it cannot be made.
  package init(
    _ name: String, run: String, in folder: OutputFolderPath, continues: Bool
  ) throws(CommandError) {
    func place(_ number: Int) -> String {
      folder.path + "/" + run + (number > 1 ? "-\(number)" : "")
    }
    var number = 1
    while (try? Posix.status(of: place(number), followsLinks: true)) != nil { number += 1 }
    if continues { number = max(number - 1, 1) }
    let own = place(number)
    do {
      try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
    } catch {
      throw CommandError(
        .cannotCreate, "\(own): the folder cannot be made: \(error.localizedDescription)")
    }
    self.folder = own
    path = own + "/" + name
    do throws(SystemError) {
      descriptor = try Posix.open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND)
    } catch {
      throw CommandError(.cannotCreate, "\(path): cannot be created: \(error)")
    }
  }

  deinit { try? Posix.close(descriptor) }

  /// Appends all of the bytes or none.
  ///
  /// - Throws: status 74 when the disk is full or fails.
  package func append(_ bytes: [UInt8]) throws(CommandError) {
    do throws(SystemError) {
      try Posix.write(bytes, to: descriptor)
      byteCount += bytes.count
    } catch {
      Posix.cut(descriptor, to: byteCount)
      throw CommandError(.inputOutput, "\(path): cannot be written: \(error)")
    }
  }
}
