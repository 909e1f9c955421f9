/// Where the keyword `unsafe` may stand: a file, or a folder with a slash at its end. Each is a
/// fence: safe, checked functions around a few unsafe lines.
let unsafeFiles: [String] = [
  // The C interface: pointers from C, checked for nil and for their counts.
  "Firmware/CLibrary/Octet.swift",
  "Firmware/CLibrary/OctetUpdate.swift",
  // What a board's C side hands over and takes.
  "Firmware/Sources/Diff/Main.swift",
  "Firmware/Sources/Firmware/Main.swift",
  // What the kernel hands to octet-run and takes: files, frames and arguments.
  "Firmware/Sources/Run/",
  // zlib's stream and its other functions.
  "Sources/OctetData/Arrays/ZipArchive.swift",
  "Sources/OctetData/Inflater.swift",
  "Sources/OctetData/PNGEncoder.swift",
  // libturbojpeg's functions, found when the program runs.
  "Sources/OctetData/JPEG.swift",
  // Pixels on their way through the changes of an image.
  "Sources/OctetData/Augmentation/Augmenter.swift",
  // Buffers of the float interpreter and of the trainer, of the sizes that shapes say, and what
  // walks over them.
  "Sources/OctetModel/FloatKernels.swift",
  "Sources/OctetModel/Interpreter/",
  "Sources/OctetModel/Operations/",
  "Sources/OctetTraining/",
  // Values of both interpreters, read and written in the place that they lend.
  "Sources/OctetDiff/Against/AgainstComparison.swift",
  "Sources/OctetDiff/Against/AgainstInputs.swift",
  "Sources/OctetDiff/Against/DumpFolder.swift",
  "Sources/OctetDiff/Bisect/Bisection.swift",
  "Sources/OctetDiff/Bisect/Hybrid.swift",
  "Sources/OctetDiff/Bisect/Segment.swift",
  "Sources/OctetDiff/CRC32.swift",
  "Sources/OctetDiff/Causes/LayerBench.swift",
  "Sources/OctetDiff/Diff.swift",
  "Sources/OctetDiff/Diff+Cost.swift",
  "Sources/OctetDiff/Diff+Pictures.swift",
  "Sources/OctetDiff/DiffDump.swift",
  "Sources/OctetDiff/DiffMachine.swift",
  "Sources/OctetDiff/DiffWorker.swift",
  "Sources/OctetDiff/InputNormalization.swift",
  "Sources/OctetDiff/LocalProbe.swift",
  "Sources/OctetDiff/Reproduction.swift",
  "Sources/OctetDiff/Samples/",
  "Sources/OctetDiff/Sensitivity.swift",
  "Sources/OctetEvaluation/CalibrationSamples+Dataset.swift",
  "Sources/OctetEvaluation/Classifier.swift",
  "Sources/OctetEvaluation/Contract/HeldBack.swift",
  "Sources/OctetEvaluation/Evaluation.swift",
  "Sources/OctetEvaluation/Views.swift",
  "Sources/OctetEvaluation/Evaluation+Probabilities.swift",
  "Sources/OctetEvaluation/PixelEncoder.swift",
  "Sources/OctetEvaluation/RawBytes.swift",
  "Sources/OctetQuantization/Calibration/Calibration.swift",
  "Sources/OctetQuantization/Calibration/ChannelDeviations.swift",
  "Sources/OctetQuantization/Calibration/RangeSearch.swift",
  "Sources/OctetQuantization/Calibration/ValueCounts.swift",
  "Sources/OctetQuantization/LayerEqualization.swift",
  "Sources/OctetQuantization/OutputError.swift",
  "Sources/OctetQuantization/Rounding/Cholesky.swift",
  "Sources/OctetQuantization/Rounding/InputMeans.swift",
  "Sources/OctetQuantization/Rounding/InputStatistics.swift",
  "Sources/OctetQuantization/Rounding/KeptValues.swift",
  "Sources/OctetQuantization/Rounding/LayerInputs.swift",
  "Sources/OctetQuantization/Rounding/PatchLayout.swift",
  "Sources/OctetQuantization/Rounding/WeightErrorSums.swift",
  "Sources/OctetQuantization/Rounding/WeightStage.swift",
  "Sources/OctetReport/Comparison/LocalSample.swift",
  "Sources/OctetReport/Metrics/Bounds.swift",
  "Tools/octet/Shared/RawSamples.swift",
  "Tools/octet/Verbs/DiffPeers.swift",
  "Tools/octet/Verbs/Run+Raw.swift",
  // The bytes of a blob and the memory of its sessions, held by objects.
  "Sources/OctetCompiler/Blob.swift",
  "Sources/OctetCompiler/Runner.swift",
  // Numbers of files, loaded from arrays at offsets that were checked.
  "Sources/OctetData/Arrays/NumPyArray.swift",
  "Sources/OctetONNX/File/ONNXValue.swift",
  "Sources/OctetTFLite/FlatBuffer/FlatBuffer.swift",
  "Sources/OctetTFLite/FlatBuffer/FlatBufferWriter.swift",
  "Sources/OctetTFLite/TFLiteExporter.swift",
  "Sources/OctetTFLite/TFLiteFile+Tensors.swift",
  // Bytes of blocks, of files and of updates, in spans and arrays that have them.
  "Sources/OctetBoards/ZipArchive.swift",
  // The kernel's calls for a serial line.
  "Sources/OctetBoards/Peer/SerialPort.swift",
  "Sources/OctetCompiler/SlotExport.swift",
  "Sources/OctetUpdate/Block.swift",
  "Sources/OctetUpdate/ModelSlots.swift",
  "Sources/OctetUpdate/SlotUpdate.swift",
  "Tests/OctetQuantizationTests/Int16Tests.swift",
  "Tests/OctetQuantizationTests/KernelRoundingTests.swift",
  "Tests/OctetQuantizationTests/RecipeTests.swift",
  "Tests/OctetRuntimeTests/PreviousVersionTests.swift",
  "Tests/OctetUpdateTests/Device.swift",
  "Tests/OctetUpdateTests/EmulatedFlash.swift",
  // System calls.
  "Sources/OctetSystem/ChildProcess.swift",
  "Sources/OctetSystem/GNU.swift",
  "Sources/OctetSystem/Guardian.swift",
  "Sources/OctetSystem/Posix.swift",
  "Sources/OctetSystem/Signals.swift",
  "Sources/OctetSystem/Spawn.swift",
  // Pointers of validated layers, and of patches that lie inside the input or the band.
  "Sources/OctetRuntime/ARM/",
  "Sources/OctetRuntime/Blob/",
  "Sources/OctetRuntime/DiffServer.swift",
  "Sources/OctetRuntime/Kernels/",
  "Sources/OctetRuntime/Model.swift",
  // Pointers of validated layers and of scratch that the plan has room for.
  "Sources/OctetRuntime/Rows/",
  "Sources/OctetRuntime/NEON/",
  "Sources/OctetRuntime/OperatorKind.swift",
  // Kernels, on addresses that the validator has checked.
  "Sources/OctetRuntime/Operators/",
  "Sources/OctetRuntime/Session.swift",
  "Sources/OctetRuntime/SessionState.swift",
  "Sources/OctetRuntime/SessionState+Linked.swift",
  // Two halves as a number of 64 bits, where Embedded Swift has no other way without a heap.
  "Sources/OctetRuntime/FixedPoint.swift",
  // What a program holds that was built with a model: its blob and its memory.
  "Sources/OctetLinkedModel/LinkedMemory.swift",
  "Sources/OctetLinkedModel/LinkedModel.swift",
  // Swift that is written, not compiled.
  // Packs weights into the workspace that the caller gives.
  "Sources/OctetRuntime/X86/",
]
