/** Events of a pool: a listener that throws disturbs nobody. */
import { expect } from 'chai';
import { ListenerError } from '../../src/errors.js';
import { Events } from '../../src/observe/events.js';
import { turns } from '../helpers/waiting.js';

describe('Events', () => {
  it('tells every listener what it is to know, those of once only once, none after off', () => {
    const events = new Events();
    const heard: string[] = [];
    const always = ({ lane }: { lane: string }): void => void heard.push(`always ${lane}`);
    events.on('lane-ready', always);
    events.once('lane-ready', ({ lane }) => void heard.push(`once ${lane}`));
    expect(events.has('lane-ready')).to.equal(true);
    events.emit('lane-ready', { lane: 'a' });
    events.emit('lane-ready', { lane: 'b' });
    events.off('lane-ready', always);
    events.emit('lane-ready', { lane: 'c' });
    expect(heard).to.deep.equal(['always a', 'once a', 'always b']);
    expect(events.has('lane-ready')).to.equal(false);
  });

  it('a listener of once can be taken off before it is told', () => {
    const events = new Events();
    const never = (): void => expect.fail('told');
    events.once('full', never);
    events.off('full', never);
    events.emit('full');
  });

  it('a listener that throws is reported; the others are told all the same', () => {
    const events = new Events();
    const told: string[] = [];
    const reported: unknown[] = [];
    const thrown = new Error('from a listener');
    events.on('error', (error) => void reported.push(error));
    events.on('drained', () => void told.push('first'));
    events.on('drained', () => {
      throw thrown;
    });
    events.once('drained', () => {
      throw undefined; // oxlint-disable-line typescript/only-throw-error -- listeners throw anything
    });
    events.on('drained', () => void told.push('last'));
    events.emit('drained');
    expect(told).to.deep.equal(['first', 'last']);
    expect(events.errors).to.equal(2);
    expect(reported.every((error) => error instanceof ListenerError)).to.equal(true);
    expect((reported[0] as ListenerError).cause).to.equal(thrown);
    expect((reported[0] as ListenerError).message).to.contain("'drained'");
  });

  it('a listener that rejects is reported too, and no rejection is left unhandled', async () => {
    const events = new Events();
    const cause = new Error('later');
    const reported = new Promise<ListenerError>((resolve) => {
      events.on('error', resolve);
    });
    const rejects = async (): Promise<void> => {
      await Promise.resolve();
      throw cause;
    };
    // oxlint-disable-next-line typescript/no-misused-promises -- users do this
    events.on('full', rejects);
    events.emit('full');
    expect((await reported).cause).to.equal(cause);
    expect(events.errors).to.equal(1);
  });

  it('an error listener that throws ends there; without one nothing is thrown either', async () => {
    const silent = new Events();
    silent.on('full', () => {
      throw new Error('nobody hears');
    });
    silent.emit('full');
    expect(silent.errors).to.equal(1);
    const noisy = new Events();
    noisy.on('error', () => {
      throw new Error('again');
    });
    const rejects = async (): Promise<void> => {
      await Promise.resolve();
      throw new Error('and again');
    };
    // oxlint-disable-next-line typescript/no-misused-promises -- users do this
    noisy.on('error', rejects);
    noisy.on('full', () => {
      throw new Error('first');
    });
    noisy.emit('full');
    await turns(1);
    expect(noisy.errors).to.equal(3);
  });

  it('a listener may add and remove listeners while it is told', () => {
    const events = new Events();
    const told: string[] = [];
    const second = (): void => void told.push('second');
    events.on('full', () => {
      told.push('first');
      events.off('full', second);
      events.on('full', () => void told.push('new'));
    });
    events.on('full', second);
    events.emit('full');
    expect(told).to.deep.equal(['first', 'second']);
    events.emit('full');
    expect(told).to.deep.equal(['first', 'second', 'first', 'new']);
  });

  it('many listeners are nothing to warn of (M4)', async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error): void => void warnings.push(warning);
    process.on('warning', hear);
    const events = new Events();
    for (let count = 0; count < 50; count += 1) events.on('drained', () => {});
    await turns(1);
    process.off('warning', hear);
    expect(warnings).to.deep.equal([]);
  });
});
