// swift-tools-version: 6.3
// Octet: small convolutional networks in eight bits on small boards. No package dependencies.

import PackageDescription

let strict: [SwiftSetting] = [.strictMemorySafety()]
/// For functions that return what lives only as long as something else: models, sessions, spans.
let lifetimes: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]

/// An `octet-model-compiler` of this very checkout that is built already: where many packages use
/// the plugin, none needs to compile it again.
let modelCompiler = Context.environment["OCTET_MODEL_COMPILER"]

let package = Package(
  name: "Octet",
  products: [
    .library(name: "OctetRuntime", targets: ["OctetRuntime", "OctetLinkedModel"]),
    .library(name: "OctetUpdate", targets: ["OctetUpdate"]),
    // For programs without a C library: what compilers call without being asked.
    .library(name: "OctetMemory", targets: ["OctetMemory"]),
    // A model file in a target of yours becomes a type of Swift.
    .plugin(name: "OctetModelPlugin", targets: ["OctetModelPlugin"]),
    .library(
      name: "OctetHost",
      targets: [
        "OctetModel", "OctetPasses", "OctetTraining", "OctetData", "OctetONNX", "OctetTFLite",
        "OctetExchange", "OctetQuantization", "OctetCompiler", "OctetEvaluation", "OctetReport",
        "OctetDiff", "OctetPage", "OctetBoards",
      ]),
    .executable(name: "octet", targets: ["octet"]),
  ],
  targets: [
    // The device: no heap, no Foundation, no libc. Also compiled as Embedded Swift.
    .target(name: "COctetKernels"),
    .target(
      name: "OctetRuntime", dependencies: ["COctetKernels"], swiftSettings: strict + lifetimes),
    .target(
      name: "OctetUpdate", dependencies: ["OctetRuntime"], swiftSettings: strict + lifetimes),
    // What a model compiled to Swift calls.
    .target(
      name: "OctetLinkedModel", dependencies: ["OctetRuntime"], swiftSettings: strict + lifetimes),
    .target(
      name: "OctetMemory", path: "Firmware/Sources/Board", sources: ["memory.c", "arithmetic.c"],
      publicHeadersPath: "."),

    // The host.
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "COctetFloatKernels"),
    .target(
      name: "OctetModel", dependencies: ["OctetRuntime", "COctetFloatKernels"],
      swiftSettings: strict),
    .target(name: "OctetData", dependencies: ["CZlib"], swiftSettings: strict),
    .target(
      name: "OctetTraining",
      dependencies: [
        "OctetCompiler", "OctetData", "OctetModel", "OctetReport", "COctetFloatKernels",
      ],
      swiftSettings: strict),
    .target(
      name: "OctetPasses", dependencies: ["OctetModel"],
      swiftSettings: strict),
    .target(
      name: "OctetONNX", dependencies: ["OctetPasses"],
      swiftSettings: strict),
    .target(
      name: "OctetTFLite", dependencies: ["OctetPasses"],
      swiftSettings: strict),
    .target(
      name: "OctetTensorBoard", dependencies: ["OctetONNX", "OctetReport"],
      swiftSettings: strict),
    .target(
      name: "OctetExchange", dependencies: ["OctetONNX", "OctetTFLite"],
      swiftSettings: strict),
    .target(
      name: "OctetQuantization", dependencies: ["OctetPasses"],
      swiftSettings: strict),
    .target(
      name: "OctetCompiler", dependencies: ["OctetQuantization", "OctetRuntime", "OctetUpdate"],
      swiftSettings: strict + lifetimes),
    // Figures, findings and verdicts as plain values; who measures them and who shows them.
    .target(name: "OctetReport", swiftSettings: strict),
    .target(
      name: "OctetEvaluation", dependencies: ["OctetCompiler", "OctetData", "OctetReport"],
      swiftSettings: strict),
    .target(
      name: "OctetDiff", dependencies: ["OctetEvaluation", "OctetONNX", "OctetSystem"],
      swiftSettings: strict),
    .target(
      name: "OctetPage", dependencies: ["OctetData", "OctetReport"],
      swiftSettings: strict),
    .target(name: "OctetSystem", swiftSettings: strict),
    .target(
      name: "OctetBoards", dependencies: ["OctetCompiler", "OctetReport", "OctetSystem"],
      swiftSettings: strict),
    .target(name: "OctetCommand", dependencies: ["OctetSystem"], swiftSettings: strict),
    // Model files of all formats as the tools read them.
    .target(
      name: "OctetModelFile", dependencies: ["OctetCommand", "OctetCompiler", "OctetExchange"],
      swiftSettings: strict),
    .executableTarget(
      name: "octet",
      dependencies: [
        "OctetModelFile", "OctetTraining", "OctetDiff", "OctetPage", "OctetTensorBoard",
        "OctetBoards",
      ], path: "Tools/octet", swiftSettings: strict),
    // What the plugin runs: a part of `octet`, as every user's build compiles it.
    .executableTarget(
      name: "octet-model-compiler", dependencies: ["OctetModelFile"],
      path: "Tools/octet-model-compiler", swiftSettings: strict),
    .plugin(
      name: "OctetModelPlugin", capability: .buildTool(),
      dependencies: modelCompiler == nil ? ["octet-model-compiler"] : [],
      path: "Tools/OctetModelPlugin"),

    // Tests mirror the modules; the oracles of the operators live with the runtime's tests.
    .target(
      name: "TestNetworks", dependencies: ["OctetCompiler"], path: "Tests/TestNetworks"),
    .target(
      name: "TestSupport", dependencies: ["OctetCompiler", "TestData"], path: "Tests/TestSupport"),
    .target(name: "BlobFuzz", dependencies: ["TestNetworks"], path: "Tests/BlobFuzz"),
    .executableTarget(
      name: "fuzz-blobs", dependencies: ["BlobFuzz"], path: "Tests/BlobFuzzCommand"),
    .target(name: "TestData", path: "Tests/TestData"),
    .testTarget(
      name: "OctetRuntimeTests",
      dependencies: [
        "OctetRuntime", "OctetCompiler", "OctetBoards", "TestNetworks", "TestData", "BlobFuzz",
      ]),
    .testTarget(
      name: "OctetUpdateTests", dependencies: ["OctetUpdate", "OctetCompiler", "TestNetworks"]),
    .testTarget(name: "OctetModelTests", dependencies: ["OctetModel", "COctetFloatKernels"]),
    .testTarget(
      name: "OctetPassesTests", dependencies: ["OctetPasses", "OctetCompiler", "TestNetworks"]),
    .testTarget(
      name: "OctetTrainingTests", dependencies: ["OctetTraining", "OctetEvaluation", "OctetONNX"]),
    .testTarget(name: "OctetDataTests", dependencies: ["OctetData", "TestData"]),
    .testTarget(
      name: "OctetONNXTests",
      dependencies: ["OctetONNX", "OctetExchange", "OctetCompiler", "TestData", "TestSupport"],
      exclude: ["Corpus"]),
    .testTarget(
      name: "OctetTFLiteTests",
      dependencies: ["OctetTFLite", "OctetCompiler", "TestData", "TestSupport"],
      exclude: ["Corpus"]),
    .testTarget(
      name: "OctetQuantizationTests",
      dependencies: ["OctetQuantization", "OctetEvaluation", "OctetCompiler", "TestNetworks"]),
    .testTarget(
      name: "OctetCompilerTests", dependencies: ["BlobFuzz", "OctetCompiler", "TestNetworks"]),
    .target(
      name: "TestComparisons",
      dependencies: ["OctetEvaluation", "OctetONNX", "OctetTraining", "TestNetworks"],
      path: "Tests/TestComparisons", exclude: ["Corpus"]),
    .testTarget(name: "OctetReportTests", dependencies: ["OctetReport"]),
    .testTarget(name: "OctetTensorBoardTests", dependencies: ["OctetTensorBoard", "OctetONNX"]),
    .testTarget(
      name: "OctetDiffTests", dependencies: ["OctetDiff", "OctetPage", "TestComparisons"]),
    .testTarget(
      name: "OctetPageTests", dependencies: ["OctetDiff", "OctetPage", "TestComparisons"]),
    .testTarget(
      name: "OperatorTableTests", dependencies: ["OctetCompiler", "OctetONNX", "OctetTFLite"]),
    .testTarget(
      name: "OctetBoardsTests",
      dependencies: ["OctetBoards", "OctetModel", "OctetReport", "OctetRuntime"]),
    .testTarget(name: "OctetCommandTests", dependencies: ["OctetCommand"]),
    .executableTarget(
      name: "command-probe", dependencies: ["OctetCommand"], path: "Tests/CommandProbe"),
    .testTarget(
      name: "CommandTests", dependencies: ["octet", "command-probe", "OctetCommand", "OctetData"]),
    .testTarget(name: "TidyTests"),
  ],
  swiftLanguageModes: [.v6]
)

/// Names of the test targets that are wanted, with commas, where building all would take long.
if let wanted = Context.environment["OCTET_TEST_TARGETS"]?.split(separator: ",").map(String.init) {
  package.targets.removeAll { $0.type == .test && !wanted.contains($0.name) }
}

/// What computes is optimized in debug builds too, checks included, where many tests are to run.
/// Not by default: SwiftPM refuses a package with such flags as a dependency.
if Context.environment["OCTET_OPTIMIZED_TESTS"] != nil {
  let computing = [
    "OctetRuntime", "OctetModel", "OctetData", "OctetTraining", "OctetQuantization",
    "OctetEvaluation",
  ]
  for target in package.targets where computing.contains(target.name) {
    target.swiftSettings =
      (target.swiftSettings ?? []) + [
        .unsafeFlags(["-O", "-assert-config", "Debug"], .when(configuration: .debug))
      ]
  }
}
