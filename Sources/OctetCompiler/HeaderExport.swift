import OctetRuntime

/// A blob as a C header: an aligned constant array that firmware links into flash.
public enum HeaderExport {
  /// - Parameters:
  ///   - name: becomes part of the C names; letters, digits and underscores are kept.
  public static func text(_ blob: Blob, name: String) throws(ModelError) -> String {
    let blob = try blob.forFirmware()
    let model = try blob.model()
    let identifier = ExportName(name)
    var text = """
      // \(identifier.lowercase), an Octet model: int8 weights and all that the runtime needs to \
      run it.
      // Include it in one source file. Made by 'octet export --to header'.
      #pragma once

      #include <stdint.h>

      #define \(identifier.uppercase)_BYTE_COUNT \(blob.count)u
      #define \(identifier.uppercase)_ARENA_BYTE_COUNT \(model.arenaByteCount)u

      #ifdef __cplusplus
      alignas(64)
      #else
      _Alignas(64)
      #endif
      static const uint8_t \(identifier.lowercase)[\(identifier.uppercase)_BYTE_COUNT] = {

      """
    let bytes = blob.bytes
    for start in stride(from: 0, to: bytes.count, by: 20) {
      let line = bytes[start..<min(start + 20, bytes.count)].map(String.init)
      text += "    \(line.joined(separator: ",")),\n"
    }
    return text + "};\n"
  }
}
