// swift-tools-version: 6.3
// Firmware for one board as a package, for editors and programs of your own. `octet board build`
// makes the same image without it.
//
//     OCTET_BOARD=cortex-m4 OCTET_MODEL=$PWD/lenet.oct \
//       swift build --package-path Firmware -c release --triple armv7em-none-none-eabi \
//       --toolset Firmware/toolset.json --toolset Firmware/Boards/cortex-m4/toolset.json

import PackageDescription

let board = Context.environment["OCTET_BOARD"] ?? "cortex-m4"
let model = Context.environment["OCTET_MODEL"] ?? ""
let family = board.hasPrefix("linux") ? "Linux" : "BareMetal"

// The firmware reads records, which only Octet's own package sees: it names itself as SwiftPM names
// that, by its folder.
let octet = Context.packageDirectory.split(separator: "/").dropLast().last ?? "octet"
let packageName = String(octet.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })

let package = Package(
  name: "Firmware",
  dependencies: [.package(name: "Octet", path: "..")],
  targets: [
    // The seam and what every board needs: memory functions, stack measurement.
    .target(name: "Board"),
    // Startup and the two functions of the seam.
    .target(
      name: family,
      dependencies: ["Board"],
      publicHeadersPath: ".",
      // The arena's size is in the blob, and read from there.
      cSettings: [.define("BOARD_MODEL_FILE", to: "\"\(model)\"")]),
    .executableTarget(
      name: "Firmware",
      dependencies: [
        "Board", .byName(name: family), .product(name: "OctetRuntime", package: "Octet"),
      ],
      packageAccess: false,
      swiftSettings: [.unsafeFlags(["-package-name", packageName])],
      linkerSettings: [
        .unsafeFlags([
          "-Xclang-linker", "-nostdlib", "-Xclang-linker", "-fuse-ld=lld", "-Xlinker", "-T",
          "-Xlinker", "\(Context.packageDirectory)/Boards/\(board)/board.ld", "-Xlinker", "-L",
          "-Xlinker", "\(Context.packageDirectory)/Sources/\(family)",
        ])
      ]),
  ],
  swiftLanguageModes: [.v6]
)
