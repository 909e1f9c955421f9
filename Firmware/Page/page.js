// Runs the model of this page. `model` is the JSON above: see ModelPage.swift.
"use strict";
const $ = id => document.getElementById(id);
const model = JSON.parse($("model").textContent);
const root = document.documentElement;
const bytesOf = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));

// MARK: The runtime

// octet.h in WebAssembly: 32-bit pointers and sizes. The blob, the arena, the session and two
// scratch words lie behind the stack and constants of the module.
class Runtime {
  static async open(code, blob, arenaByteCount) {
    const {instance} = await WebAssembly.instantiate(code, {});
    return new Runtime(instance.exports, blob, arenaByteCount);
  }

  constructor(exports, blob, arenaByteCount) {
    this.calls = exports;
    let next = exports.__heap_base.value;
    const take = count => { const at = (next + 63) & ~63; next = at + count; return at; };
    const [blobAt, arenaAt] = [take(blob.length), take(arenaByteCount)];
    this.session = take(64);
    this.tensorAt = take(64);
    const missing = next - exports.memory.buffer.byteLength;
    if (missing > 0) exports.memory.grow((missing + 65535) >> 16);
    this.memory = exports.memory.buffer;
    new Uint8Array(this.memory).set(blob, blobAt);
    this.check(exports.octet_open(this.session, blobAt, blob.length, arenaAt, arenaByteCount));
    this.operatorCount = exports.octet_operator_count(this.session);
  }

  check(code) {
    if (code === 0) return;
    const at = this.calls.octet_error_text(code);
    const bytes = new Uint8Array(this.memory, at);
    throw new Error(new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0))));
  }

  // Undefined when every layer made the bytes that the blob knows, otherwise the first that did not.
  selfTest() {
    if (this.calls.octet_self_test(this.session) === 0) return undefined;
    return new DataView(this.memory).getUint32(this.session + 16, true);
  }

  tensor(values) {
    const view = new DataView(this.memory, this.tensorAt);
    const count = view.getUint32(0, true);
    return {
      shape: [4, 8, 12, 16].map(at => view.getInt32(at, true)), scale: view.getFloat32(20, true),
      zeroPoint: view.getInt32(24, true), codes: new Int8Array(this.memory, values, count),
    };
  }

  input(index) {
    this.check(this.calls.octet_input(this.session, index, this.tensorAt));
    return this.tensor(this.calls.octet_input_values(this.session, index));
  }

  output(index) {
    this.check(this.calls.octet_output(this.session, index, this.tensorAt));
    return this.tensor(this.calls.octet_output_values(this.session, index));
  }

  // What an operator made, until a later one needs its memory.
  operatorOutput(index) {
    this.check(this.calls.octet_operator_output(this.session, index, 0, this.tensorAt));
    return this.tensor(this.calls.octet_operator_output_values(this.session, index, 0));
  }

  setInputs(inputs) { inputs.forEach((codes, index) => this.input(index).codes.set(codes)); }

  run(end = this.operatorCount, after = () => {}) {
    for (let index = 0; index < end; index++) {
      this.check(this.calls.octet_run_operator(this.session, index));
      after(index);
    }
  }
}

// MARK: What is shown

const real = (tensor, code) => tensor.scale * (code - tensor.zeroPoint);

function showClasses(tensor) {
  let values = [...tensor.codes].map(code => real(tensor, code));
  // A classifier's probabilities: its own, or the softmax of what it gives.
  const isProbability = model.pixelCodes !== undefined && values.length > 1;
  if (isProbability && model.operators.at(-1).kind !== "softmax") {
    const highest = Math.max(...values);
    const powers = values.map(value => Math.exp(value - highest));
    const sum = powers.reduce((a, b) => a + b);
    values = powers.map(power => power / sum);
  }
  const largest = Math.max(...values.map(Math.abs), 1e-9);
  const order = values.map((_, index) => index).sort((a, b) => values[b] - values[a]);
  $("classes").replaceChildren(...order.slice(0, 10).map(index => {
    const row = document.createElement("li");
    const [name, track, bar, number] = ["span", "i", "b", "em"].map(
      tag => document.createElement(tag));
    name.textContent = name.title = model.labels[index] ?? `${index}`;
    const share = isProbability ? values[index] : Math.max(values[index], 0) / largest;
    bar.style.width = `${100 * share}%`;
    number.textContent =
      isProbability ? `${(100 * values[index]).toFixed(1)} %` : values[index].toPrecision(4);
    track.append(bar);
    row.append(name, track, number);
    return row;
  }));
  root.dataset.top = order[0];
}

const mapLimit = 64;
const colors = {low: [34, 96, 155], high: [201, 94, 16]};

// A tensor N × H × W × C as a picture a channel; a vector as one row.
function pictures(tensor) {
  let [, height, width, channels] = tensor.shape;
  if (height * width === 1) [width, channels] = [channels, 1];
  let largest = 1;
  for (const code of tensor.codes) largest = Math.max(largest, Math.abs(code - tensor.zeroPoint));
  return Array.from({length: Math.min(channels, mapLimit)}, (_, channel) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    const zoom = height === 1 ? Math.max(1, Math.min(16, 480 / width)) : Math.max(1, 56 / height);
    canvas.style.width = `${width * zoom}px`;
    canvas.style.height = height === 1 ? "16px" : `${height * zoom}px`;
    const context = canvas.getContext("2d");
    const image = context.createImageData(width, height);
    for (let pixel = 0; pixel < width * height; pixel++) {
      const value = (tensor.codes[pixel * channels + channel] - tensor.zeroPoint) / largest;
      image.data.set(value < 0 ? colors.low : colors.high, 4 * pixel);
      image.data[4 * pixel + 3] = 255 * Math.abs(value);
    }
    context.putImageData(image, 0, 0);
    return canvas;
  });
}

const layers = model.operators.map(operator => {
  const row = document.createElement("div");
  row.className = "layer";
  const text = document.createElement("div");
  const [title, facts, time] = ["h3", "p", "p"].map(tag => document.createElement(tag));
  title.textContent = operator.name;
  facts.textContent = `${operator.kind}, ${operator.shape.join(" × ")}`;
  facts.className = time.className = "note";
  const maps = document.createElement("div");
  maps.className = "maps";
  text.append(title, facts, time);
  row.append(text, maps);
  $("layers").append(row);
  return {maps, time};
});

// MARK: Running

let runtime;
let inputs;

const microseconds = value =>
  value < 1000 ? `${value.toPrecision(3)} µs` : `${(value / 1000).toPrecision(3)} ms`;

// The best of three, of as many passes through the first `end` operators as the clock needs.
function passTime(end) {
  let passes = 1;
  for (;;) {
    let best = Infinity;
    for (let round = 0; round < 3; round++) {
      const begin = performance.now();
      for (let pass = 0; pass < passes; pass++) {
        runtime.setInputs(inputs);
        runtime.run(end);
      }
      best = Math.min(best, performance.now() - begin);
    }
    if (best > 3 || passes > 1e5) return 1000 * best / passes;
    passes *= 4;
  }
}

let timing;
// Browsers round their clocks: an operator's time is what a pass takes longer with it than without.
async function measure() {
  const mine = timing = {};
  let before = passTime(0);
  const empty = before;
  for (let index = 0; index < layers.length; index++) {
    await new Promise(resolve => setTimeout(resolve));
    if (timing !== mine) return;
    const after = passTime(index + 1);
    layers[index].time.textContent = microseconds(Math.max(after - before, 0));
    before = after;
  }
  $("time").textContent = `${microseconds(before - empty)} an inference in this browser`;
}

let delay, stream;
function run(codes) {
  inputs = codes;
  runtime.setInputs(inputs);
  runtime.run(runtime.operatorCount, index =>
    layers[index].maps.replaceChildren(...pictures(runtime.operatorOutput(index))));
  showClasses(runtime.output(0));
  timing = undefined;
  clearTimeout(delay);
  if (!stream) delay = setTimeout(measure, 300);
}

// MARK: Pictures

const [, height, width, channels] = model.inputs[0].shape;
const drawing = $("drawing").getContext("2d", {willReadFrequently: true});
// The pad has the input's proportions.
const padWidth = $("drawing").width;
const padHeight = $("drawing").height = Math.round(padWidth * height / width);
let isDrawn = true;

function clear() {
  $("hint").hidden = false;
  drawing.fillStyle = "#000";
  drawing.fillRect(0, 0, padWidth, padHeight);
  isDrawn = true;
}

// A part of the pad as `columns` × `rows` pixels, each the mean of what it covers.
function shrink(box, columns, rows) {
  const source = drawing.getImageData(0, 0, padWidth, padHeight).data;
  const result = new Float64Array(columns * rows * 3);
  const weight = (low, high, pixel) => Math.min(high, pixel + 1) - Math.max(low, pixel);
  for (let row = 0; row < rows; row++) {
    const [top, bottom] = [0, 1].map(k => box.y + (row + k) * box.height / rows);
    for (let column = 0; column < columns; column++) {
      const [left, right] = [0, 1].map(k => box.x + (column + k) * box.width / columns);
      const sum = [0, 0, 0];
      for (let y = Math.max(0, Math.floor(top)); y < Math.min(padHeight, bottom); y++) {
        for (let x = Math.max(0, Math.floor(left)); x < Math.min(padWidth, right); x++) {
          const area = weight(top, bottom, y) * weight(left, right, x);
          for (let k = 0; k < 3; k++) sum[k] += area * source[4 * (y * padWidth + x) + k];
        }
      }
      const area = (bottom - top) * (right - left);
      for (let k = 0; k < 3; k++) result[3 * (row * columns + column) + k] = sum[k] / area;
    }
  }
  return result;
}

const wholePad = {x: 0, y: 0, width: padWidth, height: padHeight};

// As MNIST's makers did: what is drawn fills 20 of 28 pixels, its centre of mass in the middle.
function centredBox() {
  const data = drawing.getImageData(0, 0, padWidth, padHeight).data;
  let [left, right, top, bottom, mass, x, y] = [padWidth, 0, padHeight, 0, 0, 0, 0];
  for (let at = 0; at < padWidth * padHeight; at++) {
    const value = data[4 * at];
    if (value < 32) continue;
    const [column, row] = [at % padWidth, Math.floor(at / padWidth)];
    [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row + 1)];
    mass += value;
    x += value * (column + 0.5);
    y += value * (row + 0.5);
  }
  if (!mass) return wholePad;
  const scale = Math.max((right - left) / padWidth, (bottom - top) / padHeight, 0.02) * 28 / 20;
  const [w, h] = [scale * padWidth, scale * padHeight];
  return {x: x / mass - w / 2, y: y / mass - h / 2, width: w, height: h};
}

function encode() {
  const isFitted = isDrawn && channels === 1 && $("fit").checked;
  const box = isFitted ? centredBox() : wholePad;
  const pixels = shrink(box, width, height);
  const seen = $("seen").getContext("2d");
  [seen.canvas.width, seen.canvas.height] = [width, height];
  const shown = seen.createImageData(width, height);
  const codes = new Int8Array(width * height * channels);
  for (let pixel = 0; pixel < width * height; pixel++) {
    let color = [0, 1, 2].map(k => pixels[3 * pixel + k]);
    // ITU-R BT.601, as `octet run` makes pictures gray.
    if (channels === 1) color.fill(0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]);
    if ($("invert").checked) color = color.map(value => 255 - value);
    color = color.map(value => Math.max(0, Math.min(255, Math.round(value))));
    for (let k = 0; k < channels; k++) {
      codes[pixel * channels + k] = model.pixelCodes[k][color[Math.min(k, 2)]];
    }
    shown.data.set([...color, 255], 4 * pixel);
  }
  seen.putImageData(shown, 0, 0);
  run([codes]);
}

function setUpDrawing() {
  const canvas = $("drawing");
  let last;
  const place = event => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    return [x * padWidth / box.width, y * padHeight / box.height];
  };
  const draw = event => {
    $("hint").hidden = true;
    const [x, y] = place(event);
    drawing.strokeStyle = "#fff";
    drawing.lineWidth = Math.min(padWidth, padHeight) / 13;
    drawing.lineCap = drawing.lineJoin = "round";
    drawing.beginPath();
    drawing.moveTo(...(last ?? [x, y]));
    drawing.lineTo(x, y);
    drawing.stroke();
    last = [x, y];
    encode();
  };
  canvas.addEventListener("pointerdown", event => {
    if (!isDrawn) clear();
    canvas.setPointerCapture(event.pointerId);
    last = undefined;
    draw(event);
  });
  canvas.addEventListener("pointermove", event => { if (event.buttons) draw(event); });
  $("clear").addEventListener("click", () => { stopCamera(); clear(); encode(); });
  $("invert").addEventListener("change", encode);
  $("fit").addEventListener("change", encode);
}

// The middle of a picture, in the pad's proportions, on the pad.
function place(image, imageWidth, imageHeight) {
  $("hint").hidden = true;
  const zoom = Math.min(imageWidth / padWidth, imageHeight / padHeight);
  const [w, h] = [zoom * padWidth, zoom * padHeight];
  drawing.drawImage(
    image, (imageWidth - w) / 2, (imageHeight - h) / 2, w, h, 0, 0, padWidth, padHeight);
  isDrawn = false;
  encode();
}

async function usePicture(file) {
  try {
    const image = await createImageBitmap(file);
    stopCamera();
    place(image, image.width, image.height);
  } catch { $("status").textContent = `“${file.name}” is no picture that this browser reads.`; }
}

function stopCamera() {
  stream?.getTracks().forEach(track => track.stop());
  stream = undefined;
  $("camera").textContent = "Camera";
}

async function toggleCamera() {
  if (stream) return stopCamera();
  try {
    stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: "environment"}});
  } catch (error) {
    $("status").textContent = `The camera cannot be used: ${error.message}.`;
    return;
  }
  const video = $("video");
  video.srcObject = stream;
  await video.play();
  $("camera").textContent = "Stop";
  const frame = () => {
    if (!stream) return;
    place(video, video.videoWidth, video.videoHeight);
    requestAnimationFrame(frame);
  };
  frame();
}

// MARK: Numbers

const quantize = (values, index) => {
  const {scale, zeroPoint} = model.inputs[index];
  // Halves away from zero, as `octet run --floats`.
  const round = value => Math.sign(value) * Math.round(Math.abs(value));
  return Int8Array.from(
    values, value => Math.max(-128, Math.min(127, round(Math.fround(value / scale)) + zeroPoint)));
};

const sizes = model.inputs.map(input => input.shape.reduce((a, b) => a * b, 1));
const total = sizes.reduce((a, b) => a + b, 0);
const cut = values => sizes.map((size, index) => {
  const start = sizes.slice(0, index).reduce((a, b) => a + b, 0);
  return values.slice(start, start + size);
});

function useNumbers() {
  const values = $("numbers").value.split(/[\s,;]+/).filter(text => text).map(Number);
  const wrong = values.some(value => !Number.isFinite(value));
  if (wrong || values.length !== total) {
    $("status").textContent = wrong
      ? "The input holds something that is no number."
      : `The model takes ${total} numbers; there are ${values.length}.`;
    return;
  }
  run(cut(values).map(quantize));
}

async function useFile(file) {
  const bytes = await file.arrayBuffer();
  if (bytes.byteLength === total) run(cut(new Int8Array(bytes)));
  else if (bytes.byteLength === 4 * total) run(cut(new Float32Array(bytes)).map(quantize));
  else {
    $("status").textContent = `“${file.name}” has ${bytes.byteLength} bytes; a sample has ${total} `
      + `as int8, ${4 * total} as float32.`;
  }
}

// MARK: Start

function acceptFiles(use) {
  document.addEventListener("dragover", event => event.preventDefault());
  document.addEventListener("drop", event => {
    event.preventDefault();
    const file = event.dataTransfer.files[0];
    if (file) use(file);
  });
}

function setUpInput() {
  if (model.pixelCodes) {
    $("image").hidden = false;
    $("fit-label").hidden = channels !== 1;
    setUpDrawing();
    $("file").addEventListener("change", event => usePicture(event.target.files[0]));
    $("camera").addEventListener("click", toggleCamera);
    acceptFiles(usePicture);
    clear();
    encode();
  } else {
    $("raw").hidden = false;
    $("raw-shape").textContent =
      model.inputs.map(input => `${input.name}: ${input.shape.join(" × ")}`).join("; ");
    $("use-numbers").addEventListener("click", useNumbers);
    $("raw-file").addEventListener("change", event => useFile(event.target.files[0]));
    const sample = () => run(cut(Int8Array.from(bytesOf(model.selfTestSample))));
    $("self-test-sample").addEventListener("click", sample);
    acceptFiles(useFile);
    sample();
  }
}

(async () => {
  $("name").textContent = model.name;
  $("facts").textContent = model.facts;
  try {
    runtime = await Runtime.open(
      bytesOf(model.runtime), bytesOf(model.blob), model.arenaByteCount);
    const failed = runtime.selfTest();
    if (failed !== undefined) {
      throw new Error(`the self-test gave other bytes at layer “${model.operators[failed]?.name}”`);
    }
    setUpInput();
    $("status").textContent = "Self-test passed: every layer computes the bytes of every board.";
    root.dataset.selfTest = "passed";
  } catch (error) {
    $("status").textContent = `This page does not work here: ${error.message}.`;
    root.dataset.selfTest = "failed";
  }
})();
