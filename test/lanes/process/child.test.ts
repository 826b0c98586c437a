/** B2: the process of a lane. */
import { closeSync, openSync } from 'node:fs';
import { expect } from 'chai';
import type { ChildEnd } from '../../../src/lanes/process/child-end.js';
import { Child } from '../../../src/lanes/process/child.js';
import { wait } from '../../helpers/waiting.js';

const boot = {
  name: 'test',
  size: { rows: 1, arenaBytes: 1_024, chunkBytes: 64, batchBytes: 0 },
  host: process.pid,
  clockOrigin: 0,
  spinUs: 0,
  stackBytes: 4 << 20,
} as const;

/** A process, and its end. What it gets for memory is none: it is not to live for long. */
function start(): { child: Child; ended: Promise<ChildEnd> } {
  let child: Child | undefined;
  const nothing = openSync('/dev/null', 'r');
  const ended = new Promise<ChildEnd>((resolve) => {
    child = new Child(
      {
        boot,
        start: { execPath: process.execPath, execArgv: [], env: {}, laneFile: null },
        passStderr: false,
        stdoutToStderr: false,
        shared: { memoryFd: nothing, liveFd: nothing },
      },
      { rung: () => {}, ended: resolve },
    );
  });
  closeSync(nothing);
  return { child: child as Child, ended };
}

describe('the process of a lane (B2)', () => {
  it('says nothing, however often it is held and let go after its socket was closed', async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error): void => void warnings.push(warning);
    process.on('warning', hear);
    const { child, ended } = start();
    child.close();
    for (let times = 0; times < 30; times += 1) child.hold(times % 2 === 0);
    child.kill();
    expect(await ended).to.include({ signal: 'SIGKILL' });
    for (let times = 0; times < 30; times += 1) child.hold(times % 2 === 0);
    await wait(20);
    process.off('warning', hear);
    expect(warnings).to.deep.equal([]);
  });
});
