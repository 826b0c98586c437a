import { expect } from 'chai';

import type { EngineName, FunctionSpec, Scalar } from '../../src/declare/spec.js';
import { selectEngine } from '../../src/engines/select-engine.js';
import { EngineError } from '../../src/errors.js';

function declared(name: string, returns: Scalar, errno = false): FunctionSpec {
  return {
    name,
    symbol: name,
    params: [],
    returns: { kind: 'value', type: returns },
    fails: null,
    errno,
    lastError: null,
    onCancel: null,
    stream: null,
  };
}

/** Stands in for loading: only these engines are installed. */
function installed(...names: EngineName[]): (name: EngineName) => unknown {
  return (name) => {
    if (names.includes(name)) return {};
    throw new EngineError(`${name} is not installed.`, { code: 'OFFTHREAD_ENGINE_MISSING' });
  };
}

const plain = [declared('plain', 'i32', true)];
const half = [declared('plain', 'i32'), declared('half', 'f32')];
const all = installed('ffi-rs', 'koffi', 'node');

function refusal(attempt: () => unknown): EngineError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof EngineError) return error;
  }
  throw new Error('no EngineError was thrown');
}

describe('selecting an engine (B6)', () => {
  const auto = (
    specs: readonly FunctionSpec[],
    mainThread: boolean,
    load: (name: EngineName) => unknown,
  ): EngineName => selectEngine('auto', specs, { mainThread, load });

  it('auto takes koffi where it is installed, on every thread, with and without ffi-rs', () => {
    expect(auto(plain, true, all)).to.equal('koffi');
    expect(auto(half, true, all)).to.equal('koffi');
    expect(auto(plain, false, all)).to.equal('koffi');
    expect(auto(plain, true, installed('koffi', 'node'))).to.equal('koffi');
  });

  it('auto takes ffi-rs where koffi is not installed, as far as it serves', () => {
    expect(auto(plain, true, installed('ffi-rs', 'node'))).to.equal('ffi-rs');
    expect(refusal(() => auto(plain, false, installed('ffi-rs', 'node'))).code).to.equal(
      'OFFTHREAD_ENGINE_MISSING',
    );
  });

  it('auto does not load what it does not take', () => {
    const loaded: EngineName[] = [];
    auto(plain, true, (name) => loaded.push(name));
    expect(loaded).to.deep.equal(['koffi']);
  });

  it('auto never takes node', () => {
    expect(refusal(() => auto(plain, true, installed('node'))).code).to.equal('OFFTHREAD_ENGINE_MISSING');
  });

  it('auto names the function, what it needs and what is missing', () => {
    const error = refusal(() => auto(half, true, installed('ffi-rs')));
    expect(error.code).to.equal('OFFTHREAD_ENGINE_MISSING');
    expect(error.symbol).to.equal('half');
    expect(error.message).to.match(
      /ffi-rs does not support the function 'half', which returns f32\. koffi is not installed/,
    );
    expect(error.cause).to.be.instanceOf(EngineError);
  });

  it('a requested engine is taken, or refused', () => {
    for (const name of ['ffi-rs', 'koffi', 'node'] as const) {
      expect(selectEngine(name, plain, { mainThread: true, load: all })).to.equal(name);
    }
    expect(
      refusal(() => selectEngine('koffi', plain, { mainThread: true, load: installed() })).code,
    ).to.equal('OFFTHREAD_ENGINE_MISSING');
  });

  it('a requested ffi-rs is refused an f32 result and another thread', () => {
    const f32 = refusal(() => selectEngine('ffi-rs', half, { mainThread: true, load: all }));
    expect(f32.code).to.equal('OFFTHREAD_ENGINE_UNSUPPORTED');
    expect(f32.symbol).to.equal('half');
    expect(f32.message).to.match(/ffi-rs does not support the function 'half', which returns f32.*koffi/);
    const thread = refusal(() => selectEngine('ffi-rs', plain, { mainThread: false, load: all }));
    expect(thread.code).to.equal('OFFTHREAD_ENGINE_UNSUPPORTED');
    expect(thread.message).to.include('worker thread');
  });

  it('callbacks are for koffi and node; for node not in a worker thread, whose end would be that of the process', () => {
    const talking = [{ ...declared('ask', 'i32'), params: [{ kind: 'cancelProbe' }] }] as const;
    expect(selectEngine('auto', talking, { mainThread: true, load: all })).to.equal('koffi');
    expect(selectEngine('node', talking, { mainThread: true, load: all })).to.equal('node');
    expect(selectEngine('koffi', talking, { mainThread: false, load: all })).to.equal('koffi');
    for (const [name, mainThread] of [
      ['ffi-rs', true],
      ['node', false],
    ] as const) {
      const error = refusal(() => selectEngine(name, talking, { mainThread, load: all }));
      expect(error.code).to.equal('OFFTHREAD_ENGINE_UNSUPPORTED');
      expect(error.symbol).to.equal('ask');
      expect(error.message).to.match(/callback.*koffi/);
    }
  });

  it('loads the real ones by default', () => {
    expect(selectEngine('auto', plain, { mainThread: true })).to.equal('koffi');
    expect(selectEngine('ffi-rs', plain, { mainThread: true })).to.equal('ffi-rs');
    expect(selectEngine('auto', half, { mainThread: true })).to.equal('koffi');
  });
});
