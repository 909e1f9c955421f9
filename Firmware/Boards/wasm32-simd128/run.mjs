// Runs the WASI program that is its argument, with the current folder as its own.
import {readFile} from "node:fs/promises";
import {argv} from "node:process";
import {WASI} from "node:wasi";

const wasi = new WASI({version: "preview1", preopens: {".": "."}});
const module = await WebAssembly.compile(await readFile(argv[2]));
const imports = {wasi_snapshot_preview1: wasi.wasiImport};
process.exitCode = wasi.start(await WebAssembly.instantiate(module, imports));
