import { expect } from 'chai';
import { type Output, Screen } from '../../../src/cli/console/screen.js';

function output(more: Partial<Output> = {}): Output & { text: string } {
  return {
    text: '',
    write(text) {
      this.text += text;
    },
    ...more,
  };
}

describe('cli: screen', () => {
  it('writes plain lines where there is no terminal', () => {
    const out = output();
    const screen = new Screen(out);
    screen.move('moving');
    screen.line(screen.paint('bad', 'red'));
    screen.still();
    expect(out.text).to.equal('red\n');
  });

  it('replaces a moving line on a terminal', () => {
    const out = output({ isTTY: true, hasColors: () => true });
    const screen = new Screen(out);
    screen.move('a');
    screen.move('b');
    screen.line(screen.paint('good', 'c'));
    const erase = '\r\u001B[2K';
    expect(out.text).to.equal(`a${erase}b${erase}\u001B[32mc\u001B[39m\n`);
  });

  it('has no colours where the terminal wants none', () => {
    expect(new Screen(output({ isTTY: true, hasColors: () => false })).paint('good', 'c')).to.equal('c');
  });
});
