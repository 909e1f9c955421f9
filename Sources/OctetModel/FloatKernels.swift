package import COctetFloatKernels

/// The sets of inner loops that this machine can run. Any thread may use them.
package enum FloatKernels {
  /// Best first.
  package static let available: [octet_float_kernels] = {
    var result: [octet_float_kernels] = unsafe []
    while let kernels = unsafe octet_float_kernels_at(Int32(result.count)) {
      unsafe result.append(kernels.pointee)
    }
    return unsafe result
  }()
  package static var best: octet_float_kernels { unsafe available[0] }
}
