/**
 * B5: which ratios CI compares with the recorded ones, and how far each may fall.
 *
 * Ratios of rates and of medians, in which a loaded machine slows down both
 * sides. Percentiles, times and memory are not among them; nor are ratios whose
 * rounds differ more than any bound would allow, as those to bare messages do.
 */

export interface Compared {
  readonly question: string;
  /** Its `what`, in which `*` stands for anything: the first target that is called so. */
  readonly target: string;
  /** Of the recorded ratio, what is to be left of it. */
  readonly share: number;
}

export const COMPARED: readonly Compared[] = [
  { question: 'small-calls', target: 'offthread (koffi) against *, 64 in flight', share: 0.33 },
  { question: 'small-calls', target: 'offthread (koffi) against *, 1,024 in flight', share: 0.33 },
  { question: 'small-calls', target: 'offthread (ffi-rs) against *, 1,024 in flight', share: 0.33 },
  { question: 'small-calls', target: 'share of promises alone, *, 64 in flight', share: 0.5 },
  { question: 'small-calls', target: 'share of promises alone, *, 1,024 in flight', share: 0.5 },
  { question: 'small-calls', target: 'share of promises alone, *, 16,384 in flight', share: 0.5 },
  // A lone call is on its way through two threads: on two busy cores one of them waits for its turn.
  { question: 'round-trip', target: 'p50 of offthread (koffi) against koffi.async', share: 0.2 },
  { question: 'cold-calls', target: 'p50 of offthread (koffi) against koffi.async, after 5 ms', share: 0.33 },
  { question: 'map', target: 'offthread map, toArray (koffi) against *', share: 0.5 },
  { question: 'map-columns', target: 'offthread mapColumns, shared (koffi) against *', share: 0.5 },
  { question: 'streams', target: 'chunks of 64 bytes, * against postMessage, transfer', share: 0.3 },
  { question: 'streams', target: 'chunks of 4 KB, * against postMessage, transfer', share: 0.4 },
  { question: 'streams', target: 'chunks of 64 KB, * against postMessage, transfer', share: 0.4 },
  { question: 'buffers', target: '4 KB, copied: offthread (koffi) against *', share: 0.33 },
  { question: 'buffers', target: '4 KB, shared: offthread (koffi) against *', share: 0.33 },
  { question: 'buffers', target: '4 KB, shared: offthread (ffi-rs) against *', share: 0.33 },
  // Native code takes most of the time, on all cores: what is left of these ratios is small, and steady.
  { question: 'buffers', target: '1 MB, copied: offthread (koffi) against the best pool, *', share: 0.4 },
  { question: 'process-calls', target: 'calls a second with 64 in flight, *', share: 0.33 },
  { question: 'process-calls', target: 'calls a second with 1,024 in flight, *', share: 0.33 },
  // Both sides start a thread or a process, which takes most of the time.
  { question: 'start-up', target: 'first answer of offthread (koffi) against piscina, 1 lane', share: 0.6 },
  {
    question: 'start-up',
    target: 'first answer of offthread processes against tinypool child_process, 1 lane',
    share: 0.6,
  },
];
