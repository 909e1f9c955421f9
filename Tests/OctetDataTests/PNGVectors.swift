import Testing

/// PNG files of 9×9 pixels: every colour type and bit depth, plain and interlaced, all five
/// filters in turn, the data in two chunks, with and without transparency.
///
/// Made by a Python script of our own from zlib and `struct`; their samples were read back alike by
/// pypng 0.20220715 and, for 8 bits, by Pillow. `checksum` is the CRC-32 of the expected bytes,
/// which Python computed from the samples in whole numbers.
struct PNGVector: CustomTestStringConvertible, Sendable {
  var name: String
  var channelCount: Int
  var checksum: UInt32
  var firstRow: [UInt8]
  var base64: [String]

  var testDescription: String { name }

  static let all: [PNGVector] = grey + rgb + palette + alpha

  private static let grey: [PNGVector] = [
    PNGVector(
      name: "grey 1 bits", channelCount: 1, checksum: 0xbfe2_22f7,
      firstRow: [0, 255, 0, 255],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJAQAAAADI6ju9AAAAFElEQVR42mMIZWBcepvpYANziC1LJQPDh42J5s",
        "YAAAAQSURBVAZG47NM8xuY30wDAHHWCUKaaXBXAAAAAElFTkSuQmCC",
      ]),
    PNGVector(
      name: "grey 1 bits, interlaced", channelCount: 1, checksum: 0xbfe2_22f7,
      firstRow: [0, 255, 0, 255],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJAQAAAAG/7QsrAAAAFElEQVR42mNgYARCJiBkZmBhYGBgCWAIYPiUad",
        "IAAAAcSURBVPjAuIApgTmAZQHj0ttMjxiY155gecQAAGPaCF+dJ0ZbAAAAAElFTkSuQmCC",
      ]),
    PNGVector(
      name: "grey 2 bits", channelCount: 1, checksum: 0xabdc_1138,
      firstRow: [0, 85, 170, 255],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJAgAAAACPSkFtAAAAFElEQVR42mOQlmZgPBaqyvSB0YGZ/V4Ry/KBvy",
        "gAAAAZSURBVAFWB4a7Sg6MvbMimd78dWD+y90CALCtC4igO8veAAAAAElFTkSuQmCC",
      ]),
    PNGVector(
      name: "grey 2 bits, tRNS", channelCount: 1, checksum: 0x92e5_677e,
      firstRow: [0, 85, 0, 255],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJAgAAAACPSkFtAAAAAnRSTlMAApidrBQAAAAUSURBVHjaY5CWZmA8Fq",
        "rK9IHRgZn9XhHL8oG/KAAAABlJREFUAVYHhrtKDoy9syKZ3vx1YP7L3QIAsK0LiKA7y94AAAAASUVORK5CYII=",
      ]),
    PNGVector(
      name: "grey 2 bits, interlaced", channelCount: 1, checksum: 0xabdc_1138,
      firstRow: [0, 85, 170, 255],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJAgAAAAH4TXH7AAAAFElEQVR42mNgYARCJiBkXsCSwLCAZfJbhjwpXz",
        "oAAAAhSURBVI0NDOWMT5iOMR9jOcR4LFSVaQ5TA/OapedZgDQAA3ENvIGH3MsAAAAASUVORK5CYII=",
      ]),
    PNGVector(
      name: "grey 4 bits", channelCount: 1, checksum: 0x0c58_90d5,
      firstRow: [0, 85, 170, 255],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJBAAAAAAACrTNAAAAFElEQVR42gE2AMn/AAWvSeOAAbCqq6qhAq3Ikt",
        "QAAAAtSURBVLu8vM3QA+GszLXEBKzMvc3QAH05BsKQASjNzd3BAquszL3QAybVztbUDmYdxpn3aDoAAAAASUVO",
        "RK5CYII=",
      ]),
    PNGVector(
      name: "grey 4 bits, interlaced", channelCount: 1, checksum: 0x0c58_90d5,
      firstRow: [0, 85, 170, 255],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJBAAAAAF3DYRbAAAAFElEQVR42gFAAL//AAgBgAFAAgACxMADrpOn+9",
        "QAAAA3SURBVATSAGIEYWZZAC/JYABfkwG2ZgJ4igNumgR4NAGwqquqoQJmaIiKoANymqOjtwRWJO2a1HQYFz66",
        "8g0JAAAAAElFTkSuQmCC",
      ]),
    PNGVector(
      name: "grey 8 bits", channelCount: 1, checksum: 0x9f45_cbcd,
      firstRow: [0, 95, 190, 29],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJCAAAAADF+lnMAAAAFElEQVR42mNgiN8nW3PbauYPxovx8fEJICypb7",
        "cAAAA6SURBVMx08eIlILh8+TKz0oyZkjNnSs6SYoEJJTCIll41nfYtbJs447OERAgE6oDKM+vOmiU1SwqIAN5b",
        "LINQChoRAAAAAElFTkSuQmCC",
      ]),
    PNGVector(
      name: "grey 8 bits, tRNS", channelCount: 1, checksum: 0x2ad4_0af9,
      firstRow: [0, 95, 190, 29],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJCAAAAADF+lnMAAAAAnRSTlMAwO33D4gAAAAUSURBVHjaY2CI3ydbc9",
        "tq5g/Gi/Hx8QkgLKlvtwAAADpJREFUzHTx4iUguHz5MrPSjJmSM2dKzpJigQklMIiWXjWd9i1smzjjs4RECATq",
        "gMoz686aJTVLCogA3lssg1AKGhEAAAAASUVORK5CYII=",
      ]),
    PNGVector(
      name: "grey 8 bits, interlaced", channelCount: 1, checksum: 0x9f45_cbcd,
      firstRow: [0, 95, 190, 29],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJCAAAAAGy/WlaAAAAFElEQVR42mNg+MHYwcFYwzSByeWIC/O+209/sL",
        "wAAABWSURBVCxuDQxe51gW7QcChmfLMzRfMcTL3p7JyAjkMy1esnQZ85dNmzezLD609BDjxfj4+AQQZlq0aPGS",
        "JUDJZcx3mJqamJubm1tYFiUwL0lkWZq4DABQfCv2OkewOwAAAABJRU5ErkJggg==",
      ]),
    PNGVector(
      name: "grey 16 bits", channelCount: 1, checksum: 0x0f4b_b03e,
      firstRow: [0, 98, 196, 39],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJEAAAAACVaoWPAAAAFElEQVR42mNgYEgqPfJKPb7zyhtPv30bjV01X9",
        "IAAAB5SURBVIVXMN6YnVyaBITJZUAMppluzr4x++YcCLwx9+bcG3OZDbfN65jbKdcJwnKc87rkuFiAqubcLAPh",
        "pLlAGogZrNnn1v7/nJR55IF6WOeZN05+OxmFFwENLgfhpLJkMIYYD9IMgSDj/XbN65Ltmtc1t0sOjOW4AM2nVu",
        "6HxDmkAAAAAElFTkSuQmCC",
      ]),
    PNGVector(
      name: "grey 16 bits, tRNS", channelCount: 1, checksum: 0x41d0_ca0c,
      firstRow: [0, 98, 196, 39],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJEAAAAACVaoWPAAAAAnRSTlPYliYetF4AAAAUSURBVHjaY2BgSCo98k",
        "o9vvPKG0+/fRuNXTVf0gAAAHlJREFUhVcw3pidXJoEhMllQAymmW7OvjH75hwIvDH35twbc5kNt83rmNsp1wnC",
        "cpzzuuS4WICq5twsA+GkuUAaiBms2efW/v+clHnkgXpY55k3Tn47GYUXAQ0uB+GksmQwhhgP0gyBIOP9ds3rku",
        "2a1zW3Sw6M5bgAzadW7ofEOaQAAAAASUVORK5CYII=",
      ]),
    PNGVector(
      name: "grey 16 bits, interlaced", channelCount: 1, checksum: 0x0f4b_b03e,
      firstRow: [0, 98, 196, 39],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJEAAAAAHibbUZAAAAFElEQVR42mNgYBBewXjkhsgOxs4rTEcfMFKKk8",
        "sAAACfSURBVCXlvHEpk2E+8uqNJ0tyXtcNhs5jwotYNpodfX309REgZhBedKN/bk1SpnoYQ1Kpevwbz43GjMKr",
        "QdJHXzNtNN9osdFyoxWzyPI9k3ZPthZm2Wh+9N0my6PvGG/MTi5NAsLkMiAG00wbzYDQfJPFRgsgttxkBdT3fT",
        "5XeFd41/WuiK4bXEDcFQm0O8lMxHxjuYjFxrJkS5HyjVYAkgpR4A2SFrUAAAAASUVORK5CYII=",
      ]),
  ]

  private static let rgb: [PNGVector] = [
    PNGVector(
      name: "rgb 8 bits", channelCount: 3, checksum: 0x407f_d966,
      firstRow: [0, 67, 134, 95, 162, 229, 190, 1, 68, 29, 96, 163],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJCAIAAABv85FHAAAAFElEQVR42mNgcG6LX/R0H6OLbMLimv1Mt4z7DV",
        "QAAACFSURBVOUSrWoPzLwj/8O6jvGiSHg8DCQkJCCzmS6CwSUkcBkGmJVcns6YMWOmpKTkTCCQBMOZs2ZJSUnN",
        "YoFqSoDoSYBrArIYRCNml+74fVUi2rRi97SbMt8sa8Jm3tn200Y8ai7jM80coLWJiYmYJNQtWJ3DrOv3AWgz2O",
        "5ZECdIQelZAMpRhWaGe9eTAAAAAElFTkSuQmCC",
      ]),
    PNGVector(
      name: "rgb 8 bits, tRNS", channelCount: 3, checksum: 0x4490_d6e5,
      firstRow: [0, 67, 134, 95, 162, 229, 190, 1, 68, 29, 96, 163],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJCAIAAABv85FHAAAABnRSTlMAwAADAEYaSrW2AAAAFElEQVR42mNgcG",
        "6LX/R0H6OLbMLimv1Mt4z7DVQAAACFSURBVOUSrWoPzLwj/8O6jvGiSHg8DCQkJCCzmS6CwSUkcBkGmJVcns6Y",
        "MWOmpKTkTCCQBMOZs2ZJSUnNYoFqSoDoSYBrArIYRCNml+74fVUi2rRi97SbMt8sa8Jm3tn200Y8ai7jM80coL",
        "WJiYmYJNQtWJ3DrOv3AWgz2O5ZECdIQelZAMpRhWaGe9eTAAAAAElFTkSuQmCC",
      ]),
    PNGVector(
      name: "rgb 8 bits, interlaced", channelCount: 3, checksum: 0x407f_d966,
      firstRow: [0, 67, 134, 95, 162, 229, 190, 1, 68, 29, 96, 163],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJCAIAAAEY9KHRAAAAFElEQVR42mNgcG77YV3H2HGaj4ODg7FmPyI5FG",
        "IAAAC7SURBVBPThAkTmFzaTx1h9wKSzPsYXW7XzmNxc3Nr8PJi8Oq9cE4whGXRU439SIDhmWbO8le6Gavfaeas",
        "f6VbwBC/6KlswuLbcokz78gzMrq0w1UyLV68eMmSJUuXLl22bBnzF7HtmzZt2gwGLECZQ4cOLQXiZYcYL4qEx8",
        "NAQkICMptpERhADIIAiHEgE+/8lWdqAgOmJuZmIGBuBlMtLSwsQE1A3cxAfYmJiaxLWJYkLE1kTWQDaksEAJqO",
        "fTznjOTYAAAAAElFTkSuQmCC",
      ]),
    PNGVector(
      name: "rgb 16 bits", channelCount: 3, checksum: 0xb5a8_6d9f,
      firstRow: [0, 78, 157, 98, 177, 255, 196, 20, 98, 39, 118, 196],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJEAIAAAA/Y00EAAAAFElEQVR42mWQMUjEMBSGe54gdrTDgdDgIBh3C/",
        "YAAAEmSURBVBTcRHCwIOLmkvFAEIRkElybA0EEpybg6HS+gE6CU0EFHQShg6CjQ7rpqt0Ub3CoeWnvODm+5eNv",
        "6OP/Pc+jj3DMkmy1GuQfwRXbj3bFQv4uX81p1C23Yl8+0wc4Kjeyleqb3gSXbC9bapl+tCNCnjAHT0YmuGBimI",
        "19d/lU0TeOAjkzlqJhzMBA4TBQe3v5drvjDXSq0zAFSWa1JBIcaESGcphqFSriE18rrabxir1m/81FYXH35tDw",
        "HoPaDTB7pXlhzYtn5JORcFiur1XVF72GBCtXn/lbcM5Y1BWd3MgXcxLRcjNuy5zewUEZt4ILxrNFV1+wHkdGzn",
        "podoQJ/z9J7ROTND4+Cb3/mSe/WhFbGCtjYbAGNsEUHGj4QrtJiPoDjDsFVu+TK6sAAAAASUVORK5CYII=",
      ]),
    PNGVector(
      name: "rgb 16 bits, tRNS", channelCount: 3, checksum: 0x1477_b4b2,
      firstRow: [0, 78, 157, 98, 177, 255, 196, 20, 98, 39, 118, 196],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJEAIAAAA/Y00EAAAABnRSTlPYlidXdhjwkqL3AAAAFElEQVR42mWQMU",
        "jEMBSGe54gdrTDgdDgIBh3C/YAAAEmSURBVBTcRHCwIOLmkvFAEIRkElybA0EEpybg6HS+gE6CU0EFHQShg6Cj",
        "Q7rpqt0Ub3CoeWnvODm+5eNv6OP/Pc+jj3DMkmy1GuQfwRXbj3bFQv4uX81p1C23Yl8+0wc4Kjeyleqb3gSXbC",
        "9bapl+tCNCnjAHT0YmuGBimI19d/lU0TeOAjkzlqJhzMBA4TBQe3v5drvjDXSq0zAFSWa1JBIcaESGcphqFSri",
        "E18rrabxir1m/81FYXH35tDwHoPaDTB7pXlhzYtn5JORcFiur1XVF72GBCtXn/lbcM5Y1BWd3MgXcxLRcjNuy5",
        "zewUEZt4ILxrNFV1+wHkdGznpodoQJ/z9J7ROTND4+Cb3/mSe/WhFbGCtjYbAGNsEUHGj4QrtJiPoDjDsFVu+T",
        "K6sAAAAASUVORK5CYII=",
      ]),
    PNGVector(
      name: "rgb 16 bits, interlaced", channelCount: 3, checksum: 0xb5a8_6d9f,
      firstRow: [0, 78, 157, 98, 177, 255, 196, 20, 98, 39, 118, 196],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJEAIAAAFIZH2SAAAAFElEQVR42k2OP0jDQBTGkzQu6aQXcLHgIHw/H+",
        "YAAAFaSURBVAQKnYQ2SXFz0KU4tVYE5bIolG69LILgoomD4J9BpAouCk53IBTiIiRdXIWeg6CONmQSuhnvkraW",
        "H/fu4929932CIFSe2wfgHu7ivOhTcAk31A5HdF7phVaVgg+OBBu4EEfhcnnK6aI5/x1cZ/xv8AAb4ep53lNkq2",
        "k1YdOlkCE4XXqorYBbaOEFGRfjQaUT9P/xJ7SQ/qIn2hqabu+FS+YvjxL3tSqa9akAW3xe20Lz/me4WlacF7wY",
        "/1QeRe6NC5Nr09USLiXoCUaCiU1iZtQ77+hr5+nUm2GcecADZcCrjEuETQSRH+GIGEE0QqRX2ibKWS2YYLXGCl",
        "kIolFv4j3pS7iYQnhN0hB9mEcnOhknIwYx8RCWb3CT2w+2lZrbc2scpef2slytM6hLs+xWhvqYq7pSd9/k1AsW",
        "VeanMi9oY9vSVQZzsTHi2jKAgW3VxiY0+VHNP8dM9Ot8WCsaAAAAAElFTkSuQmCC",
      ]),
  ]

  private static let palette: [PNGVector] = [
    PNGVector(
      name: "palette 1 bits", channelCount: 3, checksum: 0x1838_bf31,
      firstRow: [0, 20, 255, 0, 20, 255, 0, 20, 255, 0, 20, 255],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJAQMAAADaX5RTAAAABlBMVEUAFP8lb/iBhwcxAAAAFElEQVR42mNgYG",
        "D8wcGk0MC89w5LwnWGVW5ddsoAAAAPSURBVA2MQXpMCQ3MXOcBY0AH5Fp66d8AAAAASUVORK5CYII=",
      ]),
    PNGVector(
      name: "palette 1 bits, interlaced", channelCount: 3, checksum: 0x1838_bf31,
      firstRow: [0, 20, 255, 0, 20, 255, 0, 20, 255, 0, 20, 255],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJAQMAAAGtWKTFAAAABlBMVEUAFP8lb/iBhwcxAAAAFElEQVR42mNgYA",
        "RCJgYmB2YGlgaGAywaDEL3EDkAAAAdSURBVBIMDIwOTBeYd7BcYPzBwXSxgdntNQtHAwB2sgiIIIUynQAAAABJ",
        "RU5ErkJggg==",
      ]),
    PNGVector(
      name: "palette 2 bits", channelCount: 3, checksum: 0xce24_2943,
      firstRow: [0, 20, 255, 74, 202, 241, 0, 20, 255, 74, 202, 241],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJAgMAAACd/+6DAAAADFBMVEUAFP8lb/hKyvFvJeqEpqmgAAAAFElEQV",
        "R42mNQUmJgvMsqx7SGwYHZxGw9y6FkrwYAAAAYSURBVJpsB4YnTw4wThaUYdoDFBM3WQcApQgJ7kalNnMAAAAA",
        "SUVORK5CYII=",
      ]),
    PNGVector(
      name: "palette 2 bits, tRNS", channelCount: 3, checksum: 0x5e35_1c6a,
      firstRow: [0, 0, 0, 35, 95, 113, 0, 0, 0, 35, 95, 113],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJAgMAAACd/+6DAAAADFBMVEUAFP8lb/hKyvFvJeqEpqmgAAAABHRSTl",
        "MAPHi0tQj+BQAAABRJREFUeNpjUFJiYLzLKse0hsGB2cRsPcuhZK8GAAAAGElEQVSabAeGJ08OME4WlGHaAxQT",
        "N1kHAKUICe5GpTZzAAAAAElFTkSuQmCC",
      ]),
    PNGVector(
      name: "palette 2 bits, interlaced", channelCount: 3, checksum: 0xce24_2943,
      firstRow: [0, 20, 255, 74, 202, 241, 0, 20, 255, 74, 202, 241],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJAgMAAAHq+N4VAAAADFBMVEUAFP8lb/hKyvFvJeqEpqmgAAAAFElEQV",
        "R42mNgYARCpgYmC2YGFgeGCyxrpn54xlkAAAAjSURBVDB0HmBYxSjFVMhszFLIeJdVjmk2owPzCkY9luzQGADU",
        "xAofL0n75gAAAABJRU5ErkJggg==",
      ]),
    PNGVector(
      name: "palette 4 bits", channelCount: 3, checksum: 0xfbb3_ddaf,
      firstRow: [0, 20, 255, 74, 202, 241, 148, 128, 227, 222, 54, 213],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJBAMAAAASvxsjAAAAMFBMVEUAFP8lb/hKyvFvJeqUgOO529zeNtUDkc",
        "4o7MdNR8ByormX/bK8WKvhs6QGDp0raZY0mm3dAAAAFElEQVR42mNgcus6x8Bo6uLqYsdkbGLiEuC/CCYAAAAo",
        "SURBVMCcbuPr68xibJLmEsDwKWKfSAGjalp4WQRQ1gUoG+97z+8GAHKiDywiSeNrAAAAAElFTkSuQmCC",
      ]),
    PNGVector(
      name: "palette 4 bits, interlaced", channelCount: 3, checksum: 0xfbb3_ddaf,
      firstRow: [0, 20, 255, 74, 202, 241, 148, 128, 227, 222, 54, 213],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJBAMAAAFluCu1AAAAMFBMVEUAFP8lb/hKyvFvJeqUgOO529zeNtUDkc",
        "4o7MdNR8ByormX/bK8WKvhs6QGDp0raZY0mm3dAAAAFElEQVR42mNgYGxhbGB6wHRcgdmH5QLDX4/BC+UAAAA1",
        "SURBVJasrjkMGk83MKitY+ydyRTeyfxyMUu4G6Opi6uLHVNaekXnBOal+eUF/1jS0tM7UgCVgRYRDvpXiQAAAA",
        "BJRU5ErkJggg==",
      ]),
    PNGVector(
      name: "palette 8 bits", channelCount: 3, checksum: 0x0137_8f99,
      firstRow: [0, 20, 255, 74, 202, 241, 148, 128, 227, 222, 54, 213],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJCAMAAADXT/YiAAAAOVBMVEUAFP8lb/hKyvFvJeqUgOO529zeNtUDkc",
        "4o7MdNR8ByormX/bK8WKvhs6QGDp0raZZQxI91H4iaeoFAReTaAAAAFElEQVR42h3LMQ6AMAxD0SZ2qgpQgd7/",
        "jqEN/CcAAAA1SURBVCQrEwke3vTdmrKP7ZiXQHPJowBIRhg6iHgTQuEF2rnUxj5vkeVVwqFejwjanwZp/ADs4Q",
        "y780gTlwAAAABJRU5ErkJggg==",
      ]),
    PNGVector(
      name: "palette 8 bits, tRNS", channelCount: 3, checksum: 0x1fcd_da22,
      firstRow: [0, 0, 0, 35, 95, 113, 139, 120, 214, 222, 54, 213],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJCAMAAADXT/YiAAAAOVBMVEUAFP8lb/hKyvFvJeqUgOO529zeNtUDkc",
        "4o7MdNR8ByormX/bK8WKvhs6QGDp0raZZQxI91H4iaeoFAReTaAAAABnRSTlMAPHi08CxAzwH3AAAAFElEQVR4",
        "2h3LMQ6AMAxD0SZ2qgpQgd7/jqEN/CcAAAA1SURBVCQrEwke3vTdmrKP7ZiXQHPJowBIRhg6iHgTQuEF2rnUxj",
        "5vkeVVwqFejwjanwZp/ADs4Qy780gTlwAAAABJRU5ErkJggg==",
      ]),
    PNGVector(
      name: "palette 8 bits, interlaced", channelCount: 3, checksum: 0x0137_8f99,
      firstRow: [0, 20, 255, 74, 202, 241, 148, 128, 227, 222, 54, 213],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJCAMAAAGgSMa0AAAAOVBMVEUAFP8lb/hKyvFvJeqUgOO529zeNtUDkc",
        "4o7MdNR8ByormX/bK8WKvhs6QGDp0raZZQxI91H4iaeoFAReTaAAAAFElEQVR42g3ESQ6AIAwAwNKVglv8/x+N",
        "SOoJtV0AAABBSURBVI2JHmQOA7Al8ZTxwYlX4sLzA5OxsjSBXeougFqWlEVO1B5Or+VgtfBEOIwOVDWLiNupSv",
        "t06HyRMp1E/gMaPxPzZBYZ+AAAAABJRU5ErkJggg==",
      ]),
  ]

  private static let alpha: [PNGVector] = [
    PNGVector(
      name: "greyAlpha 8 bits", channelCount: 1, checksum: 0xe709_0f43,
      firstRow: [0, 60, 1, 11],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJCAQAAABKmM6bAAAAFElEQVR42mNgcI5ftI9RNqFm/205q9qZd4lP2F",
        "gAAABeSURBVH5YM14UiQeDhAQYzXQRCC5BwWUwYFZymTFjpqTkTCAAkrNmSUmxgNUkINQkXGYQjSjdcVXCtGLa",
        "zW+WYTO3/RSPYnymmZCQmIiMwcajWsCs6zcLZCaYkAKzAAg0V/WbwLTnAAAAAElFTkSuQmCC",
      ]),
    PNGVector(
      name: "greyAlpha 8 bits, interlaced", channelCount: 1, checksum: 0xe709_0f43,
      firstRow: [0, 60, 1, 11],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJCAQAAAE9n/4NAAAAFElEQVR42mNgcP5hzdhxmoODsWY/04QJTDFD0T",
        "cAAACNSURBVC7tR9hd2pn3Md6uZXFza/Bi8Oo9J8iy6Ol+KGB4prn8VcZqzZxXugzxi2QTbsvNvMPI6AKRZFq8",
        "eMmSpUuXLWP+IrZp02YgYFm8+NChpYcOLWO8KBIPBgkJMJppERCAdIAASBdQ352/TE1AwMTcDARAoqWFZdGihA",
        "TmxUsSE1lZlixNTGRbtgwAOVtUOjG3ac0AAAAASUVORK5CYII=",
      ]),
    PNGVector(
      name: "greyAlpha 16 bits", channelCount: 1, checksum: 0x9df3_a54a,
      firstRow: [0, 68, 15, 18],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJEAQAAAAaCBLYAAAAFElEQVR42mNgYPA7mFS60ezIK+HV6vFlCg47iI",
        "YAAADaSURBVJ1Xbkx942nN5bdvbv1G4/9fhFckZTLemK0ek1yaBIRQsiy5DMJD8Jluzr4BhDdn35xzY85NMITQ",
        "N+bemHsTCEE0s+G2SPF5HfM65nbKccp1zgXCeZ1ynbJA3rzOeV2yXXJc87pYgGbMvgHSXXazDEgKAek5SXNBNM",
        "iMZJDoXAZr9s4Tc2vf2P3/7LclKXOj1pEHwgvVw8rEO8/c6H3jZM3st3NuFaPwoqRkoFPLksqTy2E0kCxLRqIR",
        "DgfRSA4H0zCH++36JjWvSw7qxLlAKAeEIBohCgDSYavNc52/uAAAAABJRU5ErkJggg==",
      ]),
    PNGVector(
      name: "greyAlpha 16 bits, interlaced", channelCount: 1, checksum: 0x9df3_a54a,
      firstRow: [0, 68, 15, 18],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJEAQAAAFtDyJOAAAAFElEQVR42mNgYPA7KLwiKZPxyA3hmSI7RHYQTO",
        "UAAAEISURBVHYwdl65MZXp6IOjD5iScjbqvnGxZi2TOXKX+cgr4dVvPKdosSTnJed13Ui6wdB57Ea78KKkZJaN",
        "Zv+/H30NgUegNANI5ka/esDcmje2SZkbtdTDysQZkko3mqnHlym88bTm2mj8/wuj8OqkHJhWEGTaaA6EFkBoCY",
        "RWG62YRZbv7tgzabfQ7sm7ha2FdwuzbDTfZH703ZF3myyPvgNBxhuz1WOSS5OAEEqWJZdBeAg+00YzENxkBjJ/",
        "kwXYBotNUHs2WW0EQ+bv82XrucK7rneFA+F17vCuCCC8wR3BBaa7I7oiuSJZQOYkmYmYiYBcWp5sIQIypSzZIt",
        "lS2FKkHGROkhUA0BagQvOvrQkAAAAASUVORK5CYII=",
      ]),
    PNGVector(
      name: "rgbAlpha 8 bits", channelCount: 3, checksum: 0x2db3_c9a1,
      firstRow: [0, 53, 106, 15, 25, 36, 101, 1, 36, 26, 87, 147],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJCAYAAADgkQYQAAAAFElEQVR42mNgcG47Gb/oqcY+Rpd22YTFz1XWfw",
        "kAAACiSURBVGr2M7nelktcYlV7gHnmHfmkH9Z1BxkvioTPikcCCUCAzme6CAWX0MBlJMCs5PKUfcaMGRIzJSVn",
        "Ss4EAQgDhGbNkpolJTVrFgvclASYGQkwUxJgBINoxOx7pTt+212ViJ5nWrH737SbMvHfLGv2hwFdve2nTb141N",
        "wHjM80c9aDHJcIBLhouMPxOZ5Z1++D4CyQ80BoFgRJITGA9CwA3oqy1ZK7flIAAAAASUVORK5CYII=",
      ]),
    PNGVector(
      name: "rgbAlpha 8 bits, interlaced", channelCount: 3, checksum: 0x2db3_c9a1,
      firstRow: [0, 53, 106, 15, 25, 36, 101, 1, 36, 26, 87, 147],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJCAYAAAGXljaGAAAAFElEQVR42mNgcG47+cO67iBjx2m+QA4gYJCime",
        "IAAADcSURBVKzZz+TKNAEImFzaT/EeYffqBdHM+xhd2m/XzjvA4gYEDV5exxi8ei8InxMMmc6y6KlG9n40wPBM",
        "M2f98le6BRmr3xkCmZ+AzM0M8UClsgmLn92WS1wy8458EiPQ0FPI2pgWA8ESIFgKBMuAgPmL2Pabm4BgMxSwgF",
        "QcOnRoyVIgcWjZoUOMF0XCZ8UjgQQgQOczLYICmPkwALMHbNedv/IHmJrAgAkIm5ibQYAZjECMlhaWFhaQKSAD",
        "mRcvTlySmMiSyLpkCcuSBJaliaxLE9mWJS5blsgOAK4Zp+nVCl2AAAAAAElFTkSuQmCC",
      ]),
    PNGVector(
      name: "rgbAlpha 16 bits", channelCount: 3, checksum: 0x8588_a195,
      firstRow: [0, 72, 145, 30, 54, 78, 136, 14, 68, 3, 9, 15],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJEAYAAACwAdpTAAAAFElEQVR42nWQT0REQRzH37ZRu5foHZZ4T/2JHu",
        "cAAAFlSURBVBQv0SGxh30kpUMd5hgRMe8UXXciEhE7q44dss3QnqIuj0p1SPEOUccO80Tq0KXerbSH4vWbP23Z",
        "5OP79f2aYcbXsix0ydaSCVwOi2kDnUTP9j5eDIe8edIbPdp1eiu2vBlSSKb8PL0WG+icrSZjfiYcSd/QESP2Hl",
        "4IB9OXjKh5c8SJ7oMyBgIlnXUPSECwxJy0nDbP2+KaAGIl5TsCiA3C6KcLJlhsEAaZs8PHswWrMSB4hVecitvJ",
        "qJvjFByknSt3qaNzjqvMq07VzXMlmdv1PwB4LSCxAv7QLQV5R0pmzGSH10FYubytu8yW30GvBPWm2UoyWkrpRf",
        "qKDlk5KeoJ0UH0YO9iHPbJwSNhb9Mbsekh0pWM+1kaiXV0ypYTv/SZses4CPvTJz0Z+FIAgP/qWKIa8E//O/Z3",
        "/2fsZm8dG52997gfk3cwG0zG82ZCGJCpOZnJLkg7V65vc3PbqX4Bc4lcJYPKKx8AAAAASUVORK5CYII=",
      ]),
    PNGVector(
      name: "rgbAlpha 16 bits, interlaced", channelCount: 3, checksum: 0x8588_a195,
      firstRow: [0, 72, 145, 30, 54, 78, 136, 14, 68, 3, 9, 15],
      base64: [
        "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAJEAYAAAHHBurFAAAAFElEQVR42l2PP0gcQRTG985L4VqZWUhhBNKKX6",
        "0AAAGhSURBVAthQbAK3N3uEQiYwmuWVNELgjLTKAQ75wgEBJvkVkHwTyHhErAxoCBvQThYIQizNulCwEmhGCVN",
        "btkqYJfNm531IMeP7837ePPnG8MwvLP2WjxFPtMlmEi7BSHJHn0FI1ZHQTqF1ne5a7/kj4rRtUJcF+lrmEwT7z",
        "h+XnvQOpfv+GNxST7S+QHxmxyqYVzfmQjN226JLbNliviSIr401HZ7mg+SfcpgPP1VgnJ653Xab6Lu/4g+b9yf",
        "kJv2Cz4svrXfxk/dv60vOrZ3pCKq7AZd0Xfa83xM/CT7cb1mtr7KDXiS/vFO2rygM6ZJ/5P3zxahoggqUFUEVX",
        "ByXHAD1IB1EL6/WTTrp1vhw4ztkITkdLtG9FrKTiNRIhJIoiRwIqyq0xTkB3uOj4ortkIRlkn32jPOOFXkk75p",
        "b16EsiLIhVTy9FXoEeTKwH8ESi70yP5092l0NVqIn5kz/oU/gxUxL9bRDWW9P4vIIS3E7Pl13TfMhv/Db5R0Ii",
        "jTsoWZsGIa2sTaZFULEyipHrj2zCEOesdqgktd4qpqYaZ/uyFKVHOSU0MAAAAASUVORK5CYII=",
      ]),
  ]
}
