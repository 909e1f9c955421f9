import Foundation

/// Firmware, built for one board and one model.
public struct Firmware: Sendable {
  /// What it runs on.
  public var board: Board
  /// The linked program: ELF with symbols, or a WebAssembly module.
  public var elf: URL
  /// The bytes of flash, for programmers that do not read ELF; nil but on bare metal.
  public var binary: URL?
  /// The memory map for a person.
  public var map: URL
  /// The model as a file, which Linux programs map.
  public var model: URL

  /// Code and constants, without the model and its prepared weights.
  public var textByteCount: Int
  /// Weights that the image holds a second time, in the form that its core multiplies fastest.
  public var preparedByteCount: Int
  /// Variables with a value at the start, which flash holds too.
  public var dataByteCount: Int
  /// Variables that start as zero, without the arena.
  public var bssByteCount: Int
  /// Bytes of RAM for the model's arena.
  public var arenaByteCount: Int
  /// No more than this is used of the stack; nil but on bare metal.
  public var stackBoundByteCount: Int?
  /// Bytes of the blob.
  public var modelByteCount: Int
  /// The whole file.
  public var fileByteCount: Int
}

extension Firmware {
  /// What a person wants to keep.
  public var files: [URL] { [elf, map, model] + (binary.map { [$0] } ?? []) }

  /// The same when its files are in another folder.
  public func moved(to folder: URL) -> Firmware {
    func moved(_ url: URL) -> URL { folder.appendingPathComponent(url.lastPathComponent) }
    var result = self
    (result.elf, result.map, result.model) = (moved(elf), moved(map), moved(model))
    result.binary = binary.map(moved)
    return result
  }
}
