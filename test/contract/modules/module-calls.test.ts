/** Functions of modules as functions of the pool: B13. */
import { expect } from 'chai';
import { transfer } from 'offthread';
import { type ModuleLab, errorOf, onEveryLane, sharedModule } from '../../helpers/module-lab.js';

onEveryLane('modules: calls (B13)', (kind) => {
  const lab: ModuleLab = sharedModule();

  it('return what the function returns, sync, async and default', async () => {
    const { work } = lab;
    expect(await work.add(2, 3)).to.equal(5);
    expect(await work.later('a')).to.equal('a');
    expect(await work.default('lane')).to.equal('hello lane');
  });

  it('have an id, a state, a timing, and settle as a record', async () => {
    const call = lab.work.add(1, 2);
    expect(call.id).to.be.a('number').above(0);
    const { status, queuedMs, ranMs } = await call.settled();
    expect(status).to.equal('succeeded');
    expect(queuedMs).to.be.at.least(0);
    expect(ranMs).to.be.at.least(0);
    expect(call.state).to.equal('succeeded');
  });

  const values: readonly [name: string, value: unknown][] = [
    ['undefined', undefined],
    ['null', null],
    ['booleans', [true, false]],
    ['numbers', [0, -0, 1.5, Number.NaN, -Infinity, 2 ** 53]],
    ['bigints', [0n, -(2n ** 63n), 2n ** 200n]],
    ['strings', ['', 'short', 'é', 'Ж'.repeat(3000), '\ud800']],
    ['plain objects', { a: { b: [1, { c: 'd' }] }, 'e f': undefined }],
    ['maps, sets and dates', { map: new Map([[{ k: 1 }, new Set([1, 2])]]), at: new Date(86_400_000) }],
    ['bytes', [new Uint8Array([1, 2, 3]), new Float64Array([1.5]), new ArrayBuffer(5)]],
    ['large bytes', new Uint8Array(300_000).fill(9)],
    ['ten thousand objects', Array.from({ length: 10_000 }, (_, id) => ({ id, name: `name ${id}` }))],
  ];
  for (const [name, value] of values) {
    it(`carry ${name} both ways`, async () => {
      expect(await lab.work.echo(value)).to.deep.equal(value);
    });
  }

  it('carry errors with their cause', async () => {
    const error = new RangeError('far', { cause: new TypeError('near') });
    const back = (await lab.work.echo(error)) as RangeError;
    expect(back).to.be.an.instanceOf(RangeError);
    expect(back.message).to.equal('far');
    expect(back.cause).to.be.an.instanceOf(TypeError);
  });

  it('see arguments as they were when the call was made, also when the call waits', async () => {
    const value = { n: 1 };
    const calls = Array.from({ length: 50 }, () => lab.work.later(value)) as Promise<{ n: number }>[];
    value.n = 2;
    expect(new Set((await Promise.all(calls)).map(({ n }) => n))).to.deep.equal(new Set([1]));
  });

  it('fail with what the function throws as the cause: name, message, stack, cause, own properties', async () => {
    const error = await errorOf(lab.work.throwError());
    expect(error.name).to.equal('ModuleError');
    expect(error.kind).to.equal('module');
    expect(error.message).to.include('throwError threw').and.include('out of range');
    const cause = error.cause as RangeError & { code: string; details: unknown };
    expect(cause).to.be.an.instanceOf(RangeError);
    expect(cause.message).to.equal('out of range');
    expect(cause.stack).to.include('work.js');
    expect((cause.cause as Error).message).to.equal('the cause');
    expect(cause.code).to.equal('E_RANGE');
    expect(cause.details).to.deep.equal({ least: 1 });
  });

  it('fail with any thrown value as the cause, and with a rejection', async () => {
    expect((await errorOf(lab.work.throwValue('text'))).cause).to.equal('text');
    expect((await errorOf(lab.work.throwValue({ a: 1 }))).cause).to.deep.equal({ a: 1 });
    expect((await errorOf(lab.work.reject())).cause).to.be.an.instanceOf(TypeError);
  });

  it('fail with words if the result cannot be sent, and the next call is served', async () => {
    const error = await errorOf(lab.work.unsendable());
    expect(error.code).to.equal('OFFTHREAD_MODULE_RESULT');
    expect(await lab.work.add(1, 1)).to.equal(2);
  });

  it('fail with words if an argument cannot be sent, or its getter throws', async () => {
    const unsendable = await errorOf(lab.work.echo({ fn: () => 1 }));
    expect(unsendable.kind).to.equal('argument');
    const thrown = new Error('from the getter');
    const getter = await errorOf(
      lab.work.echo({
        get value(): number {
          throw thrown;
        },
      }),
    );
    expect(getter.cause).to.equal(thrown);
    expect(await lab.work.add(1, 1)).to.equal(2);
  });

  it('of a name that the module does not export fail with its exports', async () => {
    const { missing, VERSION } = lab.work as unknown as Record<string, () => Promise<unknown>>;
    const error = await errorOf((missing as () => Promise<unknown>)());
    expect(error.code).to.equal('OFFTHREAD_MODULE_EXPORT');
    expect(error.message).to.include('missing').and.include('add');
    expect((await errorOf((VERSION as () => Promise<unknown>)())).message).to.include('not as a function');
  });

  it('block the host with blocking(), for sync and async functions', () => {
    expect(lab.work.add.blocking(20, 22)).to.equal(42);
    expect(lab.work.later.blocking('b')).to.equal('b');
    expect(() => lab.work.throwError.blocking()).to.throw('out of range');
  });

  it('move what is transferred', async () => {
    const bytes = new Uint8Array(100_000).fill(1);
    expect(await lab.work.paint(transfer(bytes, [bytes.buffer]), 3)).to.equal(100_000);
    expect(bytes.byteLength).to.equal(0);
    const others = new Uint8Array(10);
    expect(await lab.work.paint(transfer(others), 3)).to.equal(10);
    expect(others.byteLength).to.equal(0);
    expect((await lab.work.give(1_000_000)).length).to.equal(1_000_000);
  });

  it(kind === 'thread' ? 'share shared memory' : 'refuse shared memory with words', async () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(8));
    if (kind === 'thread') {
      await lab.work.paint(bytes, 5);
      expect([...bytes]).to.deep.equal(Array.from({ length: 8 }, () => 5));
    } else expect((await errorOf(lab.work.paint(bytes, 5))).kind).to.equal('argument');
  });

  it('go through map, in order', async () => {
    const squares = await lab.pool
      .map(
        lab.work.add,
        Array.from({ length: 500 }, (_, index) => [index, index] as const),
      )
      .toArray();
    expect(squares.at(-1)).to.equal(998);
    expect(squares).to.have.length(500);
  });

  it('report progress', async () => {
    const call = lab.work.report(10);
    const lane = await call;
    expect(lane?.name).to.match(/-\d+$/);
    expect(lane?.number).to.be.at.least(1);
    expect(call.progress).to.deep.equal({ done: 10, total: 10 });
  });
});
