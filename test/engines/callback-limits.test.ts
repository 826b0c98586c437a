/** How many callbacks there can be, and who has none. */
import { expect } from 'chai';
import { loadEngine } from '../../src/engines/load-engine.js';
import { EngineError } from '../../src/errors.js';
import { from, runProcess } from './engine-child.js';

describe('callbacks of koffi (B6)', () => {
  it('are given back, and an EngineError says when there are too many', () => {
    const end = runProcess(`
      import { createRequire } from 'node:module';
      const { loadEngine } = await import(${from('load-engine')});
      const koffi = createRequire(${JSON.stringify(import.meta.url)})('koffi');
      const engine = loadEngine('koffi');
      const made = [];
      const make = () => engine.callback({ arguments: ['i32'], returns: 'i32' }, () => 1);
      const before = koffi.stats().callbacks;
      try {
        for (;;) made.push(make());
      } catch (error) {
        console.log(error.name, error.code, error.message);
      }
      console.log(made.length, koffi.stats().callbacks - before);
      for (const one of made) one.release();
      console.log(koffi.stats().callbacks - before);
      make().release();`);
    expect([end.code, end.stderr]).to.deep.equal([0, '']);
    const [error, made, left] = end.stdout.split('\n');
    expect(error).to.match(/^EngineError OFFTHREAD_ENGINE\S* koffi could not create a callback: .*8,192/);
    expect(made).to.equal('8192 8192');
    expect(left).to.equal('0');
  });
});

describe('callbacks of ffi-rs', () => {
  it('are refused, with the engines that have them', () => {
    const attempt = (): unknown =>
      loadEngine('ffi-rs').callback({ arguments: [], returns: 'void' }, () => undefined);
    expect(attempt)
      .to.throw(EngineError, /koffi or node/)
      .with.property('code', 'OFFTHREAD_ENGINE_UNSUPPORTED');
  });
});
