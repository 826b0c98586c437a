import { expect } from 'chai';
import vm from 'node:vm';
import { isPersistent, persistent } from '../../../src/declare/language/persistent.js';
import { checkArguments } from '../../../src/declare/values/validate.js';
import { callback, out } from '../../../src/declare/language/wrappers.js';
import { ArgumentError } from '../../../src/errors.js';
import { taking } from '../fixture.js';

const two = callback({ arguments: ['i32', 'i32'], return: 'i32' });
const sync = callback({ arguments: ['i32', 'i32'], return: 'i32' }, { sync: true });

/** The error's message for one value of a callback parameter; null when it is accepted. */
function complaint(value: unknown, type: unknown = two): string | null {
  const error = checkArguments(taking(type), [value]);
  if (error !== null) expect(error).to.be.instanceOf(ArgumentError);
  return error?.message ?? null;
}

describe('checkArguments: callbacks (M4)', () => {
  it('takes functions of no more arguments than native code gives, and null', () => {
    const fits: unknown[] = [
      null,
      () => 1,
      (a: number) => a,
      (a: number, b: number) => a + b,
      (...all: number[]) => all.length,
      (a: number, b: number, c = 1) => a + b + c,
      async () => 1,
      vm.runInNewContext('(a, b) => 1'),
      persistent((a: number, b: number) => a + b),
    ];
    for (const value of fits) expect(complaint(value)).to.equal(null);
  });

  it('says how many arguments there are', () => {
    const three = (a: number, b: number, c: number): number => a + b + c;
    expect(complaint(three)).to.match(/takes 3 arguments, but native code passes 2\./);
    expect(complaint(persistent(three))).to.match(/takes 3 arguments, but native code passes 2\./);
    const none = callback({ arguments: [], return: 'void' });
    expect(complaint((a: number) => a, none)).to.match(/takes 1 argument, but native code passes 0\./);
  });

  it('says what to give', () => {
    for (const value of [undefined, 5, 0n, 'f', {}, [], true, Symbol('s'), { closed: false, fn: () => 1 }]) {
      expect(complaint(value)).to.match(
        /argument 0 \(callback\) is .*Pass a function, persistent\(fn\).*null/,
      );
    }
  });

  it('refuses a persistent function that is closed', () => {
    const kept = persistent(() => 1);
    expect(complaint(kept)).to.equal(null);
    kept.close();
    expect(complaint(kept)).to.match(/function is closed.*persistent\(fn\)/);
  });

  it('refuses async functions where the answer must be there at once', () => {
    expect(complaint(async () => 1, sync)).to.match(/The function is async.*sync: true/);
    expect(
      complaint(
        persistent(async () => 1),
        sync,
      ),
    ).to.match(/The function is async/);
    expect(complaint(vm.runInNewContext('async () => 1'), sync)).to.match(/The function is async/);
    expect(complaint(() => 1, sync)).to.equal(null);
  });

  it('is not misled by the properties of a function, and does not throw', () => {
    const bomb = (): never => {
      throw new Error('trap');
    };
    const fn = (): number => 1;
    expect(complaint(new Proxy(fn, { get: bomb }))).to.match(
      /length of the function could not be read.*trap/,
    );
    expect(complaint(Object.defineProperty(() => 1, 'length', { value: 'many' }))).to.equal(null);
    expect(complaint(Object.defineProperty(() => 1, 'length', { value: Infinity }))).to.match(
      /takes Infinity/,
    );
    expect(complaint(new Proxy({}, { get: bomb, getPrototypeOf: bomb, has: bomb }))).to.match(
      /Pass a function/,
    );
    let reads = 0;
    const unsteady = Object.defineProperty(() => 1, 'length', { get: () => (reads++ === 0 ? 9 : 0) });
    expect(complaint(unsteady)).to.match(/Pass a plain function/);
  });

  it('checks each callback by its own declaration', () => {
    const one = callback({ arguments: ['i32'], return: 'i32' });
    const fn = taking(out('i32'), one, 'i32', two);
    const add = (a: number, b: number): number => a + b;
    expect(checkArguments(fn, [() => 1, 5, add])).to.equal(null);
    expect(checkArguments(fn, [add, 5, add])?.message).to.match(
      /argument 0 \(callback, declared as arguments\[1\]\).*takes 2 arguments, but native code passes 1/,
    );
    expect(checkArguments(fn, [null, () => 1, null])?.message).to.match(/argument 1 \(i32/);
    expect(checkArguments(fn, [null])?.message).to.match(/takes 3 arguments \(callback, i32, callback\)/);
  });
});

describe('persistent', () => {
  it('is open until it is closed, and closed once', () => {
    const fn = (): number => 1;
    const kept = persistent(fn);
    let told = 0;
    expect(kept.closed).to.equal(false);
    expect(kept.fn).to.equal(fn);
    kept.whenClosed(() => told++);
    kept.whenClosed(() => kept.close());
    kept.close();
    kept.close();
    kept[Symbol.dispose]();
    expect(kept.closed).to.equal(true);
    expect(told).to.equal(1);
    kept.whenClosed(() => told++);
    expect(told).to.equal(2);
  });

  it('has an id of its own', () => {
    const first = persistent(() => 1).id;
    expect(first).to.be.above(0);
    expect(persistent(() => 1).id).to.equal(first + 1);
  });

  it('refuses what is no function', () => {
    for (const value of [null, undefined, {}, 'f', 5n]) {
      expect(() => persistent(value as never)).to.throw(ArgumentError, /persistent\(\) received/);
    }
  });

  it('is told from everything else', () => {
    const kept = persistent(() => 1);
    expect(isPersistent(kept)).to.equal(true);
    for (const value of [
      null,
      undefined,
      () => 1,
      {},
      Object.create(kept),
      new Proxy(kept, {}),
      Object.assign({}, kept),
    ]) {
      expect(isPersistent(value)).to.equal(false);
    }
  });
});
