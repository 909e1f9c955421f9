// swift-tools-version: 6.3
import PackageDescription

let package = Package(
  name: "ReadDigit",
  dependencies: [.package(name: "Octet", path: "../../..")],
  targets: [
    // digits.tflite becomes the type Digits. In a target of its own it is compiled once.
    .target(
      name: "Models",
      dependencies: [.product(name: "OctetRuntime", package: "Octet")],
      plugins: [.plugin(name: "OctetModelPlugin", package: "Octet")]),
    // Your start-up code.
    .target(name: "Board"),
    .executableTarget(
      name: "App",
      dependencies: [
        "Board", "Models",
        // memcpy and memset; not where a C library has them.
        .product(name: "OctetMemory", package: "Octet"),
      ],
      linkerSettings: [
        .unsafeFlags([
          "-Xclang-linker", "-nostdlib", "-Xclang-linker", "-fuse-ld=lld", "-Xlinker", "-T",
          "-Xlinker", "\(Context.packageDirectory)/board.ld",
        ])
      ]),
  ]
)
