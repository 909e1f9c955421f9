// The kernels of a layer's instruction set and elements.
#if arch(x86_64)
  internal import COctetKernels

  // Safety: a layer that was packed has what its kernels read, see X86Patch.swift.
  extension X86Layer {
    /// The kernel for blocks of a kind, if there is one.
    func kernel(_ kind: Int32, width: Int32) -> octet_x86_block? {
      let rectified = kernel.is_rectified
      switch (isAVX2, isInt16) {
      case (true, false): return unsafe octet_block_avx2(kind, width, rectified)
      case (false, false): return unsafe octet_block_avx512vnni(kind, width, rectified)
      case (true, true): return unsafe octet_block_avx2_int16(kind, width, rectified)
      case (false, true): return unsafe octet_block_avx512vnni_int16(kind, width, rectified)
      }
    }

    /// Copies a sample into the image.
    func copy(_ layer: UnsafePointer<octet_x86_layer>, _ source: UnsafeRawPointer) {
      switch (isAVX2, isInt16) {
      case (true, false): unsafe octet_copy_avx2(layer, source)
      case (false, false): unsafe octet_copy_avx512vnni(layer, source)
      case (true, true): unsafe octet_copy_avx2_int16(layer, source)
      case (false, true): unsafe octet_copy_avx512vnni_int16(layer, source)
      }
    }

    /// Takes a row of the input, or of padding, into words of neighbours in a column.
    func take(
      _ layer: UnsafePointer<octet_x86_layer>, _ words: UnsafeMutablePointer<UInt32>,
      _ row: UnsafeRawPointer?
    ) {
      switch (isAVX2, isInt16) {
      case (true, false): unsafe octet_take_avx2(layer, words, row)
      case (false, false): unsafe octet_take_avx512vnni(layer, words, row)
      case (true, true): unsafe octet_take_avx2_int16(layer, words, row)
      case (false, true): unsafe octet_take_avx512vnni_int16(layer, words, row)
      }
    }

    /// Computes `rowCount` rows of the output for a block's channels.
    func run(
      _ layer: UnsafePointer<octet_x86_layer>, _ block: octet_x86_block?,
      _ place: UnsafeMutablePointer<octet_x86_place>, rowCount: Int
    ) {
      let count = Int32(truncatingIfNeeded: rowCount)
      switch (isAVX2, isInt16) {
      case (true, false): unsafe octet_run_avx2(layer, block, place, count)
      case (false, false): unsafe octet_run_avx512vnni(layer, block, place, count)
      case (true, true): unsafe octet_run_avx2_int16(layer, block, place, count)
      case (false, true): unsafe octet_run_avx512vnni_int16(layer, block, place, count)
      }
    }
  }
#endif
