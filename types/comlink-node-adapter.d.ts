/** Comlink ships types for this module only under a name that ESM resolution does not look for. */
declare module 'comlink/dist/esm/node-adapter.mjs' {
  import type { Endpoint } from 'comlink';
  import type { MessagePort } from 'node:worker_threads';
  /** Makes a Node.js MessagePort an endpoint for comlink. */
  export default function nodeEndpoint(port: MessagePort): Endpoint;
}
