import { expect } from 'chai';

import type { Scalar } from '../../../src/declare/spec.js';
import { argumentTypes } from '../../../src/engines/bindings/ffi-rs-types.js';

const APPLE = { platform: 'darwin', arch: 'arm64' };
const LINUX = { platform: 'linux', arch: 'arm64' };

describe('ffi-rs argument types (B6)', () => {
  const integers = Array<Scalar>(8).fill('i32');
  const types: Scalar[] = ['i8', 'u16', ...integers.slice(2), 'f64', 'i8', 'u16', 'i32'];

  it('are wide in registers, and of their own width on a packed stack', () => {
    const wide = argumentTypes(types, APPLE);
    expect(wide.slice(0, 2)).to.deep.equal(['I32', 'I32']);
    expect(wide.slice(-4)).to.deep.equal(['Double', 'U8', 'I16', 'I32']);
  });

  it('are wide on a stack of whole words', () => {
    expect(argumentTypes(types, LINUX).slice(-3)).to.deep.equal(['I32', 'I32', 'I32']);
  });
});
