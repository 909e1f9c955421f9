/// Where a verb writes a file: the value of an `.output` parameter, which makes no other way.
///
/// Before the verb runs, the program has checked that it is none of the files that the verb reads,
/// no second output, and that its name and what is there fit what is written (`FileClaims`).
package struct OutputPath: Sendable, CustomStringConvertible {
  package let path: String

  init(_ path: String) { self.path = path }

  /// The path as sentences say it.
  package var description: String {
    isStandardOutput ? "standard output" : SafeText.escaped(path)
  }

  /// Written as `-`.
  package var isStandardOutput: Bool { path == "-" }
}

/// The folder that a verb makes: the value of an `.outputFolder` parameter.
package struct OutputFolderPath: Sendable, CustomStringConvertible {
  package let path: String

  /// - Parameter path: for a default; other folders come from the command line.
  package init(default path: String) { self.path = path }

  init(_ path: String) { self.path = path }

  package var description: String { SafeText.escaped(path) }

  /// A file in a folder that `OutputFolder.prepare` made ready for it.
  package func file(_ name: String) -> OutputPath { OutputPath(path + "/" + name) }
}

/// What a verb does with the file that a parameter names.
package enum FileUse: Sendable, Equatable {
  /// Reads it; `-` is standard input.
  case input
  /// Reads the files in it.
  case inputFolder
  /// Writes it, as one of these formats; `-` is standard output.
  case output([FileFormat])
  /// Makes it, with files in it, as a whole (`OutputFolder.write`).
  case outputFolder
  /// Puts single files into it, beside others (`OutputFolder.prepare`).
  case folderOfOutputs
}

extension FileUse {
  var name: String {
    switch self {
    case .input: "input"
    case .inputFolder: "inputFolder"
    case .output: "output"
    case .outputFolder: "outputFolder"
    case .folderOfOutputs: "folderOfOutputs"
    }
  }
}

extension ValueKind<String> {
  /// A file that the verb reads, or `-` for standard input.
  package static var input: ValueKind { fileName(.input, "FILE") { $0 } }

  /// A folder that the verb reads.
  package static var inputFolder: ValueKind { fileName(.inputFolder, "DIR") { $0 } }
}

extension ValueKind<OutputPath> {
  /// A file that the verb writes, or `-` for standard output.
  package static func output(_ formats: FileFormat...) -> ValueKind {
    fileName(.output(formats), "FILE") { OutputPath($0) }
  }
}

extension ValueKind<OutputFolderPath> {
  /// A folder that the verb makes as a whole.
  package static var outputFolder: ValueKind {
    fileName(.outputFolder, "DIR", describe: \.path) { OutputFolderPath($0) }
  }

  /// A folder into which the verb puts files.
  package static var folderOfOutputs: ValueKind {
    fileName(.folderOfOutputs, "DIR", describe: \.path) { OutputFolderPath($0) }
  }
}

extension ValueKind {
  fileprivate static func fileName(
    _ use: FileUse, _ placeholder: String,
    describe: @escaping @Sendable (Value) -> String = { String(describing: $0) },
    _ convert: @escaping @Sendable (String) -> Value
  ) -> ValueKind {
    var kind = ValueKind(placeholder: placeholder, describe: describe) { text throws(ValueError) in
      guard !text.isEmpty else { throw ValueError("a file name: it is empty") }
      guard !text.utf8.contains(0) else { throw ValueError("a file name: it has a zero byte") }
      return convert(text)
    }
    kind.fileUse = use
    return kind
  }
}
