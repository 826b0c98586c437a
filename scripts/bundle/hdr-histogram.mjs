/**
 * hdr-histogram-js, as it becomes part of a bundle: without what only browsers and WebAssembly need, and without its
 * recorder and its reader of logs. A plugin of esbuild.
 */
import { relative, sep } from 'node:path';
import { inRoot } from '../tools.mjs';

/** In place of its WebAssembly: `build` makes histograms in JavaScript unless it is asked for others. */
const WITHOUT_WASM = 'exports.webAssemblyAvailable = false; exports.WasmHistogram = class {};';

export const hdrHistogram = {
  name: 'hdr-histogram',
  setup({ onLoad, onResolve }) {
    const folder = inRoot('node_modules/hdr-histogram-js');
    const isWithin = (importer) => !relative(folder, importer).startsWith(`..${sep}`);
    onResolve(
      { filter: /^(\.\/wasm|\.\/Recorder|\.\/HistogramLogReader|pako(\/.*)?)$/ },
      ({ path, importer }) => (isWithin(importer) ? { path, namespace: 'hdr-histogram' } : undefined),
    );
    // With Node.js, it takes zlib and not pako.
    onLoad({ filter: /.*/, namespace: 'hdr-histogram' }, ({ path }) => ({
      contents: path === './wasm' ? WITHOUT_WASM : '',
    }));
  },
};
