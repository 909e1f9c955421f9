/// Where the keyword `unsafe` may stand: a file, or a folder with a slash at its end. Each is a
/// fence: safe, checked functions around a few unsafe lines.
let unsafeFiles: [String] = [
  "Sources/OctetCommand/Files/Posix.swift",
  "Sources/OctetCommand/Interruption.swift",
]
