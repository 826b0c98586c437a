/** M5, M7: one listener for each signal, however many calls share it, and none when they have settled. */
import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import fc from 'fast-check';
import { type Abortable, linkSignal, unlinkSignal } from '../../src/calls/signals.js';
import { turns } from '../helpers/waiting.js';

class FakeCall implements Abortable {
  readonly reasons: unknown[] = [];
  readonly #then: (() => void) | undefined;
  constructor(then?: () => void) {
    this.#then = then;
  }
  abort(reason: unknown): void {
    this.reasons.push(reason);
    this.#then?.();
  }
}

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('signals (M5, M7)', () => {
  it('has one listener while any call is linked, none after the last, for any order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ signal: fc.nat(2), call: fc.nat(5), link: fc.boolean() }), {
          maxLength: 60,
          size: 'max',
        }),
        fc.nat(2),
        (steps, aborted) => {
          const controllers = [0, 1, 2].map(() => new AbortController());
          const calls = Array.from({ length: 6 }, () => new FakeCall());
          const model = controllers.map(() => new Set<FakeCall>());
          for (const { signal: at, call: who, link } of steps) {
            const { signal } = controllers[at] as AbortController;
            const call = calls[who] as FakeCall;
            if (link) {
              linkSignal(signal, call);
              model[at]?.add(call);
            } else {
              unlinkSignal(signal, call);
              model[at]?.delete(call);
            }
            expect(listeners(signal)).to.equal(model[at]?.size === 0 ? 0 : 1);
          }
          const reason = new Error('enough');
          controllers[aborted]?.abort(reason);
          for (const call of calls) {
            expect(call.reasons).to.deep.equal(model[aborted]?.has(call) === true ? [reason] : []);
          }
          expect(listeners((controllers[aborted] as AbortController).signal)).to.equal(0);
          controllers.forEach(({ signal }, at) => {
            for (const call of model[at] ?? []) unlinkSignal(signal, call);
            expect(listeners(signal)).to.equal(0);
          });
        },
      ),
    );
  });

  it('calls that settle while their signal aborts unlink themselves without harm', () => {
    const controller = new AbortController();
    const { signal } = controller;
    const calls: FakeCall[] = [];
    for (let index = 0; index < 3; index += 1) {
      const call = new FakeCall(() => {
        for (const other of calls) unlinkSignal(signal, other);
      });
      calls.push(call);
      linkSignal(signal, call);
    }
    controller.abort('why');
    for (const { reasons } of calls) expect(reasons).to.deep.equal(['why']);
    expect(listeners(signal)).to.equal(0);
  });

  it('thousands of calls on one signal make Node warn of nothing', async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error): void => void warnings.push(warning);
    process.on('warning', hear);
    const { signal } = new AbortController();
    const calls = Array.from({ length: 5_000 }, () => new FakeCall());
    for (const call of calls) linkSignal(signal, call);
    await turns(1);
    process.off('warning', hear);
    expect(warnings).to.deep.equal([]);
    for (const call of calls) unlinkSignal(signal, call);
    expect(listeners(signal)).to.equal(0);
  });
});
