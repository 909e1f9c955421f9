import Foundation
import PackagePlugin

/// Makes a type of Swift of each model file (`.oct`, `.onnx`, `.tflite`) in a target:
/// `lenet.tflite` becomes `Lenet` with `Lenet.predict(_:)`.
@main
struct OctetModelPlugin: BuildToolPlugin {
  static let extensions: Set = ["oct", "onnx", "tflite"]

  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    guard let module = target.sourceModule else { return [] }
    let models = module.sourceFiles.map(\.url).filter {
      Self.extensions.contains($0.pathExtension)
    }
    if models.isEmpty {
      Diagnostics.warning("target '\(target.name)' has no model: no .oct, .onnx or .tflite file")
    }
    try checkNames(of: models)
    // Package.swift looks at the same variable.
    let built = ProcessInfo.processInfo.environment["OCTET_MODEL_COMPILER"]
    let compiler =
      try built.map { URL(fileURLWithPath: $0) }
      ?? context.tool(named: "octet-model-compiler").url
    return models.map { model in
      let name = model.deletingPathExtension().lastPathComponent
      let source = context.pluginWorkDirectoryURL.appending(component: "\(name).swift")
      return .buildCommand(
        displayName: "Compiling model \(model.lastPathComponent)", executable: compiler,
        arguments: [model.path(percentEncoded: false), source.path(percentEncoded: false)],
        inputFiles: [model], outputFiles: [source])
    }
  }

  /// Throws where two models would become one type. The names of types are made of letters and
  /// digits alone; so are files, whose names many disks do not tell apart by case.
  private func checkNames(of models: [URL]) throws {
    var known: [String: URL] = [:]
    for model in models {
      let name = model.deletingPathExtension().lastPathComponent.lowercased()
        .filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
      if let other = known.updateValue(model, forKey: name) {
        throw NameCollision(files: [other, model].map { $0.path(percentEncoded: false) })
      }
    }
  }
}

/// Two model files in a target whose types would have the same name.
struct NameCollision: Error, CustomStringConvertible {
  let files: [String]
  var description: String {
    "\(files[1]): error: the type of this model would have the name of that of \(files[0]); rename "
      + "one of the two files"
  }
}
