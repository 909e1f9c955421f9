import OctetCompiler
import OctetRuntime

/// A model that a C library has.
public struct LibraryModel: Sendable {
  /// The bytes that go into flash.
  let blob: Blob
  let model: LoadedModel
  /// What a program needs to know of it.
  public let summary: Summary

  /// A model's name in C and its sizes.
  public struct Summary: Sendable, Encodable {
    /// The array's name; in capitals what its constants begin with.
    public var name: String
    /// Bytes of the blob.
    public var byteCount: Int
    /// Bytes of the arena that it needs.
    public var arenaByteCount: Int
    /// Bytes of its inputs, end to end.
    public var inputByteCount: Int
    /// Bytes of its outputs, end to end.
    public var outputByteCount: Int
    /// CRC-32 of the blob, by which a device in the field says which model it has.
    public var checksum: UInt32
  }

  /// - Parameter name: of its file; letters, digits and underscores are kept.
  /// - Throws: why the blob is not valid.
  public init(_ whole: Blob, name: String) throws(BoardError) {
    do {
      blob = try whole.forFirmware()
      model = try blob.model()
    } catch {
      throw .invalidModel("\(error)")
    }
    let model = model
    summary = Summary(
      name: ExportName(name).lowercase, byteCount: blob.count,
      arenaByteCount: model.arenaByteCount,
      inputByteCount: (0..<model.inputCount).reduce(0) { $0 + model.input($1).byteCount },
      outputByteCount: (0..<model.outputCount).reduce(0) { $0 + model.output($1).byteCount },
      checksum: Self.checksum(blob))
  }

  private static func checksum(_ blob: Blob) -> UInt32 {
    let offset = BlobHeader.checksum.offset
    return blob.bytes[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// The compile conditions that select the operators of all of them; none without models.
  static func conditions(_ models: [LibraryModel]) throws(BoardError) -> [String] {
    for (index, model) in models.enumerated() {
      let name = model.summary.name
      if models[..<index].contains(where: { $0.summary.name == name }) {
        throw .invalidModel("two models are named \(name); rename a file")
      }
    }
    return Set(models.flatMap { BoardBuilder.conditions($0.model) }).sorted()
  }

  /// `octet_models.h`: the models of the archive, and one arena for all.
  static func header(_ models: [LibraryModel]) -> String {
    var text = """
      // The models in liboctet.a: int8 weights and all that octet_open needs. Made by 'octet board \
      library'.
      #pragma once

      #include <stdint.h>

      #ifdef __cplusplus
      extern "C" {
      #endif


      """
    for model in models.map(\.summary) {
      let prefix = model.name.uppercased()
      text += """
        #define \(prefix)_BYTE_COUNT \(model.byteCount)u
        #define \(prefix)_ARENA_BYTE_COUNT \(model.arenaByteCount)u
        #define \(prefix)_INPUT_BYTE_COUNT \(model.inputByteCount)u
        #define \(prefix)_OUTPUT_BYTE_COUNT \(model.outputByteCount)u
        #define \(prefix)_CHECKSUM \(model.checksum)u
        extern const uint8_t \(model.name)[\(prefix)_BYTE_COUNT];


        """
    }
    let arena = models.map(\.summary.arenaByteCount).max() ?? 0
    return text + """
      // Enough for any of them: sessions may share an arena as long as one runs after the other, each
      // with its inputs set anew.
      #define OCTET_ARENA_BYTE_COUNT \(max(arena, 4))u

      #ifdef __cplusplus
      }
      #endif

      """
  }
}
