// swift-tools-version: 6.3
import PackageDescription

let package = Package(
  name: "ReadDigit",
  dependencies: [.package(name: "Octet", path: "../../..")],
  targets: [
    // digits.oct becomes the type Digits. In a target of its own it is compiled once.
    .target(
      name: "Models",
      dependencies: [.product(name: "OctetRuntime", package: "Octet")],
      plugins: [.plugin(name: "OctetModelPlugin", package: "Octet")]),
    .executableTarget(name: "App", dependencies: ["Models"]),
  ]
)
