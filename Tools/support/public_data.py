"""The public data that Tools/fetch-conformance gets: from where, of which size and hash.

Licences: MNIST CC BY-SA 3.0, Fashion-MNIST MIT, MLPerf Tiny, TensorFlow Lite for Microcontrollers
and ONNX Apache 2.0, the others MIT.
"""

MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist/"
FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
GITHUB = "https://raw.githubusercontent.com/"
TINY_MODELS = (
    GITHUB + "mlcommons/tiny/4addd0fa08d216e20637637874e084895f289da4/benchmark/training/")
MICRO = GITHUB + "tensorflow/tflite-micro/"
PERSON = MICRO + "aeac6f39e5c7475cea20c54e86d41e3a38312546/tensorflow/lite/micro/"
HELLO_FLOAT = MICRO + "b60898045e255edfd89f4dcf25ef030fcce21306/tensorflow/lite/micro/"
HELLO_INT8 = MICRO + "577446690577192ca9739366bba4e26bd3f9d5c1/tensorflow/lite/micro/"
SPEECH = MICRO + "9d926182ae3f352475fbdc63e011dc66acb96a79/tensorflow/lite/micro/"
MNIST8 = GITHUB + "xboot/libonnx/469590b4487340b9d326a897847689311873c9a3/"
LENET = GITHUB + "FYH620/lenet-mnist-openvino/563c0128b92562a528cfc29dd52816f9fbf8da4e/"

# Of each part: where a file belongs, where it is from, its size and its SHA-256.
PARTS = {
    "mnist": {
        "mnist/train-images-idx3-ubyte.gz": (
            MNIST + "train-images-idx3-ubyte.gz", 9912422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        "mnist/train-labels-idx1-ubyte.gz": (
            MNIST + "train-labels-idx1-ubyte.gz", 28881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        "mnist/t10k-images-idx3-ubyte.gz": (
            MNIST + "t10k-images-idx3-ubyte.gz", 1648877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        "mnist/t10k-labels-idx1-ubyte.gz": (
            MNIST + "t10k-labels-idx1-ubyte.gz", 4542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    },
    "fashion_mnist": {
        "fashion_mnist/train-images-idx3-ubyte.gz": (
            FASHION + "train-images-idx3-ubyte.gz", 26421880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        "fashion_mnist/train-labels-idx1-ubyte.gz": (
            FASHION + "train-labels-idx1-ubyte.gz", 29515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        "fashion_mnist/t10k-images-idx3-ubyte.gz": (
            FASHION + "t10k-images-idx3-ubyte.gz", 4422102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        "fashion_mnist/t10k-labels-idx1-ubyte.gz": (
            FASHION + "t10k-labels-idx1-ubyte.gz", 5148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    },
    "mlperf_tiny": {
        "models/mlperf_tiny/ad01_fp32.tflite": (
            TINY_MODELS + "anomaly_detection/trained_models/ad01_fp32.tflite", 1067648,
            "c66636f4d7f8af8b10518e7be750a22c9d8d46ec97326b40b0d94c097e0aad9b"),
        "models/mlperf_tiny/ad01_int8.tflite": (
            TINY_MODELS + "anomaly_detection/trained_models/ad01_int8.tflite", 276976,
            "87cf24194ef93d1d9b11a591d805526b98008e351655d29883c825c9c106ba24"),
        "models/mlperf_tiny/kws_ref_model.tflite": (
            TINY_MODELS + "keyword_spotting/trained_models/kws_ref_model.tflite", 53936,
            "aeea436800704fce17b17292e4412630ad856e9d777c044c64ef748a880bd0ae"),
        "models/mlperf_tiny/kws_ref_model_float32.tflite": (
            TINY_MODELS + "keyword_spotting/trained_models/kws_ref_model_float32.tflite", 43392,
            "e5004c6f1012246e33fa068d8488325538e0444073cd361f5a7edb40c73f12d2"),
        "models/mlperf_tiny/pretrainedResnet.tflite": (
            TINY_MODELS + "image_classification/trained_models/pretrainedResnet.tflite", 318144,
            "b5c0046d6e0328b4956afd6baa29555a29b1f1c65bdd45aaed75b7cd484d9f79"),
        "models/mlperf_tiny/pretrainedResnet_quant.tflite": (
            TINY_MODELS + "image_classification/trained_models/pretrainedResnet_quant.tflite",
            98496,
            "3c002613d1b2475eb51dd78dfb85a546c8ae658dee71cf6ade43b022fe205415"),
        "models/mlperf_tiny/vww_96_int8.tflite": (
            TINY_MODELS + "visual_wake_words/trained_models/vww_96_int8.tflite", 333288,
            "597a384c8c2c8a1276f04702f25013b7838f2f814f1ca7c174d295b73e3d6b7b"),
    },
    "tflm": {
        "models/tflm/person_detect.tflite": (
            PERSON + "models/person_detect.tflite", 300568,
            "808cfdfc0cf3a6fa6f6fa26bfa379ea97c16d5db7334637766e39c3408502e9d"),
        "models/tflm/person.bmp": (
            PERSON + "examples/person_detection/testdata/person.bmp", 10294,
            "b50a4d51e86551ea13038c96c222b9c3aaf653f5946211e5e5fd3e60b029e4d2"),
        "models/tflm/no_person.bmp": (
            PERSON + "examples/person_detection/testdata/no_person.bmp", 10294,
            "2322df94e6788b05e4051e531f7a3a95b6db54624d170ebc9af2f1d5a73e9f79"),
        "models/tflm/hello_world_float.tflite": (
            HELLO_FLOAT + "examples/hello_world/models/hello_world_float.tflite", 3164,
            "ee939863195ca37ce063b18e14fb82aa0d98db6596ba41095757f6b560da1070"),
        "models/tflm/hello_world_int8.tflite": (
            HELLO_INT8 + "examples/hello_world/models/hello_world_int8.tflite", 2704,
            "505ee4fae7fa46ab67bea4c08b4969eb3eb8b9114c50595ec4a29d9a27993202"),
        "models/tflm/micro_speech_quantized.tflite": (
            SPEECH + "examples/micro_speech/models/micro_speech_quantized.tflite", 18800,
            "09e5e2a9dfb2d8ed78802bf18ce297bff54281a66ca18e0c23d69ca14f822a83"),
    },
    "onnx_lenet": {
        "models/onnx_lenet_fyh620/info.txt": (
            LENET + "info.txt", 375,
            "ccc72c1a98ab0a482ada046a340362ab39f8ec1764f229bc8e8e657bee7e9c52"),
        "models/onnx_lenet_fyh620/lenet.onnx": (
            LENET + "lenet.onnx", 179072,
            "3a19b40eb147dfae99135406838c8ace15ec0728d511e6a2771bd2e579078889"),
    },
    "onnx_mnist8": {
        "models/onnx_mnist8/model.onnx": (
            MNIST8 + "tests/model/mnist_8/model.onnx", 26454,
            "2f06e72de813a8635c9bc0397ac447a601bdbfa7df4bebc278723b958831c9bf"),
        "models/onnx_mnist8/test_data_set_0/input_0.pb": (
            MNIST8 + "tests/model/mnist_8/test_data_set_0/input_0.pb", 3149,
            "e934e1029a1d31f3471236dd366bd7a7e55c76e6b245a221d55ed9eec600b89e"),
        "models/onnx_mnist8/test_data_set_0/output_0.pb": (
            MNIST8 + "tests/model/mnist_8/test_data_set_0/output_0.pb", 48,
            "cb94055e8e7938cc2bbc245ba43b7529384cd45cb6846d0fe51f557e18372aac"),
        "models/onnx_mnist8/test_data_set_1/input_0.pb": (
            MNIST8 + "tests/model/mnist_8/test_data_set_1/input_0.pb", 3149,
            "2b1cf541630741657ec25ce91db1a94fafd7ef535b0855f868435bbbb7adff32"),
        "models/onnx_mnist8/test_data_set_1/output_0.pb": (
            MNIST8 + "tests/model/mnist_8/test_data_set_1/output_0.pb", 48,
            "2fe1d2cfada6c975fb441ea97fb1b38a2568b653d122b0ace0d44e2821ede160"),
        "models/onnx_mnist8/test_data_set_2/input_0.pb": (
            MNIST8 + "tests/model/mnist_8/test_data_set_2/input_0.pb", 3149,
            "e3aba83f9f764207403d222042f8cfe71aa7f1acbda7fe19db413448fff69765"),
        "models/onnx_mnist8/test_data_set_2/output_0.pb": (
            MNIST8 + "tests/model/mnist_8/test_data_set_2/output_0.pb", 48,
            "1970ba79f63e118da0fa4131907ecf0e7f85d30b8445fe40ee2cddd7ac21d604"),
    },
}

# ONNX's operator tests: the wheel of the last version that ships them, and the names of those whose
# operators Octet has set out to read.
ARCHIVE = (
    "https://files.pythonhosted.org/packages/2b/a0/"
    "c9d9d56ceadb1c0a90a7cbec5a0510520ab6538938944fa84548e4b5b054/"
    "onnx-1.22.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
    19110720, "1d0a2bdb15eb2b3cb65c438f3423d9620d14fdce32f92380e6bb1b2e09568ef5")
ARCHIVED = ["test_" + name for name in """
    add_bcast add_int16 add_uint16 add_uint32 argmax_default_axis_random_select_last_index
    argmax_keepdims_example argmax_keepdims_random argmax_keepdims_random_select_last_index
    argmax_negative_axis_keepdims_example_select_last_index
    argmax_negative_axis_keepdims_random_select_last_index
    argmax_no_keepdims_example_select_last_index argmax_no_keepdims_random_select_last_index
    averagepool_2d_ceil averagepool_2d_ceil_last_window_starts_on_pad averagepool_2d_pads
    averagepool_2d_precomputed_pads averagepool_2d_precomputed_pads_count_include_pad
    averagepool_2d_precomputed_same_upper averagepool_2d_precomputed_strides
    averagepool_2d_same_lower
    averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_False
    averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_True
    averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True
    averagepool_3d_dilations_small batchnorm_epsilon batchnorm_example cast_DOUBLE_to_FLOAT
    cast_DOUBLE_to_FLOAT16 cast_FLOAT16_to_FLOAT8E4M3FN cast_FLOAT16_to_INT4
    cast_FLOAT4E2M1_to_FLOAT16 cast_FLOAT8E4M3FN_to_FLOAT cast_FLOAT8E4M3FN_to_FLOAT16
    cast_FLOAT8E5M2FNUZ_to_FLOAT cast_FLOAT8E5M2FNUZ_to_FLOAT16 cast_FLOAT8E5M2_to_FLOAT16
    cast_FLOAT_to_BFLOAT16 cast_FLOAT_to_FLOAT4E2M1 cast_FLOAT_to_FLOAT8E4M3FNUZ
    cast_FLOAT_to_UINT2 cast_INT4_to_FLOAT16 cast_INT4_to_INT8 cast_UINT2_to_FLOAT
    cast_UINT4_to_FLOAT16 cast_UINT4_to_UINT8 cast_e8m0_FLOAT8E8M0_to_FLOAT
    cast_e8m0_FLOAT8E8M0_to_FLOAT16 cast_e8m0_FLOAT_to_FLOAT8E8M0
    cast_no_saturate_FLOAT16_to_FLOAT8E4M3FN cast_no_saturate_FLOAT16_to_FLOAT8E4M3FNUZ
    cast_no_saturate_FLOAT16_to_FLOAT8E5M2FNUZ cast_no_saturate_FLOAT_to_FLOAT8E5M2FNUZ
    clip_default_inbounds clip_default_inbounds_expanded clip_default_int8_inbounds
    clip_default_int8_inbounds_expanded clip_default_int8_max_expanded
    clip_default_int8_min_expanded clip_default_min_expanded clip_expanded clip_inbounds_expanded
    clip_min_greater_than_max clip_min_greater_than_max_expanded clip_outbounds clip_splitbounds
    concat_1d_axis_negative_1 concat_2d_axis_negative_2 concat_3d_axis_1 concat_3d_axis_negative_1
    concat_3d_axis_negative_3 constant_pad constant_pad_negative_axes
    conv_with_strides_and_asymmetric_padding convinteger_with_padding convtranspose_1d
    convtranspose_3d convtranspose_autopad_same convtranspose_dilations convtranspose_group_2
    convtranspose_kernel_shape convtranspose_output_shape convtranspose_pad convtranspose_pads
    dequantizelinear_e4m3fn dequantizelinear_int16 dequantizelinear_int2 dequantizelinear_uint16
    dequantizelinear_uint2 div div_example div_int32_trunc div_int8 div_uint16 div_uint64
    dropout_default dropout_default_mask dropout_default_ratio dropout_random_old
    dynamicquantizelinear_max_adjusted elu elu_default elu_default_expanded_ver18 flatten_axis1
    flatten_negative_axis3 gemm_all_attributes gemm_default_matrix_bias gemm_default_scalar_bias
    gemm_default_single_elem_vector_bias gemm_default_vector_bias gemm_default_zero_bias
    gemm_transposeA gemm_transposeB globalaveragepool globalaveragepool_precomputed
    globalmaxpool_precomputed hardsigmoid_default hardsigmoid_default_expanded_ver18
    identity_sequence instancenorm_epsilon instancenorm_example leakyrelu leakyrelu_example
    logsoftmax_axis_0_expanded logsoftmax_axis_1_expanded logsoftmax_axis_1_expanded_ver18
    logsoftmax_axis_2_expanded_ver18 logsoftmax_default_axis_expanded
    logsoftmax_default_axis_expanded_ver18 logsoftmax_example_1 logsoftmax_example_1_expanded
    logsoftmax_large_number logsoftmax_large_number_expanded_ver18 logsoftmax_negative_axis
    logsoftmax_negative_axis_expanded logsoftmax_negative_axis_expanded_ver18 lppool_2d_same_upper
    lrn lrn_default matmul_1d_1d matmul_1d_3d matmul_2d matmul_4d matmul_4d_1d matmulinteger
    maxpool_2d_ceil maxpool_2d_default maxpool_2d_dilations maxpool_2d_pads maxpool_2d_strides
    maxpool_2d_uint8 maxpool_3d_default maxpool_3d_dilations
    maxpool_3d_dilations_use_ref_impl_large maxpool_with_argmax_2d_precomputed_pads
    maxpool_with_argmax_2d_precomputed_strides mul mul_bcast mul_example mul_int8 mul_uint16
    mul_uint8 prelu_broadcast prelu_broadcast_expanded qlinearmatmul_2D_int8_float16
    qlinearmatmul_2D_int8_float32 qlinearmatmul_3D_int8_float32 quantizelinear
    quantizelinear_blocked_symmetric quantizelinear_e5m2 quantizelinear_float4e2m1
    quantizelinear_int2 quantizelinear_int4 quantizelinear_uint16 quantizelinear_uint2
    reduce_mean_default_axes_keepdims_example reduce_mean_default_axes_keepdims_random
    reduce_mean_do_not_keepdims_example reduce_mean_negative_axes_keepdims_random reflect_pad
    relu_expanded_ver18 reshape_allowzero_reordered reshape_extended_dims
    reshape_negative_extended_dims reshape_one_dim reshape_reduced_dims reshape_reordered_all_dims
    reshape_zero_dim resize_upsample_scales_nearest resize_upsample_scales_nearest_axes_3_2
    resize_upsample_sizes_nearest_floor_align_corners resize_upsample_sizes_nearest_not_larger
    selu_default selu_expanded_ver18 sigmoid_example slice_default_axes slice_end_out_of_bounds
    slice_neg slice_neg_steps slice_negative_axes softmax_axis_0 softmax_axis_0_expanded
    softmax_axis_0_expanded_ver18 softmax_axis_1_expanded softmax_axis_1_expanded_ver18
    softmax_axis_2 softmax_default_axis softmax_default_axis_expanded
    softmax_default_axis_expanded_ver18 softmax_example softmax_example_expanded
    softmax_large_number_expanded softmax_negative_axis_expanded
    softmax_negative_axis_expanded_ver18 split_1d_uneven_split_opset18
    split_2d_uneven_split_opset18 split_equal_parts_1d_opset13 split_equal_parts_2d
    split_equal_parts_default_axis_opset18 split_variable_parts_1d_opset13
    split_variable_parts_1d_opset18 split_variable_parts_2d_opset13
    split_variable_parts_default_axis_opset18 split_zero_size_splits_opset13 sub sub_bcast
    sub_uint16 sub_uint8 transpose_all_permutations_3 transpose_default unsqueeze_axis_1
    unsqueeze_three_axes unsqueeze_unsorted_axes
""".split()]

# What has no public source, and what to do instead.
OTHERWISE = {
    "golden": "what TensorFlow Lite for Microcontrollers computes; Tools/crosscheck golden writes "
              "it for the models that are there. Of Speech Commands only the labelled keywords of "
              "kws_ref_model are missing",
    "models/lenet": "trained for this project; octet train --data DIR/mnist makes one",
    "conformance/tflite_random": "made for this project; Tools/crosscheck tflite-operators makes "
                                 "and compares models of every operator",
    "conformance/cmsis_nn_int8": "github.com/ARM-software/CMSIS-NN, Tests/UnitTest/TestCases/"
                                 "TestData, which is C; nothing here converts it",
    "findings": "broken files, made for this project; Tools/fuzz makes others",
}
