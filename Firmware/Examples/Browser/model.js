// A model in a page: octet.h as WebAssembly, with memory for the blob and the arena behind its own.

export class Model {
  static async load(moduleAddress, blobAddress) {
    const [{instance}, response] = await Promise.all([
      WebAssembly.instantiateStreaming(fetch(moduleAddress)), fetch(blobAddress)]);
    return new Model(instance.exports, new Uint8Array(await response.arrayBuffer()));
  }

  constructor(octet, blob) {
    this.octet = octet;
    let end = octet.__heap_base.value;
    const take = count => {
      const start = (end + 63) & ~63;
      end = start + count;
      const missing = end - octet.memory.buffer.byteLength;
      if (missing > 0) octet.memory.grow(Math.ceil(missing / 65536));
      return start;
    };
    const blobAt = take(blob.length);
    new Uint8Array(octet.memory.buffer).set(blob, blobAt);
    const arenaByteCount = octet.octet_arena_byte_count(blobAt, blob.length);
    const arenaAt = take(arenaByteCount);
    this.session = take(64);
    this.#check(octet.octet_open(this.session, blobAt, blob.length, arenaAt, arenaByteCount));
    this.inputCount = octet.octet_input_byte_count(this.session);
    this.outputCount = octet.octet_output_byte_count(this.session);
    [this.inputAt, this.outputAt] = [take(this.inputCount), take(this.outputCount)];
  }

  // Int8 values in, int8 values out: all inputs end to end, all outputs end to end.
  predict(values) {
    new Int8Array(this.octet.memory.buffer, this.inputAt, this.inputCount).set(values);
    this.#check(this.octet.octet_run(
      this.session, this.inputAt, values.length, this.outputAt, this.outputCount));
    return [...new Int8Array(this.octet.memory.buffer, this.outputAt, this.outputCount)];
  }

  selfTest() { return this.octet.octet_self_test(this.session) === 0; }

  #check(code) {
    if (code === 0) return;
    const text = new Uint8Array(this.octet.memory.buffer, this.octet.octet_error_text(code));
    throw new Error(new TextDecoder().decode(text.slice(0, text.indexOf(0))));
  }
}
