import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';

import { type FileHost, inspectLibraryFile } from '../../../src/engines/loading/library-format.js';
import { folder, probeLibrary } from '../../helpers/engine-probe.js';

const LINUX: FileHost = { platform: 'linux', arch: process.arch };
const MAC: FileHost = { platform: 'darwin', arch: 'arm64' };
const X64 = 0x01000007;
const ARM64 = 0x0100000c;

function universal(...cpus: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 + 20 * cpus.length + 64));
  view.setUint32(0, 0xcafebabe);
  view.setUint32(4, cpus.length);
  cpus.forEach((cpu, index) => view.setUint32(8 + 20 * index, cpu));
  return new Uint8Array(view.buffer);
}

function thin(cpu: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(64));
  view.setUint32(0, 0xfeedfacf, true);
  view.setUint32(4, cpu, true);
  return new Uint8Array(view.buffer);
}

describe('library files (M34)', () => {
  let count = 0;
  const what = (bytes: Uint8Array | string, host: FileHost): string | undefined => {
    const path = join(folder, `file-${(count += 1)}`);
    writeFileSync(path, bytes);
    return inspectLibraryFile(path, host)?.what;
  };

  it('sound ones have no problem', () => {
    expect(inspectLibraryFile(probeLibrary(), LINUX)).to.equal(null);
    expect(what(thin(ARM64), MAC)).to.equal(undefined);
    expect(what(universal(X64, ARM64), MAC)).to.equal(undefined);
  });

  it('of macOS for another processor are named', () => {
    expect(what(thin(X64), MAC)).to.include('built for x64; this Node.js is darwin arm64');
    expect(what(universal(X64, 7), MAC)).to.include('built for x64 and ia32');
  });

  it('of another system are named', () => {
    expect(what(universal(X64, ARM64), LINUX)).to.include('a macOS library (x64 and arm64)');
    expect(inspectLibraryFile(probeLibrary(), MAC)?.what).to.include('a Linux library');
  });

  it('that share a magic number with universal ones are no libraries', () => {
    const javaClass = Uint8Array.of(0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61, 0, 0, 0, 0);
    expect(what(javaClass, MAC)).to.include('is not a library');
  });

  it('with rubbish in the header are cut short at most, never a crash', () => {
    const rubbish = new Uint8Array(4096).fill(0xff);
    rubbish.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
    rubbish.set([3, 0, process.arch === 'arm64' ? 183 : 62, 0], 16);
    expect(what(rubbish, LINUX)).to.match(/truncated/);
  });

  it('that are not there are left to the loader', () => {
    expect(inspectLibraryFile(join(folder, 'absent'), LINUX)).to.equal(null);
  });
});
