/** Parts of dispatch that can be left out, each by one change of the compiled library: it still works, and is slower where the part counts. */

export interface Part {
  readonly name: string;
  /** Below `dist`. */
  readonly file: string;
  /** What stands there, once, and what stands there without the part. */
  readonly with: string;
  readonly without: string;
}

export const PARTS: readonly Part[] = [
  {
    name: 'many calls in a lane at a time (the ring)',
    file: 'src/supervisor/dispatch/choose-lane.js',
    with: 'return fn.short && items === null;',
    without: 'return fn === null;',
  },
  {
    name: 'crates: a tick published by one fence',
    file: 'src/supervisor/dispatch/tick-batch.js',
    with: 'const PUBLISH_BATCH = 32;',
    without: 'const PUBLISH_BATCH = 1;',
  },
  {
    name: 'the host spins for results that are due',
    file: 'src/options/tuning.js',
    with: 'hostSpinUs: 20,',
    without: 'hostSpinUs: 0,',
  },
  {
    name: 'the host polls once a turn for results that are soon',
    file: 'src/supervisor/dispatch/host-loop.js',
    with: 'const POLL_US = 40;',
    without: 'const POLL_US = -1;',
  },
  {
    name: 'a lane spins for the next call before it sleeps',
    file: 'src/options/tuning.js',
    with: 'laneSpinUs: 20,',
    without: 'laneSpinUs: 0,',
  },
  {
    name: 'results gather before the host is woken',
    file: 'src/supervisor/dispatch/result-due.js',
    with: 'const GATHER_US = 50;',
    without: 'const GATHER_US = 0;',
  },
  {
    name: 'one lane for what it runs faster than the host hands it out',
    file: 'src/supervisor/dispatch/choose-lane.js',
    with: 'const oneIsEnough = fn.averageUs < callUs;',
    without: 'const oneIsEnough = fn.averageUs < 0;',
  },
  {
    name: 'the idle lane used last, not the one used first',
    file: 'src/supervisor/dispatch/choose-lane.js',
    with: 'lane.lastUsed > idle.lastUsed',
    without: 'lane.lastUsed < idle.lastUsed',
  },
  {
    name: 'one reading of the clock for four calls of a tick',
    file: 'src/supervisor/dispatch/tick-clock.js',
    with: 'const SHARED = 4;',
    without: 'const SHARED = 1;',
  },
  {
    name: 'texts and bytes in the arena, not in messages',
    file: 'src/lanes/rows/pack.js',
    with: 'if (plan.fixedBytes + dataBytes > arena.largest)',
    without: 'if (dataBytes > 0)',
  },
];
