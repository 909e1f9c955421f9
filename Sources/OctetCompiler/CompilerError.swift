import OctetRuntime

/// Why an int8 graph cannot become a blob.
public enum CompilerError: Error, Equatable, CustomStringConvertible {
  /// Every node that no runtime operator computes.
  case unsupported([String])
  /// A node that contradicts itself or what is around it.
  case invalid(node: String, reason: String)
  /// More than a blob can hold.
  case tooLarge(reason: String)
  /// The arena cannot be as small as was asked for. The price is what its least costs; nil for
  /// nothing.
  case arenaTooSmall(limit: Int, least: Int, price: String?)
  /// The blob that was written does not validate: a fault of the compiler.
  case rejected(ModelError)
  /// A backend of this machine computes other bytes than the portable kernels: a fault of a kernel.
  case differs(backend: Backend, operator: String)

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .unsupported(let reasons): reasons.joined(separator: "; ")
    case .invalid(let node, let reason): "node '\(node)': \(reason)"
    case .tooLarge(let reason): reason
    case .arenaTooSmall(let limit, let least, let price):
      "the arena cannot be \(limit) bytes: the least that was found is \(least), "
        + "\(least - limit) more\(price.map { ", for \($0)" } ?? ""); nothing was written"
    case .rejected(let error): "the blob does not validate (\(error)); please report this"
    case .differs(let backend, let name):
      "on this machine's backend '\(backend.name)' the self-test differs, first at operator "
        + "'\(name)', so nothing was written; this is a fault of Octet: please report this model"
    }
  }
}
